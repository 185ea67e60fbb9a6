"""What came in: sources and how far they were read, articles and every revision of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from syndicator.bulletins import StoryPublished
from syndicator.composing import LEAD
from syndicator.errors import NotFound, sentence
from syndicator.model import Article, ArticleId, DeliveryState, EditionKind
from syndicator.revising import Change, compare
from syndicator.text.words import plain

from . import identity, webhooks
from .content import ARTICLE, CHANGE, dump
from .holds import is_kept_back
from .identity import Kind
from .schema import articles, deliveries, edition_stories, editions, revisions, sources, story_keys
from .statements import dialect, stands

SEVERAL = sentence("several articles begin with {wanted!r}; `syndicator articles` lists their ids")
NONE = sentence("no article begins with {wanted!r}; `syndicator articles` lists their ids")
AHEAD = timedelta(minutes=10)  # of our clock; a story that is dated further ahead is under an embargo
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


class Kept(NamedTuple):
    article: Article  # as it is kept: under the id it has here, in its newest revision
    arrival: Arrival


def record(
    connection: Connection,
    article: Article,
    *,
    source: str,
    now: datetime,
    fresh: bool,
    neighbours: identity.Neighbours | None = None,
    listed: Collection[str] = (),
) -> Kept:
    """Keep an article as new, as a revision of one we have, or not at all when nothing changed.

    Only the source that brought a story revises it, and of two entries that are one story in the same look only the
    first (``listed``: what came with it before). ``neighbours``: also take nearly the same text for the story.
    """
    names = identity.names_of(article)
    known = identity.known_as(connection, names.values())
    found = next((known[one] for one in names.values() if one in known), None)
    if found and known.get(names[Kind.ID]) == found:
        before = newest_of(connection, found)
        if identity.used_again(before, article):
            other = replace(article, id=identity.id_of_another(article))
            return record(connection, other, source=source, now=now, fresh=fresh, listed=listed)
    if found is None and neighbours:
        found = neighbours.nearest(connection, article)
    if found is None:
        _insert(connection, article, source=source, now=now, fresh=fresh)
        identity.remember(connection, names.values(), article.id)
        if neighbours:
            neighbours.add(article)
        return Kept(article, Arrival.NEW)
    identity.remember(connection, names.values(), found)
    return _known(connection, found, article, source=source, now=now, again=found in listed)


def _known(
    connection: Connection, found: ArticleId, article: Article, *, source: str, now: datetime, again: bool
) -> Kept:
    before = newest_of(connection, found)
    row = connection.execute(select(articles).where(articles.c.id == found)).one()
    if row.source != source or again:
        return Kept(before, Arrival.TWIN)
    _move_embargo(connection, row, article, now)
    if before.fingerprint == article.fingerprint and before.headline == article.headline:
        return Kept(before, Arrival.KNOWN if article.id == found else Arrival.TWIN)
    published_at = article.published_at if article.dated else before.published_at
    revised = replace(article, id=found, revision=row.revision + 1, published_at=published_at)
    connection.execute(update(articles).where(articles.c.id == found).values(_row(revised)))
    _add_revision(connection, revised, now, compare(before, revised))
    _tell(connection, revised, now, row.opens_at)
    return Kept(revised, Arrival.REVISED)


def opens_at(article: Article, now: datetime) -> datetime | None:
    """Until when its date keeps a story back; None where it does not. A publisher's clock may be ahead a little."""
    return article.published_at if article.dated and article.published_at > now + AHEAD else None


def _move_embargo(connection: Connection, row: Row[Any], article: Article, now: datetime) -> None:
    """The source's word, until an editor has said something. What has opened stays open."""
    if row.opens_by is not None or (row.opens_at is None or row.opens_at <= now):
        return
    moved = opens_at(article, now) or now
    connection.execute(update(articles).where(articles.c.id == row.id).values(opens_at=moved))


def set_embargo(connection: Connection, article: str, until: datetime, *, by: str) -> None:
    connection.execute(update(articles).where(articles.c.id == article).values(opens_at=until, opens_by=by))


def see_now(connection: Connection, article: str, now: datetime, *, by: str) -> None:
    """It is as fresh as if it had come in now, unless an embargo holds it."""
    open_ = or_(articles.c.opens_at.is_(None), articles.c.opens_at <= now)
    connection.execute(
        update(articles).where(articles.c.id == article, open_).values(opens_at=now, opens_by=by)
    )


def embargoes(connection: Connection, wanted: Collection[str], now: datetime) -> dict[str, datetime]:
    """Which of these stories wait, and until when."""
    query = select(articles.c.id, articles.c.opens_at)
    waiting = query.where(articles.c.id.in_(wanted), articles.c.opens_at > now)
    return {row.id: row.opens_at for row in connection.execute(waiting)}


def _row(article: Article) -> dict[str, object]:
    names = ("revision", "url", "language", "headline", "fingerprint", "published_at")
    return {name: getattr(article, name) for name in names} | {"sought": plain(article.headline)}


