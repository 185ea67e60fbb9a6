"""Planning: editions, their posts and one delivery for each recipient. Planning twice is planning once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, insert, literal, select, text, update

from syndicator.model import ChannelId, DeliveryState, Edition, EditionId, Post, Reason, Summary

from .content import POST, SUMMARY, digest, dump
from .schema import (
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
        if insert_new(connection, story_keys, [row | {"edition": edition.id}]):
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

    Readers whose language has no post get a row that says so: nobody is dropped in silence. Be :func:`steady` first.
    """
    _expect(
        connection,
        edition,
        channel,
        select(func.count()).select_from(subscriptions).where(consents(newsletter)),
    )
    planned = 0
    spoken = sorted(post_by_language)
    for language in [*spoken, None]:
        post = post_by_language[language] if language else None
        state, reason = (S.PENDING, None) if post else (S.EXCLUDED, Reason.NO_STORIES.value)
        who = subscribers.c.language == language if language else subscribers.c.language.not_in(spoken)
        query = select(
            (literal(f"{edition}:{channel}:") + as_text(subscribers.c.id) + literal(":0")),
            literal(edition),
            literal(channel),
            as_text(subscribers.c.id),
            literal(0),
            literal(post),
            literal(state.value),
            literal(reason),
            literal(urgency),
            literal(due_at, deliveries.c.due_at.type),
            literal(not_after, deliveries.c.not_after.type),
        ).where(subscribers.c.id == subscriptions.c.subscriber, consents(newsletter), who)
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
        statement = dialect(connection).insert(deliveries).from_select(names, query)
        planned += inserted(connection, statement)
    return planned


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
