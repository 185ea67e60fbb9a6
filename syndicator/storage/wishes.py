"""What a reader chose: which newsletters, topics, how often, in which language, and silence for a while."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    delete,
    exists,
    literal,
    not_,
    or_,
    select,
    update,
)

from syndicator.model import Consent, EditionKind, Frequency, SubscriberId

from . import turnout
from .readers import deliveries_of, key
from .schema import candidates, deliveries, editions, links, subscribers, subscriptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What stands between a reader and one newsletter."""

    newsletter: str
    consent: Consent
    topics: tuple[str, ...] = ()  # none: all of them
    frequency: Frequency = Frequency.EVERY
    breaking: bool | None = None  # mails about one story at once; None: they did not say


def choices(connection: Connection, who: SubscriberId) -> dict[str, Choice]:
    """By newsletter."""
    query = (
        select(subscriptions).where(subscriptions.c.subscriber == who).order_by(subscriptions.c.newsletter)
    )
    return {
        row.newsletter: Choice(
            newsletter=row.newsletter,
            consent=Consent(row.consent),
            topics=told_topics(row.topics),
            frequency=Frequency(row.frequency),
            breaking=row.breaking,
        )
        for row in connection.execute(query)
    }


def told_topics(written: str) -> tuple[str, ...]:
    return tuple(written.split(",")) if written else ()


def written_topics(topics: Sequence[str]) -> str:
    """The same choice is always written the same way: planning groups readers by it."""
    return ",".join(sorted(set(topics)))


def choose(
    connection: Connection,
    who: SubscriberId,
    newsletter: str,
    *,
    topics: Sequence[str],
    frequency: Frequency,
    breaking: bool | None = None,
) -> None:
    """``breaking`` stays as it is where nothing is said of it."""
    ours = (subscriptions.c.subscriber == who, subscriptions.c.newsletter == newsletter)
    values: dict[str, Any] = {"topics": written_topics(topics), "frequency": frequency.value}
    values |= {} if breaking is None else {"breaking": breaking}
    connection.execute(update(subscriptions).where(*ours).values(values))


def hear_at_once(connection: Connection, who: SubscriberId, newsletter: str, *, wanted: bool) -> None:
    """Whether mails about one story go to this reader as soon as it is published."""
    ours = (subscriptions.c.subscriber == who, subscriptions.c.newsletter == newsletter)
    connection.execute(update(subscriptions).where(*ours).values(breaking=wanted))


def live(connection: Connection, who: SubscriberId, zone: str) -> None:
    """By which clock the reader lives; empty: the newsroom's."""
    connection.execute(update(subscribers).where(subscribers.c.id == who).values(timezone=zone))


def speak(connection: Connection, who: SubscriberId, language: str, *, now: datetime) -> None:
    turnout.count_moved(connection, who, language, now)
    connection.execute(update(subscribers).where(subscribers.c.id == who).values(language=language))


def rest(connection: Connection, who: SubscriberId, until: datetime | None) -> None:
    """Nothing is planned for this reader until then."""
    connection.execute(update(subscribers).where(subscribers.c.id == who).values(paused_until=until))


def rests_until(connection: Connection, who: SubscriberId) -> datetime | None:
    query = select(subscribers.c.paused_until).where(subscribers.c.id == who)
    return connection.execute(query).scalar_one_or_none()


def swap_addresses(connection: Connection, one: SubscriberId, other: SubscriberId) -> None:
    """Each gets the other's address; numbers, and with them the links of old mails, stay where they are."""
    names = ("address", "address_key", "address_hash")
    columns = [subscribers.c[name] for name in names]
    of = {
        row.id: {name: getattr(row, name) for name in names}
        for row in connection.execute(
            select(subscribers.c.id, *columns).where(subscribers.c.id.in_([one, other]))
        )
    }
    aside = {"address_key": f" {other}"}  # it is unique
    for who, values in ((other, aside), (one, of[other]), (other, of[one])):
        connection.execute(update(subscribers).where(subscribers.c.id == who).values(values))


def everything(connection: Connection, address: str) -> dict[str, Any]:
    """All that is known of a reader, for the reader."""
    who = connection.execute(select(subscribers).where(subscribers.c.address_key == key(address))).one()
    hidden = {"address_key", "address_hash", "id"}
    ours = select(subscriptions).where(subscriptions.c.subscriber == who.id)
    asked = select(links.c.purpose, links.c.at, links.c.place, links.c.used_at)
    names = "edition channel state settled_at".split()
    got = select(*(deliveries.c[name] for name in names)).where(deliveries.c.id.in_(deliveries_of(who.id)))
    return {
        "reader": {name: value for name, value in who._mapping.items() if name not in hidden},
        "subscriptions": [
            {name: value for name, value in row._mapping.items() if name != "subscriber"}
            for row in connection.execute(ours)
        ],
        "mails": [dict(row._mapping) for row in connection.execute(got.order_by(deliveries.c.id))],
        "links": [
            dict(row._mapping) for row in connection.execute(asked.where(links.c.subscriber == who.id))
        ],
    }


def history(connection: Connection, who: SubscriberId, limit: int) -> list[dict[str, Any]]:
    """The newest editions of all newsletters, and what became of each for this reader; no state where they were none
    of its readers when it was planned. Others' letters are not among them."""
    letters = [EditionKind.CONFIRM.value, EditionKind.LETTER.value]
    ours = and_(
        deliveries.c.key == candidates.c.edition + ":" + candidates.c.channel + literal(f":{who}:0"),
        deliveries.c.edition == editions.c.id,
    )
    names = "id newsletter kind title language due_at planned_at".split()
    got = "channel state reason settled_at".split()
    query = (
        select(*(editions.c[name] for name in names), *(deliveries.c[name] for name in got))
        .join(candidates, candidates.c.edition == editions.c.id)
        .outerjoin(deliveries, ours)
        .where(editions.c.newsletter.is_not(None), editions.c.pruned_at.is_(None))
        .where(or_(editions.c.kind.not_in(letters), deliveries.c.id.is_not(None)))
        .order_by(editions.c.due_at.desc(), editions.c.id)
        .limit(limit)
    )
    return [dict(row._mapping) for row in connection.execute(query)]


def rename(connection: Connection, who: SubscriberId, name: str) -> None:
    connection.execute(update(subscribers).where(subscribers.c.id == who).values(name=name))


def sweep(connection: Connection, before: datetime) -> int:
    """Forget those who asked before this moment and never confirmed; returns how many."""
    never: ColumnElement[bool] = not_(
        exists().where(
            subscriptions.c.subscriber == subscribers.c.id, subscriptions.c.consent != Consent.ASKED.value
        )
    )
    some = exists().where(subscriptions.c.subscriber == subscribers.c.id)
    open_ = exists().where(links.c.subscriber == subscribers.c.id)
    query = select(subscribers.c.id).where(subscribers.c.since < before, never, some, ~open_)
    found = list(connection.execute(query.limit(500)).scalars())
    connection.execute(delete(subscriptions).where(subscriptions.c.subscriber.in_(found)))
    connection.execute(delete(subscribers).where(subscribers.c.id.in_(found)))
    return len(found)
