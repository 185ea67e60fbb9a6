"""The outbox: one row per recipient, and the few moves a row may make.

``pending → claimed → sending → sent | pending | uncertain``; nothing here ever moves a row that was
perhaps sent back to ``pending`` by itself. Every move is a conditional update, so two workers can race
and only one wins; the fencing token makes sure that the loser can settle nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache, partial
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Insert,
    Integer,
    Select,
    String,
    Update,
    and_,
    bindparam,
    case,
    exists,
    func,
    insert,
    literal,
    literal_column,
    not_,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.types import TypeEngine

from syndicator.model import (
    COMES_FROM,
    Act,
    Delivery,
    DeliveryId,
    DeliveryState,
    Post,
    Receipt,
)
from syndicator.ports import Published

from . import approvals
from .brakes import PAUSE
from .content import POST
from .schema import (
    Moment,
    deliveries,
    editions,
    moment,
    overrides,
    posts,
    receipts,
    subscribers,
    subscriptions,
)
from .statements import (
    CHANNEL_ITSELF,
    Prepared,
    as_rows,
    as_text,
    consents_to_kind,
    pairs,
    reader,
    rows,
    stands,
    texts,
    written,
)

S = DeliveryState
EVERYTHING = "everything"  # the name of the brake that stops all
POSTS_KEPT = 600  # posts a lane keeps at hand: the variants of two editions
_STATES = {state.value: state for state in S}
_POST = 5  # where the post's id stands among these
_OF_DELIVERY: Sequence[ColumnElement[Any]] = tuple(
    deliveries.c[name]
    for name in "id key channel edition recipient post due_at not_after part token attempts state".split()
)


class Claimed(NamedTuple):
    delivery: Delivery
    post: Post
    address: str
    name: str
    newsletter: str  # empty where nobody subscribed
    reply_to: str | None  # remote id of the part before it in a thread, or of what it corrects
    mends: Published | None = None  # what its post changes


def claim(
    connection: Connection,
    channel: str,
    *,
    holder: str,
    now: datetime,
    lease: timedelta,
    limit: int,
    paused: Collection[str],
    read: dict[str, Post] | None = None,
) -> list[Claimed]:
    """Take what is due: breaking news first, then what has waited longest, a thread in its order.

    ``read`` keeps the posts that were read, for the next claim.
    """
    if channel in paused or EVERYTHING in paused:
        return []
    told = (channel, now, holder, now + lease, limit, json.dumps(sorted(paused)))
    won = _CLAIM.returned(connection, told)
    return parcels(connection, sorted(number for (number,) in won), read)


def _claiming(dialect: str) -> Update:
    d, now = deliveries.c, bindparam("now", type_=Moment)
    earlier = deliveries.alias("earlier")
    out_of_turn = exists().where(earlier.c.key == _key_before(), not_(stands(S.SENT, of=earlier)))
    due = (
        select(d.id)
        .where(
            d.channel == bindparam("channel", type_=String),
            stands(S.PENDING),
            d.due_at <= now,
            d.not_after > now,
            d.edition.not_in(texts(dialect, "paused")),
            not_(and_(d.part > 0, out_of_turn)),
        )
        .order_by(d.urgency, d.due_at, d.id)
        .limit(bindparam("limit", type_=Integer))
        .with_for_update(skip_locked=True)
        # Asked once. As a subquery PostgreSQL may ask it for each row, and skips then what it locked itself: no limit.
        .cte("due")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    values = {
        "state": S.CLAIMED.value,
        "token": d.token + 1,
        "holder": bindparam("holder", type_=String),
        "lease_until": bindparam("until", type_=Moment),
    }
    ours = d.id.in_(select(due.c.id))
    return update(deliveries).where(ours, stands(S.PENDING)).values(values).returning(d.id)


def _key_before() -> ColumnElement[str]:
    """The key of the part before this one; that one waited for its own turn, so it stands for all before it."""
    d = deliveries.c
    return d.edition + ":" + d.channel + ":" + d.recipient + ":" + as_text(d.part - 1)


_CLAIM = Prepared("channel now holder until limit paused", _claiming)


def waits(connection: Connection, channel: str, now: datetime) -> bool:
    """Whether anything is due."""
    due = and_(stands(S.PENDING), deliveries.c.channel == channel, deliveries.c.due_at <= now)
    return connection.execute(select(deliveries.c.id).where(due).limit(1)).first() is not None


def holders(connection: Connection, channel: str) -> list[str]:
    """Who holds what was claimed on the channel and not begun to send."""
    held = select(deliveries.c.holder).where(stands(S.CLAIMED), deliveries.c.channel == channel)
    return sorted(name for name in connection.execute(held.distinct()).scalars() if name)


def parcels(connection: Connection, ids: Sequence[int], read: dict[str, Post] | None = None) -> list[Claimed]:
    """These deliveries with what they carry, in the order they are to go out."""
    if not ids:
        return []
    told = as_rows([(number, 0) for number in ids])
    rows = _PARCELS.returned(connection, [told])
    known = _posts(connection, {row[_POST] for row in rows}, {} if read is None else read)
    found = [_claimed(row, known) for row in rows]
    replied = _replied(connection, [one for one in found if one.delivery.part])
    if replied:
        found = [one._replace(reply_to=replied.get(one.delivery.id)) for one in found]
    mending = {one.post.mends for one in found if one.post.mends}
    if not mending:
        return found
    stand = {key: published(connection, key) for key in mending}
    return [_mending(one, stand[one.post.mends]) if one.post.mends else one for one in found]


def _mending(one: Claimed, stands_: Published | None) -> Claimed:
    """Posted anew, it answers what it corrects, or the part before it."""
    answered = stands_.remote_ids[0] if stands_ and stands_.remote_ids and one.post.act is Act.POST else None
    return one._replace(mends=stands_, reply_to=one.reply_to or answered)


def published(connection: Connection, key: str) -> Published | None:
    """What the delivery with this key left standing in its channel, None where that is not known any more. The time is
    that of the first post, whose place it took."""
    d = deliveries.c
    query = select(d.id, d.remote_ids, d.settled_at, posts.c.content).join(posts, posts.c.id == d.post)
    row = connection.execute(query.where(d.key == key)).one_or_none()
    if row is None or not row.remote_ids or row.settled_at is None:
        return None
    post = POST.validate_python(row.content)
    before = published(connection, post.mends) if post.act is Act.EDIT else None
    return Published(
        delivery=row.id,
        remote_ids=tuple(row.remote_ids),
        post=post,
        at=before.at if before else row.settled_at,
    )


def _parcels(dialect: str) -> Select[Any]:
    told, d = pairs(dialect), deliveries.c
    return (
        select(*_OF_DELIVERY, subscribers.c.address, subscribers.c.name, editions.c.newsletter)
        .select_from(told)
        .join(deliveries, d.id == told.c.id)
        .join(editions, editions.c.id == d.edition)
        .outerjoin(subscribers, subscribers.c.id == reader())
        .where(d.post.is_not(None))
        .order_by(d.urgency, d.due_at, d.id)
    )


_PARCELS = Prepared("told", _parcels)


def _posts(connection: Connection, wanted: set[str], known: dict[str, Post]) -> dict[str, Post]:
    missing = sorted(wanted - set(known))
    if missing:
        if len(known) > POSTS_KEPT:
            known.clear()
            missing = sorted(wanted)
        query = select(posts.c.id, posts.c.content).where(posts.c.id.in_(missing))
        known |= {row.id: POST.validate_python(row.content) for row in connection.execute(query)}
    return known


def _replied(connection: Connection, later: Sequence[Claimed]) -> dict[int, str]:
    """For the later parts of threads: the remote id of the part before."""
    parts = [one.delivery for one in later if one.post.act is Act.POST]
    before = {f"{one.edition}:{one.channel}:{one.recipient}:{one.part - 1}": one.id for one in parts}
    if not before:
        return {}
    query = select(deliveries.c.key, deliveries.c.remote_ids).where(deliveries.c.key.in_(sorted(before)))
    return {before[row.key]: row.remote_ids[0] for row in connection.execute(query) if row.remote_ids}


def _claimed(row: tuple[Any, ...], known: Mapping[str, Post]) -> Claimed:
    """From the driver's own row: this runs for every delivery."""
    number, key, channel, edition, recipient, post, due, end, part, token, attempts, state, *reader_ = row
    address, name, newsletter = reader_
    delivery = Delivery(
        number,
        key,
        channel,
        edition,
        recipient,
        post,
        moment(due),
        moment(end),
        part,
        token,
        attempts,
        _STATES[state],
    )
    return Claimed(delivery, known[post], address or "", name or "", newsletter or "", None)


