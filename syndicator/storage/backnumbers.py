"""Editions of newsletters that went out, for everybody to read: no reader stands in what is asked here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, case, exists, func, null, select

from syndicator.model import Article, DeliveryState, EditionKind, Story

from .content import ARTICLE, SUMMARY
from .retractions import is_retracted, moments
from .schema import PRINTED, articles, deliveries, edition_stories, editions, revisions, slots

_SENT = case(
    (editions.c.sealed.is_(None), null()),
    else_=func.coalesce(editions.c.sealed["states"][DeliveryState.SENT.value].as_integer(), 0),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """An edition as it was planned. ``sent`` is what its sealed report counts, None while it is open; ``headings`` its
    title and those of its sections by language, None where nobody wrote them down."""

    id: str
    kind: str
    due_at: datetime
    sent: int | None
    headings: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A story as it went out, and as it stands now where that is another revision."""

    story: Story
    now: Article | None = None
    corrected_at: datetime | None = None
    retracted_at: datetime | None = None


def printed(
    connection: Connection, newsletter: str, language: str, *, limit: int, before: datetime | None = None
) -> list[Printed]:
    """The newsletter's editions with stories in this language, those for all at once and those of one story, newest
    first; those due before a moment."""
    query = _printed().where(editions.c.newsletter == newsletter, PRINTED, _speaks(language))
    query = query.where(editions.c.due_at < before) if before else query
    found = connection.execute(query.order_by(editions.c.due_at.desc(), editions.c.id).limit(limit))
    return [Printed(**row._mapping) for row in found]


def called(connection: Connection, edition: str, language: str) -> Printed | None:
    """The edition of this id, where it has stories in this language."""
    found = connection.execute(_printed().where(editions.c.id == edition, _speaks(language))).one_or_none()
    return Printed(**found._mapping) if found else None


def of_slot(connection: Connection, newsletter: str, slot: datetime) -> str | None:
    """The id of the edition that the newsletter had for this slot of its timetable."""
    query = select(slots.c.edition).where(slots.c.timetable == newsletter, slots.c.slot == slot)
    return connection.execute(query).scalar()


def due_at(connection: Connection, newsletter: str, moment: datetime) -> str | None:
    """The id of the digest that was due at this moment, such as the end of quiet hours: earlier addresses named it."""
    digest = editions.c.kind == EditionKind.DIGEST.value
    query = select(editions.c.id).where(editions.c.newsletter == newsletter, PRINTED, digest)
    return connection.execute(query.where(editions.c.due_at == moment).limit(1)).scalar()


def _printed() -> Select[Any]:
    columns = (editions.c.id, editions.c.kind, editions.c.due_at, editions.c.headings)
    return select(*columns, _SENT.label("sent"))


def _speaks(language: str) -> ColumnElement[bool]:
    return exists().where(
        edition_stories.c.edition == editions.c.id,
        articles.c.id == edition_stories.c.article,
        articles.c.language == language,
    )


def languages(connection: Connection, edition: str) -> frozenset[str]:
    """Those it has stories in."""
    spoken = select(articles.c.language).distinct()
    spoken = spoken.join(edition_stories, edition_stories.c.article == articles.c.id)
    return frozenset(connection.execute(spoken.where(edition_stories.c.edition == edition)).scalars())


def went_out(connection: Connection, edition: str) -> bool:
    """Whether it reached somebody. Of an edition that nobody has yet this looks at every row."""
    reached = exists().where(deliveries.c.edition == edition, deliveries.c.state == DeliveryState.SENT.value)
    return bool(connection.execute(select(reached)).scalar_one())


def headlines(connection: Connection, wanted: Sequence[str], language: str) -> dict[str, list[str]]:
    """By edition: the headlines of its stories in this language, in order, as they read now."""
    query = (
        select(edition_stories.c.edition, articles.c.headline)
        .join(articles, articles.c.id == edition_stories.c.article)
        .where(edition_stories.c.edition.in_(wanted), articles.c.language == language, ~is_retracted())
        .order_by(edition_stories.c.edition, edition_stories.c.position)
    )
    found: dict[str, list[str]] = {one: [] for one in wanted}
    for row in connection.execute(query):
        found[row.edition].append(row.headline)
    return found


def stories(connection: Connection, edition: str, language: str) -> list[Told]:
    """In the edition's order."""
    then, now = revisions.alias("was"), revisions.alias("stands")
    query: Select[Any] = (
        select(
            edition_stories.c.summary,
            edition_stories.c.under,
            then.c.content.label("was"),
            now.c.content.label("stands"),
            now.c.seen_at,
            (articles.c.revision > edition_stories.c.revision).label("revised"),
        )
        .join(articles, articles.c.id == edition_stories.c.article)
        .join(then, and_(then.c.article == articles.c.id, then.c.revision == edition_stories.c.revision))
        .join(now, and_(now.c.article == articles.c.id, now.c.revision == articles.c.revision))
        .where(edition_stories.c.edition == edition, articles.c.language == language)
        .order_by(edition_stories.c.position)
    )
    told = [_told(row) for row in connection.execute(query)]
    gone = moments(connection, [one.story.article.id for one in told])
    return [replace(one, retracted_at=gone.get(one.story.article.id)) for one in told]


def _told(row: Row[Any]) -> Told:
    article, summary = ARTICLE.validate_python(row.was), SUMMARY.validate_python(row.summary)
    story = Story(article=article, summary=summary, under=row.under)
    if not row.revised:
        return Told(story=story)
    return Told(story=story, now=ARTICLE.validate_python(row.stands), corrected_at=row.seen_at)
