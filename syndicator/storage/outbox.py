"""The outbox: one row per recipient, and the few moves a row may make.

``pending → claimed → sending → sent | pending | uncertain``; nothing here ever moves a row that was
perhaps sent back to ``pending`` by itself. Every move is a conditional update, so two workers can race
and only one wins; the fencing token makes sure that the loser can settle nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
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
    func,
    insert,
    literal,
    not_,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from syndicator.model import (
    COMES_FROM,
    ChannelId,
    Consent,
    Delivery,
    DeliveryId,
    DeliveryState,
    Edition,
    EditionId,
    Post,
    Receipt,
    Summary,
)

from .content import POST, SUMMARY, digest, dump
from .schema import (
    deliveries,
    edition_stories,
    editions,
    posts,
    receipts,
    slots,
    story_keys,
    subscribers,
    subscriptions,
)

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


def add_edition(
    connection: Connection,
    edition: Edition,
    *,
    newsletter: str | None,
    now: datetime,
    by: str,
    note: str = "",
) -> bool:
    """Write an edition and its stories; False when it is planned already. Planning twice is planning once."""
    row = {
        "id": edition.id,
        "kind": edition.kind.value,
        "newsletter": newsletter,
        "language": edition.language,
        "title": edition.title,
        "due_at": edition.due_at,
        "planned_at": now,
        "planned_by": by,
        "note": note,
    }
    if not _insert_new(connection, editions, [row]):
        return False
    stories = [
        {
            "edition": edition.id,
            "position": position,
            "article": story.article.id,
            "revision": story.article.revision,
            "summary": dump(SUMMARY, story.summary),
        }
        for position, story in enumerate(edition.stories)
    ]
    if stories:
        connection.execute(insert(edition_stories), stories)
    return True


def claim_stories(
    connection: Connection, edition: Edition, *, channel: str, newsletter: str = "", again: int = 0
) -> set[str]:
    """Take the right to carry these stories to this channel; returns the ids of those that were free."""
    rows = [
        {"article": s.article.id, "channel": channel, "newsletter": newsletter, "again": again}
        for s in edition.stories
    ]
    free = set()
    for row in rows:
        if _insert_new(connection, story_keys, [row | {"edition": edition.id}]):
            free.add(str(row["article"]))
    return free


def times_carried(connection: Connection, article: str, channel: str, newsletter: str = "") -> int:
    found = connection.execute(
        select(story_keys.c.again).where(
            story_keys.c.article == article,
            story_keys.c.channel == channel,
            story_keys.c.newsletter == newsletter,
        )
    )
    return len(found.all())


def add_posts(connection: Connection, written: Iterable[Post]) -> None:
    """Store posts; their bytes never change, so one that is there already stays as it is."""
    rows = []
    for post in written:
        content = dump(POST, post)
        row = {"id": post.id, "edition": post.edition, "channel": post.channel, "language": post.language}
        rows.append(row | {"hash": digest(content), "content": content})
    if rows:
        _insert_new(connection, posts, rows)


def add_delivery(
    connection: Connection, post: Post, *, due_at: datetime, not_after: datetime, urgency: int
) -> int:
    """Plan one post where the channel itself is the recipient."""
    return _insert_new(
        connection,
        deliveries,
        [
            {
                "key": f"{post.edition}:{post.channel}:-:{post.part}",
                "edition": post.edition,
                "channel": post.channel,
                "recipient": "-",
                "part": post.part,
                "post": post.id,
                "state": S.PENDING.value,
                "urgency": urgency,
                "due_at": due_at,
                "not_after": not_after,
            }
        ],
    )


def add_readers(
    connection: Connection,
    edition: EditionId,
    channel: ChannelId,
    newsletter: str,
    post_by_language: Mapping[str, str],
    *,
    due_at: datetime,
    not_after: datetime,
    urgency: int,
) -> int:
    """Plan the edition for every confirmed reader of the newsletter, by one INSERT … SELECT a language.

    Readers whose language has no post get a row that says so: nobody is dropped in silence.
    """
    planned = 0
    spoken = sorted(post_by_language)
    for language in [*spoken, None]:
        post = post_by_language[language] if language else None
        state, reason = (S.PENDING, None) if post else (S.EXCLUDED, "no-stories-in-language")
        who = subscribers.c.language == language if language else subscribers.c.language.not_in(spoken)
        query = select(
            (literal(f"{edition}:{channel}:") + _text(subscribers.c.id) + literal(":0")),
            literal(edition),
            literal(channel),
            _text(subscribers.c.id),
            literal(0),
            literal(post),
            literal(state.value),
            literal(reason),
            literal(urgency),
            literal(due_at, deliveries.c.due_at.type),
            literal(not_after, deliveries.c.not_after.type),
        ).where(subscribers.c.id == subscriptions.c.subscriber, _consents(newsletter), who)
        names = [
            "key",
            "edition",
            "channel",
            "recipient",
            "part",
            "post",
            "state",
            "reason",
            "urgency",
            "due_at",
            "not_after",
        ]
        statement = _dialect(connection).insert(deliveries).from_select(names, query)
        planned += _inserted(connection, statement)
    return planned


def _text(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return column.cast(deliveries.c.recipient.type)


def _consents(newsletter: str | ColumnElement[Any]) -> ColumnElement[bool]:
    return and_(subscriptions.c.newsletter == newsletter, subscriptions.c.consent == Consent.GIVEN.value)


def _dialect(connection: Connection) -> Any:
    return sqlite if connection.dialect.name == "sqlite" else postgresql


def _insert_new(connection: Connection, table: Any, rows: Sequence[Mapping[str, Any]]) -> int:
    return _inserted(connection, _dialect(connection).insert(table).values(list(rows)))


def _inserted(connection: Connection, statement: Any) -> int:
    """Insert what is not there yet; how many rows that was. Without the option PostgreSQL's count is lost."""
    done = connection.execute(
        statement.on_conflict_do_nothing(), execution_options={"preserve_rowcount": True}
    )
    return done.rowcount


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
        .outerjoin(subscribers, _text(subscribers.c.id) == deliveries.c.recipient)
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
    consents = exists().where(
        _text(subscriptions.c.subscriber) == deliveries.c.recipient, _consents(newsletter)
    )
    return and_(deliveries.c.recipient != "-", ~consents)


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