def mark_sending(
    connection: Connection,
    claimed: Sequence[Delivery],
    *,
    now: datetime,
    lease: timedelta,
    repeated: bool = False,
) -> set[DeliveryId]:
    """The moment before the body: mark those that may still go, stop the others, in one statement each.

    Asked again here: the brakes, approvals, the reader's consent, the end of the news' life, and the lease.
    ``repeated`` after a commit whose fate is unknown: what it marked with our token is ours to send.
    """
    told = (as_rows([(one.id, one.token) for one in claimed]), now, now + lease)
    found = _MARK.returned(connection, told)
    if len(found) < len(claimed):
        for stop in _STOP:
            stop.run(connection, told)
    if repeated:
        found += _MARKED.returned(connection, told)
    return {DeliveryId(number) for (number,) in found}


def _may_become(state: DeliveryState) -> ColumnElement[bool]:
    """The legal moves, as every change of state asks for them."""
    return stands(*sorted(COMES_FROM[state]))


def _ours(dialect: str, state: DeliveryState) -> ColumnElement[bool]:
    """Rows we hold in this state, with our token and within our lease."""
    told = pairs(dialect)
    return and_(
        deliveries.c.id == told.c.id,
        deliveries.c.token == told.c.token,
        stands(state),
        deliveries.c.lease_until > _NOW,
    )


