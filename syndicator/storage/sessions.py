"""Where the newsroom's people are signed in. A token is known to its browser alone; here is its hash."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from .people import hashed
from .schema import sessions


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    id: int
    token_hash: str = field(repr=False)
    person: str
    waits_for: str  # "code": the second factor; "factor": that one is set up; empty: they are in
    way: str  # "password", "sign-on"
    place: str  # the network, cut short
    browser: str
    began_at: datetime
    seen_at: datetime
    ends_at: datetime
    proven_at: datetime  # when they last showed who they are
    wrong: int = 0  # codes
    totp: str | None = field(default=None, repr=False)  # sealed: a second factor that is being set up


def open_(connection: Connection, token: str, **told: Any) -> Session:
    row = insert(sessions).values(token_hash=hashed(token), **told).returning(sessions)
    return _session(connection.execute(row).one())


def find(connection: Connection, token: str) -> Session | None:
    row = connection.execute(select(sessions).where(sessions.c.token_hash == hashed(token))).one_or_none()
    return _session(row) if row else None


def of(connection: Connection, person: str) -> Sequence[Session]:
    """The latest first."""
    query = (
        select(sessions).where(sessions.c.person == person).order_by(sessions.c.seen_at.desc(), sessions.c.id)
    )
    return [_session(row) for row in connection.execute(query)]


def change(connection: Connection, number: int, **values: Any) -> Session | None:
    """None where it was ended meanwhile."""
    changed = update(sessions).where(sessions.c.id == number).values(values).returning(sessions)
    row = connection.execute(changed).one_or_none()
    return _session(row) if row else None


def rotate(connection: Connection, old: Session, token: str, **values: Any) -> Session | None:
    """From here on it is known by another token. None where somebody was quicker."""
    same = (sessions.c.id == old.id, sessions.c.token_hash == old.token_hash)
    changed = update(sessions).where(*same).values(token_hash=hashed(token), **values).returning(sessions)
    row = connection.execute(changed).one_or_none()
    return _session(row) if row else None


def end(connection: Connection, person: str, number: int) -> bool:
    return _end(connection, sessions.c.person == person, sessions.c.id == number) == 1


def end_all(connection: Connection, person: str, *, but: int | None = None) -> int:
    """How many of theirs are over now; ``but`` stays."""
    return _end(connection, sessions.c.person == person, *([sessions.c.id != but] if but is not None else []))


def clear(connection: Connection) -> int:
    """Everybody is out."""
    return _end(connection)


def sweep(connection: Connection, now: datetime, idle_since: datetime) -> None:
    _end(connection, sessions.c.ends_at < now)
    _end(connection, sessions.c.seen_at < idle_since)


def _end(connection: Connection, *which: ColumnElement[bool]) -> int:
    return connection.execute(delete(sessions).where(*which)).rowcount


def _session(row: Any) -> Session:
    return Session(**{one.name: getattr(row, one.name) for one in fields(Session)})
