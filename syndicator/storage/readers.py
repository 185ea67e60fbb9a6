"""Subscribers and their wishes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, insert, select, update

from syndicator.model import Consent, Language, Subscriber, SubscriberId

from .schema import subscribers, subscriptions


def find(connection: Connection, address: str) -> Subscriber | None:
    """The subscriber with this address, however it is spelt."""
    return _one(connection, subscribers.c.address_key == key(address))


def by_number(connection: Connection, number: SubscriberId) -> Subscriber | None:
    return _one(connection, subscribers.c.id == number)


def _one(connection: Connection, which: ColumnElement[bool]) -> Subscriber | None:
    found = connection.execute(select(subscribers).where(which)).one_or_none()
    if found is None:
        return None
    return Subscriber(
        id=SubscriberId(found.id),
        address=found.address,
        name=found.name,
        language=Language(found.language),
        timezone=found.timezone,
    )


def key(address: str) -> str:
    """How addresses are compared: no provider in use minds case on either side of the @."""
    return address.strip().casefold()


def add(
    connection: Connection, address: str, *, name: str, language: str, timezone: str, now: datetime
) -> SubscriberId:
    """Write a subscriber down; one that is known gets the newer name and language."""
    values = {"name": name, "language": language, "timezone": timezone}
    known = find(connection, address)
    if known:
        connection.execute(update(subscribers).where(subscribers.c.id == known.id).values(values))
        return known.id
    row = values | {"address": address.strip(), "address_key": key(address), "since": now}
    done = connection.execute(insert(subscribers).values(row))
    (number,) = done.inserted_primary_key or (0,)
    return SubscriberId(number)


def consent(
    connection: Connection, who: SubscriberId, newsletter: str, consent: Consent, *, now: datetime, proof: str
) -> Consent:
    """Record a wish; a suppression is never lifted by a new wish. Returns what stands afterwards."""
    which = (subscriptions.c.subscriber == who, subscriptions.c.newsletter == newsletter)
    stands = connection.execute(select(subscriptions.c.consent).where(*which)).scalar()
    if stands in {Consent.SUPPRESSED.value, consent.value}:
        return Consent(stands)
    values = {"consent": consent.value, "since": now, "proof": proof}
    if stands:
        connection.execute(update(subscriptions).where(*which).values(values))
    else:
        connection.execute(insert(subscriptions).values(subscriber=who, newsletter=newsletter, **values))
    return consent


def standing_of(connection: Connection, who: SubscriberId, newsletter: str) -> Consent | None:
    """What stands for one subscriber and one newsletter."""
    which = (subscriptions.c.subscriber == who, subscriptions.c.newsletter == newsletter)
    found = connection.execute(select(subscriptions.c.consent).where(*which)).scalar()
    return Consent(found) if found else None


def confirmed(connection: Connection) -> list[tuple[SubscriberId, str, str, datetime]]:
    """Every subscription that gets mail: subscriber, address, newsletter, since when."""
    query = (
        select(subscribers.c.id, subscribers.c.address, subscriptions.c.newsletter, subscriptions.c.since)
        .join(subscriptions, subscriptions.c.subscriber == subscribers.c.id)
        .where(subscriptions.c.consent == Consent.GIVEN.value)
    )
    return [
        (SubscriberId(row.id), row.address, row.newsletter, row.since) for row in connection.execute(query)
    ]


def standing(connection: Connection) -> list[dict[str, object]]:
    """How many readers each newsletter has, by language and consent."""
    columns = (subscriptions.c.newsletter, subscribers.c.language, subscriptions.c.consent)
    query = (
        select(*columns, func.count().label("readers"))
        .join(subscribers, subscribers.c.id == subscriptions.c.subscriber)
        .group_by(*columns)
        .order_by(*columns)
    )
    return [dict(row._mapping) for row in connection.execute(query)]


def listed(connection: Connection, newsletter: str | None, after: int, limit: int) -> list[dict[str, object]]:
    """A page of subscribers by their number, with what they wished."""
    query = (
        select(
            subscribers.c.id,
            subscribers.c.address,
            subscribers.c.name,
            subscribers.c.language,
            subscriptions.c.newsletter,
            subscriptions.c.consent,
        )
        .join(subscriptions, subscriptions.c.subscriber == subscribers.c.id)
        .where(subscribers.c.id > after)
        .order_by(subscribers.c.id)
        .limit(limit)
    )
    if newsletter:
        query = query.where(subscriptions.c.newsletter == newsletter)
    return [dict(row._mapping) for row in connection.execute(query)]
