"""Subscribers and their wishes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    bindparam,
    delete,
    exists,
    func,
    insert,
    literal,
    not_,
    or_,
    select,
    union,
    update,
)

from syndicator.bulletins import ReaderUnsubscribed, Why
from syndicator.model import Consent, DeliveryState, Language, Reason, Subscriber, SubscriberId

from . import turnout, webhooks
from .schema import barred as bars
from .schema import candidates, deliveries, editions, links, receipts, softness, subscribers, subscriptions
from .statements import begins, dialect
from .turnout import Turn, turned

COMPLAINT = "complained"
FOUND = 200  # readers that are looked for by how a word begins, by each way of writing it
S = DeliveryState
STOPPED = (S.PENDING, S.CLAIMED, S.HELD)  # what can be called back: nothing of it is on its way


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A reader as the memory outside the database names one."""

    id: SubscriberId
    since: datetime
    given: Mapping[str, datetime]  # newsletters that are sent, since when
    reachable: bool  # some wish of theirs is not suppressed


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
    connection: Connection,
    address: str,
    *,
    name: str,
    language: str,
    now: datetime,
    hashed: str | None = None,
) -> SubscriberId:
    """Write a subscriber down; one that is known gets the newer name and language."""
    values = {"name": name, "language": language}
    known = find(connection, address)
    if known:
        turnout.count_moved(connection, known.id, language, now)
        connection.execute(update(subscribers).where(subscribers.c.id == known.id).values(values))
        return known.id
    row = values | {"address": address.strip(), "address_key": key(address), "since": now, "timezone": ""}
    row["address_hash"] = hashed
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
        if stands == Consent.GIVEN.value and consent is Consent.WITHDRAWN:
            _tell_end(connection, who, newsletter, "left", now)
    else:
        connection.execute(insert(subscriptions).values(subscriber=who, newsletter=newsletter, **values))
    if turn := turned(Consent(stands) if stands else None, consent):
        turnout.count_one(connection, who, newsletter, turn, now)
    return consent


def standing_of(connection: Connection, who: SubscriberId, newsletter: str) -> Consent | None:
    """What stands for one subscriber and one newsletter."""
    which = (subscriptions.c.subscriber == who, subscriptions.c.newsletter == newsletter)
    found = connection.execute(select(subscriptions.c.consent).where(*which)).scalar()
    return Consent(found) if found else None


def suppress(connection: Connection, who: SubscriberId, *, now: datetime, proof: str) -> None:
    """No mail to this reader any more, of no newsletter; what waits for them is called back."""
    _tell_ends(connection, who, "suppressed", now)
    turnout.count_out(connection, who, Turn.COMPLAINED if proof == COMPLAINT else Turn.SUPPRESSED, now)
    ours = (subscriptions.c.subscriber == who, subscriptions.c.consent != Consent.SUPPRESSED.value)
    values = {"consent": Consent.SUPPRESSED.value, "since": now, "proof": proof}
    connection.execute(update(subscriptions).where(*ours).values(values))
    _call_back(connection, who, Reason.SUPPRESSED, now)


def erase(connection: Connection, who: SubscriberId, *, now: datetime) -> None:
    """Forget a reader: the row, the wishes and what networks said of the address. Deliveries stay, as numbers.

    :func:`bar` the address, or the next import brings them back.
    """
    _tell_ends(connection, who, "erased", now)
    turnout.count_out(connection, who, Turn.ERASED, now)
    _call_back(connection, who, Reason.ERASED, now)
    theirs = deliveries_of(who)
    words = deliveries.c.reason.not_in([reason.value for reason in Reason])
    connection.execute(
        update(deliveries).where(deliveries.c.id.in_(theirs), words).values(reason=Reason.ERASED.value)
    )
    connection.execute(
        update(receipts).where(receipts.c.delivery.in_(theirs)).values(detail="erased", remote_ids=[])
    )
    connection.execute(delete(links).where(or_(links.c.subscriber == who, links.c.about == who)))
    connection.execute(delete(subscriptions).where(subscriptions.c.subscriber == who))
    connection.execute(delete(subscribers).where(subscribers.c.id == who))


