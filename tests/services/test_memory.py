"""What must survive a restore: leaves are replayed, and an old database starts paused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from syndicator.errors import StorageError
from syndicator.model import Consent
from syndicator.services import audience
from syndicator.services.audience import Wish
from syndicator.services.memory import Memory
from syndicator.storage import brakes, readers
from syndicator.storage.database import Database
from syndicator.tokens import Keys
from tests.lanes import NOW

KEYS = Keys({1: b"k" * 32})
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    return Memory(tmp_path / "memory", KEYS)


def subscribe(database: Database, address: str, when: object = NOW) -> None:
    wish = Wish(address=address, language="en", newsletter="daily", proof="p")
    audience.subscribe(database, [wish], languages=["en"], timezone="UTC", now=when)  # type: ignore[arg-type]


def stands(database: Database, address: str) -> Consent | None:
    with database.read() as connection:
        who = readers.find(connection, address)
        return readers.standing_of(connection, who.id, "daily") if who else None


def epoch(database: Database) -> object:
    with database.read() as connection:
        return brakes.overridden(connection).get("epoch")


def paused(database: Database) -> bool:
    with database.read() as connection:
        return "everything" in brakes.paused(connection)


def test_a_restore_never_brings_a_reader_back(database: Database, memory: Memory) -> None:
    for address in ("sara@x.example", "noor@x.example"):
        subscribe(database, address)  # this is the database that comes back later: both subscribe
    memory.left("Sara@X.example", "daily", LATER)
    memory.left("noor@x.example", "weekly", LATER)
    memory.recall(database, LATER)
    assert stands(database, "sara@x.example") is Consent.WITHDRAWN
    assert stands(database, "noor@x.example") is Consent.GIVEN


def test_who_came_back_after_leaving_stays(database: Database, memory: Memory) -> None:
    memory.left("sara@x.example", "daily", NOW)
    subscribe(database, "sara@x.example", LATER)
    memory.recall(database, LATER)
    assert stands(database, "sara@x.example") is Consent.GIVEN


def test_no_address_stands_in_the_file(memory: Memory) -> None:
    memory.left("sara@x.example", "daily", NOW)
    assert "sara" not in memory.path.read_text("utf-8")


def test_a_new_newsroom_and_every_start_after_it_go_on(database: Database, memory: Memory) -> None:
    for _ in range(3):
        assert memory.recall(database, NOW)
        memory.turn(database, NOW)
    assert not paused(database)


def test_an_older_copy_of_the_database_starts_paused(database: Database, memory: Memory) -> None:
    memory.turn(database, NOW)
    old = epoch(database)
    memory.turn(database, NOW)
    with database.write() as connection:  # the copy that comes back has its old epoch
        brakes.override(connection, "epoch", old, now=NOW, by="test")
    assert not memory.recall(database, LATER)
    assert paused(database)
    with database.write() as connection:
        brakes.resume(connection, "everything", now=LATER, by="dana")
    memory.turn(database, LATER)
    assert memory.recall(database, LATER)
    assert not paused(database)


def test_a_database_without_its_file_or_a_file_without_its_database_starts_paused(
    database: Database, memory: Memory, tmp_path: Path
) -> None:
    memory.turn(database, NOW)
    assert not Memory(tmp_path / "elsewhere", KEYS).recall(database, NOW)  # cloned to another machine
    with database.write() as connection:
        brakes.resume(connection, "everything", now=NOW, by="dana")
        brakes.override(connection, "epoch", None, now=NOW, by="test")  # an empty database under an old file
    assert not memory.recall(database, NOW)


def test_a_death_between_file_and_database_pauses_nothing(database: Database, memory: Memory) -> None:
    memory.turn(database, NOW)
    before = epoch(database)
    memory.turn(database, NOW)
    *told, _ = memory.path.read_text("utf-8").splitlines(keepends=True)
    memory.path.write_text("".join(told), "utf-8")  # the last word was not written any more
    assert memory.recall(database, NOW)  # the database had followed
    with database.write() as connection:
        brakes.override(connection, "epoch", before, now=NOW, by="test")  # or it had not
    assert memory.recall(database, NOW)


def test_a_line_that_was_cut_off_was_never_promised(database: Database, memory: Memory) -> None:
    memory.left("sara@x.example", "daily", NOW)
    whole = memory.path.read_bytes()
    memory.path.write_bytes(whole + b'{"left": "ab')
    memory.recall(database, NOW)
    memory.turn(database, NOW)
    assert memory.path.read_bytes().startswith(whole + b'{"epoch"')


def test_a_damaged_file_is_named_with_its_line(database: Database, memory: Memory) -> None:
    memory.path.write_text('{"epoch": "1"}\nnonsense\n', "utf-8")
    with pytest.raises(StorageError, match=r"memory, line 2: it is damaged"):
        memory.recall(database, NOW)
    memory.path.write_bytes(b"\xff\n")
    with pytest.raises(StorageError, match="cannot be read"):
        memory.recall(database, NOW)


def test_a_leave_that_cannot_be_kept_is_said(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="leaves may be lost"):
        Memory(tmp_path / "none" / "memory", KEYS).left("sara@x.example", "daily", NOW)


def test_leaves_written_at_the_same_time_are_all_kept(memory: Memory) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: memory.left(f"r{number}@x.example", "daily", NOW), range(64)))
    assert len(set(memory.path.read_text("utf-8").splitlines())) == 64
