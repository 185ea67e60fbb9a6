"""What comes back for an edition stops the rest of it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from syndicator.bounces import Kind, Why
from syndicator.model import (
    ChannelId,
    DeliveryId,
    DeliveryState,
    Edition,
    EditionId,
    EditionKind,
    Language,
    Outcome,
    Post,
    Receipt,
)
from syndicator.sandbox.faults import Fault
from syndicator.services.reputation import Level, Reputation, Shares
from syndicator.storage import brakes, ledger, outbox, planning, returned
from syndicator.storage.database import Database
from syndicator.storage.returned import Heard
from syndicator.storage.schema import audit, deliveries
from tests.channels.test_relays import newsroom
from tests.circulation import subscribe
from tests.lanes import NOW

EDITION = EditionId("digest:daily:1")
SHARES = {Kind.COMPLAINT: Shares(0.001, 0.003), Kind.HARD: Shares(0.02, 0.05)}


def planned(database: Database, number: int) -> None:
    """An edition to so many readers; all but one have it."""
    for one in range(number):
        subscribe(database, f"r{one}@readers.example")
    edition = Edition(id=EDITION, kind=EditionKind.DIGEST, language=Language("en"), due_at=NOW, stories=())
    with database.write() as connection:
        planning.add_edition(connection, edition, newsletter="daily", now=NOW, by="test")
        post = Post(
            id="p", edition=EDITION, channel=ChannelId("letters"), language=Language("en"), text="rain"
        )
        planning.add_posts(connection, [post])
        planning.add_readers(
            connection,
            EDITION,
            ChannelId("letters"),
            "daily",
            planning.Audience(posts={Language("en"): "p"}),
            due_at=NOW,
            not_after=NOW + timedelta(hours=6),
            urgency=2,
        )
    with database.write() as connection:
        won = outbox.claim(
            connection,
            "letters",
            holder="w",
            now=NOW,
            lease=timedelta(hours=1),
            limit=number - 1,
            paused=(),
        )
        outbox.mark_sending(connection, [one.delivery for one in won], now=NOW, lease=timedelta(hours=1))
        outbox.settle(
            connection,
            [
                outbox.Settlement(
                    receipt=Receipt(delivery=one.delivery.id, at=NOW, outcome=Outcome.ACCEPTED),
                    token=one.delivery.token,
                    state=DeliveryState.SENT,
                    by="letters",
                )
                for one in won
            ],
        )


def come_back(database: Database, kind: Kind, number: int, *, first: int = 0) -> None:
    with database.write() as connection:
        ids = list(connection.execute(select(deliveries.c.id).order_by(deliveries.c.id)).scalars())
        for one in ids[first : first + number]:
            heard = Heard(
                key=f"{kind}:{one}",
                at=NOW,
                source="box",
                kind=kind,
                reason=Why.OTHER,
                delivery=DeliveryId(one),
            )
            assert returned.hear(connection, heard)


def reputation(database: Database) -> Reputation:
    return Reputation(database, shares=SHARES, now=lambda: NOW + timedelta(hours=1))


def paused(database: Database) -> frozenset[str]:
    with database.read() as connection:
        return brakes.paused(connection)


@pytest.mark.parametrize(
    ("kind", "number", "level"),
    [
        (Kind.COMPLAINT, 2, None),  # few are no share
        (Kind.COMPLAINT, 3, Level.STOPPED),
        (Kind.HARD, 9, None),
        (Kind.HARD, 10, Level.STOPPED),
        (Kind.SOFT, 90, None),
        (Kind.OURS, 90, None),
    ],
)
def test_the_rest_of_a_bad_edition_is_held_and_an_editor_asked(
    database: Database, kind: Kind, number: int, level: Level | None
) -> None:
    planned(database, 101)
    come_back(database, kind, number)
    found = [one.level for one in reputation(database).look()]
    assert found == ([level] if level else [])
    assert paused(database) == (frozenset({EDITION}) if level is Level.STOPPED else frozenset())


def test_a_tenth_of_a_percent_of_complaints_is_told_and_three_stop(database: Database) -> None:
    planned(database, 2001)
    come_back(database, Kind.COMPLAINT, 3)
    look = reputation(database)
    (told,) = look.look()
    assert (told.level, str(told)) == (Level.TOLD, "3 complaints of 2,000 mails (0.15%)")
    assert paused(database) == frozenset()
    assert look.look() == []  # told once
    come_back(database, Kind.COMPLAINT, 3, first=3)
    (stopped,) = look.look()
    assert stopped.level is Level.STOPPED
    assert paused(database) == {EDITION}
    with database.read() as connection:
        assert [row.what for row in connection.execute(select(audit))] == ["told", "stopped", "pause"]


def test_an_editor_who_lets_it_go_on_is_not_asked_again(database: Database) -> None:
    planned(database, 101)
    come_back(database, Kind.HARD, 20)
    look = reputation(database)
    look.look()
    with database.write() as connection:
        brakes.resume(connection, EDITION, now=NOW, by="dana")
    come_back(database, Kind.HARD, 20, first=20)
    assert look.look() == []
    assert paused(database) == frozenset()


def test_what_the_relay_refuses_stops_the_run_that_it_came_of(tmp_path: Path) -> None:
    told = 'host = "127.0.0.1"\nport = {}\ntls = "none"\nrates = ["15/m"]\n'
    with newsroom(tmp_path, lambda first, second: told.format(first)) as room:
        room.plan([f"r{number}@readers.example" for number in range(30)])
        room.sandbox.smtp.faults.coming(*[Fault.REJECT] * 30)
        for _ in range(8):
            room.deliver(10.0)
            room.app.look_after()
        states = room.states()
        assert states["failed"] < 15
        assert states["pending"] + states.get("held", 0) > 10
        with room.app.database.read() as connection:
            (edition,) = brakes.paused(connection)
            assert ledger.report(connection, edition).edition == edition
