"""What editors look at all day, by queries that stay quick however much has gone out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, func, select

from syndicator.errors import NotFound
from syndicator.model import DeliveryState, Post

from .content import POST
from .schema import (
    LATEST,
    articles,
    audit,
    candidates,
    corrections,
    deliveries,
    edition_stories,
    editions,
    posts,
    receipts,
    story_keys,
    summaries,
)

S = DeliveryState
RECENT, RECENT_MAX = timedelta(days=2), 200  # in which an edition comes to its end
PUBLIC = "-"  # the recipient of a post that everybody sees


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A story, or an edition, on one channel."""

    article: str
    edition: str
    channel: str
    newsletter: str  # "" where the channel itself is the recipient
    state: str
    deliveries: int
    remote: tuple[str, ...] = ()
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """An edition of many, counted."""

    states: Mapping[str, int]
    last: datetime | None  # when something of it was settled last


@dataclass(frozen=True, slots=True, kw_only=True)
class Going:
    """An edition with deliveries that are still to go out."""

    id: str
    kind: str
    title: str
    newsletter: str | None
    due_at: datetime
    candidates: int


class Placed(NamedTuple):
    """A story in an edition."""

    position: int
    article: str
    revision: int
    language: str
    headline: str
    under: str


def placed(connection: Connection, edition: str) -> list[Placed]:
    s = edition_stories.c
    query = (
        select(s.position, s.article, s.revision, articles.c.language, articles.c.headline, s.under)
        .join(articles, articles.c.id == s.article)
        .where(s.edition == edition)
    )
    return [Placed(*row) for row in connection.execute(query.order_by(s.position))]


def posts_of(connection: Connection, edition: str) -> list[Post]:
    query = select(posts.c.content).where(posts.c.edition == edition).order_by(posts.c.channel, posts.c.id)
    return [POST.validate_python(content) for content in connection.execute(query).scalars()]


def post(connection: Connection, name: str) -> Post:
    """Raises :exc:`NotFound`."""
    content = connection.execute(select(posts.c.content).where(posts.c.id == name)).scalar()
    if content is None:
        raise NotFound("no post is called {name!r}", name=name)
    return POST.validate_python(content)


def pulse(connection: Connection) -> tuple[int, int, int]:
    """Changes with whatever is written down: receipts, words of people, stories."""
    newest = (select(func.coalesce(func.max(column), 0)) for column in (receipts.c.id, audit.c.id))
    said, done = (connection.execute(one).scalar_one() for one in newest)
    return said, done, connection.execute(select(func.count()).select_from(articles)).scalar_one()


def last_deed(connection: Connection) -> int:
    """The number of the newest line of the audit trail."""
    newest: int = connection.execute(select(func.coalesce(func.max(audit.c.id), 0))).scalar_one()
    return newest


def carried(connection: Connection, wanted: Collection[str]) -> list[tuple[str, str, str, str]]:
    """Where these stories went: article, channel, newsletter, edition."""
    keys = story_keys.c
    query = select(keys.article, keys.channel, keys.newsletter, keys.edition).where(
        keys.article.in_(list(wanted))
    )
    return [(row.article, row.channel, row.newsletter, row.edition) for row in connection.execute(query)]


def public(connection: Connection, wanted: Collection[str]) -> dict[tuple[str, str], list[Any]]:
    """Posts of these editions that everybody sees: by edition and channel, their deliveries."""
    if not wanted:
        return {}
    d = deliveries.c
    query = (
        select(d.edition, d.channel, d.part, d.state, d.remote_ids, d.settled_at, d.id, d.reason)
        .where(d.edition.in_(list(wanted)), d.recipient == PUBLIC)
        .order_by(d.part)
    )
    found: dict[tuple[str, str], list[Any]] = {}
    for row in connection.execute(query):
        found.setdefault((row.edition, row.channel), []).append(row)
    return found


