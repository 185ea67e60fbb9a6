"""The board that hangs in the newsroom: what goes out now, what went out, what needs somebody.

It is looked at often and by several at once, also while a million mails go out. So what takes long to count is counted
at most once in a while and beside the pages; what can change no more is counted once.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock, Thread
from time import perf_counter
from typing import Any

from syndicator.model import ENDS
from syndicator.storage import approvals, board, brakes
from syndicator.storage.board import Going, Standing, Tally
from syndicator.storage.database import Connection, Database

__all__ = ["Board", "Going", "Moving", "Seen", "Standing"]

A_WHILE = 2.0  # seconds between two counts, where they are quick
SHARE = 10  # counting may take a tenth of the time, not more
KEPT = 2000  # editions at their end whose counts are kept
FAILED_SINCE = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moving:
    """An edition that is going out, or went out."""

    edition: Going
    states: Mapping[str, int]
    channels: tuple[str, ...] = ()
    rate: float = 0.0  # deliveries a second, of late
    last: datetime | None = None

    @property
    def done(self) -> int:
        return sum(number for state, number in self.states.items() if state in ENDS or state == "held")

    @property
    def total(self) -> int:
        return sum(self.states.values())

    @property
    def left(self) -> timedelta | None:
        """Until it is done, at this rate."""
        return timedelta(seconds=(self.total - self.done) / self.rate) if self.rate else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """All of it, as it was counted at a moment."""

    at: datetime
    going: Sequence[Moving] = ()
    editions: Sequence[Moving] = ()
    doubts: Mapping[str, int] = field(default_factory=dict)  # by channel
    failed: Sequence[Any] = ()
    waiting: Mapping[str, tuple[int, datetime]] = field(
        default_factory=dict
    )  # by channel: how many, since when
    last: Mapping[str, datetime] = field(default_factory=dict)  # by channel: when something went out
    paused: Mapping[str, str] = field(default_factory=dict)  # by name: why
    gates: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    approvals: tuple[str, ...] = ()  # editions that wait for a second person
    corrections: int = 0
    summaries: int = 0

    @property
    def needs(self) -> int:
        """How much of it waits for a person."""
        told = len(self.stuck) + len(self.approvals)
        return sum(self.doubts.values()) + self.corrections + self.summaries + told

    @property
    def stuck(self) -> dict[str, str]:
        """Editions that something was found against, and what."""
        return {
            edition: str(one["what"])
            for edition, told in self.gates.items()
            for one in told.get("findings", ())[:1]
            if one.get("severity") == "error"
        }


class Board:
    def __init__(
        self,
        database: Database,
        *,
        now: Callable[[], datetime],
        channels: Sequence[str],
        beside: bool = True,
        ticks: Callable[[], float] = perf_counter,
    ) -> None:
        """``beside``: whoever looks gets what is known, and it is counted anew meanwhile. ``ticks`` are seconds."""
        self._database = database
        self._now = now
        self._channels = channels
        self._beside = beside
        self._ticks = ticks
        self._lock = Lock()
        self._seen: Seen | None = None
        self._next = 0.0  # of the machine's own clock
        self._counting = False
        self._ended: OrderedDict[str, Tally] = OrderedDict()

    def seen(self) -> Seen:
        """As of a moment ago."""
        with self._lock:
            known, due = self._seen, self._ticks() >= self._next
            if known and (self._counting or not due):
                return known
            self._counting = True
        if known is None or not self._beside:
            return self._renewed()
        Thread(target=self._renewed, name="board", daemon=True).start()
        return known

    def pulse(self) -> tuple[int, int, int]:
        """Another one: something was written down."""
        with self._database.read() as connection:
            return board.pulse(connection)

    def went(self, articles: Sequence[str]) -> dict[str, list[Standing]]:
        """Where each of these stories went, and how it stands there."""
        with self._database.read() as connection:
            keys = board.carried(connection, articles)
            public = board.public(
                connection, {edition for _, _, newsletter, edition in keys if not newsletter}
            )
            found: dict[str, list[Standing]] = {one: [] for one in articles}
            for article, channel, newsletter, edition in keys:
                told: dict[str, Any] = {
                    "article": article,
                    "edition": edition,
                    "channel": channel,
                    "newsletter": newsletter,
                }
                if newsletter:
                    tally = self._tally(connection, edition)
                    found[article] += [
                        Standing(**told, state=state, deliveries=number, at=tally.last)
                        for state, number in tally.states.items()
                    ]
                else:
                    found[article] += [
                        Standing(
                            **told,
                            state=row.state,
                            deliveries=1,
                            remote=tuple(row.remote_ids or ()),
                            at=row.settled_at,
                        )
                        for row in public.get((edition, channel), ())
                    ]
        return found

    def editions(self, limit: int, *, printed: bool = True) -> list[Moving]:
        """Those planned last, newest first."""
        with self._database.read() as connection:
            wanted = board.latest(connection, limit, printed=printed)
            return self._moving(connection, wanted)

    def edition(self, name: str) -> Moving | None:
        with self._database.read() as connection:
            return next(iter(self._moving(connection, [name])), None)

    def _renewed(self) -> Seen:
        start = self._ticks()
        found: Seen | None = None
        try:
            found = self._counted()
            return found
        finally:
            took = self._ticks() - start
            with self._lock:
                self._counting = False
                self._next = self._ticks() + max(A_WHILE, SHARE * took)
                self._seen = found or self._seen

    def _counted(self) -> Seen:
        now = self._now()
        with self._database.read() as connection:
            corrections, summaries = board.to_decide(connection)
            return Seen(
                at=now,
                going=self._moving(connection, board.going(connection, now)),
                editions=self._moving(connection, board.latest(connection, 8, printed=True)),
                doubts=board.in_doubt(connection),
                failed=board.failed(connection, now - FAILED_SINCE, 20),
                waiting=board.waiting(connection, now),
                last=board.last_sent(connection, self._channels),
                paused=brakes.paused_why(connection),
                gates=brakes.gates(connection),
                approvals=tuple(dict.fromkeys(one.edition for one in approvals.waiting(connection))),
                corrections=corrections,
                summaries=summaries,
            )

    def _moving(self, connection: Connection, wanted: Sequence[str]) -> list[Moving]:
        before = {one.edition.id: one for one in self._seen.going} if self._seen else {}
        found = []
        for one in board.told(connection, wanted):
            tally = self._tally(connection, one.id)
            moving = Moving(edition=one, states=tally.states, last=tally.last)
            found.append(self._rated(moving, before.get(one.id)))
        return found

    def _rated(self, moving: Moving, before: Moving | None) -> Moving:
        if before is None or self._seen is None:
            return moving
        seconds = (self._now() - self._seen.at).total_seconds()
        short = seconds < A_WHILE / 2  # too short to tell
        rate = before.rate if short else max(0.0, (moving.done - before.done) / seconds)
        return Moving(edition=moving.edition, states=moving.states, last=moving.last, rate=rate)

    def _tally(self, connection: Connection, edition: str) -> Tally:
        if known := self._ended.get(edition):
            return known
        found = board.tally(connection, edition)
        if found.states and not set(found.states) - ENDS:
            self._ended[edition] = found
            while len(self._ended) > KEPT:
                self._ended.popitem(last=False)
        return found
