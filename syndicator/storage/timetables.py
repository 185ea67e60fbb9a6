"""Slots of timetables: what became of each, so that none is fired twice and none is forgotten."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    and_,
    delete,
    exists,
    func,
    select,
    text,
    update,
)

from .schema import slot_moves, slots
from .statements import dialect, insert_new

BEGUN = "begun"  # what became of the moment at which a timetable was first looked at
HELD = "held"  # what became of a slot that was missed by too much


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
    comes = func.coalesce(slot_moves.c.moved_to, slots.c.slot)
    query = select(slots.c.timetable, slots.c.slot, slots.c.outcome, comes.label("comes")).select_from(
        slots.outerjoin(slot_moves, _same_slot(slots))
    )
    newest: dict[str, Any] = {}
    for row in connection.execute(query.order_by(comes)):
        newest[row.timetable] = row
    return {name: row.slot for name, row in newest.items() if row.outcome == HELD}


class Move(NamedTuple):
    """An editor's word on one slot."""

    slot: datetime
    to: datetime | None  # none: nothing goes out for it
    by: str
    at: datetime
    why: str = ""


def put_off(connection: Connection, timetable: str, one: Move) -> bool:
    """In place of what was said of the slot before; False where it was fired already."""
    alone(connection)
    if fired(connection, timetable, one.slot):
        return False
    values = {"moved_to": one.to, "by": one.by, "at": one.at, "why": one.why}
    row = dialect(connection).insert(slot_moves).values(timetable=timetable, slot=one.slot, **values)
    connection.execute(row.on_conflict_do_update(index_elements=["timetable", "slot"], set_=values))
    return True


def put_back(connection: Connection, timetable: str, slot: datetime) -> bool:
    """It is due by the timetable again; False where nothing was said of it, or it was fired already."""
    alone(connection)
    if fired(connection, timetable, slot):
        return False
    ours = (slot_moves.c.timetable == timetable, slot_moves.c.slot == slot)
    return connection.execute(delete(slot_moves).where(*ours)).rowcount > 0


def alone(connection: Connection) -> None:
    """Whoever plans at this moment has committed, or sees what is written here. SQLite's writers are alone anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE slots IN SHARE ROW EXCLUSIVE MODE"))


def moves(connection: Connection, timetable: str) -> dict[datetime, Move]:
    """What editors said of its slots."""
    m = slot_moves.c
    query = select(m.slot, m.moved_to, m.by, m.at, m.why).where(m.timetable == timetable)
    return {row.slot: Move(*row) for row in connection.execute(query)}


def due_at(connection: Connection, timetable: str, slot: datetime) -> datetime | None:
    """When the edition of a slot is due, as editors have it; None where nothing is to go out for it."""
    one = moves(connection, timetable).get(slot)
    return one.to if one else slot


def fired_since(connection: Connection, timetable: str, since: datetime) -> set[datetime]:
    """The slots that were fired, of those after this moment."""
    query = select(slots.c.slot).where(slots.c.timetable == timetable, slots.c.slot >= since)
    return set(connection.execute(query).scalars())


def _same_slot(table: FromClause) -> ColumnElement[bool]:
    return and_(slot_moves.c.timetable == table.c.timetable, slot_moves.c.slot == table.c.slot)


def fired(connection: Connection, timetable: str, slot: datetime) -> bool:
    found = select(slots.c.slot).where(slots.c.timetable == timetable, slots.c.slot == slot)
    return connection.execute(found).first() is not None


def newest(connection: Connection, timetable: str) -> datetime | None:
    """The newest slot that was fired by the timetable, and not for an editor's word on it; None when this timetable was
    never looked at."""
    moved = exists().where(_same_slot(slots))
    found = select(func.max(slots.c.slot)).where(slots.c.timetable == timetable, ~moved)
    return connection.execute(found).scalar()


def begun_at(connection: Connection, timetable: str) -> datetime | None:
    """When it was last begun anew: slots whose time had come by then are not made up for."""
    found = select(func.max(slots.c.slot)).where(slots.c.timetable == timetable, slots.c.outcome == BEGUN)
    return connection.execute(found).scalar()


def begin_again(connection: Connection, now: datetime) -> None:
    """Slots that passed before this moment are not made up for."""
    for timetable in connection.execute(select(slots.c.timetable).distinct()).scalars().all():
        fire(connection, timetable, now, now=now, edition=None, outcome=BEGUN)
