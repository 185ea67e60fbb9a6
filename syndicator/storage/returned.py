"""What came back: which mails about mails were heard, and what stands against an address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, String, cast, delete, func, insert, literal, select

from syndicator.bounces import Kind, Score, Why
from syndicator.model import DeliveryState

from .schema import deliveries, editions, returned, softness
from .statements import insert_new


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One mail, hook or reply of a relay, as it is written down."""

    key: str
    at: datetime
    source: str
    kind: Kind
    reason: Why
    status: str = ""
    delivery: int | None = None
    said: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A delivery that a relay refused at once."""

    delivery: int
    recipient: str
    detail: str


def is_heard(connection: Connection, key: str) -> bool:
    return connection.execute(select(returned.c.key).where(returned.c.key == key)).first() is not None


def hear(connection: Connection, one: Heard) -> bool:
    """Write it down; False when somebody did already."""
    row = {
        "key": one.key, "at": one.at, "source": one.source, "kind": one.kind.value, "reason": one.reason.value,
        "status": one.status, "delivery": one.delivery, "said": one.said,
    }  # fmt: skip
    return insert_new(connection, returned, [row]) == 1


def score(connection: Connection, hashed: str) -> Score | None:
    found = connection.execute(select(softness).where(softness.c.address_hash == hashed)).one_or_none()
    return Score(value=found.value, at=found.at) if found else None


def save_score(connection: Connection, hashed: str, score: Score) -> None:
    connection.execute(delete(softness).where(softness.c.address_hash == hashed))
    connection.execute(insert(softness).values(address_hash=hashed, value=score.value, at=score.at))


def delivery(connection: Connection, number: int) -> tuple[str, str] | None:
    """Key and recipient of a delivery, or None where it was pruned."""
    which = deliveries.c.id == number
    found = connection.execute(select(deliveries.c.key, deliveries.c.recipient).where(which)).one_or_none()
    return (found.key, found.recipient) if found else None


def delivery_called(connection: Connection, key: str) -> int | None:
    number: int | None = connection.execute(select(deliveries.c.id).where(deliveries.c.key == key)).scalar()
    return number


def editions_since(connection: Connection, moment: datetime) -> Sequence[str]:
    found = select(editions.c.id).where(editions.c.due_at >= moment, editions.c.newsletter.is_not(None))
    return connection.execute(found.order_by(editions.c.due_at.desc())).scalars().all()


def refused(connection: Connection, since: datetime, limit: int) -> list[Refusal]:
    """What relays refused at once to readers, and nobody has heard of yet."""
    d = deliveries.c
    heard = select(returned.c.key).where(returned.c.key == literal("smtp:") + cast(d.id, String)).exists()
    found = (
        select(d.id, d.recipient, d.reason)
        .where(d.state == DeliveryState.FAILED.value, d.settled_at >= since, d.recipient != "-", ~heard)
        .order_by(d.settled_at)
        .limit(limit)
    )
    return [
        Refusal(delivery=row.id, recipient=row.recipient, detail=row.reason or "")
        for row in connection.execute(found)
    ]


def faults(connection: Connection, since: datetime) -> dict[str, int]:
    """How many mails came back for a fault of ours, by its reason."""
    ours = (returned.c.kind == Kind.OURS.value, returned.c.at >= since)
    query = select(returned.c.reason, func.count()).where(*ours).group_by(returned.c.reason)
    return {row[0]: row[1] for row in connection.execute(query.order_by(returned.c.reason))}


def counts(connection: Connection, since: datetime) -> dict[str, int]:
    """How many came back, by kind."""
    query = select(returned.c.kind, func.count()).where(returned.c.at >= since).group_by(returned.c.kind)
    return {row[0]: row[1] for row in connection.execute(query.order_by(returned.c.kind))}


def by_edition(connection: Connection, since: datetime, kinds: Sequence[Kind]) -> list[tuple[str, str, int]]:
    """Editions of newsletters, kinds of what came back for them since then, and how many."""
    query = (
        select(deliveries.c.edition, returned.c.kind, func.count())
        .join(deliveries, deliveries.c.id == returned.c.delivery)
        .where(returned.c.at >= since, returned.c.kind.in_([kind.value for kind in kinds]))
        .group_by(deliveries.c.edition, returned.c.kind)
    )
    return [(edition, kind, number) for edition, kind, number in connection.execute(query)]


def went_out(connection: Connection, edition: str) -> int:
    """How many mails of an edition a relay was asked to take."""
    asked = deliveries.c.state.in_([DeliveryState.SENT.value, DeliveryState.FAILED.value])
    query = select(func.count()).select_from(deliveries).where(deliveries.c.edition == edition, asked)
    return connection.execute(query).scalar_one()
