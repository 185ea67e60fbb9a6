"""What the editors' bot asked, and what it told: each acted on once, and heard once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, select, update

from .schema import cards, hints
from .statements import insert_new


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A message with buttons; or an order that was written, which is pressed from the beginning."""

    key: str
    kind: str
    told: Mapping[str, Any]
    who: int | None  # the only one who may press; None: whoever may act
    chat: int
    message: int | None = None
    until: datetime
    pressed_at: datetime | None = None
    pressed_by: str | None = None
    choice: str | None = None
    came: str | None = None  # what was shown then; None: it is not done, or nobody knows


def lay(connection: Connection, card: Card) -> bool:
    """False where its key is there already."""
    return insert_new(connection, cards, [{name: getattr(card, name) for name in Card.__slots__}]) == 1


def find(connection: Connection, key: str) -> Card | None:
    row = connection.execute(select(cards).where(cards.c.key == key)).one_or_none()
    return Card(**row._mapping) if row else None


def at(connection: Connection, chat: int, message: int) -> Card | None:
    """The card that a message is."""
    query = select(cards).where(cards.c.chat == chat, cards.c.message == message)
    row = connection.execute(query.order_by(cards.c.until.desc()).limit(1)).one_or_none()
    return Card(**row._mapping) if row else None


def place(connection: Connection, key: str, message: int) -> None:
    connection.execute(update(cards).where(cards.c.key == key).values(message=message))


def tell(connection: Connection, key: str, told: Mapping[str, Any]) -> bool:
    """Other facts; False where it was pressed for good."""
    ours = (cards.c.key == key, cards.c.pressed_at.is_(None))
    return connection.execute(update(cards).where(*ours).values(told=dict(told))).rowcount == 1


def press(connection: Connection, key: str, choice: str, *, by: str, now: datetime) -> bool:
    """For good; False where somebody did before, or it is over."""
    ours = (cards.c.key == key, cards.c.pressed_at.is_(None), cards.c.until > now)
    values = {"pressed_at": now, "pressed_by": by, "choice": choice}
    return connection.execute(update(cards).where(*ours).values(values)).rowcount == 1


def let_go(connection: Connection, key: str) -> None:
    """It was pressed and surely nothing came of it: it may be pressed again."""
    values = {"pressed_at": None, "pressed_by": None, "choice": None}
    connection.execute(update(cards).where(cards.c.key == key).values(values))


def finish(connection: Connection, key: str, came: str) -> None:
    connection.execute(update(cards).where(cards.c.key == key).values(came=came))


def once(connection: Connection, who: int, what: str, now: datetime) -> bool:
    """Whether it is told them for the first time."""
    return insert_new(connection, hints, [{"who": who, "what": what, "at": now}]) == 1


def heard(connection: Connection, who: int, wanted: Sequence[str]) -> set[str]:
    """Which of these were told them."""
    query = select(hints.c.what).where(hints.c.who == who, hints.c.what.in_(wanted))
    return set(connection.execute(query).scalars())


def unsaid(connection: Connection, who: int, what: str) -> None:
    """It did not reach them."""
    connection.execute(delete(hints).where(hints.c.who == who, hints.c.what == what))


def sweep(connection: Connection, before: datetime) -> None:
    connection.execute(delete(cards).where(cards.c.until < before))
    connection.execute(delete(hints).where(hints.c.at < before))
