"""A second person looks at what an order, or the timetable, is about to send, and says yes to exactly that."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from syndicator.errors import Forbidden, NotFound, Refused
from syndicator.model import Post
from syndicator.storage import approvals, brakes, edits, schedule, specimens
from syndicator.storage.approvals import APPROVED, DECLINED, WAITS, Approval
from syndicator.storage.database import Connection, Database

SHORTEST = 12  # hexadecimal digits of a hash that name what was seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An edition that waits to be approved, on these channels."""

    edition: str
    kind: str
    newsletter: str  # empty where nobody subscribed
    due_at: datetime
    channels: tuple[str, ...]
    asked_by: tuple[str, ...]
    since: datetime
    edited_by: str  # who was the last to change what is said of its stories; empty: nobody
    articles: tuple[str, ...]
    hash: str  # of exactly what is sent if it is approved now

    def may(self, who: str) -> bool:
        """Whether this person is a second one."""
        return who not in (*self.asked_by, self.edited_by)


class Approvals:
    def __init__(
        self, database: Database, *, now: Callable[[], datetime], opened: Callable[[Sequence[str]], None]
    ) -> None:
        """``opened`` is told of the channels on which something may go out now."""
        self._database = database
        self._now = now
        self._opened = opened

    def waiting(self) -> list[Asked]:
        """Since longest first."""
        with self._database.read() as connection:
            names = dict.fromkeys(one.edition for one in approvals.waiting(connection))
            return [_asked(connection, name, _open(connection, name)) for name in names]

    def one(self, edition: str) -> Asked:
        """Raises :exc:`NotFound` where nobody is asked."""
        with self._database.read() as connection:
            return _asked(connection, edition, self._rows(connection, edition))

    def posts(self, edition: str) -> list[Post]:
        """What goes out if it is approved; of readers' variants those with all of its stories."""
        with self._database.read() as connection:
            rows = _open(connection, edition)
            return [post for row in rows for post in specimens.standing(connection, edition, row.channel)]

    def history(self, edition: str) -> list[Approval]:
        """By channel: who asked, who answered."""
        with self._database.read() as connection:
            return approvals.of_edition(connection, edition)

    def approve(self, edition: str, seen: str, *, by: str) -> Asked:
        """Let exactly what was seen go out; ``seen`` is its hash, or twelve digits of it or more.

        Raises :exc:`NotFound` where nobody is asked, :exc:`Forbidden` for who ordered it or was the last to edit it,
        and :exc:`Refused` where it is not what was seen any more.
        """
        self._freshen(edition)
        with self._database.write() as connection:
            rows = self._rows(connection, edition)
            told, now = _asked(connection, edition, rows), self._now()
            _check(told, seen, by)
            for row in rows:
                exact = approvals.bill(connection, edition, row.channel) == row.hash
                if not exact or not approvals.settle(connection, row, APPROVED, by=by, now=now):
                    raise Refused("{edition} has just changed; look at it again", edition=edition)
            gates = brakes.gates(connection)
            if edition in gates:  # it is looked at again at once
                brakes.gate(connection, edition, {"newsletter": gates[edition]["newsletter"]}, now=now)
            brakes.note(connection, who=by, what="approve", about=edition, why=told.hash, now=now)
        self._opened(told.channels)
        return told

    def decline(self, edition: str, *, why: str, by: str) -> int:
        """It does not go out, and its stories are free again; how many deliveries that was. Raises :exc:`NotFound`."""
        with self._database.write() as connection:
            rows, now = self._rows(connection, edition), self._now()
            for row in rows:
                approvals.settle(connection, row, DECLINED, by=by, now=now, why=why)
            told = schedule.edition(connection, edition)
            channels, reason = [row.channel for row in rows], f"declined by {by}: {why}"
            off = schedule.call_off(connection, told, channels, why=reason, by=by, now=now)
            brakes.note(connection, who=by, what="decline", about=edition, why=why, now=now)
        return off.deliveries

    def sweep(self) -> int:
        """Nobody is asked about what became too late."""
        with self._database.write() as connection:
            return approvals.close_over(connection, self._now())

    def _freshen(self, edition: str) -> None:
        """Readers may have left since, and a kind of post with them."""
        with self._database.write() as connection:
            for row in _open(connection, edition):
                approvals.changed(connection, edition, row.channel, why="readers left", now=self._now())

    def _rows(self, connection: Connection, edition: str) -> list[Approval]:
        rows = approvals.of_edition(connection, edition)
        if found := [one for one in rows if one.state == WAITS]:
            return found
        if rows and rows[0].by:
            raise NotFound(
                "{edition} was {state} by {by} already", edition=edition, state=rows[0].state, by=rows[0].by
            )
        raise NotFound(
            "nobody is asked about {edition!r}; `syndicator approvals` lists what waits", edition=edition
        )


def _open(connection: Connection, edition: str) -> list[Approval]:
    return [one for one in approvals.of_edition(connection, edition) if one.state == WAITS]


def _check(told: Asked, seen: str, by: str) -> None:
    if by in told.asked_by:
        raise Forbidden(
            "{by} ordered {edition}; somebody else has to approve it", by=by, edition=told.edition
        )
    if by == told.edited_by:
        raise Forbidden(
            "{by} was the last to edit a story of {edition}; somebody else has to approve it",
            by=by,
            edition=told.edition,
        )
    if len(seen) < SHORTEST or not told.hash.startswith(seen):
        raise Refused(
            "{edition} is not what you saw: it is {hash} now; look at it again",
            edition=told.edition,
            hash=told.hash[:SHORTEST],
        )


def _asked(connection: Connection, name: str, rows: Sequence[Approval]) -> Asked:
    told = schedule.named(connection, name)
    articles = approvals.articles_of(connection, name)
    return Asked(
        edition=name,
        kind=told.kind,
        newsletter=told.newsletter,
        due_at=told.due_at,
        channels=tuple(one.channel for one in rows),
        asked_by=tuple(dict.fromkeys(one.asked_by for one in rows)),
        since=min(one.asked_at for one in rows),
        edited_by=edits.last_by(connection, articles),
        articles=tuple(articles),
        hash=_whole(rows),
    )


def _whole(rows: Sequence[Approval]) -> str:
    """Of all its channels."""
    if len(rows) == 1:
        return rows[0].hash
    return hashlib.sha256("\n".join(sorted(one.hash for one in rows)).encode()).hexdigest()
