"""Reading the outbox: what went where, what waits, what is in doubt; and the report that outlives its rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, Row, and_, case, delete, exists, func, or_, select, update

from syndicator.errors import NotFound
from syndicator.model import ENDS, DeliveryState, Reason

from .compositions import left_out_of
from .schema import LATEST, articles, candidates, deliveries, edition_stories, editions, receipts
from .statements import CHANNEL_ITSELF, stands

S = DeliveryState
UNDECIDED = (S.PENDING, S.CLAIMED, S.SENDING, S.UNCERTAIN)
DECIDED_BY_US = (S.EXCLUDED, S.EXPIRED)  # their reasons are of the enumeration


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What became of an edition: every candidate is in exactly one state, or :attr:`faults` says where not."""

    edition: str
    kind: str
    title: str
    due_at: datetime
    stories: int
    candidates: Mapping[str, int]  # by channel, as they were counted when the edition was planned
    states: Mapping[str, int]
    reasons: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # by state: why, and how many
    channels: Mapping[str, int]  # how many deliveries there are, by channel
    left_out: Mapping[str, str] = field(default_factory=dict)  # by story: why it is not in the edition
    sealed_at: datetime | None = None

    @property
    def finished(self) -> bool:
        """Nothing goes out any more by itself; what is held waits for a person."""
        return not any(self.states.get(state) for state in UNDECIDED)

    @property
    def ended(self) -> bool:
        """Nothing can change any more."""
        return not set(self.states) - ENDS

    @property
    def faults(self) -> tuple[str, ...]:
        """Where the report does not add up."""
        said = []
        for channel in sorted({*self.candidates, *self.channels}):
            expected, found = self.candidates.get(channel, 0), self.channels.get(channel, 0)
            if expected != found:
                said.append(f"{channel} had {expected} candidates, and {found} are accounted for")
        if sum(self.states.values()) != sum(self.channels.values()):
            said.append("the states and the channels are not of the same deliveries")
        ours = {reason.value for reason in Reason}
        for state in DECIDED_BY_US:
            for reason, number in self.reasons.get(state, {}).items():
                if reason not in ours:
                    said.append(f"{number} are {state} for no reason that is known: {reason or 'none'}")
        return tuple(said)


REPORT = TypeAdapter(Report)


def report(connection: Connection, edition: str) -> Report:
    """As it was sealed, else as the rows say now. Raises :exc:`NotFound`."""
    row = connection.execute(select(editions).where(editions.c.id == edition)).one_or_none()
    if row is None:
        raise NotFound("no edition is called {name!r}; `syndicator status` lists the latest", name=edition)
    return REPORT.validate_python(row.sealed) if row.sealed else _counted(connection, row)


def _counted(connection: Connection, row: Row[Any]) -> Report:
    ours = deliveries.c.edition == row.id
    by = (deliveries.c.channel, deliveries.c.state, deliveries.c.reason)
    states: dict[str, int] = {}
    channels: dict[str, int] = {}
    reasons: dict[str, dict[str, int]] = {}
    for found in connection.execute(select(*by, func.count().label("n")).where(ours).group_by(*by)):
        states[found.state] = states.get(found.state, 0) + found.n
        channels[found.channel] = channels.get(found.channel, 0) + found.n
        if found.reason or found.state in DECIDED_BY_US:
            why = reasons.setdefault(found.state, {})
            why[found.reason or ""] = why.get(found.reason or "", 0) + found.n
    stories = select(func.count()).select_from(edition_stories).where(edition_stories.c.edition == row.id)
    expected = select(candidates.c.channel, candidates.c.number).where(candidates.c.edition == row.id)
    return Report(
        edition=row.id,
        kind=row.kind,
        title=row.title,
        due_at=row.due_at,
        stories=connection.execute(stories).scalar_one(),
        candidates={one.channel: one.number for one in connection.execute(expected)},
        states=states,
        reasons=reasons,
        channels=channels,
        left_out=left_out_of(connection, row.id),
    )


def to_seal(connection: Connection, before: datetime) -> list[str]:
    """Editions due before this moment in which nothing can change any more, and which are not sealed."""
    open_ = exists().where(
        deliveries.c.edition == editions.c.id,
        deliveries.c.state.in_(sorted(state.value for state in set(S) - ENDS)),
    )
    query = select(editions.c.id).where(editions.c.sealed_at.is_(None), editions.c.due_at < before, ~open_)
    return list(connection.execute(query.order_by(editions.c.due_at)).scalars())


