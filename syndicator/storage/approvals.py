"""Editions that a second person has to approve on a channel, bound to what exactly goes out there.

A row that waits keeps its edition from being claimed on its channel, and from its body. The hash beside it is that of
the posts, of the moment and of the number of languages; whoever changes one of these, in whatever transaction, says so
by :func:`changed`, and what was approved before waits again.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    exists,
    func,
    literal_column,
    not_,
    or_,
    select,
    update,
)

from syndicator.model import DeliveryState

from . import brakes
from .schema import approvals, deliveries, edition_stories, editions, posts
from .statements import insert_new, stands

S = DeliveryState
WAITS, APPROVED, DECLINED = "waits", "approved", "declined"
_WAITS = approvals.c.state == literal_column("'waits'")  # in the text, for the partial index


class Approval(NamedTuple):
    edition: str
    channel: str
    state: str
    asked_by: str
    asked_at: datetime
    hash: str  # sha256 of what was approved, or is to be
    by: str | None = None
    at: datetime | None = None
    why: str = ""


def ask(connection: Connection, edition: str, channel: str, *, by: str, now: datetime) -> None:
    """In the commit that plans it: nothing of it goes out there before somebody else has approved it."""
    told = Approval(edition, channel, WAITS, by, now, bill(connection, edition, channel))
    insert_new(connection, approvals, [told._asdict()])


def shut(connection: Connection, channel: str) -> frozenset[str]:
    """The editions that wait to be approved for this channel."""
    query = select(approvals.c.edition).where(_WAITS, approvals.c.channel == channel)
    return frozenset(connection.execute(query).scalars())


def waits() -> ColumnElement[bool]:
    """Whether the delivery in a statement is one of these."""
    ours = and_(approvals.c.edition == deliveries.c.edition, approvals.c.channel == deliveries.c.channel)
    return and_(_ANY, exists().where(_WAITS, ours))


# Asked once for all rows: nothing waits most of the time.
_ANY = select(approvals.c.edition).where(_WAITS).exists()


def waiting(connection: Connection) -> list[Approval]:
    """The oldest first."""
    query = select(approvals).where(_WAITS).order_by(approvals.c.asked_at, approvals.c.edition)
    return [_approval(row) for row in connection.execute(query)]


def of_edition(connection: Connection, edition: str) -> list[Approval]:
    """By channel."""
    query = select(approvals).where(approvals.c.edition == edition).order_by(approvals.c.channel)
    return [_approval(row) for row in connection.execute(query)]


def bill(connection: Connection, edition: str, channel: str) -> str:
    """The sha256 of exactly what is still to be sent there: its posts, when, and in how many languages."""
    d = deliveries.c
    held = and_(stands(S.HELD), not_(func.coalesce(d.reason, "").startswith("in doubt")))
    ours = (d.edition == edition, d.channel == channel, or_(stands(S.PENDING, S.CLAIMED), held))
    query = select(posts.c.id, posts.c.language, posts.c.hash).where(
        posts.c.id.in_(select(d.post).where(*ours, d.post.is_not(None)).distinct())
    )
    found = sorted([row.id, row.language, row.hash] for row in connection.execute(query))
    due = connection.execute(select(editions.c.due_at).where(editions.c.id == edition)).scalar_one()
    first = f"{edition}:{channel}:-:0"  # what followers see has a moment of its own on each channel
    there = connection.execute(select(d.due_at).where(d.key == first)).scalar()
    languages = len({language for _, language, _ in found})
    told = [edition, channel, (there or due).isoformat(), languages, found]
    return hashlib.sha256(json.dumps(told, ensure_ascii=False).encode()).hexdigest()


def changed(connection: Connection, edition: str, channel: str, *, why: str, now: datetime) -> None:
    """Other words, another order or another moment: what was approved is not any more."""
    ours = and_(approvals.c.edition == edition, approvals.c.channel == channel)
    row = connection.execute(select(approvals).where(ours).with_for_update()).one_or_none()
    if row is None or row.state == DECLINED:
        return
    seen = bill(connection, edition, channel)
    if seen == row.hash:
        return
    values = {"state": WAITS, "hash": seen, "by": None, "at": None}
    connection.execute(update(approvals).where(ours).values(values))
    if row.state == APPROVED:
        about = f"{edition} {channel}"
        told = f"{why}; {row.by} had approved {row.hash[:12]}"
        brakes.note(connection, who="approvals", what="approval voided", about=about, why=told, now=now)


def settle(
    connection: Connection, asked: Approval, state: str, *, by: str, now: datetime, why: str = ""
) -> bool:
    """Approve or decline what was seen; False where it is not that any more, or somebody else was quicker."""
    a = approvals.c
    ours = (a.edition == asked.edition, a.channel == asked.channel, _WAITS, a.hash == asked.hash)
    values = {"state": state, "by": by, "at": now, "why": why}
    return connection.execute(update(approvals).where(*ours).values(values)).rowcount == 1


def close(connection: Connection, edition: str, channel: str, *, by: str, now: datetime, why: str) -> None:
    """It was called off: nobody is asked any more."""
    ours = (approvals.c.edition == edition, approvals.c.channel == channel, _WAITS)
    values = {"state": DECLINED, "by": by, "at": now, "why": why}
    connection.execute(update(approvals).where(*ours).values(values))


def close_over(connection: Connection, now: datetime) -> int:
    """Nobody is asked about what became too late; how many that is."""
    d = deliveries.c
    open_ = exists().where(
        d.edition == approvals.c.edition,
        d.channel == approvals.c.channel,
        stands(S.PENDING, S.CLAIMED, S.HELD),
    )
    values = {"state": DECLINED, "by": "timetable", "at": now, "why": "its time is over"}
    return connection.execute(update(approvals).where(_WAITS, not_(open_)).values(values)).rowcount


def is_open(connection: Connection, edition: str) -> bool:
    """Whether somebody is to approve it still."""
    return bool(connection.execute(select(exists().where(_WAITS, approvals.c.edition == edition))).scalar())


def articles_of(connection: Connection, edition: str) -> list[str]:
    query = select(edition_stories.c.article).where(edition_stories.c.edition == edition)
    return list(connection.execute(query.order_by(edition_stories.c.position)).scalars())


def _approval(row: object) -> Approval:
    return Approval(*(getattr(row, name) for name in Approval._fields))
