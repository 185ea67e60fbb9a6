"""The outbox: one row per recipient, and the few moves a row may make.

``pending → claimed → sending → sent | pending | uncertain``; nothing here ever moves a row that was
perhaps sent back to ``pending`` by itself. Every move is a conditional update, so two workers can race
and only one wins; the fencing token makes sure that the loser can settle nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    exists,
    insert,
    literal,
    not_,
    or_,
    select,
    update,
)

from syndicator.model import (
    COMES_FROM,
    ChannelId,
    Delivery,
    DeliveryId,
    DeliveryState,
    EditionId,
    Post,
    Receipt,
)

from .content import POST
from .schema import (
    deliveries,
    editions,
    posts,
    receipts,
    subscribers,
    subscriptions,
)
from .statements import consents, reader

S = DeliveryState
EVERYTHING = "everything"  # the name of the brake that stops all


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    delivery: Delivery
    post: Post
    address: str
    name: str
    newsletter: str  # empty where nobody subscribed
    reply_to: str | None  # remote id of the part before it in a thread


def claim(
    connection: Connection,
    channel: str,
    *,
    holder: str,
    now: datetime,
    lease: timedelta,
    limit: int,
    paused: Collection[str],
) -> list[Claimed]:
    """Take what is due: breaking news first, then what has waited longest, a thread in its order."""
    if channel in paused or EVERYTHING in paused:
        return []
    earlier = deliveries.alias("earlier")
    out_of_turn = exists().where(
        earlier.c.edition == deliveries.c.edition,
        earlier.c.channel == deliveries.c.channel,
        earlier.c.recipient == deliveries.c.recipient,
        earlier.c.part < deliveries.c.part,
        earlier.c.state != S.SENT.value,
    )
    due = (
        select(deliveries.c.id)
        .where(
            deliveries.c.channel == channel,
            deliveries.c.state == S.PENDING.value,
            deliveries.c.due_at <= now,
            deliveries.c.not_after > now,
            deliveries.c.edition.not_in(paused),
            not_(and_(deliveries.c.part > 0, out_of_turn)),
        )
        .order_by(deliveries.c.urgency, deliveries.c.due_at, deliveries.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    won = connection.execute(
        update(deliveries)
        .where(deliveries.c.id.in_(due), deliveries.c.state == S.PENDING.value)
        .values(state=S.CLAIMED.value, token=deliveries.c.token + 1, holder=holder, lease_until=now + lease)
        .returning(deliveries.c.id)
    ).scalars()
    return parcels(connection, sorted(won))


def waits(connection: Connection, channel: str, holder: str, now: datetime) -> bool:
    """Whether anything is due, or was claimed by a holder of this name that may be no more."""
    due = and_(deliveries.c.state == S.PENDING.value, deliveries.c.due_at <= now)
    orphan = and_(deliveries.c.state == S.CLAIMED.value, deliveries.c.holder == holder)
    found = select(deliveries.c.id).where(deliveries.c.channel == channel, or_(due, orphan)).limit(1)
    return connection.execute(found).first() is not None


def parcels(connection: Connection, ids: Sequence[int]) -> list[Claimed]:
    """These deliveries with what they carry, in the order they are to go out."""
    if not ids:
        return []
    before = deliveries.alias("before")
    thread = (before.c.edition, before.c.channel, before.c.recipient)
    ours = (deliveries.c.edition, deliveries.c.channel, deliveries.c.recipient)
    same_thread = and_(*(one == other for one, other in zip(thread, ours, strict=True)))
    query = (
        select(
            deliveries,
            posts.c.content,
            subscribers.c.address,
            subscribers.c.name,
            editions.c.newsletter,
            before.c.remote_ids.label("replied"),
        )
        .join(posts, posts.c.id == deliveries.c.post)
        .join(editions, editions.c.id == deliveries.c.edition)
        .outerjoin(subscribers, subscribers.c.id == reader())
        .outerjoin(before, and_(same_thread, before.c.part == deliveries.c.part - 1))
        .where(deliveries.c.id.in_(ids))
        .order_by(deliveries.c.urgency, deliveries.c.due_at, deliveries.c.id)
    )
    read: dict[str, Post] = {}
    return [_claimed(row, read) for row in connection.execute(query)]


def _claimed(row: Row[Any], read: dict[str, Post]) -> Claimed:
    if row.post not in read:
        read[row.post] = POST.validate_python(row.content)
    return Claimed(
        delivery=delivery_of(row),
        post=read[row.post],
        address=row.address or "",
        name=row.name or "",
        newsletter=row.newsletter or "",
        reply_to=row.replied[0] if row.replied else None,
    )


def delivery_of(row: Row[Any]) -> Delivery:
    return Delivery(
        id=DeliveryId(row.id),
        key=row.key,
        channel=ChannelId(row.channel),
        edition=EditionId(row.edition),
        recipient=row.recipient,
        post=row.post or "",
        due_at=row.due_at,
        not_after=row.not_after,
        part=row.part,
        token=row.token,
        attempts=row.attempts,
        state=S(row.state),
    )


def mark_sending(
    connection: Connection,
    claimed: Sequence[Delivery],
    *,
    now: datetime,
    lease: timedelta,
    paused: Collection[str],
    repeated: bool = False,
) -> set[DeliveryId]:
    """The moment before the body: mark those that may still go, stop the others, in one statement each.

    Asked again here: the brakes, the reader's consent, the end of the news' life, and the lease. ``repeated`` after
    a commit whose fate is unknown: what it marked with our token is ours to send.
    """
    ours = or_(*(and_(deliveries.c.id == d.id, deliveries.c.token == d.token) for d in claimed))
    held_by_us = and_(ours, deliveries.c.state == S.CLAIMED.value, deliveries.c.lease_until > now)
    late, braked, left = deliveries.c.not_after <= now, _braked(paused), _left()
    marked = connection.execute(
        update(deliveries)
        .where(held_by_us, not_(late), not_(braked), not_(left))
        .values(state=S.SENDING.value, attempts=deliveries.c.attempts + 1, lease_until=now + lease)
        .returning(deliveries.c.id)
    )
    found = set(marked.scalars())
    if len(found) < len(claimed):
        _stop(connection, and_(held_by_us, late), S.EXPIRED, "too-late", now)
        _stop(connection, and_(held_by_us, braked), S.HELD, "paused", now)
        _stop(connection, and_(held_by_us, left), S.EXCLUDED, "left", now)
    if repeated:
        before = and_(ours, deliveries.c.state == S.SENDING.value, deliveries.c.lease_until > now)
        found |= set(connection.execute(select(deliveries.c.id).where(before)).scalars())
    return {DeliveryId(number) for number in found}


def _may_become(state: DeliveryState) -> ColumnElement[bool]:
    """The legal moves, as every change of state asks for them."""
    return deliveries.c.state.in_(sorted(before.value for before in COMES_FROM[state]))


def _stop(
    connection: Connection, which: ColumnElement[bool], state: DeliveryState, reason: str, now: datetime
) -> int:
    moved = update(deliveries).where(which, _may_become(state))
    return connection.execute(moved.values(state=state.value, reason=reason, settled_at=now)).rowcount


def _braked(paused: Collection[str]) -> ColumnElement[bool]:
    if EVERYTHING in paused:
        return literal(1) == 1
    return or_(deliveries.c.channel.in_(paused), deliveries.c.edition.in_(paused))


def _left() -> ColumnElement[bool]:
    """A reader who no longer has a confirmed subscription to the edition's newsletter."""
    newsletter = (
        select(editions.c.newsletter)
        .where(editions.c.id == deliveries.c.edition)
        .correlate(deliveries)
        .scalar_subquery()
    )
    stays = exists().where(subscriptions.c.subscriber == reader(), consents(newsletter))
    return and_(deliveries.c.recipient != "-", ~stays)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """A receipt and the state it brings; ``due_at`` when it is to be tried again."""

    receipt: Receipt
    token: int
    state: DeliveryState
    due_at: datetime | None = None
    not_after: datetime | None = None  # when its life is made longer
    reason: str | None = None
    by: str


