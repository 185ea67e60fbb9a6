"""Many readers at once: who of them is known, and writing the others down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, insert, or_, select, update

from syndicator.model import Consent, Reason

from .readers import barred, key
from .schema import subscribers, subscriptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled:
    """A row of a list: somebody who consented, as somebody else says."""

    line: int
    address: str
    name: str
    language: str
    proof: str
    hashed: str = ""

    @property
    def key(self) -> str:
        return key(self.address)


def standing(
    connection: Connection, newsletter: str, wanted: Sequence[Enrolled]
) -> dict[str, Consent | Reason]:
    """By key: what stands between these people and the newsletter, or why they are barred. Strangers are missing."""
    bars = barred(connection, {one.hashed for one in wanted})
    # Not by the index of the newsletter, though it is there: it holds everybody, and these are few.
    named = subscriptions.c.newsletter.concat("") == newsletter
    ours = and_(subscriptions.c.subscriber == subscribers.c.id, named)
    query = (
        select(subscribers.c.address_key, subscriptions.c.consent)
        .join(subscriptions, ours)
        .where(subscribers.c.address_key.in_([one.key for one in wanted]))
    )
    found: dict[str, Consent | Reason] = {
        row.address_key: Consent(row.consent) for row in connection.execute(query)
    }
    return found | {one.key: bars[one.hashed] for one in wanted if one.hashed in bars}


def enrol(
    connection: Connection, newsletter: str, fresh: Sequence[Enrolled], *, timezone: str, now: datetime
) -> None:
    """Write confirmed wishes of these people down. Who is a reader already keeps name and language."""
    if not fresh:
        return
    known = _numbers(connection, fresh)
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
                    "timezone": timezone,
                    "since": now,
                }
                for one in strangers
            ],
        )
        known |= _numbers(connection, strangers)
    given = {"consent": Consent.GIVEN.value, "since": now}
    asked = update(subscriptions).where(
        subscriptions.c.subscriber.in_(list(known.values())),
        subscriptions.c.newsletter == newsletter,
        subscriptions.c.consent == Consent.ASKED.value,
    )
    moved = set(
        connection.execute(
            asked.values(given | {"proof": fresh[0].proof}).returning(subscriptions.c.subscriber)
        ).scalars()
    )
    wishes = [
        given | {"subscriber": known[one.key], "newsletter": newsletter, "proof": one.proof}
        for one in fresh
        if known[one.key] not in moved
    ]
    if wishes:
        connection.execute(insert(subscriptions), wishes)


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
    person = (subscribers.c.id, subscribers.c.address, subscribers.c.name, subscribers.c.language)
    names = "newsletter consent since topics frequency proof".split()
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
