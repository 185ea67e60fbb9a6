"""Doubts: read back, settled by policy, or decided by a person; on each kind of database."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from syndicator.errors import NotFound, Refused
from syndicator.model import (
    COMES_FROM,
    ENDS,
    ChannelId,
    DeliveryState,
    Edition,
    EditionId,
    EditionKind,
    Language,
    Outcome,
    Post,
    Receipt,
)
from syndicator.ports import Parcel
from syndicator.services import doubts
from syndicator.services.doubts import Policy, Verdict
from syndicator.storage import ledger, outbox, planning
from syndicator.storage.database import Database
from syndicator.storage.schema import deliveries
from tests.lanes import NOW

TG = ChannelId("tg")
LATER = NOW + timedelta(minutes=40)
S = DeliveryState


class Answers:
    """A channel that says the same of everything, and writes down what it was asked."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self.asked: list[Parcel] = []

    def look_up(self, parcel: Parcel, since: object) -> Receipt:
        self.asked.append(parcel)
        found = ("77",) if self.outcome is Outcome.ACCEPTED else ()
        return Receipt(
            delivery=parcel.delivery.id, at=LATER, outcome=self.outcome, detail="looked", remote_ids=found
        )


@pytest.fixture
def doubtful(database: Database) -> Database:
    """Two deliveries: the second in doubt, because its worker died between mark and receipt."""
    edition = Edition(
        id=EditionId("flash:a"), kind=EditionKind.FLASH, language=Language("en"), due_at=NOW, stories=()
    )
    with database.write() as connection:
        planning.add_edition(connection, edition, newsletter=None, now=NOW, by="test")
        for number in range(2):
            post = Post(
                id=str(number), edition=edition.id, channel=TG, language=Language("en"), text="t", part=number
            )
            planning.add_posts(connection, [post])
            planning.add_delivery(connection, post, due_at=NOW, not_after=NOW + timedelta(hours=2), urgency=0)
    with database.write() as connection:
        first = _claimed(connection, "w")
        outbox.mark_sending(connection, [first], now=NOW, lease=timedelta(minutes=15))
        before = NOW - timedelta(seconds=1)
        receipt = Receipt(delivery=first.id, at=before, outcome=Outcome.ACCEPTED, remote_ids=("76",))
        outbox.settle(
            connection, [outbox.Settlement(receipt=receipt, token=first.token, state=S.SENT, by="tg")]
        )
        second = _claimed(connection, "w")
        outbox.mark_sending(connection, [second], now=NOW, lease=timedelta(minutes=15))
    with database.write() as connection:
        outbox.reap(connection, NOW + timedelta(minutes=20))
    return database


def _claimed(connection: object, holder: str) -> object:
    lease = timedelta(minutes=10)
    (found,) = outbox.claim(connection, TG, holder=holder, now=NOW, lease=lease, limit=1, paused=())  # type: ignore[arg-type]
    return found.delivery


def states(database: Database) -> dict[str, int]:
    with database.read() as connection:
        return ledger.by_channel(connection)["tg"]


@pytest.mark.parametrize(
    ("outcome", "state"),
    [(Outcome.ACCEPTED, "sent"), (Outcome.DEFERRED, "pending"), (Outcome.UNCERTAIN, "held")],
)
def test_what_can_be_read_back_is_settled_by_it(doubtful: Database, outcome: Outcome, state: str) -> None:
    reader = Answers(outcome)
    early = doubts.look_into(doubtful, TG, reader, Policy.HOLD, NOW + timedelta(minutes=21))
    assert early == {}  # in quarantine: a late request may still arrive
    assert doubts.look_into(doubtful, TG, reader, Policy.HOLD, LATER) == {S(state): 1}
    assert states(doubtful) == ({"sent": 2} if state == "sent" else {"sent": 1, state: 1})
    assert (reader.asked[0].previous, reader.asked[0].since_then) == (("76",), frozenset())
    assert doubts.look_into(doubtful, TG, reader, Policy.HOLD, LATER) == {}


def test_a_reader_is_told_what_stands_before_and_after_the_doubt(doubtful: Database) -> None:
    with doubtful.write() as connection:
        first = outbox.in_doubt(connection, TG, LATER)[0].delivery.id - 1
        connection.execute(
            update(deliveries).where(deliveries.c.id == first).values(settled_at=NOW + timedelta(seconds=1))
        )
    reader = Answers(Outcome.UNCERTAIN)
    doubts.look_into(
        doubtful, TG, reader, Policy.HOLD, LATER, lambda one: {"message_id": f"<{one.delivery.id}>"}
    )
    (asked,) = reader.asked
    assert (asked.previous, asked.since_then) == ((), frozenset({"76"}))
    assert asked.blanks == {"message_id": f"<{asked.delivery.id}>"}


def test_mail_may_be_sent_once_more_and_then_waits_for_a_person(doubtful: Database) -> None:
    assert doubts.look_into(doubtful, TG, None, Policy.RESEND_ONCE, LATER) == {S.PENDING: 1}
    with doubtful.write() as connection:
        lease = timedelta(minutes=9)
        again = outbox.claim(connection, TG, holder="w", now=LATER, lease=lease, limit=1, paused=())
        outbox.mark_sending(connection, [again[0].delivery], now=LATER, lease=lease)
        outbox.reap(connection, LATER + lease)
    much_later = LATER + timedelta(minutes=20)
    assert doubts.look_into(doubtful, TG, None, Policy.RESEND_ONCE, much_later) == {S.HELD: 1}


@pytest.mark.parametrize("held", [False, True])
@pytest.mark.parametrize(
    ("verdict", "state"), [(Verdict.SENT, "sent"), (Verdict.RESEND, "pending"), (Verdict.DROP, "cancelled")]
)
def test_a_person_decides_and_it_is_written_down(
    doubtful: Database, verdict: Verdict, state: str, *, held: bool
) -> None:
    if held:
        doubts.look_into(doubtful, TG, None, Policy.HOLD, LATER)
    (doubt,) = doubts.listed(doubtful)
    assert doubt.held is held
    decided = doubts.decide(doubtful, doubt.id, verdict, who="dana", why="I looked", now=LATER)
    assert decided == state
    assert doubts.listed(doubtful) == []
    assert states(doubtful) == ({"sent": 2} if state == "sent" else {"sent": 1, state: 1})
    with doubtful.read() as connection:
        assert "dana: I looked" in str(ledger.history(connection, doubt.id)[-1]["detail"])
    with pytest.raises(Refused, match=f"is {state} and in no doubt"):
        doubts.decide(doubtful, doubt.id, Verdict.SENT, who="dana", why="", now=LATER)


def test_what_is_sent_again_has_time_to_go_out(doubtful: Database) -> None:
    (doubt,) = doubts.listed(doubtful)
    doubts.decide(doubtful, doubt.id, Verdict.RESEND, who="dana", why="not there", now=LATER)
    with doubtful.write() as connection:
        assert outbox.expire(connection, LATER) == 0
        assert (
            len(outbox.claim(connection, TG, holder="w", now=LATER, lease=timedelta(1), limit=9, paused=()))
            == 1
        )


def test_a_delivery_that_is_not_there(doubtful: Database) -> None:
    with pytest.raises(NotFound, match="there is no delivery 99"):
        doubts.decide(doubtful, 99, Verdict.SENT, who="dana", why="", now=LATER)


def test_no_end_is_ever_left() -> None:
    for state in DeliveryState:
        assert not COMES_FROM.get(state, frozenset()) & ENDS
