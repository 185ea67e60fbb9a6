"""The turns of an edition's deliveries: all at once as they are planned, or one after the other until a moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, func, select, update

from syndicator.model import DeliveryState

from .schema import deliveries, editions, subscriptions
from .statements import consents, stands

S = DeliveryState


@dataclass(frozen=True, slots=True)
class Left:
    """What is still to be sent of an edition, and until when it may."""

    number: int
    not_after: datetime | None


def left(connection: Connection, edition: str) -> Left:
    waiting = (deliveries.c.edition == edition, stands(S.PENDING))
    query = select(func.count(), func.min(deliveries.c.not_after)).where(*waiting)
    number, not_after = connection.execute(query).one()
    return Left(number, not_after)


def parts(connection: Connection, edition: str, number: int) -> Sequence[tuple[int, int]]:
    """The edition in so many parts of the same size: the first and the last id of each."""
    part = func.ntile(number).over(order_by=deliveries.c.id)
    waiting = select(deliveries.c.id, part.label("part")).where(
        deliveries.c.edition == edition, stands(S.PENDING)
    )
    found = waiting.subquery()
    query = select(func.min(found.c.id), func.max(found.c.id)).group_by(found.c.part).order_by(found.c.part)
    return [(first, last) for first, last in connection.execute(query)]


def put(connection: Connection, edition: str, first: int, last: int, turn: datetime) -> None:
    """These ids wait until then. Ids are looked for, not the edition: it may have a million."""
    ours = and_(deliveries.c.edition + "" == edition, stands(S.PENDING))
    connection.execute(
        update(deliveries).where(deliveries.c.id.between(first, last), ours).values(due_at=turn)
    )


def fastest(connection: Connection, newsletter: str) -> float | None:
    """Mails a second of its newest edition that was sent, None where that says nothing."""
    sent = select(deliveries.c.id).where(deliveries.c.edition == editions.c.id, stands(S.SENT))
    newest = select(editions.c.id).where(editions.c.newsletter == newsletter, sent.exists())
    edition = connection.execute(newest.order_by(editions.c.due_at.desc()).limit(1)).scalar()
    settled = deliveries.c.settled_at
    query = select(func.count(), func.min(settled), func.max(settled))
    number, first, last = connection.execute(
        query.where(deliveries.c.edition == edition, stands(S.SENT))
    ).one()
    seconds = (last - first).total_seconds() if first else 0.0
    return number / seconds if seconds >= 1 else None


def readers(connection: Connection, newsletter: str) -> int:
    """How many would get it."""
    query = select(func.count()).select_from(subscriptions).where(consents(newsletter))
    return connection.execute(query).scalar_one()
