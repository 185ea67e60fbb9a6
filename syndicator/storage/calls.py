"""Calls of those who publish: each is heard once, and a look that it asks for is made."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from .schema import calls
from .statements import insert_new


def hear(connection: Connection, key: str, *, source: str, now: datetime, waits: bool) -> bool:
    """Write it down; False when it was heard before. ``waits``: a look at the source is to be made, from ``now`` on."""
    return insert_new(connection, calls, [{"key": key, "source": source, "at": now, "waits": waits}]) == 1


def waiting(connection: Connection, now: datetime) -> list[str]:
    """The sources that are to be looked at."""
    query = select(calls.c.source).where(calls.c.waits, calls.c.at <= now).distinct()
    return list(connection.execute(query.order_by(calls.c.source)).scalars())


def looked(connection: Connection, sources: Collection[str], begun: datetime) -> None:
    """The looks that were asked for before are made."""
    these = (calls.c.waits, calls.c.source.in_(sources), calls.c.at <= begun)
    connection.execute(update(calls).where(*these).values(waits=False))


def forget(connection: Connection, before: datetime) -> None:
    connection.execute(delete(calls).where(calls.c.at < before))