def tally(connection: Connection, edition: str) -> Tally:
    d = deliveries.c
    query = select(d.state, func.count().label("n"), func.max(d.settled_at).label("last"))
    rows = connection.execute(query.where(d.edition == edition).group_by(d.state)).all()
    moments = [row.last for row in rows if row.last]
    return Tally(states={row.state: row.n for row in rows}, last=max(moments, default=None))


def recent(connection: Connection, now: datetime) -> list[str]:
    """Editions that have begun and are not sealed, those due last first."""
    e = editions.c
    query = select(e.id).where(LATEST, e.sealed_at.is_(None), e.due_at <= now, e.due_at > now - RECENT)
    return list(connection.execute(query.order_by(e.due_at.desc(), e.id).limit(RECENT_MAX)).scalars())


def told(connection: Connection, wanted: Collection[str]) -> list[Going]:
    """What these editions are, those due last first."""
    number = select(func.coalesce(func.sum(candidates.c.number), 0)).where(
        candidates.c.edition == editions.c.id
    )
    e = editions.c
    query = select(
        e.id, e.kind, e.title, e.newsletter, e.due_at, number.scalar_subquery().label("candidates")
    ).where(e.id.in_(list(wanted)))
    return [Going(**row._mapping) for row in connection.execute(query.order_by(e.due_at.desc(), e.id))]


def latest(connection: Connection, limit: int) -> list[str]:
    """The editions of newsletters that were planned last."""
    e = editions.c
    query = select(e.id).where(LATEST, e.newsletter.is_not(None))
    return list(connection.execute(query.order_by(e.planned_at.desc(), e.id).limit(limit)).scalars())


def due(connection: Connection, first: datetime, until: datetime, limit: int) -> list[str]:
    """The editions that were due between two moments, those due last."""
    e = editions.c
    query = select(e.id).where(LATEST, e.due_at.between(first, until))
    return list(connection.execute(query.order_by(e.due_at.desc(), e.id).limit(limit)).scalars())


def in_doubt(connection: Connection) -> dict[str, int]:
    """How many are in doubt or held, by channel."""
    d = deliveries.c
    query = select(d.channel, func.count().label("n")).where(d.state.in_((S.UNCERTAIN, S.HELD)))
    return {row.channel: row.n for row in connection.execute(query.group_by(d.channel))}


def failed(connection: Connection, since: datetime, limit: int) -> list[Any]:
    """What was refused for good: edition, channel, reason, how many, when last, one of them."""
    d = deliveries.c
    query = (
        select(
            d.edition,
            d.channel,
            d.reason,
            func.count().label("n"),
            func.max(d.settled_at).label("at"),
            func.max(d.id).label("id"),
        )
        .where(d.state == S.FAILED, d.settled_at > since)
        .group_by(d.edition, d.channel, d.reason)
    )
    return list(connection.execute(query.order_by(func.max(d.settled_at).desc()).limit(limit)))


def waiting(connection: Connection, now: datetime) -> dict[str, tuple[int, datetime]]:
    """Of each channel how many deliveries are due, and since when the first is."""
    d = deliveries.c
    due = and_(d.state == S.PENDING, d.due_at <= now)
    query = select(d.channel, func.count().label("n"), func.min(d.due_at).label("since")).where(due)
    return {row.channel: (row.n, row.since) for row in connection.execute(query.group_by(d.channel))}


def last_sent(connection: Connection, channels: Sequence[str]) -> dict[str, datetime]:
    """When something last went out where everybody sees it."""
    d = deliveries.c
    found = {}
    for name in channels:
        query = select(func.max(d.settled_at)).where(
            d.channel == name, d.recipient == PUBLIC, d.state == S.SENT
        )
        if moment := connection.execute(query).scalar():
            found[name] = moment
    return found


def to_decide(connection: Connection) -> tuple[int, int]:
    """How many corrections, and how many summaries, wait for an editor."""
    asked = select(func.count()).select_from(corrections).where(corrections.c.how == "ask")
    proposed = select(func.count()).select_from(summaries).where(summaries.c.state == "waits")
    return connection.execute(asked).scalar_one(), connection.execute(proposed).scalar_one()
