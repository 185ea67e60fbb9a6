"""Reading the outbox: what went where, what waits, what is in doubt."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from syndicator.errors import NotFound
from syndicator.model import DeliveryState

from .schema import articles, deliveries, edition_stories, editions, receipts

OPEN_STATES = (DeliveryState.PENDING, DeliveryState.CLAIMED, DeliveryState.SENDING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What became of an edition. Sealed once nothing is open any more."""

    edition: str
    kind: str
    title: str
    due_at: datetime
    stories: int
    states: dict[str, int]
    reasons: dict[str, int]  # why excluded, held, expired, failed
    candidates: int

    @property
    def sealed(self) -> bool:
        return not any(self.states.get(state.value) for state in OPEN_STATES)


def report(connection: Connection, edition: str) -> Report:
    row = connection.execute(select(editions).where(editions.c.id == edition)).one_or_none()
    if row is None:
        raise NotFound(f"no edition is called {edition!r}; `syndicator status` lists the latest")
    ours = deliveries.c.edition == edition
    counted = select(deliveries.c.state, deliveries.c.reason, func.count().label("n")).where(ours)
    states: dict[str, int] = {}
    reasons: dict[str, int] = {}
    for found in connection.execute(counted.group_by(deliveries.c.state, deliveries.c.reason)):
        states[found.state] = states.get(found.state, 0) + found.n
        if found.reason:
            reasons[found.reason] = reasons.get(found.reason, 0) + found.n
    stories = select(func.count()).select_from(edition_stories).where(edition_stories.c.edition == edition)
    return Report(
        edition=edition,
        kind=row.kind,
        title=row.title,
        due_at=row.due_at,
        stories=connection.execute(stories).scalar_one(),
        states=states,
        reasons=reasons,
        candidates=sum(states.values()),
    )


def latest(connection: Connection, limit: int) -> list[str]:
    """The ids of the editions planned last, newest first."""
    query = select(editions.c.id).order_by(editions.c.planned_at.desc(), editions.c.id).limit(limit)
    return list(connection.execute(query).scalars())


def by_channel(connection: Connection) -> dict[str, dict[str, int]]:
    """How many deliveries of each channel are in which state."""
    counted = select(deliveries.c.channel, deliveries.c.state, func.count().label("n"))
    counts: dict[str, dict[str, int]] = {}
    for row in connection.execute(counted.group_by(deliveries.c.channel, deliveries.c.state)):
        counts.setdefault(row.channel, {})[row.state] = row.n
    return counts


def of_article(connection: Connection, article: str) -> list[dict[str, object]]:
    """Where a story went: channel, state and number of deliveries."""
    query = (
        select(deliveries.c.channel, deliveries.c.state, func.count().label("deliveries"))
        .join(edition_stories, edition_stories.c.edition == deliveries.c.edition)
        .where(edition_stories.c.article == article)
        .group_by(deliveries.c.channel, deliveries.c.state)
        .order_by(deliveries.c.channel, deliveries.c.state)
    )
    return [dict(row._mapping) for row in connection.execute(query)]


def listed(
    connection: Connection, *, state: str | None, channel: str | None, edition: str | None, limit: int
) -> list[dict[str, object]]:
    """Deliveries, newest first, as a person would want to see them."""
    names = "id key channel edition recipient part state reason attempts due_at settled_at remote_ids"
    query = select(*(deliveries.c[name] for name in names.split()))
    wanted = {"state": state, "channel": channel, "edition": edition}
    for name, value in wanted.items():
        query = query.where(deliveries.c[name] == value) if value else query
    found = connection.execute(query.order_by(deliveries.c.id.desc()).limit(limit))
    return [dict(row._mapping) for row in found]


def history(connection: Connection, delivery: int) -> list[dict[str, object]]:
    """Every receipt of a delivery, oldest first."""
    query = select(receipts).where(receipts.c.delivery == delivery).order_by(receipts.c.id)
    return [dict(row._mapping) for row in connection.execute(query)]


def count_deliveries(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(deliveries)).scalar_one()


def count_editions(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(editions)).scalar_one()


def count_articles(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(articles)).scalar_one()
