"""Planning: editions, their posts and one delivery for each recipient. Planning twice is planning once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    exists,
    func,
    insert,
    literal,
    null,
    select,
    text,
    update,
)

from syndicator.model import (
    ChannelId,
    DeliveryState,
    Edition,
    EditionId,
    Frequency,
    Post,
    Reason,
    SubscriberId,
    Summary,
)

from .content import POST, SUMMARY, digest, dump
from .schema import (
    SELDOM,
    candidates,
    deliveries,
    edition_stories,
    editions,
    posts,
    slots,
    story_keys,
    subscribers,
    subscriptions,
)
from .statements import as_text, consents, dialect, insert_new, inserted

S = DeliveryState
HELD = "held"  # what became of a slot that was missed by too much
other = slots.alias()


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
    if not insert_new(connection, editions, [row]):
        return False
    stories = [
        {
            "edition": edition.id,
            "position": position,
            "article": story.article.id,
            "revision": story.article.revision,
            "summary": dump(SUMMARY, story.summary),
            "under": story.under,
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
    articles = [story.article.id for story in edition.stories]
    return claim(connection, articles, edition.id, channel=channel, newsletter=newsletter, again=again)


def claim(
    connection: Connection,
    articles: Iterable[str],
    edition: str,
    *,
    channel: str,
    newsletter: str,
    again: int = 0,
) -> set[str]:
    """The same by the ids of stories, of which some may not be in the edition."""
    ours = {"channel": channel, "newsletter": newsletter, "again": again, "edition": edition}
    return {one for one in articles if insert_new(connection, story_keys, [ours | {"article": one}])}


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
        insert_new(connection, posts, rows)


def add_delivery(
    connection: Connection, post: Post, *, due_at: datetime, not_after: datetime, urgency: int
) -> int:
    """Plan one post where the channel itself is the recipient. Its posts are stored before."""
    ours = (posts.c.edition == post.edition, posts.c.channel == post.channel)
    _expect(connection, post.edition, post.channel, select(func.count()).select_from(posts).where(*ours))
    return insert_new(
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Who gets which post of an edition, and who has had enough for now."""

    posts: Mapping[str, str]  # by language: the post with all of its stories
    narrowed: Mapping[tuple[str, str], str | None] = field(default_factory=dict)
    """By language and chosen topics, as they are stored: the post with fewer stories, None where none is left."""
    since: Mapping[Frequency, datetime] = field(
        default_factory=dict
    )  # who had one since then waits for the next


def choices(connection: Connection, newsletter: str) -> list[tuple[str, str]]:
    """Each language and choice of topics that some confirmed reader has; not those who want all topics."""
    columns = (subscribers.c.language, subscriptions.c.topics)
    query = select(*columns).where(subscribers.c.id == subscriptions.c.subscriber, consents(newsletter))
    found = connection.execute(query.where(subscriptions.c.topics != "").distinct())
    return sorted((row.language, row.topics) for row in found)


def add_readers(
    connection: Connection,
    edition: EditionId,
    channel: ChannelId,
    newsletter: str,
    audience: Audience,
    *,
    due_at: datetime,
    not_after: datetime,
    urgency: int,
) -> int:
    """Plan the edition for every confirmed reader of the newsletter, by one INSERT … SELECT a variant.

    Who gets nothing this time gets a row that says why: nobody is dropped in silence. Be :func:`steady` first.
    """
    _expect(
        connection,
        edition,
        channel,
        select(func.count()).select_from(subscriptions).where(consents(newsletter)),
    )
    planned = 0
    for who, post, reason in _variants(audience, due_at):
        columns: dict[str, ColumnElement[Any]] = {
            "key": literal(f"{edition}:{channel}:") + as_text(subscribers.c.id) + literal(":0"),
            "edition": literal(edition),
            "channel": literal(channel),
            "recipient": as_text(subscribers.c.id),
            "part": literal(0),
            "post": literal(post),
            "state": case((reason.is_(None), S.PENDING.value), else_=S.EXCLUDED.value),
            "reason": reason,
            "urgency": literal(urgency),
            "due_at": literal(due_at, deliveries.c.due_at.type),
            "not_after": literal(not_after, deliveries.c.not_after.type),
        }
        query = select(*columns.values()).where(
            subscribers.c.id == subscriptions.c.subscriber, consents(newsletter), who
        )
        statement = dialect(connection).insert(deliveries).from_select([*columns], query)
        planned += inserted(connection, statement)
    _remember_the_last(connection, edition, channel, newsletter, due_at)
    return planned


def _variants(
    audience: Audience, due_at: datetime
) -> Iterator[tuple[ColumnElement[bool], str | None, ColumnElement[Any]]]:
    """Who, which post, and why not where it is not sent (NULL: it is)."""
    speaks, topics = subscribers.c.language, subscriptions.c.topics
    not_now = _not_now(audience, due_at)
    for language, post in sorted(audience.posts.items()):
        narrowed: dict[str | None, list[str]] = {}
        for (spoken, chosen), fewer in audience.narrowed.items():
            if spoken == language:
                narrowed.setdefault(fewer, []).append(chosen)
        others = sorted(chosen for group in narrowed.values() for chosen in group)
        yield and_(speaks == language, topics.not_in(others)) if others else speaks == language, post, not_now
        for fewer, group in narrowed.items():
            reason = not_now if fewer else literal(Reason.NO_TOPIC.value)
            yield and_(speaks == language, topics.in_(group)), fewer, reason
    yield speaks.not_in(sorted(audience.posts)), None, literal(Reason.NO_STORIES.value)


