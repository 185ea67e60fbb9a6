"""Backups while others write, restores that bring nobody back, and being killed in the middle of either."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from syndicator.errors import Refused, StorageError
from syndicator.model import Consent
from syndicator.services import audience
from syndicator.services.memory import Memory
from syndicator.services.vault import Vault
from syndicator.storage import readers
from syndicator.storage.database import Database
from syndicator.storage.lock import berth, only_worker
from tests.circulation import KEYS, paused, stands, subscribe
from tests.deaths import killed
from tests.lanes import NOW

LATER = NOW + timedelta(hours=1)
BERTHS = {"letters": 2, "tg-en": 1}


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    return Memory(tmp_path / "memory", KEYS)


def vault(database: Database, memory: Memory, now: datetime = NOW) -> Vault:
    return Vault(database, memory=memory, now=lambda: now, berths=BERTHS)


@pytest.fixture
def backup(database: Database, memory: Memory, tmp_path: Path) -> Path:
    """Sara and Noor subscribe; that is backed up; then Sara leaves and Zana comes."""
    memory.turn(database, NOW)
    for address in ("sara@x.example", "noor@x.example"):
        subscribe(database, address)
    made = vault(database, memory).back_up(tmp_path)
    audience.leave(database, "sara@x.example", "daily", memory=memory, now=LATER, proof="test")
    subscribe(database, "zana@x.example")
    return made


def test_a_backup_is_two_files_and_what_they_are(backup: Path, database: Database) -> None:
    assert backup.name == "syndicator-20260301T090000Z"
    manifest = json.loads((backup / "manifest.json").read_text("utf-8"))
    assert manifest["schema"] == database.revision()
    assert set(manifest["files"]) == {one.name for one in backup.iterdir()} - {"manifest.json"}
    assert not list(backup.parent.glob(".syndicator-*"))


def test_a_restore_has_the_old_database_and_the_newest_leaves_and_is_paused(
    database: Database, memory: Memory, backup: Path
) -> None:
    found = vault(database, memory, LATER).restore(backup)
    assert stands(database, "noor@x.example") is Consent.GIVEN
    assert stands(database, "zana@x.example") is None
    assert stands(database, "sara@x.example") is Consent.WITHDRAWN  # she left after the backup
    assert paused(database)
    assert (found.made_at, found.remembered) == (NOW, 0)
    if database.path:
        assert found.kept is not None
        with closing(sqlite3.connect(found.kept)) as old:
            assert old.execute("SELECT count(*) FROM subscribers").fetchone() == (3,)


def test_a_restore_where_nothing_is_brings_the_memory_along(
    database: Database, memory: Memory, tmp_path: Path
) -> None:
    """A new machine, and a database that was made before a leave that the backup's memory has."""
    subscribe(database, "sara@x.example")
    memory.left("sara@x.example", "daily", LATER)
    made = vault(database, memory).back_up(tmp_path / "copy")
    fresh = Memory(tmp_path / "fresh", KEYS)
    assert vault(database, fresh, LATER).restore(made).remembered == 1
    assert stands(database, "sara@x.example") is Consent.WITHDRAWN
    assert paused(database)


def test_what_was_backed_up_last_starts_paused_all_the_same(
    database: Database, memory: Memory, tmp_path: Path
) -> None:
    made = vault(database, memory).back_up(tmp_path)
    assert memory.recall(database, NOW)
    assert not paused(database)
    vault(database, memory).restore(made)
    assert paused(database)


def test_writers_do_not_wait_for_a_backup_and_are_not_in_it_by_half(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/news.db")
    database.migrate()
    memory = Memory(tmp_path / "memory", KEYS)
    note = "INSERT INTO audit (at, who, what, about, why) VALUES ('2026-03-01', 'a', 'b', 'c', :why)"
    with database.write() as connection:
        connection.execute(text(note), [{"why": "x" * 3000} for _ in range(4000)])

    def somebody_writes(_: int) -> None:
        with database.write() as connection:
            connection.execute(text(note), [{"why": "y" * 3000} for _ in range(10)])

    made = vault(database, memory).back_up(tmp_path, somebody_writes)
    with closing(sqlite3.connect(made / "database.sqlite")) as copy:
        assert copy.execute("SELECT count(*) FROM audit").fetchone() == (4000,)
    with database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM audit")).scalar_one() >= 4020
    database.close()


def test_a_backup_is_never_written_over(database: Database, memory: Memory, backup: Path) -> None:
    with pytest.raises(Refused, match="is there already"):
        vault(database, memory).back_up(backup.parent)
    with pytest.raises(StorageError, match="no backup was made"):
        vault(database, memory).back_up(backup.parent / "none" / "there")


@pytest.mark.parametrize("name", ["database", "memory", "manifest"])
def test_a_backup_that_was_changed_is_refused(
    database: Database, memory: Memory, backup: Path, name: str
) -> None:
    (file,) = backup.glob(f"{name}*")
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(Refused, match="take another backup"):
        vault(database, memory).restore(backup)
    assert stands(database, "zana@x.example") is Consent.GIVEN
    with pytest.raises(Refused, match="name a folder that `backup` made"):
        vault(database, memory).restore(backup.parent / "nothing")


def test_a_backup_of_a_newer_version_is_refused(database: Database, memory: Memory, backup: Path) -> None:
    path = backup / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | {"schema": "9999"}), "utf-8")
    with pytest.raises(StorageError, match="newer version"):
        vault(database, memory).restore(backup)


