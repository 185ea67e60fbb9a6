"""Links that are mailed to readers and work once; and, by the same rows, who asked for how many from where."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, text, update

from syndicator.model import SubscriberId

from .schema import links, wordings
from .statements import insert_new


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    purpose: str
    subscriber: SubscriberId
    about: SubscriberId | None = None  # the reader whose address changes
    newsletters: Sequence[str] = ()
    address_hash: str
    domain: str
    place: str  # the network it was asked from, cut short
    wording: str = ""  # the version of what was agreed to
    at: datetime
    expires_at: datetime
    used_at: datetime | None = None


def alone(connection: Connection) -> None:
    """Those who ask are counted one after the other. SQLite's writers are anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE links IN SHARE ROW EXCLUSIVE MODE"))


def add(connection: Connection, token: str, link: Link) -> None:
    values = {name: getattr(link, name) for name in Link.__dataclass_fields__}
    connection.execute(
        insert(links).values(values | {"token_hash": _hash(token), "newsletters": [*link.newsletters]})
    )


def find(connection: Connection, token: str) -> Link | None:
    row = connection.execute(select(links).where(links.c.token_hash == _hash(token))).one_or_none()
    return Link(**{name: getattr(row, name) for name in Link.__dataclass_fields__}) if row else None


def use(connection: Connection, token: str, now: datetime) -> bool:
    """Whether it is ours to use: it was not used, and its time is not over. Of two who come at once, one is told so."""
    fresh = (links.c.token_hash == _hash(token), links.c.used_at.is_(None), links.c.expires_at > now)
    return connection.execute(update(links).where(*fresh).values(used_at=now)).rowcount == 1


def asked_for(connection: Connection, address_hash: str, purposes: Sequence[str], since: datetime) -> int:
    """How many letters of these purposes this address asked for since then."""
    return _count(
        connection, links.c.address_hash == address_hash, links.c.purpose.in_(purposes), links.c.at > since
    )


def asked_from(connection: Connection, since: datetime, *, place: str = "", domain: str = "") -> int:
    """How many letters were asked for since then: from this place, for this domain, or in all."""
    which = [links.c.at > since]
    which += [links.c.place == place] * bool(place) + [links.c.domain == domain] * bool(domain)
    return _count(connection, *which)


def _count(connection: Connection, *which: ColumnElement[bool]) -> int:
    return connection.execute(select(func.count()).select_from(links).where(*which)).scalar_one()


def sweep(connection: Connection, before: datetime) -> int:
    """Forget who asked from where, once it is over for long."""
    return connection.execute(delete(links).where(links.c.expires_at < before)).rowcount


def agreed(connection: Connection, wording: str, language: str, now: datetime) -> str:
    """Keep the words of a consent; returns their version, which is made of the words."""
    version = hashlib.sha256(wording.encode()).hexdigest()[:12]
    row = {"version": version, "language": language, "text": wording, "since": now}
    insert_new(connection, wordings, [row])
    return version


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
