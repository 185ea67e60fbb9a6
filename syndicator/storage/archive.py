"""What came in: sources and how far they were read, articles and every revision of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Select, and_, delete, exists, func, insert, or_, select, update

from syndicator.composing import LEAD
from syndicator.errors import NotFound
from syndicator.model import Article, DeliveryState, EditionKind

from .content import ARTICLE, dump
from .retractions import is_retracted
from .schema import articles, deliveries, edition_stories, editions, revisions, sources, story_keys
from .statements import dialect, stands

FLASH_MAIL = "/flash"  # after a newsletter's name: the right to carry a story to its readers at once


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    name: str
    checkpoint: str | None
    first_seen_at: datetime
    looked_at: datetime
    due_at: datetime | None  # when to look again; None: at once
    failures: int
    closed: bool
    fault: str | None


class Arrival(StrEnum):
    NEW = "new"
    REVISED = "revised"
    KNOWN = "known"
    TWIN = "twin"  # the same story under another key: another URL, another feed


def sources_known(connection: Connection) -> dict[str, SourceState]:
    return {row.name: SourceState(**row._asdict()) for row in connection.execute(select(sources))}


def save_sources(connection: Connection, states: Sequence[SourceState]) -> None:
    names = SourceState.__dataclass_fields__
    statement = dialect(connection).insert(sources)
    more = {name: statement.excluded[name] for name in names if name != "name"}
    rows = [{name: getattr(state, name) for name in names} for state in states]
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=more), rows)


def in_turn(connection: Connection) -> None:
    """Stories are written down by one at a time, until the end of the transaction: two would take each other's for new
    ones. On SQLite that is so anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtext("stories"))))


def looked_at(connection: Connection, name: str) -> datetime | None:
    at: datetime | None = connection.execute(
        select(sources.c.looked_at).where(sources.c.name == name)
    ).scalar()
    return at


def overtake(connection: Connection, name: str, now: datetime) -> None:
    """Whoever looks at the source at this moment comes too late with it."""
    connection.execute(update(sources).where(sources.c.name == name).values(looked_at=now))


def look_again(connection: Connection, name: str) -> None:
    connection.execute(update(sources).where(sources.c.name == name).values(due_at=None))


def fresh_of(connection: Connection, wanted: Sequence[str]) -> set[str]:
    """Which of these stories may go out by themselves."""
    query = select(articles.c.id).where(articles.c.id.in_(wanted), articles.c.fresh)
    return set(connection.execute(query).scalars())


def hold_back(connection: Connection, wanted: Sequence[str]) -> None:
    """They are kept and do not go out by themselves."""
    connection.execute(update(articles).where(articles.c.id.in_(wanted)).values(fresh=False))


def record(connection: Connection, article: Article, *, source: str, now: datetime, fresh: bool) -> Arrival:
    """Keep an article as new, as a revision of one we have, or not at all when nothing changed."""
    known = connection.execute(select(articles).where(articles.c.id == article.id)).one_or_none()
    if known is None:
        if _twin(connection, article):
            return Arrival.TWIN
        _insert(connection, article, source=source, now=now, fresh=fresh)
        return Arrival.NEW
    if known.fingerprint == article.fingerprint and known.headline == article.headline:
        return Arrival.KNOWN
    revised = replace(article, revision=known.revision + 1)
    connection.execute(update(articles).where(articles.c.id == article.id).values(_row(revised)))
    _add_revision(connection, revised, now)
    return Arrival.REVISED


def _twin(connection: Connection, article: Article) -> bool:
    same_text = and_(articles.c.fingerprint == article.fingerprint, articles.c.language == article.language)
    found = connection.execute(select(articles.c.id).where(or_(articles.c.url == article.url, same_text)))
    return found.first() is not None


def _row(article: Article) -> dict[str, object]:
    names = ("revision", "url", "language", "headline", "fingerprint", "published_at")
    return {name: getattr(article, name) for name in names}


def _insert(connection: Connection, article: Article, *, source: str, now: datetime, fresh: bool) -> None:
    row = _row(article) | {"id": article.id, "source": source, "seen_at": now, "fresh": fresh}
    connection.execute(insert(articles).values(row))
    _add_revision(connection, article, now)


def _add_revision(connection: Connection, article: Article, now: datetime) -> None:
    row = {"article": article.id, "revision": article.revision, "seen_at": now}
    connection.execute(insert(revisions).values(row | {"content": dump(ARTICLE, article)}))


def article(connection: Connection, wanted: str, revision: int | None = None) -> Article:
    """By its id or an unambiguous beginning of it; the newest revision unless another is asked for."""
    found = connection.execute(select(articles.c.id).where(articles.c.id.startswith(wanted)).limit(2)).all()
    if len(found) != 1:
        many = "several articles begin" if found else "no article begins"
        raise NotFound(f"{many} with {wanted!r}; `syndicator articles` lists their ids")
    newest = (
        select(func.max(revisions.c.revision)).where(revisions.c.article == found[0].id).scalar_subquery()
    )
    which = revisions.c.revision == (newest if revision is None else revision)
    row = connection.execute(select(revisions.c.content).where(revisions.c.article == found[0].id, which))
    content = row.scalar()
    if content is None:
        raise NotFound(f"article {found[0].id} has no revision {revision}")
    return ARTICLE.validate_python(content)


def newest(connection: Connection, limit: int, language: str | None = None) -> list[Article]:
    """The newest articles first, each in its newest revision."""
    query = _current().order_by(articles.c.published_at.desc(), articles.c.id).limit(limit)
    if language:
        query = query.where(articles.c.language == language)
    return [ARTICLE.validate_python(row.content) for row in connection.execute(query)]


