"""What is still to go out, by queries that stay quick however much has gone out: an edition is one look at an index."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from syndicator.model import DeliveryState

from .schema import LATEST, articles, candidates, deliveries, editions
from .statements import stands

PLANNED_SINCE = timedelta(days=90)  # nobody plans a push further ahead


class Waiting(NamedTuple):
    """An edition of which something is pending on a channel."""

    edition: str
    kind: str
    newsletter: str | None
    title: str
    by: str
    channel: str
    number: int  # who were to get it when it was planned
    first: datetime
    last: datetime


class Opening(NamedTuple):
    """A story whose embargo ends."""

    article: str
    headline: str
    language: str
    at: datetime
    by: str | None  # none: its source says so


def waiting(connection: Connection, now: datetime) -> list[Waiting]:
    d, e, c = deliveries.c, editions.c, candidates.c
    ours = (d.edition == e.id, d.channel == c.channel, stands(DeliveryState.PENDING))
    first, last = (
        select(edge(d.due_at)).where(*ours).correlate(editions, candidates).scalar_subquery()
        for edge in (func.min, func.max)
    )
    query = (
        select(
            e.id, e.kind, e.newsletter, e.title, e.planned_by, c.channel, c.number,
            first.label("first"), last.label("last"),
        )
        .join(candidates, c.edition == e.id)
        .where(LATEST, e.planned_at >= now - PLANNED_SINCE, e.sealed_at.is_(None))
    )  # fmt: skip
    found = [Waiting(*row) for row in connection.execute(query) if row.first is not None]
    return sorted(found, key=lambda one: (one.first, one.edition, one.channel))


def opening(connection: Connection, now: datetime, until: datetime) -> list[Opening]:
    a = articles.c
    query = select(a.id, a.headline, a.language, a.opens_at, a.opens_by)
    wanted = query.where(a.opens_at > now, a.opens_at <= until).order_by(a.opens_at, a.id)
    return [Opening(*row) for row in connection.execute(wanted)]
