"""What must survive a restore: leaves are replayed, and an old database starts paused."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, insert, text

from syndicator.errors import NotFound, Refused, StorageError
from syndicator.model import Consent
from syndicator.services import audience
from syndicator.services.memory import Memory
from syndicator.storage import brakes, readers
from syndicator.storage.database import Database
from syndicator.storage.schema import candidates, deliveries, editions, metadata, receipts, subscribers
from syndicator.tokens import Keys
from tests.circulation import KEYS, paused, stands, subscribe
from tests.lanes import NOW

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    return Memory(tmp_path / "memory", KEYS)


def epoch(database: Database) -> object:
    with database.read() as connection:
        return brakes.overridden(connection).get("epoch")


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
    assert len(set(memory.path.read_text("utf-8").splitlines())) == 1 + 64  # the first one names the key


def test_a_complaint_ends_every_newsletter_and_no_import_lifts_it(database: Database, memory: Memory) -> None:
    for newsletter in ("daily", "weekly"):
        subscribe(database, "sara@x.example", newsletter=newsletter)
    audience.complain(database, "Sara@x.example", memory=memory, by="postmaster", now=LATER)
    assert stands(database, "sara@x.example") is Consent.SUPPRESSED
    with pytest.raises(Refused, match="suppressed"):
        subscribe(database, "sara@x.example", LATER, "third")
    written = memory.path.read_bytes()
    audience.complain(database, "sara@x.example", memory=memory, by="postmaster", now=LATER)
    assert memory.path.read_bytes() == written


def test_an_address_that_is_no_readers_can_be_suppressed(database: Database, memory: Memory) -> None:
    audience.suppress(database, "sara@x.example", "asked us by phone", memory=memory, by="dana", now=NOW)
    with pytest.raises(Refused, match="suppressed"):
        subscribe(database, "SARA@x.example", LATER)


def test_a_restore_brings_no_complaint_and_no_erased_reader_back(
    database: Database, memory: Memory, tmp_path: Path
) -> None:
    """The database is the old one: it has both, and knows nothing of what they said."""
    for address in ("sara@x.example", "noor@x.example", "zana@x.example"):
        subscribe(database, address)
    memory.suppressed("sara@x.example", "complained", LATER)
    memory.erased("noor@x.example", LATER)
    memory.recall(database, LATER)
    assert stands(database, "sara@x.example") is Consent.SUPPRESSED
    assert stands(database, "noor@x.example") is None
    assert stands(database, "zana@x.example") is Consent.GIVEN
    for address in ("sara@x.example", "noor@x.example"):
        with pytest.raises(Refused):
            subscribe(database, address, LATER)


def test_an_erased_reader_is_nowhere(database: Database, memory: Memory) -> None:
    address = "noor@x.example"
    subscribe(database, address)
    with database.read() as connection:
        who = readers.find(connection, address)
    assert who
    _deliver(database, who.id, state="failed", said=f"550 no such user: {address}")
    _deliver(database, who.id, state="pending", said="421 later, " + address)
    audience.erase(database, address, memory=memory, by="dana", now=LATER)
    audience.erase(database, address, memory=memory, by="dana", now=LATER)  # twice is once
    with database.read() as connection:
        for table in metadata.sorted_tables:
            for row in connection.execute(table.select()):
                assert "noor" not in str(row), table.name
        states = set(connection.execute(text("SELECT state, reason FROM deliveries")))
    assert states == {("failed", "erased"), ("excluded", "erased")}
    assert "noor" not in memory.path.read_text("utf-8")
    with pytest.raises(NotFound, match="is no reader"):
        audience.erase(database, "nobody@x.example", memory=memory, by="dana", now=LATER)


def _deliver(database: Database, who: int, *, state: str, said: str) -> None:
    """A delivery of an edition of its own, and what the network said of it."""
    name, at = f"digest:daily:{state}", NOW
    with database.write() as connection:
        kept = {"kind": "digest", "newsletter": "daily", "language": "en", "title": "t", "planned_by": "t"}
        connection.execute(insert(editions).values(id=name, due_at=at, planned_at=at, **kept))
        connection.execute(insert(candidates).values(edition=name, channel="mail", number=1))
        row = {"edition": name, "channel": "mail", "recipient": str(who), "part": 0, "state": state}
        row |= {"key": f"{name}:mail:{who}:0", "reason": said, "urgency": 2, "due_at": at, "not_after": LATER}
        number = connection.execute(insert(deliveries).values(row)).inserted_primary_key[0]  # type: ignore[index]
        receipt = {"delivery": number, "at": at, "token": 1, "outcome": "rejected", "remote_ids": []}
        connection.execute(insert(receipts).values(receipt | {"detail": said, "by": "mail"}))


def test_readers_are_hashed_once_and_looked_up_by_what_the_memory_names(
    database: Database, memory: Memory
) -> None:
    with database.write() as connection:  # of a database before hashes
        connection.execute(insert(subscribers), [_reader(number) for number in range(12_000)])
    memory.left("r7@x.example", "daily", LATER)
    memory.recall(database, NOW)
    with database.read() as connection:
        assert not readers.without_hash(connection, 1)
    asked: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    memory.recall(database, NOW)
    assert not [one for one in asked if one.startswith(("UPDATE", "INSERT", "DELETE"))]
    assert len(asked) < 10


def _reader(number: int) -> dict[str, object]:
    address = f"r{number}@x.example"
    more = {"language": "en", "timezone": "UTC", "since": NOW}
    return {"address": address, "address_key": address, "name": "", **more}


def test_the_file_does_not_grow_with_epochs_and_keeps_every_word(database: Database, memory: Memory) -> None:
    memory.left("sara@x.example", "daily", NOW)
    memory.erased("noor@x.example", NOW)
    memory.suppressed("zana@x.example", "bounced", NOW)
    for _ in range(20):
        memory.turn(database, NOW)
    assert memory.recall(database, NOW)
    lines = memory.path.read_text("utf-8").splitlines()
    assert [next(iter(json.loads(line))) for line in lines] == [
        "key",
        "left",
        "erased",
        "suppressed",
        "epoch",
    ]
    assert memory.recall(database, NOW)


def test_an_epoch_that_makes_the_file_long_sweeps_it(database: Database, memory: Memory) -> None:
    memory.turn(database, NOW)
    with memory.path.open("a", encoding="utf-8") as file:
        file.write('{"epoch": "0"}\n' * 100_000)
    memory.turn(database, NOW)
    assert memory.path.stat().st_size < 500
    assert memory.recall(database, NOW)


def test_hashes_of_long_ago_match_with_a_newer_key_beside(database: Database, memory: Memory) -> None:
    subscribe(database, "sara@x.example")
    memory.left("sara@x.example", "daily", LATER)
    newer = Memory(memory.path, Keys({1: b"k" * 32, 2: b"n" * 32}))
    newer.recall(database, LATER)
    assert stands(database, "sara@x.example") is Consent.WITHDRAWN


@pytest.mark.parametrize("keys", [Keys({2: b"n" * 32}), Keys({1: b"x" * 32})], ids=["gone", "replaced"])
def test_without_the_key_of_its_hashes_nothing_starts(database: Database, memory: Memory, keys: Keys) -> None:
    memory.left("sara@x.example", "daily", LATER)
    with pytest.raises(StorageError, match=r"put .* back, or readers who left would be written to again"):
        Memory(memory.path, keys).recall(database, LATER)


def test_a_file_begun_with_another_key_has_every_reader_hashed_again(
    database: Database, memory: Memory, tmp_path: Path
) -> None:
    subscribe(database, "sara@x.example")
    memory.recall(database, NOW)
    other = Memory(tmp_path / "other", Keys({1: b"o" * 32}))
    other.left("sara@x.example", "daily", LATER)
    other.recall(database, LATER)
    assert stands(database, "sara@x.example") is Consent.WITHDRAWN


def test_words_of_another_file_are_taken_in_and_its_epochs_are_not(
    database: Database, memory: Memory, tmp_path: Path
) -> None:
    memory.turn(database, NOW)
    memory.left("sara@x.example", "daily", NOW)
    old = tmp_path / "old"
    memory.copy_to(old)
    memory.left("noor@x.example", "daily", LATER)
    memory.turn(database, NOW)
    before = memory.path.read_text("utf-8")
    assert memory.take_in(old) == 0  # the older file brings nothing
    assert memory.path.read_text("utf-8") == before
    fresh = Memory(tmp_path / "fresh", KEYS)
    assert fresh.take_in(old) == 1
    assert "epoch" not in fresh.path.read_text("utf-8")
    stranger = Memory(tmp_path / "stranger", Keys({1: b"x" * 32}))
    stranger.left("a@x.example", "daily", NOW)
    with pytest.raises(StorageError):
        memory.take_in(stranger.path)


def test_a_suppression_that_was_taken_off_stays_off_and_one_after_it_counts(
    database: Database, memory: Memory
) -> None:
    subscribe(database, "sara@x.example")
    more = {"memory": memory, "by": "dana"}
    audience.suppress(database, "sara@x.example", "full", now=NOW, **more)  # type: ignore[arg-type]
    audience.unsuppress(database, "sara@x.example", "empty", now=NOW, **more)  # type: ignore[arg-type]
    memory.recall(database, NOW)
    assert stands(database, "sara@x.example") is Consent.WITHDRAWN
    subscribe(database, "sara@x.example")
    memory.recall(database, NOW)
    assert stands(database, "sara@x.example") is Consent.GIVEN
    audience.suppress(database, "sara@x.example", "full", now=NOW, **more)  # type: ignore[arg-type]
    memory.recall(database, NOW)
    assert stands(database, "sara@x.example") is Consent.SUPPRESSED


def test_anothers_older_lift_does_not_take_off_a_later_suppression(
    database: Database, memory: Memory, tmp_path: Path
) -> None:
    """A backup's words are added at the end, and are older."""
    subscribe(database, "sara@x.example")
    other = Memory(tmp_path / "other", KEYS)
    other.suppressed("sara@x.example", "full", NOW)
    other.lifted("sara@x.example", NOW + timedelta(minutes=1))
    memory.suppressed("sara@x.example", "gone", NOW + timedelta(hours=1))
    assert memory.take_in(other.path) == 2
    memory.recall(database, NOW + timedelta(hours=2))
    assert stands(database, "sara@x.example") is Consent.SUPPRESSED