def _tell_ends(connection: Connection, who: SubscriberId, why: Why, now: datetime) -> None:
    given = (subscriptions.c.subscriber == who, subscriptions.c.consent == Consent.GIVEN.value)
    for newsletter in connection.execute(select(subscriptions.c.newsletter).where(*given)).scalars().all():
        _tell_end(connection, who, newsletter, why, now)


def _tell_end(connection: Connection, who: SubscriberId, newsletter: str, why: Why, now: datetime) -> None:
    fact = ReaderUnsubscribed(reader=who, newsletter=newsletter, why=why)
    webhooks.tell(connection, fact, f"unsubscribed:{who}:{newsletter}:{now.isoformat()}", now)


def _call_back(connection: Connection, who: SubscriberId, reason: Reason, now: datetime) -> None:
    waits = deliveries.c.state.in_([state.value for state in STOPPED])
    values = {"state": S.EXCLUDED.value, "reason": reason.value, "settled_at": now}
    connection.execute(
        update(deliveries).where(deliveries.c.id.in_(deliveries_of(who)), waits).values(values)
    )


def deliveries_of(who: SubscriberId) -> Select[tuple[int]]:
    """By their keys, which are indexed: one look-up for each edition that still has its deliveries."""
    key_ = candidates.c.edition + ":" + candidates.c.channel + literal(f":{who}:0")
    return (
        select(deliveries.c.id)
        .select_from(editions)
        .join(candidates, candidates.c.edition == editions.c.id)
        .join(deliveries, deliveries.c.key == key_)
        .where(editions.c.newsletter.is_not(None), editions.c.pruned_at.is_(None))
    )


def bar(connection: Connection, hashed: str, reason: Reason, *, why: str, at: datetime) -> None:
    """No import brings this address back. An erasure outweighs a suppression."""
    row = {"address_hash": hashed, "reason": reason.value, "why": why, "at": at}
    statement = dialect(connection).insert(bars).values(row)
    if reason is Reason.ERASED:
        statement = statement.on_conflict_do_update(index_elements=["address_hash"], set_=row)
    else:
        statement = statement.on_conflict_do_nothing()
    connection.execute(statement)


def barred(connection: Connection, hashes: Collection[str]) -> dict[str, Reason]:
    """Which of these hashed addresses are barred, and why."""
    found = select(bars.c.address_hash, bars.c.reason).where(bars.c.address_hash.in_(hashes))
    return {row.address_hash: Reason(row.reason) for row in connection.execute(found)}


@dataclass(frozen=True, slots=True)
class Bar:
    """Why nothing goes to an address."""

    reason: Reason
    why: str
    at: datetime


def bar_of(connection: Connection, hashed: str) -> Bar | None:
    found = connection.execute(select(bars).where(bars.c.address_hash == hashed)).one_or_none()
    return Bar(Reason(found.reason), found.why, found.at) if found else None


def unbar(connection: Connection, hashed: str, *, now: datetime, proof: str) -> None:
    """Mail may go to this address again, once its reader comes back: what was suppressed counts as left."""
    connection.execute(delete(bars).where(bars.c.address_hash == hashed))
    connection.execute(delete(softness).where(softness.c.address_hash == hashed))
    who = select(subscribers.c.id).where(subscribers.c.address_hash == hashed).scalar_subquery()
    theirs = (subscriptions.c.subscriber == who, subscriptions.c.consent == Consent.SUPPRESSED.value)
    values = {"consent": Consent.WITHDRAWN.value, "since": now, "proof": proof}
    connection.execute(update(subscriptions).where(*theirs).values(values))