def unsent(
    connection: Connection,
    *,
    channel: str,
    newsletter: str,
    languages: Sequence[str],
    since: datetime,
    now: datetime,
) -> list[Article]:
    """Fresh articles, oldest first, that this channel (or newsletter on it) has not carried yet.

    Dates in the future are an embargo: they wait until ``now`` has passed them.
    """
    gone = exists().where(
        story_keys.c.article == articles.c.id,
        story_keys.c.channel == channel,
        story_keys.c.newsletter == newsletter,
    )
    query = _current().where(
        articles.c.fresh,
        articles.c.language.in_(languages),
        articles.c.seen_at >= since,
        articles.c.published_at <= now,
        ~gone,
        ~is_retracted(),
    )
    ordered = query.order_by(articles.c.published_at, articles.c.id)
    return [ARTICLE.validate_python(row.content) for row in connection.execute(ordered)]


def pushed(connection: Connection, wanted: Sequence[str], channels: Collection[str]) -> set[str]:
    """Which of these stories stand on one of these channels by themselves, as a flash or a push."""
    there = (story_keys.c.article.in_(wanted), story_keys.c.channel.in_(channels))
    sent = exists().where(
        deliveries.c.edition == story_keys.c.edition,
        deliveries.c.channel == story_keys.c.channel,
        stands(DeliveryState.SENT),
    )
    query = select(story_keys.c.article).where(*there, story_keys.c.newsletter == "", sent)
    return set(connection.execute(query).scalars())


def flashed(connection: Connection, wanted: Sequence[str], channel: str) -> dict[str, tuple[str, ...]]:
    """Of these stories, those that went to readers through the channel at once, each in a mail of its own: in which
    editions."""
    alone = story_keys.c.newsletter.endswith(FLASH_MAIL)
    query = select(story_keys.c.article, story_keys.c.edition).where(
        story_keys.c.article.in_(wanted), story_keys.c.channel == channel, alone
    )
    found: dict[str, tuple[str, ...]] = {}
    for row in connection.execute(query.order_by(story_keys.c.article, story_keys.c.edition)):
        found[row.article] = (*found.get(row.article, ()), row.edition)
    return found


def carried(connection: Connection, channel: str, newsletter: str, since: datetime) -> list[Article]:
    """The stories of the newsletter's editions since then, as they are now."""
    here = exists().where(
        story_keys.c.article == articles.c.id,
        story_keys.c.channel == channel,
        story_keys.c.newsletter == newsletter,
        editions.c.id == story_keys.c.edition,
        editions.c.due_at >= since,
    )
    query = _current().where(here).order_by(articles.c.published_at, articles.c.id)
    return [ARTICLE.validate_python(row.content) for row in connection.execute(query)]


def keys_of(connection: Connection, channel: str, newsletter: str, wanted: Sequence[str]) -> set[str]:
    """Which of these stories the newsletter has carried, or left out for good."""
    ours = (story_keys.c.channel == channel, story_keys.c.newsletter == newsletter)
    query = select(story_keys.c.article).where(*ours, story_keys.c.article.in_(wanted))
    return set(connection.execute(query).scalars())


def put_off(connection: Connection, newsletter: str, first: str, slot: datetime) -> list[Article]:
    """The stories of the newsletter's digests from this one until before the slot, as they are now: those of the newest
    edition first, each in its order."""
    begun = select(editions.c.due_at).where(editions.c.id == first).scalar_subquery()
    ours = _in_editions([newsletter]).where(editions.c.due_at >= begun, editions.c.due_at < slot)
    return _each_once(connection, ours)


def best(
    connection: Connection, newsletters: Sequence[str], since: datetime, *, leads: bool
) -> list[Article]:
    """The stories of these newsletters' digests since then, or only those that led one, as they are now."""
    ours = _in_editions(newsletters).where(editions.c.due_at >= since)
    return _each_once(connection, ours.where(edition_stories.c.under == LEAD) if leads else ours)


def _in_editions(newsletters: Sequence[str]) -> Select[Any]:
    """Stories of digests, the newest edition's first."""
    return (
        _current()
        .join(edition_stories, edition_stories.c.article == articles.c.id)
        .join(editions, editions.c.id == edition_stories.c.edition)
        .where(editions.c.kind == EditionKind.DIGEST.value, editions.c.newsletter.in_(newsletters))
        .where(~is_retracted())
        .order_by(editions.c.due_at.desc(), edition_stories.c.position)
    )


def _each_once(connection: Connection, query: Select[Any]) -> list[Article]:
    found: dict[str, Article] = {}
    for row in connection.execute(query):
        article = ARTICLE.validate_python(row.content)
        found.setdefault(article.id, article)
    return list(found.values())


def revisions_of(connection: Connection, wanted: Sequence[str]) -> dict[str, int]:
    """The newest revision of each of these stories."""
    query = select(articles.c.id, articles.c.revision).where(articles.c.id.in_(wanted))
    return {row.id: row.revision for row in connection.execute(query)}


def see_anew(connection: Connection) -> None:
    """Nothing that is known goes out by itself any more, and each source is seen for the first time again."""
    connection.execute(update(articles).values(fresh=False))
    connection.execute(delete(sources))


def _current() -> Select[Any]:
    same = and_(revisions.c.article == articles.c.id, revisions.c.revision == articles.c.revision)
    return select(revisions.c.content).select_from(articles.join(revisions, same))


def count(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(articles)).scalar_one()
