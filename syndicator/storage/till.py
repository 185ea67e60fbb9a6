"""What plug-ins paid for, and what they spent in a day."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, select

from .schema import paid, spent
from .statements import dialect


def bought(connection: Connection, key: str) -> str | None:
    found: str | None = connection.execute(select(paid.c.text).where(paid.c.key == key)).scalar()
    return found


def keep(connection: Connection, key: str, text: str, now: datetime) -> None:
    statement = dialect(connection).insert(paid).values(key=key, text=text, at=now)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["key"], set_={"text": text, "at": now})
    )


def spend(connection: Connection, purpose: str, day: str, amount: int, most: int) -> bool:
    """False, and nothing is written, where a day's sum would be more than ``most``."""
    row = dialect(connection).insert(spent).values(purpose=purpose, day=day, amount=0)
    connection.execute(row.on_conflict_do_nothing())
    mine = [spent.c.purpose == purpose, spent.c.day == day]
    if amount > 0:
        mine.append(spent.c.amount <= most - amount)
    done = connection.execute(spent.update().where(*mine).values(amount=spent.c.amount + amount))
    return done.rowcount == 1


def spent_on(connection: Connection, day: str) -> dict[str, int]:
    """By purpose."""
    query = select(spent.c.purpose, spent.c.amount).where(spent.c.day == day)
    return {row.purpose: row.amount for row in connection.execute(query)}


def forget(connection: Connection, before: datetime) -> int:
    """What is older; how many things that were paid for."""
    connection.execute(delete(spent).where(spent.c.day < f"{before:%Y-%m-%d}"))
    return connection.execute(delete(paid).where(paid.c.at < before)).rowcount
