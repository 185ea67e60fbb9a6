"""When what waits is due: moved, or called off. What went out is never touched."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, delete, func, not_, or_, select, update

from syndicator.errors import NotFound
from syndicator.model import DeliveryState, EditionKind

from . import approvals, brakes
from .archive import FLASH_MAIL
from .schema import deliveries, editions, overrides, story_keys
from .statements import stands

S = DeliveryState
TIMES_MOST = 500  # an edition with more moments than these is spread already


class Leg(NamedTuple):
    """An edition on one channel."""

    channel: str
    waits: int  # pending, or held by a brake
    begun: int  # claimed, on the way, in doubt
    sent: int


class Told(NamedTuple):
    id: str
    kind: EditionKind
    newsletter: str
    due_at: datetime
    legs: Sequence[Leg]


def _waiting() -> ColumnElement[bool]:
    held = and_(stands(S.HELD), not_(func.coalesce(deliveries.c.reason, "").startswith("in doubt")))
    return or_(stands(S.PENDING), held)


def named(connection: Connection, name: str) -> Told:
    """Without its legs. Raises :exc:`NotFound`."""
    row = connection.execute(select(editions).where(editions.c.id == name)).one_or_none()
    if row is None:
        raise NotFound("no edition is called {name!r}; `syndicator status` lists the latest", name=name)
    return Told(row.id, EditionKind(row.kind), row.newsletter or "", row.due_at, ())


def edition(connection: Connection, name: str) -> Told:
    """How far each of its legs is: every delivery is counted. Raises :exc:`NotFound`."""
    told = named(connection, name)
    d = deliveries.c
    doubt = and_(stands(S.HELD), not_(_waiting()))
    query = (
        select(
            d.channel,
            func.count().filter(_waiting()).label("waits"),
            func.count().filter(or_(stands(S.CLAIMED, S.SENDING, S.UNCERTAIN), doubt)).label("begun"),
            func.count().filter(stands(S.SENT)).label("sent"),
        )
        .where(d.edition == name)
        .group_by(d.channel)
        .order_by(d.channel)
    )
    return told._replace(legs=[Leg(*found) for found in connection.execute(query)])


def times(connection: Connection, name: str, channel: str) -> list[tuple[datetime, datetime]]:
    """From when and until when what waits may go: at most one more than ``TIMES_MOST`` of them."""
    d = deliveries.c
    ours = (d.edition == name, d.channel == channel, _waiting())
    query = select(d.due_at, d.not_after).where(*ours).distinct().order_by(d.due_at).limit(TIMES_MOST + 1)
    return [(row.due_at, row.not_after) for row in connection.execute(query)]


def move(
    connection: Connection, name: str, channel: str, spans: Sequence[tuple[datetime, datetime]], by: timedelta
) -> int:
    """What waits is due so much later, or earlier; how many that is."""
    d, moved = deliveries.c, 0
    for due_at, not_after in sorted(spans, reverse=by > timedelta(0)):  # none meets another one's rows
        ours = (d.edition == name, d.channel == channel, d.due_at == due_at, d.not_after == not_after)
        values = {"due_at": due_at + by, "not_after": not_after + by}
        moved += connection.execute(update(deliveries).where(*ours, _waiting()).values(values)).rowcount
    return moved


def set_due(connection: Connection, name: str, due_at: datetime) -> None:
    connection.execute(update(editions).where(editions.c.id == name).values(due_at=due_at))


class Off(NamedTuple):
    deliveries: int
    sent: int
    begun: int
    given_back: tuple[str, ...]


def call_off(
    connection: Connection, told: Told, channels: Collection[str], *, why: str, by: str, now: datetime
) -> Off:
    """What has not begun on these channels goes nowhere; where nobody saw anything, its stories are free again."""
    number = 0
    for channel in channels:
        number += _cancel(connection, told.id, channel, why=why, now=now)
        approvals.close(connection, told.id, channel, by=by, now=now, why=why)
    after = edition(connection, told.id)
    legs = [leg for leg in after.legs if leg.channel in channels]
    unseen = [leg.channel for leg in legs if not (leg.begun or leg.sent)]
    free = [channel for channel in unseen if number and _give_back(connection, told, channel, now)]
    if not any(leg.waits or leg.begun for leg in after.legs):
        _forget_brakes(connection, told.id)
    return Off(number, sum(leg.sent for leg in legs), sum(leg.begun for leg in legs), tuple(free))


def _cancel(connection: Connection, name: str, channel: str, *, why: str, now: datetime) -> int:
    """What has not begun goes nowhere; how many that is."""
    ours = (deliveries.c.edition == name, deliveries.c.channel == channel, or_(_waiting(), stands(S.CLAIMED)))
    values = {"state": S.CANCELLED.value, "reason": why, "settled_at": now}
    return connection.execute(update(deliveries).where(*ours).values(values)).rowcount


def _give_back(connection: Connection, told: Told, channel: str, now: datetime) -> int:
    """The right to carry its stories there, for nobody saw them: a digest's go to the next one, others may be pushed.
    No flash comes by itself again. How many stories that is."""
    k = story_keys.c
    ours = [k.edition == told.id, k.channel == channel]
    if told.kind is EditionKind.DIGEST:
        return connection.execute(delete(story_keys).where(*ours, k.newsletter == told.newsletter)).rowcount
    alone = or_(k.newsletter == "", k.newsletter == told.newsletter + FLASH_MAIL)
    return connection.execute(update(story_keys).where(*ours, alone).values(given_back=now)).rowcount


def _forget_brakes(connection: Connection, name: str) -> None:
    """Nothing of it waits any more, before no brake and no gate."""
    names = [word + name for word in (brakes.PAUSE, brakes.GATE)]
    connection.execute(delete(overrides).where(overrides.c.name.in_(names)))
