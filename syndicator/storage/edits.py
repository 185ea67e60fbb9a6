"""An editor's own headline of a story, and their own words for a whole post on a channel."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, delete, select, union_all

from .schema import edits, summaries
from .statements import dialect
from .summaries import OWN

HEADLINE = "headline"
TEXT = "text:"  # before a channel's name


class Edit(NamedTuple):
    article: str
    place: str
    revision: int  # of the story, as it was then
    text: str
    by: str
    at: datetime

    @property
    def channel(self) -> str:
        """Empty for a headline, which stands everywhere."""
        return self.place.removeprefix(TEXT) if self.place.startswith(TEXT) else ""


def keep(connection: Connection, one: Edit) -> None:
    """In place of what was written of the same revision."""
    row = dialect(connection).insert(edits).values(one._asdict())
    told = {"text": one.text, "by": one.by, "at": one.at}
    connection.execute(row.on_conflict_do_update(index_elements=["article", "place", "revision"], set_=told))


def of_article(connection: Connection, article: str) -> list[Edit]:
    """The headline first, of the newest revision first."""
    query = select(edits).where(edits.c.article == article)
    found = connection.execute(query.order_by(edits.c.place, edits.c.revision.desc()))
    return [Edit(*(getattr(row, name) for name in Edit._fields)) for row in found]


def take_back(connection: Connection, article: str, place: str) -> int:
    """Whatever revision it was written of; how many there were."""
    ours = (edits.c.article == article, edits.c.place == place)
    return connection.execute(delete(edits).where(*ours)).rowcount


def last_by(connection: Connection, articles: Sequence[str]) -> str:
    """Who was the last to change what is said of one of these stories; empty: nobody did."""
    own = (summaries.c.article.in_(articles), summaries.c.place == OWN)
    every = union_all(
        select(edits.c.by, edits.c.at).where(edits.c.article.in_(articles)),
        select(summaries.c.by, summaries.c.at).where(*own),
    ).subquery()
    return connection.execute(select(every.c.by).order_by(every.c.at.desc()).limit(1)).scalar() or ""