def _insert(connection: Connection, article: Article, *, source: str, now: datetime, fresh: bool) -> None:
    row = _row(article) | {"id": article.id, "source": source, "seen_at": now, "fresh": fresh}
    opens = opens_at(article, now)
    connection.execute(insert(articles).values(row | {"opens_at": opens}))
    _add_revision(connection, article, now, None)
    if fresh:
        _tell(connection, article, now, opens)


def _tell(connection: Connection, article: Article, now: datetime, opens: datetime | None) -> None:
    names = ("url", "language", "headline", "published_at", "revision")
    told = {name: getattr(article, name) for name in names}
    fact = StoryPublished(article=article.id, opens_at=opens if opens and opens > now else None, **told)
    webhooks.tell(connection, fact, f"published:{article.id}:{article.revision}", now)


def _add_revision(connection: Connection, article: Article, now: datetime, change: Change | None) -> None:
    row = {"article": article.id, "revision": article.revision, "seen_at": now}
    told = {"content": dump(ARTICLE, article), "change": change and CHANGE.dump_python(change, mode="json")}
    connection.execute(insert(revisions).values(row | told))


def newest_of(connection: Connection, wanted: ArticleId) -> Article:
    """The story with this id as it is now."""
    row = connection.execute(_current().where(articles.c.id == wanted)).one()
    return ARTICLE.validate_python(row.content)


class Revision(NamedTuple):
    number: int
    seen_at: datetime
    headline: str
    change: Change | None


def history(connection: Connection, wanted: str) -> list[Revision]:
    """Every revision of a story, the first first."""
    query = select(revisions).where(revisions.c.article == wanted).order_by(revisions.c.revision)
    return [
        Revision(
            number=row.revision,
            seen_at=row.seen_at,
            headline=row.content["headline"],
            change=CHANGE.validate_python(row.change) if row.change else None,
        )
        for row in connection.execute(query)
    ]


def article(connection: Connection, wanted: str, revision: int | None = None) -> Article:
    """By its id or an unambiguous beginning of it; the newest revision unless another is asked for."""
    which = revisions.c.revision == (articles.c.revision if revision is None else revision)
    told = articles.outerjoin(revisions, and_(revisions.c.article == articles.c.id, which))
    query = select(articles.c.id, revisions.c.content).select_from(told)
    found = connection.execute(query.where(articles.c.id == wanted)).all()
    if not found:
        begins = articles.c.id.startswith(wanted, autoescape=True)
        found = connection.execute(query.where(begins).limit(2)).all()
    if len(found) != 1:
        raise NotFound(SEVERAL if found else NONE, wanted=wanted)
    if found[0].content is None:
        raise NotFound("article {article} has no revision {revision}", article=found[0].id, revision=revision)
    return ARTICLE.validate_python(found[0].content)


def newest(
    connection: Connection,
    limit: int,
    language: str | None = None,
    after: tuple[datetime, str] | None = None,
    words: Sequence[str] = (),
) -> list[Article]:
    """The newest articles first, each in its newest revision; those after a moment and an id, with these words in
    their headline, or the one word at the beginning of their id."""
    a = articles.c
    wanted = _have(words)
    if after:
        moment, last = after
        same = and_(a.published_at == moment, a.id > last)
        wanted.append(and_(a.published_at <= moment, or_(a.published_at < moment, same)))
    spoken = [language] if language else connection.execute(select(a.language).distinct()).scalars().all()
    found: list[tuple[datetime, ArticleId]] = []
    for one in spoken:  # each by its index, and never all that there are
        query = select(a.published_at, a.id).where(a.language == one, *wanted)
        newest_first = query.order_by(a.published_at.desc(), a.id).limit(limit)
        found += [(row.published_at, row.id) for row in connection.execute(newest_first)]
    found.sort(key=lambda pair: pair[1])
    found.sort(key=lambda pair: pair[0], reverse=True)
    ids = [article_id for _, article_id in found[:limit]]
    contents = connection.execute(_current().add_columns(a.id).where(a.id.in_(ids)))
    kept = {row.id: ARTICLE.validate_python(row.content) for row in contents}
    return [kept[one] for one in ids if one in kept]


def _have(words: Sequence[str]) -> list[ColumnElement[bool]]:
    """All of these words in the headline, however they are typed; or the only one is how the id begins."""
    told = sorted(map(plain, words), key=len, reverse=True)  # what few have is looked for first
    found = [articles.c.sought.contains(word, autoescape=True) for word in told]
    if len(words) != 1:
        return found
    return [or_(*found, articles.c.id.startswith(words[0].lower(), autoescape=True))]


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

    A story under an embargo waits until ``now`` has passed it, and is as fresh then as one that came in at that moment.
    """
    gone = exists().where(
        story_keys.c.article == articles.c.id,
        story_keys.c.channel == channel,
        story_keys.c.newsletter == newsletter,
    )
    query = _current().where(
        articles.c.fresh,
        articles.c.language.in_(languages),
        func.coalesce(articles.c.opens_at, articles.c.seen_at) >= since,
        or_(articles.c.opens_at.is_(None), articles.c.opens_at <= now),
        ~gone,
        ~is_kept_back(),
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
        .where(~is_kept_back())
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
