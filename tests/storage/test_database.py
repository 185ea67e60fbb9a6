from pathlib import Path

import pytest
from sqlalchemy import text

from syndicator.errors import StorageError
from syndicator.storage.database import Database


@pytest.fixture
def database(tmp_path: Path) -> Database:
    database = Database(f"sqlite:///{tmp_path}/news.db")
    database.migrate()
    return database


def test_a_commit_is_on_the_disk(database: Database) -> None:
    with database.read() as connection:
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2  # FULL
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1


def test_migrating_twice_is_migrating_once(database: Database) -> None:
    assert database.migrate() == database.migrate()


def test_database_from_a_newer_version(database: Database) -> None:
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StorageError, match="newer version"):
        database.migrate()


def test_the_audit_trail_is_append_only(database: Database) -> None:
    with database.write() as connection:
        connection.execute(
            text("INSERT INTO audit (at, who, what, about, why) VALUES ('2026-01-01', 'a', 'b', 'c', '')")
        )
    with pytest.raises(Exception, match="append-only"), database.write() as connection:
        connection.execute(text("DELETE FROM audit"))


def test_database_that_is_something_else(tmp_path: Path) -> None:
    path = tmp_path / "news.db"
    path.write_text("not a database " * 100)
    with pytest.raises(StorageError, match="name another one"):
        Database(f"sqlite:///{path}").migrate()
