"""What was changed at run time: brakes, moved chats. Laid over the files, never written into them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, delete, insert, select

from .schema import audit, overrides
from .statements import dialect

PAUSE = "pause:"
GATE = "gate:"  # an edition that was not let through yet


def paused(connection: Connection) -> frozenset[str]:
    """The names of the channels and editions that are paused, and ``everything``."""
    return frozenset(name.removeprefix(PAUSE) for name in _names(connection, PAUSE))


def paused_why(connection: Connection) -> dict[str, str]:
    """What is paused, and why."""
    return {name.removeprefix(PAUSE): str(why) for name, why in overridden(connection, PAUSE).items()}


def shut(connection: Connection) -> frozenset[str]:
    """What is paused, and the editions that wait before their gate: nothing of these may be claimed."""
    names = (name for name in overridden(connection) if name.startswith((PAUSE, GATE)))
    return frozenset(name.partition(":")[2] for name in names)


def gate(connection: Connection, edition: str, told: Mapping[str, Any], *, now: datetime) -> None:
    """Put the edition before its gate; what is known of it stands there."""
    override(connection, GATE + edition, told, now=now, by="preflight")


def gates(connection: Connection) -> dict[str, Mapping[str, Any]]:
    """The editions that wait before their gate, and what is known of each."""
    return {name.removeprefix(GATE): cast(Any, told) for name, told in overridden(connection, GATE).items()}


def open_gate(connection: Connection, edition: str) -> bool:
    """Let it through; False when somebody else did."""
    gone = connection.execute(delete(overrides).where(overrides.c.name == GATE + edition))
    return gone.rowcount == 1


def pause(connection: Connection, name: str, *, now: datetime, by: str, why: str) -> None:
    override(connection, PAUSE + name, why, now=now, by=by)
    note(connection, who=by, what="pause", about=name, why=why, now=now)


def resume(connection: Connection, name: str, *, now: datetime, by: str) -> None:
    connection.execute(delete(overrides).where(overrides.c.name == PAUSE + name))
    note(connection, who=by, what="resume", about=name, why="", now=now)


def override(connection: Connection, name: str, value: object, *, now: datetime, by: str) -> None:
    values = {"name": name, "value": value, "at": now, "by": by}
    statement = dialect(connection).insert(overrides).values(values)
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))


def forget(connection: Connection, prefix: str, before: datetime) -> None:
    """What was noted under such names, once it is over for long."""
    old = (overrides.c.name.between(prefix, prefix + "~"), overrides.c.at < before)
    connection.execute(delete(overrides).where(*old))


def drop(connection: Connection, name: str) -> None:
    """This one name is not laid over the files any more."""
    connection.execute(delete(overrides).where(overrides.c.name == name))


def overridden(connection: Connection, prefix: str = "") -> dict[str, object]:
    found = connection.execute(select(overrides.c.name, overrides.c.value))
    return {row.name: row.value for row in found if row.name.startswith(prefix)}


def _names(connection: Connection, prefix: str) -> list[str]:
    return list(overridden(connection, prefix))


def note(connection: Connection, *, who: str, what: str, about: str, why: str, now: datetime) -> None:
    """One line of the audit trail."""
    connection.execute(insert(audit).values(at=now, who=who, what=what, about=about, why=why))
