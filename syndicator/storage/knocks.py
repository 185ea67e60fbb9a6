"""Who knocked in vain, and how often in a row."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from .schema import knocks
from .statements import insert_new


@dataclass(frozen=True, slots=True, kw_only=True)
class Knock:
    key: str
    tries: int  # in a row, in vain
    at: datetime  # the last of them


def look(connection: Connection, keys: Collection[str], now: datetime) -> list[Knock]:
    """What is known of each; nobody else looks at these before this transaction is over."""
    told = sorted(keys)  # always in one order: two who want the same do not wait for each other
    for key in told:
        insert_new(connection, knocks, [{"key": key, "tries": 0, "at": now}])
    query = select(knocks).where(knocks.c.key.in_(told)).order_by(knocks.c.key).with_for_update()
    return [Knock(key=row.key, tries=row.tries, at=row.at) for row in connection.execute(query)]


def count(connection: Connection, key: str, tries: int, now: datetime) -> None:
    connection.execute(update(knocks).where(knocks.c.key == key).values(tries=tries, at=now))


def forget(connection: Connection, keys: Collection[str]) -> None:
    connection.execute(delete(knocks).where(knocks.c.key.in_(keys)))


def take_back(connection: Connection, keys: Collection[str]) -> None:
    """One try of each was not in vain."""
    counted = update(knocks).where(knocks.c.key.in_(keys), knocks.c.tries > 0)
    connection.execute(counted.values(tries=knocks.c.tries - 1))


def sweep(connection: Connection, before: datetime) -> None:
    connection.execute(delete(knocks).where(knocks.c.at < before))
