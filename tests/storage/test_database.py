import subprocess
import sys
from pathlib import Path
from threading import Event, Thread

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


@pytest.mark.parametrize("name", ["database", "postgresql"])
def test_a_view_is_of_one_moment(name: str, request: pytest.FixtureRequest) -> None:
    database: Database = request.getfixturevalue(name)

    def known() -> int:
        with database.read() as connection:
            return int(connection.execute(text("SELECT count(*) FROM sources")).scalar_one())

    seen: list[int] = []
    with database.view(), database.view():
        before = known()
        with database.write() as connection:
            told = {"at": "2026-03-01 00:00:00"}
            connection.execute(
                text(
                    "INSERT INTO sources (name, first_seen_at, looked_at, failures) VALUES ('a', :at, :at, 0)"
                ),
                told,
            )
        assert known() == before
        other = Thread(target=lambda: seen.append(known()))
        other.start()
        other.join()
    assert seen == [before + 1]
    assert known() == before + 1


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


WRITER = """
import sys
from syndicator.storage.database import Database
database = Database(sys.argv[1])
for line in sys.stdin:
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE overrides SET at = at")
    print("done", flush=True)
"""


def test_nobody_waits_long_for_one_who_writes_without_a_pause(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/news.db"
    database = Database(url)
    database.migrate()
    command = [sys.executable, "-c", WRITER, url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdin
        assert other.stdout
        other.stdin.write("warm up\n")
        other.stdin.flush()
        assert other.stdout.readline() == "done\n"
        answered = Event()
        Thread(target=lambda: (other.stdout and other.stdout.readline(), answered.set())).start()
        commits = 0
        while not answered.is_set():  # as a mail run does: the next commit begins where the last one ended
            with database.write() as connection:
                connection.exec_driver_sql("UPDATE overrides SET at = at")
            commits += 1
            if commits == 20:
                other.stdin.write("an editor pauses\n")
                other.stdin.flush()
            assert commits < 5000
        other.stdin.close()


def test_a_database_that_is_closed_leaves_no_file_open(tmp_path: Path) -> None:
    def open_files() -> list[str]:
        found = [str(one.readlink()) for one in Path("/proc/self/fd").iterdir() if one.is_symlink()]
        return [name for name in found if str(tmp_path) in name]

    for number in range(3):
        database = Database(f"sqlite:///{tmp_path}/news-{number}.db")
        database.migrate()
        with database.write() as connection:
            connection.execute(text("UPDATE overrides SET at = at"))
        assert open_files()
        database.close()
    assert open_files() == []
