"""The newsroom's work in numbers: what went out a day, how soon, and what was read of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, func, select

from syndicator.model import DeliveryState, EditionKind

from . import ledger
from .schema import LATEST, articles, clicks, deliveries, edition_stories, editions, story_keys

PUBLIC = "-"


class Issued(NamedTuple):
    """An edition that was planned, and what is known of how it ended."""

    id: str
    due_at: datetime
    newsletter: str | None
    title: str
    sealed: Any  # its report; none: it is open


class Best(NamedTuple):
    id: str
    language: str
    headline: str
    people: int


def issued(connection: Connection, since: datetime, limit: int) -> list[Issued]:
    """Planned from this moment on, the newest first; letters to one reader are not among them."""
    e = editions.c
    query = select(e.id, e.due_at, e.newsletter, e.title, e.sealed).where(LATEST, e.planned_at >= since)
    return [Issued(*row) for row in connection.execute(query.order_by(e.planned_at.desc()).limit(limit))]


def counted(connection: Connection, edition: str) -> ledger.Report:
    return ledger.report(connection, edition)


def waits(connection: Connection, channel: str, since: datetime, limit: int) -> list[float]:
    """How long it took from a story's publication until it stood on a channel, by itself; seconds, the newest first."""
    d = deliveries.c
    query = (
        select(articles.c.published_at, d.settled_at)
        .select_from(deliveries)
        .join(editions, and_(editions.c.id == d.edition, editions.c.kind == EditionKind.FLASH.value))
        .join(edition_stories, and_(edition_stories.c.edition == d.edition, edition_stories.c.position == 0))
        .join(articles, articles.c.id == edition_stories.c.article)
        .where(d.channel == channel, d.recipient == PUBLIC, d.state == DeliveryState.SENT.value)
        .where(d.settled_at >= since)
        .order_by(d.settled_at.desc())
        .limit(limit)
    )
    return [max(0.0, (row[1] - row[0]).total_seconds()) for row in connection.execute(query)]


def read(connection: Connection, wanted: Collection[str]) -> dict[str, tuple[int, int]]:
    """By edition: how often people opened it, and stories of it; of those where it was counted."""
    found: dict[str, tuple[int, int]] = {}
    for some in _parts(sorted(wanted)):
        query = select(clicks.c.edition, clicks.c.story == "", func.sum(clicks.c.people))
        query = query.where(clicks.c.edition.in_(some)).group_by(clicks.c.edition, clicks.c.story == "")
        for edition, itself, people in connection.execute(query):
            opened, clicked = found.get(edition, (0, 0))
            found[edition] = (opened + people, clicked) if itself else (opened, clicked + people)
    return found


def best(connection: Connection, wanted: Collection[str], limit: int) -> list[Best]:
    """The stories that people opened most, of these editions."""
    sums: dict[str, int] = {}
    for some in _parts(sorted(wanted)):
        query = select(clicks.c.story, func.sum(clicks.c.people)).where(clicks.c.edition.in_(some))
        for story, people in connection.execute(query.where(clicks.c.story != "").group_by(clicks.c.story)):
            sums[story] = sums.get(story, 0) + people
    top = sorted(sums.items(), key=lambda one: (-one[1], one[0]))[:limit]
    a = articles.c
    rows = connection.execute(select(a.id, a.language, a.headline).where(a.id.in_([one for one, _ in top])))
    known = {row.id: row for row in rows}
    return [
        Best(one, known[one].language, known[one].headline, people) for one, people in top if one in known
    ]


def of_story(connection: Connection, article: str) -> list[tuple[str, str, str, int, int]]:
    """Edition, channel, newsletter, and how many people and machines opened the story there, where it was counted."""
    k = story_keys.c
    query = (
        select(k.edition, k.channel, k.newsletter, clicks.c.people, clicks.c.machines)
        .join(clicks, and_(clicks.c.edition == k.edition, clicks.c.story == k.article))
        .where(k.article == article)
    )
    return [tuple(row) for row in connection.execute(query.order_by(k.channel, k.newsletter))]


def _parts(names: Sequence[str], size: int = 500) -> list[Sequence[str]]:
    return [names[at : at + size] for at in range(0, len(names), size)]
