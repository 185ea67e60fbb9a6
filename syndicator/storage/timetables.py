"""Slots of timetables: what became of each, so that none is fired twice and none is forgotten."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, select, update

from .schema import slots
from .statements import insert_new

BEGUN = "begun"  # what became of the moment at which a timetable was first looked at
HELD = "held"  # what became of a slot that was missed by too much
next_slots = slots.alias()


def fire(
    connection: Connection,
    timetable: str,
    slot: datetime,
    *,
    now: datetime,
    edition: str | None,
    outcome: str,
) -> bool:
    """Write down that this slot of the timetable was fired; False when somebody else did."""
    row = {"timetable": timetable, "slot": slot, "fired_at": now, "edition": edition, "outcome": outcome}
    return bool(insert_new(connection, slots, [row]))


def release(
    connection: Connection,
    timetable: str,
    slot: datetime,
    *,
    now: datetime,
    edition: str | None,
    outcome: str,
) -> bool:
    """The end of a slot that was held; False when it is not held any more."""
    ours = (slots.c.timetable == timetable, slots.c.slot == slot, slots.c.outcome == HELD)
    values = {"fired_at": now, "edition": edition, "outcome": outcome}
    return bool(connection.execute(update(slots).where(*ours).values(values)).rowcount)


def held(connection: Connection) -> dict[str, datetime]:
    """By timetable: the slot that is held. One that a newer slot came after is over."""
    last = select(func.max(slots.c.slot)).where(slots.c.timetable == next_slots.c.timetable).scalar_subquery()
    query = select(next_slots.c.timetable, next_slots.c.slot).where(
        next_slots.c.outcome == HELD, next_slots.c.slot == last
    )
    return {row.timetable: row.slot for row in connection.execute(query)}


def fired(connection: Connection, timetable: str, slot: datetime) -> bool:
    found = select(slots.c.slot).where(slots.c.timetable == timetable, slots.c.slot == slot)
    return connection.execute(found).first() is not None


def newest(connection: Connection, timetable: str) -> datetime | None:
    """The newest slot that was fired, None when this timetable was never looked at."""
    found = select(func.max(slots.c.slot)).where(slots.c.timetable == timetable)
    return connection.execute(found).scalar()


def begun_at(connection: Connection, timetable: str) -> datetime | None:
    """When it was last begun anew: slots whose time had come by then are not made up for."""
    found = select(func.max(slots.c.slot)).where(slots.c.timetable == timetable, slots.c.outcome == BEGUN)
    return connection.execute(found).scalar()


def begin_again(connection: Connection, now: datetime) -> None:
    """Slots that passed before this moment are not made up for."""
    for timetable in connection.execute(select(slots.c.timetable).distinct()).scalars().all():
        fire(connection, timetable, now, now=now, edition=None, outcome=BEGUN)
