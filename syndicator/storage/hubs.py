"""Hubs that were asked to tell us of a feed, and until when they do."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from .schema import hubs


@dataclass(frozen=True, slots=True, kw_only=True)
class Hub:
    source: str
    hub: str
    topic: str
    asked_at: datetime
    until: datetime | None  # the end of the lease; None: it was not verified yet
    fault: str = ""


def listed(connection: Connection) -> Sequence[Hub]:
    return [Hub(**row._mapping) for row in connection.execute(select(hubs).order_by(hubs.c.source))]


def of(connection: Connection, source: str) -> Hub | None:
    row = connection.execute(select(hubs).where(hubs.c.source == source)).one_or_none()
    return Hub(**row._mapping) if row else None


def put_down(connection: Connection, source: str, told: tuple[str, str] | None, ever: datetime) -> None:
    """The hub and the topic that a feed names now, None: it names none any more. ``ever`` stands in for the moment of
    asking, which is still to come."""
    known = of(connection, source)
    if told == ((known.hub, known.topic) if known else None):
        return
    connection.execute(delete(hubs).where(hubs.c.source == source))
    if told:
        row = {"source": source, "hub": told[0], "topic": told[1], "asked_at": ever}
        connection.execute(insert(hubs).values(row))


def asked(connection: Connection, source: str, now: datetime) -> None:
    connection.execute(update(hubs).where(hubs.c.source == source).values(asked_at=now))


def verified(connection: Connection, source: str, until: datetime) -> None:
    connection.execute(update(hubs).where(hubs.c.source == source).values(until=until, fault=""))


def failed(connection: Connection, source: str, fault: str) -> None:
    connection.execute(update(hubs).where(hubs.c.source == source).values(fault=fault))


def ended(connection: Connection, source: str, fault: str) -> None:
    connection.execute(update(hubs).where(hubs.c.source == source).values(until=None, fault=fault))


def telling(connection: Connection, now: datetime) -> set[str]:
    """Sources of which a hub tells us at this moment."""
    return set(connection.execute(select(hubs.c.source).where(hubs.c.until > now)).scalars())


def drop_others(connection: Connection, sources: Collection[str]) -> None:
    """Those of sources that are no more."""
    connection.execute(delete(hubs).where(hubs.c.source.not_in(sources)))
