"""The newsroom's own people as they are written down, and the links by which they come in, as hashes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, insert, or_, select, update

from syndicator.model import Language, Person, Role

from .schema import people, tickets
from .statements import insert_new


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A person, and how they show who they are."""

    person: Person
    email: str | None = None  # who signs on elsewhere is known by it
    subject: str | None = None  # "ISSUER SUBJECT"; once it is known, the address counts no more
    password: str | None = field(default=None, repr=False)
    totp: str | None = field(default=None, repr=False)  # sealed
    totp_step: int = 0  # the last one that was used
    recovery: Mapping[str, Any] = field(default_factory=dict, repr=False)  # salt and hashes of codes
    since: datetime
    by: str
    joined_at: datetime | None = None  # none: invited
    ended_at: datetime | None = None

    @property
    def active(self) -> bool:
        return self.joined_at is not None and self.ended_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    purpose: str
    person: str
    by: str
    at: datetime
    expires_at: datetime
    used_at: datetime | None = None


def add(connection: Connection, card: Card) -> bool:
    """False where the name is taken, by one who was ended too: the audit trail knows them by their names."""
    told = {one.name: getattr(card, one.name) for one in fields(Card) if one.name != "person"}
    return insert_new(connection, people, [told | _columns(card.person)]) == 1


def find(connection: Connection, name: str, *, lock: bool = False) -> Card | None:
    """With ``lock`` nobody else changes them before this transaction is over."""
    query = select(people).where(people.c.name == name)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return _card(row) if row else None


def known_by(connection: Connection, **told: Any) -> Card | None:
    """Who has this ``telegram``, ``email`` or ``subject``; one who was ended keeps theirs."""
    row = connection.execute(select(people).where(*_equal(told))).one_or_none()
    return _card(row) if row else None


def taken(connection: Connection, name: str, told: Mapping[str, Any]) -> str:
    """Which of these somebody else has already; empty: none."""
    for column, value in told.items():
        if value is not None and column in {"telegram", "email", "subject"}:
            found = known_by(connection, **{column: value})
            if found and found.person.name != name:
                return column
    return ""


def listed(connection: Connection) -> Sequence[Card]:
    return [_card(row) for row in connection.execute(select(people).order_by(people.c.name))]


def lock_all(connection: Connection) -> None:
    """Nobody's role changes before this transaction is over."""
    connection.execute(select(people.c.name).order_by(people.c.name).with_for_update()).all()


def change(connection: Connection, name: str, **values: Any) -> None:
    connection.execute(update(people).where(people.c.name == name).values(values))


def use_step(connection: Connection, name: str, step: int) -> bool:
    """Whether this step of the clock, or a later one, was not used yet; of two who come at once, one is told so."""
    later = (people.c.name == name, people.c.totp_step < step)
    return connection.execute(update(people).where(*later).values(totp_step=step)).rowcount == 1


def add_ticket(connection: Connection, token: str, ticket: Ticket) -> None:
    """The earlier ones of this purpose are void from here on."""
    void(connection, ticket.person, ticket.purpose)
    told = {one.name: getattr(ticket, one.name) for one in fields(Ticket)}
    connection.execute(insert(tickets).values(told | {"token_hash": hashed(token)}))


def ticket(connection: Connection, token: str) -> Ticket | None:
    row = connection.execute(select(tickets).where(tickets.c.token_hash == hashed(token))).one_or_none()
    return Ticket(**{one.name: getattr(row, one.name) for one in fields(Ticket)}) if row else None


def waiting(connection: Connection, person: str, purpose: str, now: datetime) -> Ticket | None:
    """The ticket that they could use still."""
    good = (tickets.c.person == person, tickets.c.purpose == purpose, *_good(now))
    row = connection.execute(select(tickets).where(*good)).first()
    return Ticket(**{one.name: getattr(row, one.name) for one in fields(Ticket)}) if row else None


def use(connection: Connection, token: str, now: datetime) -> bool:
    """Whether it is ours to use: not used, and its time not over. Of two who come at once, one is told so."""
    good = (tickets.c.token_hash == hashed(token), *_good(now))
    return connection.execute(update(tickets).where(*good).values(used_at=now)).rowcount == 1


def void(connection: Connection, person: str, purpose: str = "") -> None:
    """Their tickets of this purpose, or all, open nothing any more."""
    theirs = [tickets.c.person == person, tickets.c.used_at.is_(None)]
    theirs += [tickets.c.purpose == purpose] if purpose else []
    connection.execute(delete(tickets).where(*theirs))


def sweep(connection: Connection, before: datetime) -> None:
    """Forget tickets that are over for long."""
    connection.execute(delete(tickets).where(or_(tickets.c.expires_at < before, tickets.c.used_at < before)))


def hashed(token: str) -> str:
    """How a token is kept that nobody can guess."""
    return hashlib.sha256(token.encode()).hexdigest()


def _good(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return tickets.c.used_at.is_(None), tickets.c.expires_at > now


def _equal(told: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    return [people.c[name] == value for name, value in told.items()]


def _columns(person: Person) -> dict[str, Any]:
    return {
        "name": person.name,
        "role": person.role.value,
        "language": person.language,
        "channels": sorted(person.channels),
        "languages": sorted(person.languages),
        "telegram": person.telegram,
    }


def _card(row: Any) -> Card:
    person = Person(
        name=row.name,
        role=Role(row.role),
        language=Language(row.language),
        channels=frozenset(row.channels),
        languages=frozenset(row.languages),
        telegram=row.telegram,
    )
    more = {one.name: getattr(row, one.name) for one in fields(Card) if one.name != "person"}
    return Card(person=person, **more)