def settle(connection: Connection, settlements: Sequence[Settlement], *, repeated: bool = False) -> int:
    """Append every receipt; move the rows that are still ours. Returns how many moved.

    ``repeated`` after a commit whose fate is unknown: what it wrote is not written twice.
    """
    moved = 0
    for one in settlements:
        receipt = one.receipt
        if repeated and _written(connection, one):
            continue
        connection.execute(
            insert(receipts).values(
                delivery=receipt.delivery,
                at=receipt.at,
                token=one.token,
                outcome=receipt.outcome.value,
                remote_ids=list(receipt.remote_ids),
                retry_at=receipt.retry_at,
                detail=receipt.detail,
                by=one.by,
            )
        )
        values: dict[str, Any] = {"state": one.state.value, "reason": one.reason, "settled_at": receipt.at}
        values |= {"remote_ids": list(receipt.remote_ids)} if receipt.remote_ids else {}
        values |= {"due_at": one.due_at} if one.due_at else {}
        values |= {"not_after": one.not_after} if one.not_after else {}
        values |= {"wire_hash": receipt.wire_hash} if receipt.wire_hash else {}
        done = connection.execute(
            update(deliveries)
            .where(
                deliveries.c.id == receipt.delivery,
                deliveries.c.token == one.token,
                _may_become(one.state),
            )
            .values(values)
        )
        moved += done.rowcount
    return moved


def _written(connection: Connection, one: Settlement) -> bool:
    found = select(receipts.c.id).where(
        receipts.c.delivery == one.receipt.delivery,
        receipts.c.token == one.token,
        receipts.c.at == one.receipt.at,
        receipts.c.outcome == one.receipt.outcome.value,
    )
    return connection.execute(found).first() is not None


