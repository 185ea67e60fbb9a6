"""Databases of every earlier schema: brought up to date they go on, and nobody gets anything twice."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Self

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import event, inspect, text

from syndicator.model import ArticleId, ChannelId, Limits, Outcome, Receipt
from syndicator.ports import Capabilities, Lane, Parcel, one_by_one
from syndicator.services import doubts, postroom
from syndicator.services.keeper import Keeper
from syndicator.services.memory import Memory
from syndicator.storage import archive, identity, ledger
from syndicator.storage import database as opening
from syndicator.storage.database import Database
from tests.circulation import KEYS, paused, stands
from tests.deaths import killed

FROZEN = Path(__file__).parent / "frozen"
REVISIONS = sorted(file.stem for file in FROZEN.glob("*.sql"))
MAIL = ChannelId("mail")
EDITION = "digest:daily:1"
NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)  # an hour after the old version was stopped in the middle
SAMPLE = ("editions", "deliveries", "receipts", "subscribers", "subscriptions", "story_keys", "audit")


class Postbox:
    """Takes everything, and counts it by delivery."""

    limits = Limits()
    capabilities = Capabilities(addressed=True)

    def __init__(self) -> None:
        self.taken: Counter[str] = Counter()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None: ...

    def run(self, lane: Lane) -> None:
        one_by_one(lane, self._send, lambda: NOW)

    def probe(self) -> str:
        return "a postbox"

    def _send(self, parcel: Parcel) -> Receipt:
        self.taken[parcel.address] += 1
        return Receipt(delivery=parcel.delivery.id, at=NOW, outcome=Outcome.ACCEPTED, remote_ids=("2",))


@pytest.fixture(params=["sqlite", "postgresql"])
def bare(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database of each kind with nothing in it, not even a schema."""
    if request.param == "sqlite":
        database = Database(f"sqlite:///{tmp_path}/news.db")
        yield database
        database.close()
        return
    database = request.getfixturevalue("postgresql")
    with database.write() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    yield database


def build(database: Database, revision: str) -> None:
    """The schema as it was then, with the rows that are frozen beside this file."""
    database.migrate(revision)
    with database.write() as connection:
        for line in (FROZEN / f"{revision}.sql").read_text("utf-8").splitlines():
            if line and not line.startswith("--"):
                connection.exec_driver_sql(line.replace("%", "%%"))


def counts(database: Database) -> dict[str, int]:
    with database.read() as connection:
        return {
            name: connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one()  # noqa: S608
            for name in SAMPLE
        }


def deliver(database: Database) -> Postbox:
    box = Postbox()
    lane = postroom.CounterLane(
        database,
        MAIL,
        holder="mail-0",
        now=lambda: NOW,
        rng=Random(1),
        wait=lambda _: False,
        stopping=lambda: False,
        blanks=lambda _: {},
        patience=postroom.Patience(),
        batch=50,
    )
    postroom.deliver(lane, box)
    return box


def test_old_stories_are_known_by_their_addresses_and_texts(bare: Database) -> None:
    build(bare, "0013")
    bare.migrate()
    names = [identity.address("http://www.news.example/a1/"), identity.name(identity.Kind.TEXT, "en", "f1")]
    with bare.read() as connection:
        assert identity.known_as(connection, names) == dict.fromkeys(names, "a1")
        assert identity.ids_of(connection, [ArticleId("a1")], "site") == ["a1"]


def test_old_stories_are_found_by_words_of_their_headlines(bare: Database) -> None:
    build(bare, "0022")
    bare.migrate()
    with bare.read() as connection:
        (told,) = {one.headline for one in archive.newest(connection, 9) if one.id == "a1"}
        words = told.upper().split()
        assert "a1" in [one.id for one in archive.newest(connection, 9, words=words)]
        assert not archive.newest(connection, 9, words=[*words, "elsewhere"])


def test_every_earlier_schema_is_frozen() -> None:
    script = ScriptDirectory.from_config(opening._alembic())
    earlier = {one.revision for one in script.walk_revisions()} - {script.get_current_head()}
    assert earlier <= set(REVISIONS), "freeze the rows of the schema before yours in tests/storage/frozen"


@pytest.mark.parametrize("revision", REVISIONS)
def test_an_old_newsroom_goes_on_and_nobody_gets_anything_twice(
    bare: Database, revision: str, tmp_path: Path
) -> None:
    build(bare, revision)
    before = counts(bare)
    bare.migrate()
    assert counts(bare) == before
    memory = Memory(tmp_path / "memory", KEYS)
    memory.path.write_text('{"epoch": "abc"}\n', "utf-8")  # as that version wrote it
    assert memory.recall(bare, NOW)
    postroom.reconcile(bare, NOW)
    box = deliver(bare)
    later = NOW + timedelta(hours=1)
    doubts.look_into(bare, MAIL, None, doubts.Policy.HOLD, later)
    assert deliver(bare).taken == {}
    assert box.taken == {"noor@x.example": 1, "zana@x.example": 1}  # Sara had hers; Hiwa's is in doubt
    with bare.read() as connection:
        found = ledger.report(connection, EDITION)
    assert found.states == {"sent": 3, "held": 1, "excluded": 2}
    assert found.candidates == {"mail": 6}
    assert found.faults == ()
    assert not paused(bare)


@pytest.mark.parametrize("revision", REVISIONS)
def test_what_is_new_works_on_old_rows(bare: Database, revision: str, tmp_path: Path) -> None:
    build(bare, revision)
    bare.migrate()
    memory = Memory(tmp_path / "memory", KEYS)
    memory.path.write_text('{"epoch": "abc"}\n', "utf-8")
    memory.left("SARA@x.example", "daily", NOW)
    memory.recall(bare, NOW)
    assert str(stands(bare, "sara@x.example")) == "withdrawn"
    postroom.reconcile(bare, NOW)
    deliver(bare)
    (doubt,) = doubts.listed(bare)
    doubts.decide(bare, doubt.id, doubts.Verdict.SENT, who="dana", why="it is there", now=NOW)
    keeper = Keeper(bare, now=lambda: NOW + timedelta(days=400), keep=timedelta(days=1), wait=lambda _: False)
    assert (keeper.tidy_up().pruned, counts(bare)["receipts"]) == (6, 0)


def test_a_migration_that_is_killed_leaves_a_schema_whole(tmp_path: Path) -> None:
    """At every second statement, until one run comes to its end."""
    old = Database(f"sqlite:///{tmp_path}/old.db")
    build(old, "0001")
    before = counts(old)
    old.close()
    for number in range(1, 200, 2):
        copy = tmp_path / f"news-{number}.db"
        copy.write_bytes((tmp_path / "old.db").read_bytes())
        url = f"sqlite:///{copy}"
        if not killed(migrate, url, number):
            break
        database = Database(url)
        step = database.revision()  # each step is a transaction of its own
        with database.read() as connection:
            assert ("candidates" in inspect(connection).get_table_names()) == (step >= "0002")
            indexes = {one["name"] for one in inspect(connection).get_indexes("deliveries")}
            assert ("ix_deliveries_due" in indexes) == (step >= "0003")
        head = database.migrate()
        assert (database.revision(), counts(database)) == (head, before)
        database.close()
    assert number > 10


def migrate(url: str, statements: int) -> None:
    """Dies by SIGKILL before its n-th statement that changes anything."""
    database, left = Database(url), iter(range(statements - 1))

    def count(*told: object) -> None:
        if not str(told[2]).startswith(("SELECT", "PRAGMA")) and next(left, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(database.engine, "before_cursor_execute", count)
    database.migrate()