def seal(connection: Connection, edition: str, now: datetime) -> Report:
    """Keep the report for ever, where it adds up and nothing can change it. Sealing twice is sealing once."""
    found = report(connection, edition)
    if found.sealed_at or found.faults or not found.ended:
        return found
    content = REPORT.dump_python(found, mode="json") | {"sealed_at": now.isoformat()}
    ours = update(editions).where(editions.c.id == edition)
    connection.execute(ours.values(sealed=content, sealed_at=now))
    return REPORT.validate_python(content)


def to_prune(connection: Connection, before: datetime) -> list[str]:
    """Sealed editions that were due before this moment and still have their deliveries, oldest first."""
    old = (editions.c.sealed_at.is_not(None), editions.c.pruned_at.is_(None), editions.c.due_at < before)
    return list(connection.execute(select(editions.c.id).where(*old).order_by(editions.c.due_at)).scalars())


def prune(connection: Connection, edition: str, now: datetime, *, limit: int) -> int:
    """Remove some deliveries of a sealed edition with their receipts.

    Returns how many; fewer than ``limit`` when these were the last.
    """
    ours = select(deliveries.c.id).where(deliveries.c.edition == edition).limit(limit)
    ids = list(connection.execute(ours).scalars())
    if ids:
        connection.execute(delete(receipts).where(receipts.c.delivery.in_(ids)))
        connection.execute(delete(deliveries).where(deliveries.c.id.in_(ids)))
    if len(ids) < limit:
        connection.execute(update(editions).where(editions.c.id == edition).values(pruned_at=now))
    return len(ids)


def latest(connection: Connection, limit: int) -> list[str]:
    """The ids of the editions planned last, newest first."""
    query = select(editions.c.id).where(LATEST)  # those to one reader each would hide the others
    query = query.order_by(editions.c.planned_at.desc(), editions.c.id).limit(limit)
    return list(connection.execute(query).scalars())


def by_channel(connection: Connection) -> dict[str, dict[str, int]]:
    """How many deliveries of each channel are in which state."""
    counted = select(deliveries.c.channel, deliveries.c.state, func.count().label("n"))
    counts: dict[str, dict[str, int]] = {}
    for row in connection.execute(counted.group_by(deliveries.c.channel, deliveries.c.state)):
        counts.setdefault(row.channel, {})[row.state] = row.n
    return counts


def health(connection: Connection, now: datetime) -> dict[str, dict[str, datetime | int | None]]:
    """Of each channel: when something last went out, since when what is due waits, and what is in doubt."""
    d = deliveries.c
    due = and_(d.state == S.PENDING, d.due_at <= now)
    held = and_(d.state == S.HELD, func.coalesce(d.reason, "").startswith("in doubt"))
    query = select(
        d.channel,
        func.max(case((d.state == S.SENT, d.settled_at))).label("last"),
        func.min(case((due, d.due_at))).label("since"),
        func.sum(case((or_(d.state == S.UNCERTAIN, held), 1), else_=0)).label("doubts"),
    )
    return {
        row.channel: {"last": row.last, "waits_since": row.since, "doubts": int(row.doubts)}
        for row in connection.execute(query.group_by(d.channel))
    }


def refused(connection: Connection, since: datetime) -> list[dict[str, Any]]:
    """What a channel's followers did not get since then, for good: edition, channel, how many, and one reason."""
    d = deliveries.c
    query = (
        select(d.edition, d.channel, func.count().label("number"), func.max(d.reason).label("reason"))
        .where(stands(S.FAILED), d.settled_at >= since, d.recipient == CHANNEL_ITSELF)
        .group_by(d.edition, d.channel)
        .order_by(d.edition, d.channel)
    )
    return [dict(row._mapping) for row in connection.execute(query)]


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
    connection: Connection,
    *,
    state: str | None,
    channel: str | None,
    edition: str | None,
    limit: int,
    after: int | None = None,
) -> list[dict[str, object]]:
    """Deliveries, newest first, as a person would want to see them."""
    names = "id key channel edition recipient part state reason attempts due_at settled_at remote_ids"
    query = select(*(deliveries.c[name] for name in names.split()))
    wanted = {"state": state, "channel": channel, "edition": edition}
    for name, value in wanted.items():
        query = query.where(deliveries.c[name] == value) if value else query
    if after is not None:
        query = query.where(deliveries.c.id < after)
    found = connection.execute(query.order_by(deliveries.c.id.desc()).limit(limit))
    return [dict(row._mapping) for row in found]


def channel_of(connection: Connection, delivery: int) -> str:
    """Raises :exc:`NotFound`."""
    found: str | None = connection.execute(
        select(deliveries.c.channel).where(deliveries.c.id == delivery)
    ).scalar()
    if found is None:
        raise NotFound("there is no delivery {number}; `syndicator deliveries` lists them", number=delivery)
    return found


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