def test_a_database_at_work_is_not_replaced(database: Database, memory: Memory, backup: Path) -> None:
    def refused(said: str) -> None:
        with pytest.raises(StorageError, match=said):
            vault(database, memory).restore(backup)
        assert stands(database, "zana@x.example") is Consent.GIVEN

    if database.path:
        with only_worker(database.path):
            refused("a worker runs on it already")
        with berth(Database(database.url), "letters", 2):
            refused("letters is sending")
        with closing(sqlite3.connect(database.path)) as other:
            other.execute("SELECT * FROM audit").fetchall()
            refused("another program has it open")
    else:
        other = Database(database.url)
        with other.read():
            refused("1 other connections are open")
        other.close()


def test_a_damaged_database_is_replaced_and_kept(tmp_path: Path, memory: Memory) -> None:
    database = Database(f"sqlite:///{tmp_path}/news.db")
    database.migrate()
    subscribe(database, "sara@x.example")
    made = vault(database, memory).back_up(tmp_path)
    database.close()
    (tmp_path / "news.db").write_bytes(b"nothing that anybody could read" * 1000)
    found = vault(database, memory, LATER).restore(made)
    assert stands(database, "sara@x.example") is Consent.GIVEN
    assert found.kept and found.kept.read_bytes().startswith(b"nothing")
    database.close()


def test_without_the_servers_programs_the_error_says_which(
    postgresql: Database, memory: Memory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StorageError, match=r"pg_dump is not there; install PostgreSQL's client programs"):
        vault(postgresql, memory).back_up(tmp_path)


def test_a_backup_goes_only_into_its_own_kind(
    database: Database, memory: Memory, backup: Path, tmp_path: Path
) -> None:
    path = backup / "manifest.json"
    told = json.loads(path.read_text("utf-8"))
    other = {"sqlite": "postgresql", "postgresql": "sqlite"}[told["kind"]]
    for file in backup.glob("database.*"):
        name = {"sqlite": "database.sqlite", "postgresql": "database.dump"}[other]
        told["files"][name] = told["files"][file.name]
        file.rename(backup / name)
    path.write_text(json.dumps(told | {"kind": other}), "utf-8")
    with pytest.raises(Refused, match="db copy"):
        vault(database, memory).restore(backup)


class Deadly(Memory):
    """Dies at one of its verbs, as if by SIGKILL there."""

    at = ""

    def __getattribute__(self, name: str) -> object:
        if name == object.__getattribute__(self, "at"):
            os.kill(os.getpid(), signal.SIGKILL)
        return object.__getattribute__(self, name)


def back_up(url: str, memory: Path, place: Path, dying_at: str) -> None:
    deadly = Deadly(memory, KEYS)
    deadly.at = dying_at
    vault(Database(url), deadly).back_up(place)


def restore(url: str, memory: Path, backup: Path, dying_at: str) -> None:
    deadly = Deadly(memory, KEYS)
    deadly.at = dying_at
    vault(Database(url), deadly).restore(backup)


@pytest.mark.parametrize("verb", ["copy_to", "turn"])
def test_a_backup_that_is_killed_leaves_nothing_that_looks_like_one(tmp_path: Path, verb: str) -> None:
    url = f"sqlite:///{tmp_path}/news.db"
    place = tmp_path / "backups"
    place.mkdir()
    Database(url).migrate()
    assert killed(back_up, url, tmp_path / "memory", place, verb)
    assert not list(place.glob("[!.]*"))
    assert len(list(place.glob(".syndicator-*.part"))) == 1
    database = Database(url)
    vault(database, Memory(tmp_path / "memory", KEYS), LATER).back_up(place)
    assert [one.name for one in place.iterdir()] == ["syndicator-20260301T100000Z"]
    database.close()


@pytest.mark.parametrize("verb", ["take_in", "distrust", "recall"])
def test_a_restore_that_is_killed_is_the_old_one_or_the_new_one_and_the_new_one_is_paused(
    tmp_path: Path, verb: str
) -> None:
    url = f"sqlite:///{tmp_path}/news.db"
    database, memory = Database(url), Memory(tmp_path / "memory", KEYS)
    database.migrate()
    subscribe(database, "sara@x.example")
    made = vault(database, memory).back_up(tmp_path)
    audience.leave(database, "sara@x.example", "daily", memory=memory, now=LATER, proof="test")
    subscribe(database, "zana@x.example")
    database.close()
    assert killed(restore, url, memory.path, made, verb)
    database = Database(url)
    database.migrate()
    replaced = verb != "take_in"
    assert memory.recall(database, LATER) != replaced  # as the next start does
    assert paused(database) == replaced
    with database.read() as connection:
        assert (readers.find(connection, "zana@x.example") is None) == replaced
    assert stands(database, "sara@x.example") is Consent.WITHDRAWN
    database.close()