def release(connection: Connection, held: Mapping[int, int]) -> int:
    """Give back what was claimed with these tokens and not begun to send."""
    ours = or_(*(and_(deliveries.c.id == d, deliveries.c.token == token) for d, token in held.items()))
    return _release(connection, ours)


def release_all(connection: Connection, holder: str) -> int:
    """Give back what a holder that is no more had claimed and not begun to send."""
    return _release(connection, deliveries.c.holder == holder)


def _release(connection: Connection, which: ColumnElement[bool]) -> int:
    ours = and_(which, deliveries.c.state == S.CLAIMED.value)
    return connection.execute(update(deliveries).where(ours).values(state=S.PENDING.value)).rowcount


def reap(connection: Connection, now: datetime) -> tuple[int, int]:
    """Leases that are over: claimed rows wait again, sending rows are in doubt. Returns both counts.

    A row in doubt gets a new token, so that a worker that wakes up late can settle nothing.
    """
    over = deliveries.c.lease_until <= now
    back = connection.execute(
        update(deliveries).where(deliveries.c.state == S.CLAIMED.value, over).values(state=S.PENDING.value)
    ).rowcount
    doubt = connection.execute(
        update(deliveries)
        .where(deliveries.c.state == S.SENDING.value, over)
        .values(state=S.UNCERTAIN.value, token=deliveries.c.token + 1, reason="lease-over", settled_at=now)
    ).rowcount
    return back, doubt


def doubt_all(connection: Connection, now: datetime) -> int:
    """In a database that was restored, whatever had not ended was perhaps sent since. Returns how many."""
    open_ = [S.PENDING.value, S.CLAIMED.value, S.SENDING.value]
    moved = update(deliveries).where(deliveries.c.state.in_(open_), _may_become(S.UNCERTAIN))
    values = {"state": S.UNCERTAIN.value, "reason": "restored", "settled_at": now}
    return connection.execute(moved.values(token=deliveries.c.token + 1, **values)).rowcount


def doubts(connection: Connection) -> list[tuple[Claimed, datetime | None, str]]:
    """Every delivery in doubt, or held because of one, with since when and why; oldest first."""
    held = and_(deliveries.c.state == S.HELD.value, deliveries.c.reason.startswith("in doubt"))
    query = select(deliveries.c.id, deliveries.c.settled_at, deliveries.c.reason)
    query = query.where(or_(deliveries.c.state == S.UNCERTAIN.value, held)).order_by(deliveries.c.id)
    told = {row.id: row for row in connection.execute(query)}
    found = {one.delivery.id: one for one in parcels(connection, list(told))}
    return [(found[number], row.settled_at, row.reason or "") for number, row in told.items()]


def state_of(connection: Connection, number: int) -> str | None:
    return connection.execute(select(deliveries.c.state).where(deliveries.c.id == number)).scalar()


def seen_before(connection: Connection, channel: str, moment: datetime, limit: int = 5) -> tuple[str, ...]:
    """Remote ids of what the channel took last before this moment, newest first."""
    query = _seen(channel).where(deliveries.c.settled_at < moment).order_by(deliveries.c.settled_at.desc())
    return tuple(
        name for ids in connection.execute(query.limit(limit)).scalars() for name in reversed(ids or ())
    )


def seen_since(connection: Connection, channel: str, moment: datetime) -> frozenset[str]:
    """Remote ids of what the channel took from this moment on."""
    query = _seen(channel).where(deliveries.c.settled_at >= moment)
    return frozenset(name for ids in connection.execute(query).scalars() for name in ids or ())


def _seen(channel: str) -> Select[Any]:
    return select(deliveries.c.remote_ids).where(
        deliveries.c.channel == channel, deliveries.c.state == S.SENT.value
    )


def in_doubt(connection: Connection, channel: str, before: datetime) -> list[Claimed]:
    """Deliveries of the channel that came into doubt before this moment."""
    found = select(deliveries.c.id).where(
        deliveries.c.channel == channel,
        deliveries.c.state == S.UNCERTAIN.value,
        deliveries.c.settled_at <= before,
    )
    return parcels(connection, list(connection.execute(found).scalars()))


def expire(connection: Connection, now: datetime) -> int:
    """Stale news never goes out."""
    late = and_(deliveries.c.state == S.PENDING.value, deliveries.c.not_after <= now)
    return _stop(connection, late, S.EXPIRED, "too-late", now)


def resume_paused(connection: Connection, name: str) -> int:
    """Rows that a brake held just before their body wait again once it is off."""
    held = and_(deliveries.c.state == S.HELD.value, deliveries.c.reason == "paused")
    which = held if name == EVERYTHING else and_(held, _braked([name]))
    return connection.execute(
        update(deliveries).where(which).values(state=S.PENDING.value, reason=None, settled_at=None)
    ).rowcount


def due_channels(connection: Connection, now: datetime) -> list[str]:
    waiting = select(deliveries.c.channel).where(
        deliveries.c.state == S.PENDING.value, deliveries.c.due_at <= now
    )
    return sorted(connection.execute(waiting.distinct()).scalars())