def by_hash(connection: Connection, hashes: Collection[str]) -> dict[str, Known]:
    """The readers that these hashes name."""
    query = (
        select(
            subscribers,
            subscriptions.c.newsletter,
            subscriptions.c.consent,
            subscriptions.c.since.label("at"),
        )
        .outerjoin(subscriptions, subscriptions.c.subscriber == subscribers.c.id)
        .where(subscribers.c.address_hash.in_(hashes))
    )
    found: dict[str, Known] = {}
    for row in connection.execute(query):
        before = found.get(row.address_hash)
        given = {row.newsletter: row.at} if row.consent == Consent.GIVEN.value else {}
        reachable = row.consent not in {None, Consent.SUPPRESSED.value}
        found[row.address_hash] = Known(
            id=SubscriberId(row.id),
            since=row.since,
            given={**(before.given if before else {}), **given},
            reachable=reachable or (before is not None and before.reachable),
        )
    return found


def without_hash(connection: Connection, limit: int) -> dict[int, str]:
    """Some readers whose address was not hashed yet: number and address."""
    query = select(subscribers.c.id, subscribers.c.address).where(subscribers.c.address_hash.is_(None))
    return {row.id: row.address for row in connection.execute(query.limit(limit))}


def keep_hashes(connection: Connection, hashes: Mapping[int, str]) -> None:
    statement = update(subscribers).where(subscribers.c.id == bindparam("who"))
    rows = [{"who": who, "hashed": hashed} for who, hashed in hashes.items()]
    connection.execute(statement.values(address_hash=bindparam("hashed")), rows)


def forget_hashes(connection: Connection) -> None:
    """They were made with another key."""
    made = not_(subscribers.c.address_hash.is_(None))
    connection.execute(update(subscribers).where(made).values(address_hash=None))


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


def page(
    connection: Connection,
    newsletter: str | None,
    consent: Consent | None,
    *,
    after: int,
    limit: int,
    words: str = "",
) -> list[dict[str, Any]]:
    """Subscribers after this number, each with all wishes; only those of whose wishes one is so, and whose address or
    name begins with these words: at most some hundred then."""
    names = "id address name language since paused_until".split()
    columns = *(subscribers.c[name] for name in names), subscribers.c.timezone.label("zone")
    query = select(*columns).where(subscribers.c.id > after)
    if words.strip():
        query = query.where(subscribers.c.id.in_(_beginning(connection, words.strip())))
    wish = [subscriptions.c.newsletter == newsletter] * bool(newsletter)
    wish += [subscriptions.c.consent == consent] * bool(consent)
    if wish:
        query = query.where(exists().where(subscriptions.c.subscriber == subscribers.c.id, *wish))
    found = {
        row.id: {**row._mapping, "subscriptions": list[dict[str, Any]]()}
        for row in connection.execute(query.order_by(subscribers.c.id).limit(limit))
    }
    wishes = "subscriber newsletter consent since topics frequency breaking".split()
    theirs = select(*(subscriptions.c[name] for name in wishes))
    theirs = theirs.where(subscriptions.c.subscriber.in_(list(found)))
    for row in connection.execute(theirs.order_by(subscriptions.c.newsletter)):
        told = dict(row._mapping)
        found[told.pop("subscriber")]["subscriptions"].append(told)
    return list(found.values())


def _beginning(connection: Connection, words: str) -> Select[Any]:
    """The numbers of some readers, by an index for each way: addresses by their key, names as they are written."""
    named = subscribers.c.name != ""
    ways = [select(subscribers.c.id).where(begins(connection, subscribers.c.address_key, key(words)))]
    ways += [
        select(subscribers.c.id).where(named, begins(connection, subscribers.c.name, one))
        for one in sorted({words, words.lower(), words.upper(), words.title(), words.capitalize()})
    ]
    found = [select(one.limit(FOUND).subquery().c.id) for one in ways]
    return select(union(*found).subquery().c.id)
