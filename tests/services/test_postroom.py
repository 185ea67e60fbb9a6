"""The postroom against a channel that is a list of answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Self

import pytest

from syndicator.errors import StorageAway, StorageError
from syndicator.model import (
    ChannelId,
    Edition,
    EditionId,
    EditionKind,
    Language,
    Limits,
    Outcome,
    Post,
    Receipt,
)
from syndicator.ports import Capabilities, Lane, Parcel, one_by_one
from syndicator.services import postroom
from syndicator.storage import brakes, ledger, planning
from syndicator.storage.database import Database
from tests.steps import SteppedDatabase

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
TG = ChannelId("tg-en")


class Answers:
    """A channel that answers each parcel with the next outcome of a list."""

    limits = Limits()
    capabilities = Capabilities()

    def __init__(
        self, *outcomes: Outcome, then: Callable[[], None] = lambda: None, halt: bool = False
    ) -> None:
        self.outcomes: Iterator[Outcome] = iter(outcomes)
        self.bodies: list[str] = []
        self.then = then
        self.halt = halt

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        pass

    def run(self, lane: Lane) -> None:
        one_by_one(lane, self._send, lambda: NOW)

    def probe(self) -> str:
        return "a list of answers"

    def _send(self, parcel: Parcel) -> Receipt:
        self.bodies.append(parcel.post.text)
        self.then()
        outcome = next(self.outcomes)
        return Receipt(delivery=parcel.delivery.id, at=NOW, outcome=outcome, detail="said so", halt=self.halt)


@pytest.fixture
def database(database: Database) -> Database:
    edition = Edition(
        id=EditionId("flash:a"), kind=EditionKind.FLASH, language=Language("en"), due_at=NOW, stories=()
    )
    with database.write() as connection:
        planning.add_edition(connection, edition, newsletter=None, now=NOW, by="test")
        for number in range(3):
            post = Post(
                id=f"{number}",
                edition=edition.id,
                channel=TG,
                language=Language("en"),
                text=f"{number}",
                part=number,
            )
            planning.add_posts(connection, [post])
            planning.add_delivery(connection, post, due_at=NOW, not_after=NOW + timedelta(hours=6), urgency=0)
    return database


def lane(
    database: Database,
    *,
    stopping: Callable[[], bool] = lambda: False,
    wait: Callable[[float], object] = lambda seconds: None,
) -> postroom.CounterLane:
    return postroom.CounterLane(
        database,
        TG,
        holder="w",
        now=lambda: NOW,
        rng=Random(1),
        wait=wait,
        stopping=stopping,
        blanks=lambda _: {},
        patience=postroom.Patience(),
        batch=10,
    )


def states(database: Database) -> dict[str, int]:
    with database.read() as connection:
        return ledger.report(connection, "flash:a").states


def test_a_thread_is_sent_in_order(database: Database) -> None:
    channel = Answers(*[Outcome.ACCEPTED] * 3)
    counts = postroom.deliver(lane(database), channel)
    assert counts[Outcome.ACCEPTED] == 3
    assert channel.bodies == ["0", "1", "2"]
    assert states(database) == {"sent": 3}


def test_what_was_certainly_not_sent_is_tried_later(database: Database) -> None:
    postroom.deliver(lane(database), Answers(Outcome.DEFERRED))
    assert states(database) == {"pending": 3}
    with database.read() as connection:
        first = ledger.listed(connection, state=None, channel=TG, edition=None, limit=10)[-1]
    due = first["due_at"]
    assert isinstance(due, datetime)
    assert NOW + timedelta(seconds=20) < due <= NOW + timedelta(seconds=30)


def test_patience_grows_to_its_limit() -> None:
    patience = postroom.Patience()
    waits = [(patience.next_try(tries, NOW, Random(1)) - NOW).total_seconds() for tries in (1, 2, 3, 40)]
    assert [round(wait / waits[0], 3) for wait in waits] == [1, 2, 4, 60]


def test_a_door_that_is_shut_stops_its_channel_and_fails_nobody(database: Database) -> None:
    postroom.deliver(lane(database), Answers(Outcome.DEFERRED, halt=True))
    assert states(database) == {"pending": 3}
    with database.read() as connection:
        assert brakes.paused(connection) == {TG}
    assert postroom.deliver(lane(database), Answers())[Outcome.ACCEPTED] == 0


def test_a_doubt_is_never_sent_again(database: Database) -> None:
    postroom.deliver(lane(database), Answers(Outcome.UNCERTAIN))
    again = Answers()
    postroom.deliver(lane(database), again)
    assert again.bodies == []
    assert states(database) == {"uncertain": 1, "pending": 2}


def test_a_failed_recording_is_a_doubt_not_a_second_send(database: Database) -> None:
    def lose_the_disk() -> None:
        raise StorageError("the disk is full")

    with pytest.raises(StorageError):
        postroom.deliver(lane(database), Answers(Outcome.ACCEPTED, then=lose_the_disk))
    assert states(database) == {"sending": 1, "pending": 2}
    assert postroom.reconcile(database, NOW + timedelta(hours=1)).in_doubt == 1
    postroom.deliver(lane(database), Answers())
    assert states(database) == {"uncertain": 1, "pending": 2}


def test_stopping_finishes_what_is_in_flight_and_starts_nothing(database: Database) -> None:
    stopped: list[bool] = []
    channel = Answers(Outcome.ACCEPTED, then=lambda: stopped.append(True))
    postroom.deliver(lane(database, stopping=lambda: bool(stopped)), channel)
    assert states(database) == {"sent": 1, "pending": 2}


def test_news_that_is_too_old_expires(database: Database) -> None:
    assert postroom.reconcile(database, NOW + timedelta(hours=6)).expired == 3


@pytest.mark.parametrize("stage", ["after BEGIN", "before COMMIT", "after COMMIT"])
@pytest.mark.parametrize("write", range(1, 7))
def test_a_database_that_goes_away_at_a_commit_makes_neither_a_double_nor_a_doubt(
    database: Database, stage: str, write: int
) -> None:
    """Whether the commit was made is not known: it is looked at again, and written once."""
    stepped = SteppedDatabase(database.url)
    writes, waited = Counter[str](), list[float]()

    def step(name: str) -> None:
        writes[name] += 1
        if (name, writes[name]) == (stage, write):
            raise StorageAway("the server closed the connection")

    stepped.step = step
    channel = Answers(*[Outcome.ACCEPTED] * 3)
    postroom.deliver(lane(stepped, wait=waited.append), channel)
    stepped.close()
    assert channel.bodies == ["0", "1", "2"]
    assert states(database) == {"sent": 3}
    with database.read() as connection:
        assert all(len(ledger.history(connection, number)) == 1 for number in (1, 2, 3))
    assert waited == [0.2]


def test_a_database_that_stays_away_is_told_and_leaves_one_doubt(database: Database) -> None:
    stepped, waited = SteppedDatabase(database.url), list[float]()

    def gone() -> None:
        stepped.step = away

    def away(name: str) -> None:
        raise StorageAway("the server closed the connection")

    with pytest.raises(StorageAway):
        postroom.deliver(lane(stepped, wait=waited.append), Answers(Outcome.ACCEPTED, then=gone))
    stepped.close()
    assert waited == list(postroom.AWAY)
    assert states(database) == {"sending": 1, "pending": 2}
    postroom.deliver(lane(database), Answers(Outcome.ACCEPTED, Outcome.ACCEPTED))
    assert states(database) == {"sending": 1, "pending": 2}  # a thread waits for its first part
