"""Stories that an editor holds: nothing carries them until the hold is lifted, and editions that wait with one are
paused. Like a retraction it is a word laid over the story."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, exists, literal, or_, select, union

from . import brakes, outbox, retractions
from .schema import articles, caught_up, edition_stories, overrides

NAME = "held:"


class Hold(NamedTuple):
    """``paused`` are the editions that this hold stopped."""

    article: str
    since: datetime
    by: str
    why: str
    paused: tuple[str, ...] = ()


def standing(connection: Connection) -> list[Hold]:
    """The oldest first."""
    found = connection.execute(select(overrides).where(overrides.c.name.between(NAME, NAME + "~")))
    return sorted((_hold(row) for row in found), key=lambda one: (one.since, one.article))


def of_article(connection: Connection, article: str) -> Hold | None:
    row = connection.execute(select(overrides).where(overrides.c.name == NAME + article)).one_or_none()
    return _hold(row) if row else None


def is_kept_back() -> ColumnElement[bool]:
    """Whether the article in a query is held, or was taken back."""
    names = [overrides.c.name == literal(word) + articles.c.id for word in (NAME, retractions.NAME)]
    return exists().where(or_(*names))


def kept_back(connection: Connection, wanted: Sequence[str]) -> set[str]:
    """Which of these stories are held, or were taken back."""
    return set(retractions.moments(connection, wanted)) | held(connection, wanted)


def held(connection: Connection, wanted: Collection[str]) -> set[str]:
    names = [NAME + article for article in wanted]
    found = connection.execute(select(overrides.c.name).where(overrides.c.name.in_(names))).scalars()
    return {name.removeprefix(NAME) for name in found}


def hold(connection: Connection, article: str, *, now: datetime, by: str, why: str) -> list[str]:
    """Hold it, and pause the editions that wait with it; returns those that were not paused yet. Twice is once."""
    retractions.alone(connection, article)
    before = of_article(connection, article)
    paused = brakes.paused(connection)
    stopped = [one for one in retractions.waiting(connection, article) if one not in paused]
    for edition in stopped:
        brakes.pause(connection, edition, now=now, by=by, why=_because(article))
    if before:
        _put(connection, before._replace(paused=(*before.paused, *stopped)))
    else:
        _put(connection, Hold(article, now, by, why, tuple(stopped)))
        brakes.note(connection, who=by, what="hold", about=article, why=why, now=now)
    return stopped


def lift(connection: Connection, told: Hold, *, now: datetime, by: str) -> tuple[list[str], list[str]]:
    """It is held no more. Returns the editions that go on, and those that stay paused: for another story that is held
    or was taken back."""
    retractions.alone(connection, told.article)
    brakes.drop(connection, NAME + told.article)
    brakes.note(connection, who=by, what="lift", about=told.article, why="it was held", now=now)
    freed, kept = [], []
    words = brakes.overridden(connection, brakes.PAUSE)
    for edition in told.paused:
        if words.get(brakes.PAUSE + edition) != _because(told.article):
            continue  # somebody said something else about it since
        if _stays(connection, edition, now=now, by=by):
            kept.append(edition)
            continue
        brakes.resume(connection, edition, now=now, by=by)
        outbox.resume_paused(connection, edition)
        freed.append(edition)
    return freed, kept


def _stays(connection: Connection, edition: str, *, now: datetime, by: str) -> bool:
    """Whether another of its stories keeps it; then that one's word stands on it."""
    theirs = _stories(connection, edition)
    for other in standing(connection):
        if other.article in theirs or edition in retractions.waiting(connection, other.article):
            brakes.pause(connection, edition, now=now, by=by, why=_because(other.article))
            _put(connection, other._replace(paused=(*other.paused, edition)))
            return True
    for article in sorted(retractions.moments(connection, sorted(theirs))):
        brakes.pause(connection, edition, now=now, by=by, why=retractions.because(article))
        return True
    return False


def _stories(connection: Connection, edition: str) -> set[str]:
    own = select(edition_stories.c.article).where(edition_stories.c.edition == edition)
    earlier = select(caught_up.c.article).where(caught_up.c.edition == edition)
    return set(connection.execute(union(own, earlier)).scalars())


def _put(connection: Connection, told: Hold) -> None:
    value = {"why": told.why, "paused": [*dict.fromkeys(told.paused)]}
    brakes.override(connection, NAME + told.article, value, now=told.since, by=told.by)


def _because(article: str) -> str:
    return f"it carries {article}, which is held"


def _hold(row: Any) -> Hold:
    return Hold(row.name.removeprefix(NAME), row.at, row.by, row.value["why"], tuple(row.value["paused"]))