def begin_again(connection: Connection, now: datetime) -> None:
    """Slots that passed before this moment are not made up for."""
    for timetable in connection.execute(select(slots.c.timetable).distinct()).scalars().all():
        fire_slot(connection, timetable, now, now=now, edition=None, outcome="begun")


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


def seen_last(connection: Connection, channel: str, limit: int = 5) -> tuple[str, ...]:
    """Remote ids of what the channel took last, newest first."""
    sent = and_(deliveries.c.channel == channel, deliveries.c.state == S.SENT.value)
    query = select(deliveries.c.remote_ids).where(sent).order_by(deliveries.c.settled_at.desc()).limit(limit)
    return tuple(name for ids in connection.execute(query).scalars() for name in reversed(ids or ()))


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


def fire_slot(
    connection: Connection,
    timetable: str,
    slot: datetime,
    *,
    now: datetime,
    edition: str | None,
    outcome: str,
) -> bool:
    """Write down that this slot of the timetable was fired; False when somebody else did."""
    row = {"timetable": timetable, "slot": slot, "fired_at": now, "edition": edition, "outcome": outcome}
    return bool(_insert_new(connection, slots, [row]))


def slot_fired(connection: Connection, timetable: str, slot: datetime) -> bool:
    found = select(slots.c.slot).where(slots.c.timetable == timetable, slots.c.slot == slot)
    return connection.execute(found).first() is not None


def slot_newest(connection: Connection, timetable: str) -> datetime | None:
    """The newest slot that was fired, None when this timetable was never looked at."""
    found = select(func.max(slots.c.slot)).where(slots.c.timetable == timetable)
    return connection.execute(found).scalar()


def summaries(connection: Connection, edition: str) -> list[Summary]:
    query = select(edition_stories.c.summary).where(edition_stories.c.edition == edition)
    ordered: Select[Any] = query.order_by(edition_stories.c.position)
    return [SUMMARY.validate_python(row.summary) for row in connection.execute(ordered)]
