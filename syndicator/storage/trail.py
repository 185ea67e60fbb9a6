"""The audit trail, read. It is only ever added to: the database itself refuses everything else (migrations 0001, 0017),
and nothing prunes it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, select

from .schema import audit
from .statements import begins


class Line(NamedTuple):
    id: int
    at: datetime
    who: str
    what: str
    about: str
    why: str


class Wanted(NamedTuple):
    """Empty: all. ``about`` is a story, an edition, a channel, a newsletter ... or how its id begins."""

    since: datetime | None = None
    who: str = ""
    about: str = ""
    what: str = ""
    before: int | None = None  # a line's id: only older ones


ALL = Wanted()


def newest(connection: Connection, wanted: Wanted, limit: int) -> list[Line]:
    """The newest first."""
    query = _those(connection, wanted).order_by(audit.c.id.desc()).limit(limit)
    return [Line(*row) for row in connection.execute(query)]


def every(connection: Connection, wanted: Wanted) -> Iterator[Line]:
    """The oldest first, one after the other."""
    query = _those(connection, wanted).order_by(audit.c.id)
    for row in connection.execute(query, execution_options={"yield_per": 1000}):
        yield Line(*row)


def _those(connection: Connection, wanted: Wanted) -> Select[Any]:
    query = select(*(audit.c[name] for name in Line._fields))
    if wanted.since:
        query = query.where(audit.c.at >= wanted.since)
    if wanted.who:
        query = query.where(audit.c.who == wanted.who)
    if wanted.what:
        query = query.where(audit.c.what == wanted.what)
    if wanted.about:
        query = query.where(begins(connection, audit.c.about, wanted.about))
    if wanted.before is not None:
        query = query.where(audit.c.id < wanted.before)
    return query
