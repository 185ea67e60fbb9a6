"""Orders of programs that named them: each is begun once, and what was answered is kept for a while."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, select, update

from .schema import orders
from .statements import insert_new


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    fingerprint: str  # of what was ordered
    at: datetime
    status: int | None = None  # of the answer; None: none was given yet, or whoever was at it is gone
    body: str = ""


def begin(
    connection: Connection, by: str, name: str, fingerprint: str, *, now: datetime, kept_since: datetime
) -> Order | None:
    """None where nobody began it since then: it is the caller's to do now."""
    connection.execute(delete(orders).where(*_this(by, name), orders.c.at < kept_since))
    row = {"by": by, "name": name, "fingerprint": fingerprint, "at": now}
    if insert_new(connection, orders, [row]):
        return None
    names = Order.__dataclass_fields__
    found = connection.execute(select(*(orders.c[one] for one in names)).where(*_this(by, name))).one()
    return Order(**found._mapping)


def keep(connection: Connection, by: str, name: str, status: int, body: str) -> None:
    connection.execute(update(orders).where(*_this(by, name)).values(status=status, body=body))


def release(connection: Connection, by: str, name: str) -> None:
    """Nothing was done: it may be begun again."""
    connection.execute(delete(orders).where(*_this(by, name), orders.c.status.is_(None)))


def forget(connection: Connection, before: datetime) -> None:
    connection.execute(delete(orders).where(orders.c.at < before))


def forget_about(connection: Connection, address: str) -> None:
    """No answer tells of this address any more."""
    connection.execute(delete(orders).where(orders.c.body.icontains(address, autoescape=True)))


def _this(by: str, name: str) -> tuple[ColumnElement[bool], ...]:
    return orders.c.by == by, orders.c.name == name
