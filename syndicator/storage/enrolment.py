"""Many readers at once: who of them is known, and writing the others down."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, func, insert, or_, select, update

from syndicator.model import Consent, Reason

from . import turnout
from .readers import barred
from .schema import subscribers, subscriptions
from .turnout import Turn


@dataclass(slots=True, kw_only=True)
class Enrolled:
    """A row of a list: somebody who consented, as somebody else says. There may be a million: made once, with a blank
    for the hash."""

    line: int
    address: str
    name: str
    language: str
    proof: str
    key: str  # as addresses are compared
    hashed: str = ""
    zone: str = ""
    topics: str = ""  # as they are written down
    frequency: str = "every"
    breaking: bool | None = None


def standing(
    connection: Connection, newsletter: str, wanted: Sequence[Enrolled]
) -> tuple[dict[str, Consent | Reason], dict[str, int]]:
    """By key: what stands between these people and the newsletter, or why they are barred; and the numbers of those
    who are readers of any newsletter. Strangers are missing."""
    bars = barred(connection, {one.hashed for one in wanted})
    # Not by the index of the newsletter, though it is there: it holds everybody, and these are few.
    named = subscriptions.c.newsletter.concat("") == newsletter
    ours = and_(subscriptions.c.subscriber == subscribers.c.id, named)
    query = (
        select(subscribers.c.address_key, subscribers.c.id, subscriptions.c.consent)
        .outerjoin(subscriptions, ours)
        .where(subscribers.c.address_key.in_([one.key for one in wanted]))
    )
    rows = connection.execute(query).all()
    stands: dict[str, Consent | Reason] = {
        row.address_key: Consent(row.consent) for row in rows if row.consent
    }
    stands |= {one.key: bars[one.hashed] for one in wanted if one.hashed in bars}
    return stands, {row.address_key: row.id for row in rows}


def enrol(
    connection: Connection,
    newsletter: str,
    fresh: Sequence[Enrolled],
    known: Mapping[str, int],
    asked: Collection[str],
    *,
    now: datetime,
) -> None:
    """Write confirmed wishes of these people down. Who is a reader already keeps name, language and zone.

    ``known`` are the numbers of readers by key, ``asked`` the keys of those who asked and did not confirm yet.
    """
    if not fresh:
        return
    strangers = [one for one in fresh if one.key not in known]
    if strangers:
        connection.execute(
            insert(subscribers),
            [
                {
                    "address": one.address,
                    "address_key": one.key,
                    "address_hash": one.hashed,
                    "name": one.name,
                    "language": one.language,
                    "timezone": one.zone,
                    "since": now,
                }
                for one in strangers
            ],
        )
        known = {**known, **_numbers(connection, strangers)}
    given = {"consent": Consent.GIVEN.value, "since": now}
    rows = [
        given
        | {"subscriber": known[one.key], "newsletter": newsletter, "proof": one.proof}
        | {"topics": one.topics, "frequency": one.frequency, "breaking": one.breaking}
        for one in fresh
    ]
    of_those = [row for one, row in zip(fresh, rows, strict=True) if one.key in asked]
    if of_those:
        ours = (
            subscriptions.c.subscriber == bindparam("who"),
            subscriptions.c.newsletter == newsletter,
        )
        names = ("proof", "topics", "frequency", "breaking")
        confirmed = update(subscriptions).where(*ours)
        said: dict[str, ColumnElement[Any]] = {name: bindparam(f"its_{name}") for name in names}
        said["breaking"] = func.coalesce(
            said["breaking"], subscriptions.c.breaking
        )  # they were asked already
        confirmed = confirmed.values(given | said)
        told = [{f"its_{name}": row[name] for name in names} | {"who": row["subscriber"]} for row in of_those]
        connection.execute(confirmed, told)
    spoken = _spoken(connection, fresh, {one.key for one in strangers}, known)
    turnout.add(connection, {(newsletter, code, Turn.ADDED): n for code, n in spoken.items()}, now)
    if len(of_those) < len(rows):
        connection.execute(
            insert(subscriptions),
            [row for one, row in zip(fresh, rows, strict=True) if one.key not in asked],
        )


def _spoken(
    connection: Connection, fresh: Sequence[Enrolled], strangers: Collection[str], known: Mapping[str, int]
) -> Counter[str]:
    """How many speak each language: strangers the list's, others their own."""
    spoken = turnout.languages_of(connection, [known[one.key] for one in fresh if one.key not in strangers])
    return Counter(spoken.get(known[one.key], one.language) for one in fresh)


def _numbers(connection: Connection, wanted: Sequence[Enrolled]) -> dict[str, int]:
    query = select(subscribers.c.address_key, subscribers.c.id)
    found = connection.execute(query.where(subscribers.c.address_key.in_([one.key for one in wanted])))
    return {row.address_key: row.id for row in found}


def page(
    connection: Connection,
    newsletter: str | None,
    consent: Consent | None,
    *,
    after: tuple[int, str],
    limit: int,
) -> list[dict[str, object]]:
    """Subscriptions in the order of reader and newsletter, after this one."""
    number, name = after
    person = (
        *(subscribers.c[one] for one in "id address name language".split()),
        subscribers.c.timezone.label("zone"),
    )
    names = "newsletter consent since topics frequency breaking proof".split()
    later = or_(
        subscriptions.c.subscriber > number,
        and_(subscriptions.c.subscriber == number, subscriptions.c.newsletter > name),
    )
    query = (
        select(*person, *(subscriptions.c[one] for one in names))
        .join(subscribers, subscribers.c.id == subscriptions.c.subscriber)
        .where(subscriptions.c.subscriber >= number, later)
        .order_by(subscriptions.c.subscriber, subscriptions.c.newsletter)
        .limit(limit)
    )
    if newsletter:
        query = query.where(subscriptions.c.newsletter == newsletter)
    if consent:
        query = query.where(subscriptions.c.consent == consent.value)
    return [dict(row._mapping) for row in connection.execute(query)]
