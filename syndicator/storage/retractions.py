"""Stories that the newsroom took back. It is a word laid over them, with its day: the story itself is kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, exists, literal, select

from syndicator.model import DeliveryState

from . import brakes
from .schema import articles, deliveries, edition_stories, overrides
from .statements import stands

NAME = "retracted:"


def retract(connection: Connection, article: str, *, now: datetime, by: str, why: str) -> None:
    brakes.override(connection, NAME + article, why, now=now, by=by)
    brakes.note(connection, who=by, what="retract", about=article, why=why, now=now)


def readmit(connection: Connection, article: str, *, now: datetime, by: str) -> None:
    connection.execute(delete(overrides).where(overrides.c.name == NAME + article))
    brakes.note(connection, who=by, what="readmit", about=article, why="", now=now)


def moments(connection: Connection, wanted: Sequence[str]) -> dict[str, datetime]:
    """Which of these stories are retracted, and since when."""
    names = [NAME + article for article in wanted]
    found = select(overrides.c.name, overrides.c.at).where(overrides.c.name.in_(names))
    return {row.name.removeprefix(NAME): row.at for row in connection.execute(found)}


def is_retracted() -> ColumnElement[bool]:
    """Of the article in a query."""
    return exists().where(overrides.c.name == literal(NAME) + articles.c.id)


def waiting(connection: Connection, article: str) -> list[str]:
    """The editions that carry the story and have not gone out to everybody."""
    pending = exists().where(deliveries.c.edition == edition_stories.c.edition, stands(DeliveryState.PENDING))
    query = select(edition_stories.c.edition).where(edition_stories.c.article == article, pending)
    return sorted(connection.execute(query).scalars())
