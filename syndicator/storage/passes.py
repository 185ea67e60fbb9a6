"""Passes of programs that may use the API: who, for what, until when. Of the token only a hash is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from .schema import passes
from .statements import insert_new

LISTS = ("scopes", "channels", "languages")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    name: str
    token_hash: str
    scopes: tuple[str, ...]
    since: datetime
    by: str
    ended_at: datetime | None = None
    channels: tuple[str, ...] = ()  # where its word counts; none: everywhere
    languages: tuple[str, ...] = ()  # of stories and readers; none: all
    until: datetime | None = None  # it is good before

    def good(self, now: datetime) -> bool:
        return self.ended_at is None and (self.until is None or now < self.until)


def add(connection: Connection, one: Pass) -> bool:
    """False where the name is taken, by one that was ended too: the audit trail knows them by their names."""
    row = {name: getattr(one, name) for name in Pass.__dataclass_fields__}
    return insert_new(connection, passes, [row | {name: ",".join(row[name]) for name in LISTS}]) == 1


def find(connection: Connection, name: str) -> Pass | None:
    return next(iter(_found(connection, name)), None)


def listed(connection: Connection) -> Sequence[Pass]:
    return _found(connection, None)


def end(connection: Connection, name: str, now: datetime) -> bool:
    good = (passes.c.name == name, passes.c.ended_at.is_(None))
    return connection.execute(update(passes).where(*good).values(ended_at=now)).rowcount == 1


def _found(connection: Connection, name: str | None) -> Sequence[Pass]:
    query = select(passes).order_by(passes.c.name)
    query = query.where(passes.c.name == name) if name is not None else query
    return [
        Pass(
            **{**row._mapping, **{name: tuple(filter(None, row._mapping[name].split(","))) for name in LISTS}}
        )
        for row in connection.execute(query)
    ]