def _marking(dialect: str) -> Update:
    d = deliveries.c
    may_go = and_(d.not_after > _NOW, not_(_braked()), not_(approvals.waits()), not_(_left()))
    marked = update(deliveries).where(_ours(dialect, S.CLAIMED), may_go)
    values = {
        "state": S.SENDING.value,
        "attempts": d.attempts + 1,
        "lease_until": bindparam("until", type_=Moment),
    }
    return marked.values(values).returning(d.id)


def _marked(dialect: str) -> Select[Any]:
    return select(deliveries.c.id).where(_ours(dialect, S.SENDING))


def _stopping(why: Callable[[], ColumnElement[bool]], state: DeliveryState, reason: str | None) -> Prepared:
    def statement(dialect: str) -> Update:
        values = {"state": state.value, "reason": reason, "settled_at": _NOW if reason else None}
        return update(deliveries).where(_ours(dialect, S.CLAIMED), why()).values(values)

    return Prepared(_TOLD, statement)


def _braked(name: str | None = None) -> ColumnElement[bool]:
    """Rows that a brake stops: the one of this name, or any that is on."""
    if name == EVERYTHING:
        return literal(1) == 1
    if name is not None:
        return or_(deliveries.c.channel == name, deliveries.c.edition == name)
    names = (literal(EVERYTHING), deliveries.c.channel, deliveries.c.edition)
    ours = exists().where(or_(*(overrides.c.name == literal(PAUSE) + one for one in names)))
    return and_(_ANY_BRAKE, ours)


