"""Flashes that wait on a channel since long: found, and given up for one post that carries them together."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, and_, select, update

from syndicator.model import DeliveryState, EditionKind

from .schema import deliveries, edition_stories, editions
from .statements import CHANNEL_ITSELF, stands


class Waiting(NamedTuple):
    edition: str
    article: str
    language: str


def since(connection: Connection, channel: str, before: datetime) -> list[Waiting]:
    """Flashes that were due before then and did not go out, oldest first; breaking news is none of them."""
    d = deliveries.c
    late = and_(
        d.channel == channel,
        d.recipient == CHANNEL_ITSELF,
        stands(DeliveryState.PENDING),
        d.due_at < before,
        d.urgency == 0,
        d.part == 0,
        editions.c.kind == EditionKind.FLASH.value,
    )
    found = (
        select(d.edition, edition_stories.c.article, editions.c.language)
        .join(editions, editions.c.id == d.edition)
        .join(edition_stories, edition_stories.c.edition == d.edition)
        .where(late)
        .order_by(d.due_at, d.id)
    )
    return [Waiting(*row) for row in connection.execute(found)]


def give_up(
    connection: Connection, channel: str, wanted: Collection[str], reason: str, now: datetime
) -> set[str]:
    """Of these editions, those whose deliveries waited still, and do not any more."""
    theirs = and_(
        deliveries.c.channel == channel,
        deliveries.c.edition.in_(wanted),
        stands(DeliveryState.PENDING),
    )
    moved = update(deliveries).where(theirs).returning(deliveries.c.edition)
    told = {"state": DeliveryState.CANCELLED.value, "reason": reason, "settled_at": now}
    return set(connection.execute(moved.values(told)).scalars())
