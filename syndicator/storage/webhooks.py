"""What programs of others are to be told: written in the transaction of the fact, and kept until it was heard.

Who listens to what stands in the database, too, so that whoever makes a fact needs to know nobody.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    Connection,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    not_,
    or_,
    select,
    tuple_,
    update,
)

from syndicator.bulletins import EditionSent, Event, Fact, PostFailed, PostSent
from syndicator.model import DeliveryState, EditionKind

from .content import POST
from .ledger import report
from .outbox import Settlement
from .schema import (
    articles,
    candidates,
    deliveries,
    edition_stories,
    editions,
    posts,
    webhook_attempts,
    webhook_calls,
    webhook_listeners,
)
from .statements import CHANNEL_ITSELF, insert_new, stands

S = DeliveryState
WAITS, HEARD, GIVEN_UP = "waits", "heard", "given up"
_TO_MANY = [EditionKind.DIGEST.value, EditionKind.FLASH.value, EditionKind.CORRECTION.value]


class Call(NamedTuple):
    """One fact for one webhook; ``number`` is its id on the wire, the same at each try."""

    id: int
    webhook: str
    number: str
    type: str
    told: Mapping[str, Any]
    at: datetime
    tries: int


def listen(connection: Connection, wanted: Collection[tuple[str, str]], now: datetime) -> None:
    """From here on these webhooks are told of these events (pairs), and nobody else is; who is new begins now."""
    listener = tuple_(webhook_listeners.c.webhook, webhook_listeners.c.event)
    connection.execute(delete(webhook_listeners).where(listener.not_in(list(wanted))))
    rows = [{"webhook": name, "event": event, "since": now} for name, event in sorted(wanted)]
    if rows:
        insert_new(connection, webhook_listeners, rows)


def listening(connection: Connection) -> dict[tuple[str, str], datetime]:
    """Which webhooks listen to which events, and since when."""
    return {(row.webhook, row.event): row.since for row in connection.execute(select(webhook_listeners))}


def is_heard(connection: Connection, *events: Event) -> bool:
    """Whether anybody listens to one of these."""
    wanted = select(webhook_listeners.c.webhook).where(webhook_listeners.c.event.in_(events))
    return connection.execute(wanted.limit(1)).first() is not None


def tell(connection: Connection, fact: Fact, about: str, now: datetime) -> None:
    """Write a fact down for whoever listens. ``about`` names it: the same fact again is told once."""
    wanted = select(webhook_listeners.c.webhook).where(webhook_listeners.c.event == fact.EVENT)
    row = {
        "type": fact.TYPE,
        "about": about,
        "told": fact.model_dump(mode="json", exclude={"links", "address"}),
        "at": now,
        "state": WAITS,
        "due_at": now,
    }
    rows = [
        row | {"webhook": name, "number": number_of(name, about)}
        for name in connection.execute(wanted).scalars()
    ]
    if rows:
        insert_new(connection, webhook_calls, rows)


def number_of(webhook: str, about: str) -> str:
    return "msg_" + hashlib.sha256(f"{webhook}\0{about}".encode()).hexdigest()[:32]


def tell_posts(connection: Connection, settled: Sequence[Settlement], now: datetime) -> None:
    """What became of posts that all followers see; mails to readers are passed over."""
    wanted = {one.receipt.delivery: one for one in settled if one.state in {S.SENT, S.FAILED, S.HELD}}
    if not wanted or not is_heard(connection, "sent", "failed"):
        return
    d = deliveries.c
    query = (
        select(d.id, d.key, d.edition, d.channel, d.part, posts.c.language, posts.c.content)
        .join(posts, posts.c.id == d.post)
        .where(d.id.in_(list(wanted)), d.recipient == CHANNEL_ITSELF)
    )
    for row in connection.execute(query).all():
        one = wanted[row.id]
        told: dict[str, Any] = {
            "delivery": row.id,
            "edition": row.edition,
            "channel": row.channel,
            "language": row.language,
            "act": POST.validate_python(row.content).act.value,
            "part": row.part,
            "articles": _stories(connection, row.edition, row.language),
        }
        if one.state is S.SENT:
            tell(connection, PostSent(**told, remote_ids=one.receipt.remote_ids), f"sent:{row.key}", now)
        else:
            failed = PostFailed(**told, state=one.state.value, reason=one.reason or "")
            tell(connection, failed, f"failed:{row.key}:{one.token}", now)


def _stories(connection: Connection, edition: str, language: str) -> tuple[str, ...]:
    query = select(articles.c.id).join(edition_stories, edition_stories.c.article == articles.c.id)
    query = query.where(edition_stories.c.edition == edition, articles.c.language == language)
    return tuple(connection.execute(query.order_by(edition_stories.c.position)).scalars())


def finished(connection: Connection, since: datetime) -> list[str]:
    """Editions of newsletters due since then of which nothing goes out any more by itself, and nobody was told."""
    e, d = editions.c, deliveries.c
    # By the small indexes of what is open: an edition's own rows may be a million.
    ours = d.edition + literal("") == e.id
    channels = select(candidates.c.channel).where(candidates.c.edition == e.id)
    open_ = (
        exists().where(ours, stands(S.PENDING), d.channel.in_(channels)),
        exists().where(ours, stands(S.CLAIMED, S.SENDING)),
        exists().where(ours, stands(S.UNCERTAIN)),
        exists().where(webhook_calls.c.about == literal("sent:") + e.id),
    )
    query = select(e.id).where(e.newsletter.is_not(None), e.kind.in_(_TO_MANY), e.due_at >= since)
    query = query.where(channels.exists(), *map(not_, open_))
    return list(connection.execute(query.order_by(e.due_at)).scalars())


def tell_edition(connection: Connection, edition: str, now: datetime) -> None:
    found = report(connection, edition)
    newsletter = connection.execute(
        select(editions.c.newsletter).where(editions.c.id == edition)
    ).scalar_one()
    fact = EditionSent(
        edition=edition,
        newsletter=newsletter,
        kind=found.kind,
        title=found.title,
        due_at=found.due_at,
        stories=found.stories,
        candidates=sum(found.candidates.values()),
        states=found.states,
    )
    tell(connection, fact, f"sent:{edition}", now)


def due(connection: Connection, webhook: str, now: datetime) -> Call | None:
    """The call that waits longest of those whose time has come."""
    c = webhook_calls.c
    query = select(c.id, c.webhook, c.number, c.type, c.told, c.at, c.tries)
    query = query.where(c.webhook == webhook, c.state == WAITS, c.due_at <= now)
    found = connection.execute(query.order_by(c.due_at, c.id).limit(1)).one_or_none()
    return Call(**found._mapping) if found else None


def attempted(
    connection: Connection, call: Call, at: datetime, *, status: int | None, said: str, again: datetime | None
) -> None:
    """Keep what came of a try. ``said`` is empty where it was heard; ``again``: None ends it."""
    connection.execute(insert(webhook_attempts).values(call=call.id, at=at, status=status, said=said))
    state = HEARD if not said else WAITS if again else GIVEN_UP
    values = {"state": state, "tries": call.tries + 1, "due_at": again or at}
    connection.execute(update(webhook_calls).where(webhook_calls.c.id == call.id).values(values))


def call_again(connection: Connection, webhook: str, now: datetime) -> int:
    """All that was not heard is due now, what was given up too; returns how many."""
    c = webhook_calls.c
    ours = update(webhook_calls).where(c.webhook == webhook, c.state != HEARD)
    return connection.execute(ours.values(state=WAITS, due_at=now, tries=0)).rowcount


def standing(connection: Connection) -> dict[str, dict[str, Any]]:
    """Of each webhook: how many calls wait, since when, how many were given up, and when one was last heard."""
    c = webhook_calls.c
    query = select(
        c.webhook,
        func.sum(case((c.state == WAITS, 1), else_=0)).label("waiting"),
        func.min(case((c.state == WAITS, c.at))).label("since"),
        func.sum(case((c.state == GIVEN_UP, 1), else_=0)).label("given_up"),
        func.max(case((c.state == HEARD, c.due_at))).label("heard_at"),
    ).group_by(c.webhook)
    return {
        row.webhook: dict(row._mapping) | {"waiting": int(row.waiting), "given_up": int(row.given_up)}
        for row in connection.execute(query)
    }


def history(connection: Connection, webhook: str, limit: int) -> list[dict[str, Any]]:
    """The newest calls with every try of each."""
    c, a = webhook_calls.c, webhook_attempts.c
    query = select(c.id, c.number, c.type, c.about, c.at, c.state, c.due_at)
    calls = connection.execute(query.where(c.webhook == webhook).order_by(c.id.desc()).limit(limit)).all()
    tries: dict[int, list[dict[str, Any]]] = {row.id: [] for row in calls}
    for row in connection.execute(
        select(a.call, a.at, a.status, a.said).where(a.call.in_(tries)).order_by(a.id)
    ):
        tries[row.call].append({"at": row.at, "status": row.status, "said": row.said})
    return [
        {
            "id": row.number,
            "type": row.type,
            "about": row.about,
            "at": row.at,
            "state": row.state,
            "next": row.due_at if row.state == WAITS else None,
            "tries": tries[row.id],
        }
        for row in calls
    ]


def forget(connection: Connection, before: datetime) -> int:
    """Remove calls of before that are over, and those that wait for nobody any more; returns how many."""
    c = webhook_calls.c
    nobody = c.webhook.not_in(select(webhook_listeners.c.webhook))
    old = select(c.id).where(c.at < before, or_(c.state != WAITS, nobody))
    connection.execute(delete(webhook_attempts).where(webhook_attempts.c.call.in_(old)))
    return connection.execute(delete(webhook_calls).where(c.id.in_(old))).rowcount
