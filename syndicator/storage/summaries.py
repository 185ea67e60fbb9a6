"""Editors' own summaries, and what a model proposed that the gate did not clear."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, delete, select

from syndicator.model import Summary

from .content import SUMMARY, dump
from .schema import articles, edition_stories, summaries
from .statements import dialect

OWN = "own"  # the place of an editor's summary: everywhere


class State(StrEnum):
    OWN = "own"  # an editor's; it is used
    WAITS = "waits"  # doubtful: for an editor, and the story with it
    REFUSED = "refused"  # false, or doubtful where nothing waits: the story's own sentences were used
    DECLINED = "declined"  # an editor wants the story's own sentences


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    article: str
    place: str
    revision: int
    state: State
    by: str
    at: datetime
    summary: Summary


def keep(connection: Connection, one: Kept) -> None:
    values = {
        "revision": one.revision,
        "state": one.state.value,
        "by": one.by,
        "at": one.at,
        "content": dump(SUMMARY, one.summary),
    }
    row = dialect(connection).insert(summaries).values(article=one.article, place=one.place, **values)
    connection.execute(row.on_conflict_do_update(index_elements=["article", "place"], set_=values))


def of_article(connection: Connection, article: str) -> list[Kept]:
    """The editor's first."""
    query = select(summaries).where(summaries.c.article == article)
    found = [_kept(row) for row in connection.execute(query)]
    return sorted(found, key=lambda one: (one.place != OWN, one.place))


def in_state(connection: Connection, states: Collection[State], limit: int) -> list[Kept]:
    """Newest first; only of what the stories say now."""
    same = (summaries.c.article == articles.c.id, summaries.c.revision == articles.c.revision)
    query = select(summaries).where(*same, summaries.c.state.in_([one.value for one in states]))
    ordered = query.order_by(summaries.c.at.desc(), summaries.c.article, summaries.c.place)
    return [_kept(row) for row in connection.execute(ordered.limit(limit))]


def take_back(connection: Connection, article: str) -> bool:
    """The editor's own; whether there was one."""
    mine = (summaries.c.article == article, summaries.c.place == OWN)
    return connection.execute(delete(summaries).where(*mine)).rowcount > 0


def went_out(connection: Connection, article: str) -> list[tuple[str, int, Summary]]:
    """What editions carried of a story: the edition, the story's revision then, the summary."""
    query = (
        select(edition_stories.c.edition, edition_stories.c.revision, edition_stories.c.summary)
        .where(edition_stories.c.article == article)
        .order_by(edition_stories.c.edition)
    )
    rows = connection.execute(query)
    return [(row.edition, row.revision, SUMMARY.validate_python(row.summary)) for row in rows]


def _kept(row: Row[Any]) -> Kept:
    return Kept(
        article=row.article,
        place=row.place,
        revision=row.revision,
        state=State(row.state),
        by=row.by,
        at=row.at,
        summary=SUMMARY.validate_python(row.content),
    )