def _not_now(audience: Audience, due_at: datetime) -> ColumnElement[Any]:
    """Why a reader gets nothing this time, by their own wish; NULL where they do."""
    had = [
        and_(subscriptions.c.frequency == frequency.value, subscriptions.c.last_at >= since)
        for frequency, since in audience.since.items()
    ]
    return case(
        (subscribers.c.paused_until > due_at, Reason.RESTING.value),
        *[(one, Reason.OFTEN_ENOUGH.value) for one in had],
        else_=null(),
    )


def _remember_the_last(
    connection: Connection, edition: str, channel: str, newsletter: str, due_at: datetime
) -> None:
    """For the few readers who do not want every edition."""
    key = literal(f"{edition}:{channel}:") + as_text(subscriptions.c.subscriber) + literal(":0")
    gets_it = exists().where(deliveries.c.key == key, deliveries.c.state != S.EXCLUDED.value)
    seldom = update(subscriptions).where(consents(newsletter), SELDOM, gets_it)
    connection.execute(seldom.values(last_at=due_at))


def add_letter(
    connection: Connection,
    edition: Edition,
    post: Post,
    reader: SubscriberId,
    newsletter: str,
    *,
    now: datetime,
    not_after: datetime,
) -> None:
    """Plan a letter to one reader, about their own subscription. Planning twice is planning once."""
    if not add_edition(connection, edition, newsletter=newsletter, now=now, by="reader"):
        return
    add_posts(connection, [post])
    _expect(connection, edition.id, post.channel, select(literal(1)))
    row = {
        "key": f"{edition.id}:{post.channel}:{reader}:0",
        "edition": edition.id,
        "channel": post.channel,
        "recipient": str(reader),
        "part": 0,
        "post": post.id,
        "state": S.PENDING.value,
        "urgency": 0,
        "due_at": now,
        "not_after": not_after,
    }
    insert_new(connection, deliveries, [row])


def steady(connection: Connection) -> None:
    """Whatever this transaction reads from here on is of one moment: who is counted is who is planned for.

    SQLite's writers are alone anyway. Call it before anything else is asked.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        # Two schedulers, one after the other: the second one's moment is after the first one's commit.
        connection.execute(text("LOCK TABLE slots IN SHARE ROW EXCLUSIVE MODE"))


def _expect(connection: Connection, edition: str, channel: str, count: Select[Any]) -> None:
    """Write down how many are to get an edition through a channel; a report that was sealed before is open again."""
    number = connection.execute(count).scalar_one()
    row = {"edition": edition, "channel": channel, "number": number}
    statement = dialect(connection).insert(candidates).values(row)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["edition", "channel"], set_={"number": number})
    )
    again = editions.c.id == edition, editions.c.sealed_at.is_not(None)
    connection.execute(update(editions).where(*again).values(sealed=None, sealed_at=None))


def summaries(connection: Connection, edition: str) -> list[Summary]:
    query = select(edition_stories.c.summary).where(edition_stories.c.edition == edition)
    ordered: Select[Any] = query.order_by(edition_stories.c.position)
    return [SUMMARY.validate_python(row.summary) for row in connection.execute(ordered)]


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
    return bool(insert_new(connection, slots, [row]))


def release_slot(
    connection: Connection,
    timetable: str,
    slot: datetime,
    *,
    now: datetime,
    edition: str | None,
    outcome: str,
) -> bool:
    """The end of a slot that was held; False when it is not held any more."""
    held = (slots.c.timetable == timetable, slots.c.slot == slot, slots.c.outcome == HELD)
    values = {"fired_at": now, "edition": edition, "outcome": outcome}
    return bool(connection.execute(update(slots).where(*held).values(values)).rowcount)


def held_slots(connection: Connection) -> dict[str, datetime]:
    """By timetable: the slot that is held. One that a newer slot came after is over."""
    newest = select(func.max(slots.c.slot)).where(slots.c.timetable == other.c.timetable).scalar_subquery()
    query = select(other.c.timetable, other.c.slot).where(other.c.outcome == HELD, other.c.slot == newest)
    return {row.timetable: row.slot for row in connection.execute(query)}


def slot_fired(connection: Connection, timetable: str, slot: datetime) -> bool:
    found = select(slots.c.slot).where(slots.c.timetable == timetable, slots.c.slot == slot)
    return connection.execute(found).first() is not None


def slot_newest(connection: Connection, timetable: str) -> datetime | None:
    """The newest slot that was fired, None when this timetable was never looked at."""
    found = select(func.max(slots.c.slot)).where(slots.c.timetable == timetable)
    return connection.execute(found).scalar()


def begin_again(connection: Connection, now: datetime) -> None:
    """Slots that passed before this moment are not made up for."""
    for timetable in connection.execute(select(slots.c.timetable).distinct()).scalars().all():
        fire_slot(connection, timetable, now, now=now, edition=None, outcome="begun")
