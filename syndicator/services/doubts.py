"""Deliveries that perhaps went out: read back, settled by policy, or decided by a person. Nothing here sends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from syndicator.errors import NotFound, Refused
from syndicator.model import Act, ChannelId, Delivery, DeliveryState, Outcome, Receipt, settle
from syndicator.ports import Parcel, Reader
from syndicator.storage import brakes, outbox, spending, webhooks
from syndicator.storage.database import Database

QUARANTINE = timedelta(minutes=5)  # longer than a late request lives; only then a doubt is looked into
CLOCKS_APART = timedelta(minutes=2)  # how far a network's clock may be from ours
LIFE_AFTER = timedelta(hours=1)  # what a person sends again has at least this long to go out


class Policy(StrEnum):
    """What becomes of a doubt that cannot be read back."""

    HOLD = "hold"
    RESEND_ONCE = "resend-once"  # with the same Message-ID, by which mail programs tell a double


class Verdict(StrEnum):
    """What a person says of a doubt."""

    SENT = "sent"  # it is there
    RESEND = "resend"  # it is not there: send it
    DROP = "drop"  # it is not there, and shall not be


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A delivery that waits for an answer, as a person sees it."""

    id: int
    channel: str
    edition: str
    recipient: str
    text: str
    since: datetime | None
    held: bool  # nobody but a person can tell any more
    reason: str


def look_into(  # noqa: PLR0917 - the last one is for channels that can be asked
    database: Database,
    channel: ChannelId,
    reader: Reader | None,
    policy: Policy,
    now: datetime,
    blanks: Callable[[outbox.Claimed], Mapping[str, str]] = lambda one: {},
) -> Mapping[DeliveryState, int]:
    """Settle the channel's doubts that are out of quarantine: there, surely not there, by policy, or held.

    ``reader`` is the opened channel where it can be read back, else None; ``blanks`` are those it was sent with.
    """
    counts: dict[DeliveryState, int] = {}
    for one in to_look_into(database, channel, now):
        parcel = _parcel(database, one, blanks)
        again = one.post.act is not Act.POST  # a change that is made already may be made once more
        receipt = (
            _mute(one, now)
            if again or not reader
            else reader.look_up(parcel, one.delivery.due_at - CLOCKS_APART)
        )
        state = settle(receipt)
        reason: str | None = f"in doubt: {receipt.detail}"
        if state is DeliveryState.UNCERTAIN:
            resend = again or (policy is Policy.RESEND_ONCE and one.delivery.attempts <= 1)
            state = DeliveryState.PENDING if resend else DeliveryState.HELD
        if state is DeliveryState.SENT:
            reason = None
        settlement = outbox.Settlement(
            receipt=receipt,
            token=one.delivery.token,
            state=state,
            due_at=now if state is DeliveryState.PENDING else None,
            reason=reason,
            by="reconcile",
        )
        with database.write() as connection:
            moved = outbox.settle(connection, [settlement])
            webhooks.tell_posts(connection, [settlement], now)
            asked = f"look-up:{one.delivery.id}:{one.delivery.token}:{now.isoformat()}"
            spending.pay(connection, channel, {asked: receipt.cost}, now)
        counts[state] = counts.get(state, 0) + moved
    return counts


def to_look_into(database: Database, channel: ChannelId, now: datetime) -> list[outbox.Claimed]:
    """The channel's doubts that are out of quarantine."""
    with database.read() as connection:
        return outbox.in_doubt(connection, channel, now - QUARANTINE)


def _parcel(
    database: Database, one: outbox.Claimed, blanks: Callable[[outbox.Claimed], Mapping[str, str]]
) -> Parcel:
    """What was sent, perhaps, with what is known to stand around it where all followers see one chat."""
    parcel = Parcel(delivery=one.delivery, post=one.post, address=one.address, blanks=blanks(one))
    if one.address:
        return parcel
    channel, due = one.delivery.channel, one.delivery.due_at
    with database.read() as connection:
        before = outbox.seen_before(connection, channel, due)
        since = outbox.seen_since(connection, channel, due)
    return replace(parcel, previous=before, since_then=since)


def _mute(one: outbox.Claimed, now: datetime) -> Receipt:
    detail = "the channel cannot be read back"
    return Receipt(delivery=one.delivery.id, at=now, outcome=Outcome.UNCERTAIN, detail=detail)


def listed(database: Database) -> list[Doubt]:
    """Every doubt that is not settled, oldest first."""
    with database.read() as connection:
        return [
            Doubt(
                id=one.delivery.id,
                channel=one.delivery.channel,
                edition=one.delivery.edition,
                recipient=one.delivery.recipient,
                text=one.post.subject or one.post.text,
                since=since,
                held=one.delivery.state is DeliveryState.HELD,
                reason=reason,
            )
            for one, since, reason in outbox.doubts(connection)
        ]


def decide(
    database: Database, number: int, verdict: Verdict, *, who: str, why: str, now: datetime
) -> DeliveryState:
    """A person's word on one doubt, with who and why in the audit trail.

    Raises :exc:`NotFound`, and :exc:`Refused` for a delivery that is in no doubt.
    """
    states = {
        Verdict.SENT: DeliveryState.SENT,
        Verdict.RESEND: DeliveryState.PENDING,
        Verdict.DROP: DeliveryState.CANCELLED,
    }
    outcomes = {
        Verdict.SENT: Outcome.ACCEPTED,
        Verdict.RESEND: Outcome.DEFERRED,
        Verdict.DROP: Outcome.REJECTED,
    }
    with database.write() as connection:
        delivery = _in_doubt(connection, number)
        settlement = outbox.Settlement(
            receipt=Receipt(delivery=delivery.id, at=now, outcome=outcomes[verdict], detail=f"{who}: {why}"),
            token=delivery.token,
            state=states[verdict],
            due_at=now if verdict is Verdict.RESEND else None,
            not_after=max(delivery.not_after, now + LIFE_AFTER) if verdict is Verdict.RESEND else None,
            reason=None if verdict is Verdict.SENT else f"{verdict} by {who}",
            by=who,
        )
        outbox.settle(connection, [settlement])
        webhooks.tell_posts(connection, [settlement], now)
        brakes.note(
            connection, who=who, what=f"settle {verdict}", about=f"delivery {number}", why=why, now=now
        )
    return states[verdict]


def _in_doubt(connection: Any, number: int) -> Delivery:
    for one, _, _ in outbox.doubts(connection):
        if one.delivery.id == number:
            return one.delivery
    state = outbox.state_of(connection, number)
    if state is None:
        raise NotFound(
            "there is no delivery {number}; `syndicator doubts` lists those to settle", number=number
        )
    raise Refused(
        "delivery {number} is {state} and in no doubt; `syndicator doubts` lists those to settle",
        number=number,
        state=state,
    )