def _left() -> ColumnElement[bool]:
    """A reader who has not, or no longer, consented to what the edition is."""
    stays = exists().where(
        editions.c.id == deliveries.c.edition,
        subscriptions.c.subscriber == reader(),
        subscriptions.c.newsletter == editions.c.newsletter,
        consents_to_kind(),
    )
    return and_(deliveries.c.recipient != CHANNEL_ITSELF, ~stays)


_TOLD = "told now until"
_NOW = bindparam("now", type_=Moment)
# Asked once for all rows, so that the look at each row's own brakes is only taken while there are some.
_ANY_BRAKE = select(overrides.c.name).where(overrides.c.name.between(PAUSE, PAUSE + "~")).exists()
_MARK = Prepared(_TOLD, _marking)
_MARKED = Prepared(_TOLD, _marked)
_STOP = (
    _stopping(lambda: deliveries.c.not_after <= _NOW, S.EXPIRED, "too-late"),
    _stopping(_braked, S.HELD, "paused"),
    _stopping(approvals.waits, S.PENDING, None),
    _stopping(_left, S.EXCLUDED, "left"),
)


def _stop(
    connection: Connection, which: ColumnElement[bool], state: DeliveryState, reason: str, now: datetime
) -> int:
    moved = update(deliveries).where(which, _may_become(state))
    return connection.execute(moved.values(state=state.value, reason=reason, settled_at=now)).rowcount


_SETTLED: Mapping[str, TypeEngine[Any]] = {
    name: receipts.c[name].type for name in "delivery at token outcome remote_ids retry_at detail by".split()
} | {
    "reason": deliveries.c.reason.type,
    "again_at": Moment(),
    "longer": Moment(),
    "wire": deliveries.c.wire_hash.type,
}


_NAMES = (*_SETTLED,)


def _settling(state: DeliveryState, names: Sequence[str], dialect: str) -> Update:
    d, told = deliveries.c, rows(dialect, {name: _SETTLED[name] for name in names}).c
    named = func.json_array_length(told.remote_ids) > literal_column("0")
    kept = {"again_at": d.due_at, "longer": d.not_after, "wire": d.wire_hash}
    return (
        update(deliveries)
        .where(d.id == told.delivery, d.token == told.token, _may_become(state))
        .values(
            {own.name: func.coalesce(told[name], own) for name, own in kept.items() if name in told}
            | {
                "state": state.value,
                "reason": told.get("reason", null()),
                "settled_at": told["at"],
                "remote_ids": case((named, told.remote_ids), else_=d.remote_ids),
            }
        )
    )


def _receiving(names: Sequence[str], dialect: str) -> Insert:
    told = rows(dialect, {name: _SETTLED[name] for name in names})
    ours = [name for name in names if name in receipts.c]
    return insert(receipts).from_select(ours, select(*(told.c[name] for name in ours)))


@cache
def _to_settle(state: DeliveryState, names: tuple[str, ...]) -> tuple[Prepared, Prepared]:
    return Prepared("told", partial(_receiving, names)), Prepared("told", partial(_settling, state, names))


class Settlement(NamedTuple):
    """A receipt and the state it brings; ``due_at`` when it is to be tried again."""

    receipt: Receipt
    token: int
    state: DeliveryState
    by: str
    due_at: datetime | None = None
    not_after: datetime | None = None  # when its life is made longer
    reason: str | None = None


def settle(connection: Connection, settlements: Sequence[Settlement], *, repeated: bool = False) -> int:
    """Append every receipt; move the rows that are still ours. Returns how many moved.

    ``repeated`` after a commit whose fate is unknown: what it wrote is not written twice.
    """
    if repeated:
        settlements = [one for one in settlements if not _written(connection, one)]
    if not settlements:
        return 0
    by_state: dict[DeliveryState, list[tuple[Any, ...]]] = {}
    for one in settlements:
        by_state.setdefault(one.state, []).append(_settled(one))
    moved = 0
    for state, told in by_state.items():
        # Of a mail that went well half of the columns are empty, and each costs as much as a full one.
        used = [at for at, column in enumerate(zip(*told, strict=True)) if column.count(None) < len(told)]
        receive, move = _to_settle(state, tuple(_NAMES[at] for at in used))
        value = [as_rows([*map(itemgetter(*used), told)])]
        receive.run(connection, value)
        moved += move.run(connection, value)
    return moved


