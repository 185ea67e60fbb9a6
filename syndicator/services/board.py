"""The board that hangs in the newsroom: what goes out now, what went out, what needs somebody.

It is looked at often and by several at once, also while a million mails go out. So what takes long to count is counted
at most once in a while and beside the pages; what can change no more is counted once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any

from syndicator.beside import A_WHILE, Beside
from syndicator.model import ENDS
from syndicator.storage import approvals, board, brakes, ledger
from syndicator.storage.board import Going, Standing, Tally
from syndicator.storage.database import Connection, Database
from syndicator.storage.ledger import Report

__all__ = ["Board", "Going", "Moving", "Seen", "Standing"]

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
    def goes(self) -> bool:
        """Something of it is still to go out."""
        return any(self.states.get(state) for state in ("pending", "claimed", "sending"))

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
        """``beside`` and ``ticks`` as :class:`Beside` has them."""
        self._database = database
        self._now = now
        self._channels = channels
        told: dict[str, Any] = {"beside": beside, "ticks": ticks}
        self._done = -1  # the last of what people did, when it was counted
        self._before: Seen | None = None
        self._seen: Beside[Seen] = Beside(self._counted, **told)
        self._tallies: Beside[Tally] = Beside(self._tally, ends=_is_over, **told)
        self._waiting: Beside[Mapping[str, tuple[int, datetime]]] = Beside(self._waits, **told)
        self._reports: Beside[Report] = Beside(self._report, ends=lambda one: one.ended, **told)

    def seen(self) -> Seen:
        """As of a moment ago, and after whatever people did."""
        with self._database.read() as connection:
            done = board.last_deed(connection)
        if done == self._done:
            return self._seen.of()
        self._done = done
        return self._seen.anew()

    def report(self, edition: str) -> Report:
        """As of a moment ago. Raises :exc:`NotFound`."""
        return self._reports.of(edition)

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
                    tally = self._tallies.of(edition)
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

    def editions(self, limit: int) -> list[Moving]:
        """Those of newsletters that were planned last, newest first."""
        with self._database.read() as connection:
            return self._moving(connection, board.latest(connection, limit))

    def due(self, first: datetime, until: datetime, limit: int) -> list[Moving]:
        """Those that were due between two moments, those due last first."""
        with self._database.read() as connection:
            return self._moving(connection, board.due(connection, first, until, limit))

    def edition(self, name: str) -> Moving | None:
        with self._database.read() as connection:
            return next(iter(self._moving(connection, [name])), None)

    def _counted(self, name: str) -> Seen:
        now = self._now()
        with self._database.read() as connection:
            corrections, summaries = board.to_decide(connection)
            recent = self._moving(connection, board.recent(connection, now))
            found = Seen(
                at=now,
                going=[self._rated(one, now) for one in recent if one.goes],
                editions=self._moving(connection, board.latest(connection, 8)),
                doubts=board.in_doubt(connection),
                failed=board.failed(connection, now - FAILED_SINCE, 20),
                waiting=self._waiting.of(),
                last=board.last_sent(connection, self._channels),
                paused=brakes.paused_why(connection),
                gates=brakes.gates(connection),
                approvals=tuple(dict.fromkeys(one.edition for one in approvals.waiting(connection))),
                corrections=corrections,
                summaries=summaries,
            )
        self._before = found
        return found

    def _moving(self, connection: Connection, wanted: Sequence[str]) -> list[Moving]:
        found = []
        for one in board.told(connection, wanted):
            tally = self._tallies.of(one.id)
            found.append(Moving(edition=one, states=tally.states, last=tally.last))
        return found

    def _rated(self, moving: Moving, now: datetime) -> Moving:
        """With how many a second went out since the look before this one."""
        going = self._before.going if self._before else ()
        before = next((one for one in going if one.edition.id == moving.edition.id), None)
        if before is None or self._before is None:
            return moving
        seconds = (now - self._before.at).total_seconds()
        short = seconds < A_WHILE / 2  # too short to tell
        rate = before.rate if short else max(0.0, (moving.done - before.done) / seconds)
        return replace(moving, rate=rate)

    def _waits(self, name: str) -> Mapping[str, tuple[int, datetime]]:
        with self._database.read() as connection:
            return board.waiting(connection, self._now())

    def _tally(self, edition: str) -> Tally:
        with self._database.read() as connection:
            return board.tally(connection, edition)

    def _report(self, edition: str) -> Report:
        with self._database.read() as connection:
            return ledger.report(connection, edition)


def _is_over(tally: Tally) -> bool:
    return bool(tally.states) and not set(tally.states) - ENDS
