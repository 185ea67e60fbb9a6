"""Stories that the newsroom took back. It is a word laid over them, with its day: the story itself is kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    delete,
    exists,
    func,
    literal,
    not_,
    or_,
    select,
    text,
    union,
    update,
)

from syndicator.errors import sentence
from syndicator.model import DeliveryState

from . import brakes
from .schema import articles, caught_up, deliveries, edition_stories, overrides, posts
from .statements import stands

NAME = "retracted:"
RETRACTED = sentence("{article} is retracted; `syndicator retract {article} --undo` lets it stand again")
S = DeliveryState
READMITTED = "readmitted"  # why what was to take a story away goes nowhere
END = "retraction:"  # before the id of the edition whose story is taken away by this one


def retract(connection: Connection, article: str, *, now: datetime, by: str, why: str) -> None:
    brakes.override(connection, NAME + article, why, now=now, by=by)
    brakes.note(connection, who=by, what="retract", about=article, why=why, now=now)


def take_back(connection: Connection, article: str, *, now: datetime, by: str, why: str) -> list[str]:
    """Retract it, and pause the editions that wait with it; returns those that were not paused yet. Twice is once."""
    alone(connection, article)
    if article not in moments(connection, [article]):
        retract(connection, article, now=now, by=by, why=why)
    paused = brakes.paused(connection)
    held = [one for one in waiting(connection, article) if one not in paused]
    for edition in held:
        brakes.pause(connection, edition, now=now, by=by, why=because(article))
    return held


def because(article: str) -> str:
    """Why an edition is paused that carries it."""
    return f"it carries {article}, which was retracted"


def taken_back_by(connection: Connection, by: str, wanted: Sequence[str]) -> list[str]:
    """Which of these stories are retracted by this word."""
    names = [NAME + article for article in wanted]
    found = select(overrides.c.name).where(overrides.c.name.in_(names), overrides.c.by == by)
    return [name.removeprefix(NAME) for name in connection.execute(found).scalars()]


def readmit(connection: Connection, article: str, *, now: datetime, by: str) -> int:
    """It stands again; what was to take it away and has not begun does not any more: returns how many deliveries."""
    connection.execute(delete(overrides).where(overrides.c.name == NAME + article))
    brakes.note(connection, who=by, what="readmit", about=article, why="", now=now)
    d, es = deliveries.c, edition_stories.c
    ends = select(es.edition).where(es.article == article, es.edition.startswith(END))
    in_doubt = func.coalesce(d.reason, "").startswith("in doubt")
    idle = or_(stands(S.PENDING, S.CLAIMED), and_(stands(S.HELD), not_(in_doubt)))
    values = {"state": S.CANCELLED.value, "reason": READMITTED, "settled_at": now}
    return connection.execute(update(deliveries).where(d.edition.in_(ends), idle).values(values)).rowcount


def moments(connection: Connection, wanted: Sequence[str]) -> dict[str, datetime]:
    """Which of these stories are retracted, and since when."""
    names = [NAME + article for article in wanted]
    found = select(overrides.c.name, overrides.c.at).where(overrides.c.name.in_(names))
    return {row.name.removeprefix(NAME): row.at for row in connection.execute(found)}


def is_retracted() -> ColumnElement[bool]:
    """Of the article in a query."""
    return exists().where(overrides.c.name == literal(NAME) + articles.c.id)


def taken_back(connection: Connection, wanted: Sequence[str]) -> bool:
    """Whether one of these stories is retracted; if not, none of them is before this transaction ends."""
    stay(connection, wanted)
    return bool(moments(connection, wanted))


def stay(connection: Connection, wanted: Sequence[str]) -> None:
    """None of these stories is taken back or held before this transaction ends, but those that are."""
    ours = select(articles.c.id).where(articles.c.id.in_(wanted)).order_by(articles.c.id)
    connection.execute(ours.with_for_update(read=True, key_share=True)).all()


def alone(connection: Connection, article: str) -> None:
    """Who plans with this story has committed, or will see that it is retracted. SQLite's writers are alone anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE slots IN SHARE ROW EXCLUSIVE MODE"))  # as planning does
        connection.execute(select(articles.c.id).where(articles.c.id == article).with_for_update()).all()


def waiting(connection: Connection, article: str) -> list[str]:
    """The editions that carry the story, some of whose posts hold it from an earlier one, or that welcome a reader with
    such a post, and that have not gone out to everybody."""
    carries = union(
        select(edition_stories.c.edition).where(edition_stories.c.article == article),
        select(caught_up.c.edition).where(caught_up.c.article == article),
    ).subquery()
    found: set[str] = set()
    for state in (DeliveryState.PENDING, DeliveryState.CLAIMED):
        some = exists().where(deliveries.c.edition == carries.c.edition, stands(state))
        found.update(connection.execute(select(carries.c.edition).where(some)).scalars())
        borrowed = (
            select(deliveries.c.edition)
            .join(posts, posts.c.id == deliveries.c.post)
            .join(carries, carries.c.edition == posts.c.edition)
            .where(deliveries.c.channel == posts.c.channel, deliveries.c.urgency == 0, stands(state))
        )
        found.update(connection.execute(borrowed).scalars())
    return sorted(name for name in found if not name.startswith(END))  # that one has to go out
