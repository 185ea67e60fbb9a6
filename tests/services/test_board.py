"""The board: what is going out, what went out, and what that costs to know."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, update

from syndicator.beside import A_WHILE
from syndicator.model import DeliveryState
from syndicator.sandbox.demo import Demo
from syndicator.services.board import Board
from syndicator.storage import board as queries
from syndicator.storage.schema import deliveries, receipts

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Ticks:
    """The machine's own clock, as far as the board asks."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def demo() -> Iterator[Demo]:
    with Demo(now=lambda: NOW) as shown:
        shown.once()
        yield shown


def board(demo: Demo, ticks: Ticks, now: datetime = NOW) -> Board:
    return Board(demo.app.database, now=lambda: now, channels=list(demo.app.doors), beside=False, ticks=ticks)


def test_it_shows_where_each_story_went(demo: Demo) -> None:
    stories = demo.app.ledger.articles(language="en").articles
    went = board(demo, Ticks()).went([one.id for one in stories])
    newest = {(one.channel, one.newsletter): one for one in went[stories[0].id]}
    assert newest["tg-en", ""].state == newest["letters", "evening"].state == DeliveryState.SENT
    assert newest["letters", "evening"].deliveries == 4
    assert newest["tg-en", ""].remote
    assert went[stories[-1].id] == []  # it was there before the newsroom was


def test_it_is_counted_once_in_a_while(demo: Demo) -> None:
    ticks = Ticks()
    told = board(demo, ticks)
    first = told.seen()
    assert told.seen() is first
    ticks.now += A_WHILE
    assert told.seen() is not first
    assert [one.edition.newsletter for one in first.editions] == ["evening"]
    assert first.editions[0].done == first.editions[0].total == 4
    assert not first.going
    assert first.last.keys() == {name for name in demo.app.doors if name != "letters"}


def test_who_looks_does_not_wait_for_the_count(demo: Demo) -> None:
    ticks = Ticks()
    told = Board(demo.app.database, now=lambda: NOW, channels=(), ticks=ticks)
    first = told.seen()
    ticks.now += A_WHILE
    assert told.seen() is first  # what is known; it is counted beside


def test_an_edition_that_goes_out_has_a_rate_and_an_end(demo: Demo) -> None:
    database, ticks = demo.app.database, Ticks()
    told = board(demo, ticks)
    (edition,) = (one.edition.id for one in told.seen().editions)
    mine = deliveries.c.edition == edition
    with database.write() as connection:
        ids = [row.id for row in connection.execute(deliveries.select().where(mine))]
        later = {"state": "pending", "settled_at": None, "due_at": NOW, "not_after": NOW + timedelta(hours=1)}
        connection.execute(update(deliveries).where(deliveries.c.id.in_(ids[:2])).values(later))
    fresh = board(demo, ticks)
    (going,) = fresh.seen().going
    assert (going.done, going.total, going.rate, going.left) == (2, 4, 0.0, None)
    with database.write() as connection:
        connection.execute(
            update(deliveries).where(deliveries.c.id == ids[0]).values(state="sent", settled_at=NOW)
        )
    ticks.now += A_WHILE
    fresh._now = lambda: NOW + timedelta(seconds=4)
    (going,) = fresh.seen().going
    assert (going.done, going.rate, going.left) == (3, 0.25, timedelta(seconds=4))


def test_what_is_in_doubt_or_refused_is_told(demo: Demo) -> None:
    with demo.app.database.write() as connection:
        one, other = list(connection.execute(deliveries.select().where(deliveries.c.recipient == "-")))[:2]
        connection.execute(update(deliveries).where(deliveries.c.id == one.id).values(state="held"))
        failed = {"state": "failed", "reason": "chat not found", "settled_at": NOW}
        connection.execute(update(deliveries).where(deliveries.c.id == other.id).values(failed))
    seen = board(demo, Ticks()).seen()
    assert seen.doubts == {one.channel: 1}
    assert seen.needs == 1
    assert [(told.channel, told.reason, told.n) for told in seen.failed] == [
        (other.channel, "chat not found", 1)
    ]


def test_the_pulse_changes_with_what_is_written_down(demo: Demo) -> None:
    told = board(demo, Ticks())
    before = told.pulse()
    demo.app.pause("x", by="ara", why="a test")
    with demo.app.database.write() as connection:
        delivery = connection.execute(deliveries.select().limit(1)).one().id
        row = {
            "delivery": delivery,
            "at": NOW,
            "token": 1,
            "outcome": "accepted",
            "remote_ids": [],
            "detail": "",
        }
        connection.execute(insert(receipts).values(**row, by="x"))
    after = told.pulse()
    assert [new > old for old, new in zip(before, after, strict=True)] == [True, True, False]
    with demo.app.database.read() as connection:
        assert queries.to_decide(connection) == (0, 0)