def _settled(one: Settlement) -> tuple[Any, ...]:
    """A row of ``_SETTLED``."""
    r, at = one.receipt, written
    receipt = (r.delivery, at(r.at), one.token, r.outcome, r.remote_ids, at(r.retry_at), r.detail, one.by)
    return *receipt, one.reason, at(one.due_at), at(one.not_after), r.wire_hash or None


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
    ours = and_(which, stands(S.CLAIMED))
    return connection.execute(update(deliveries).where(ours).values(state=S.PENDING.value)).rowcount


def reap(connection: Connection, now: datetime) -> tuple[int, int]:
    """Leases that are over: claimed rows wait again, sending rows are in doubt. Returns both counts.

    A row in doubt gets a new token, so that a worker that wakes up late can settle nothing.
    """
    over = deliveries.c.lease_until <= now
    back = connection.execute(
        update(deliveries).where(stands(S.CLAIMED), over).values(state=S.PENDING.value)
    ).rowcount
    doubt = connection.execute(
        update(deliveries)
        .where(stands(S.SENDING), over)
        .values(state=S.UNCERTAIN.value, token=deliveries.c.token + 1, reason="lease-over", settled_at=now)
    ).rowcount
    return back, doubt


def doubt_all(connection: Connection, now: datetime) -> int:
    """In a database that was restored, whatever had not ended was perhaps sent since. Returns how many."""
    open_ = (S.PENDING, S.CLAIMED, S.SENDING)
    moved = update(deliveries).where(stands(*open_), _may_become(S.UNCERTAIN))
    values = {"state": S.UNCERTAIN.value, "reason": "restored", "settled_at": now}
    return connection.execute(moved.values(token=deliveries.c.token + 1, **values)).rowcount


def doubts(connection: Connection) -> list[tuple[Claimed, datetime | None, str]]:
    """Every delivery in doubt, or held because of one, with since when and why; oldest first."""
    held = and_(stands(S.HELD), deliveries.c.reason.startswith("in doubt"))
    query = select(deliveries.c.id, deliveries.c.settled_at, deliveries.c.reason)
    query = query.where(or_(stands(S.UNCERTAIN), held)).order_by(deliveries.c.id)
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
    followed = and_(deliveries.c.recipient == CHANNEL_ITSELF, stands(S.SENT))
    return select(deliveries.c.remote_ids).where(deliveries.c.channel == channel, followed)


def in_doubt(connection: Connection, channel: str, before: datetime) -> list[Claimed]:
    """Deliveries of the channel that came into doubt before this moment."""
    found = select(deliveries.c.id).where(
        deliveries.c.channel == channel,
        stands(S.UNCERTAIN),
        deliveries.c.settled_at <= before,
    )
    return parcels(connection, list(connection.execute(found).scalars()))


def expire(connection: Connection, now: datetime) -> int:
    """Stale news never goes out."""
    late = and_(stands(S.PENDING), deliveries.c.not_after <= now)
    return _stop(connection, late, S.EXPIRED, "too-late", now)


def resume_paused(connection: Connection, name: str) -> int:
    """Rows that a brake held just before their body wait again once it is off."""
    held = and_(stands(S.HELD), deliveries.c.reason == "paused")
    return connection.execute(
        update(deliveries)
        .where(held, _braked(name))
        .values(state=S.PENDING.value, reason=None, settled_at=None)
    ).rowcount


def due_channels(connection: Connection, now: datetime) -> list[str]:
    waiting = select(deliveries.c.channel).where(stands(S.PENDING), deliveries.c.due_at <= now)
    return sorted(connection.execute(waiting.distinct()).scalars())
