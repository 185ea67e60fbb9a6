"""An edition spread over time: evenly until a moment, or no faster than so many a second.

The turns are written into the deliveries before the gate opens, so that they hold for all workers and over a restart,
and sending costs nothing more.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from syndicator.inspection import Finding
from syndicator.inspection.findings import warning
from syndicator.storage import spreading
from syndicator.storage.database import Database

STEP = timedelta(seconds=10)  # of a turn: so often the worker looks, unless it is told otherwise
STEPS = 1000
MARGIN = 1.1  # of the time that an edition takes by what is known of its speed
SPARE = timedelta(minutes=10)  # between the last turn and the end of the news' life


@dataclass(frozen=True, slots=True, kw_only=True)
class Pacing:
    """How a newsletter wants its editions spread."""

    until: Callable[[datetime], datetime | None] = lambda now: (
        None
    )  # the moment it is to be done by; None: it passed
    rate: float | None = None  # mails a second at most
    carries: float | None = None  # mails a second that the relays may carry; None: nobody says
    done_by: Callable[[datetime], datetime] | None = (
        None  # of a slot: when all are to have it; None: that is not asked
    )
    early: timedelta = timedelta(0)  # before its slot it begins by this at most


class Pacer:
    def __init__(
        self, database: Database, *, now: Callable[[], datetime], pacing: Callable[[str], Pacing | None]
    ) -> None:
        self._database = database
        self._now = now
        self._pacing = pacing

    def spread(self, edition: str, newsletter: str) -> None:
        """Give the deliveries that wait their turns. Doing it twice is doing it once, from then on."""
        pacing, now = self._pacing(newsletter), self._now()
        if pacing is None:
            return
        with self._database.read() as connection:
            left = spreading.left(connection, edition)
        until = _end(pacing, left.number, now)
        if until is None or not left.not_after:
            return
        until = max(now, min(until, left.not_after - SPARE))
        steps = min(left.number, STEPS, max(1, math.ceil((until - now) / STEP)))
        with self._database.read() as connection:
            parts = spreading.parts(connection, edition, steps)
        for place, (first, last) in enumerate(parts):
            with self._database.write() as connection:
                spreading.put(connection, edition, first, last, now + (until - now) * place / steps)

    def begins(self, newsletter: str, slot: datetime) -> datetime:
        """When an edition is to begin so that all have it in time: at its slot, or as much before as it takes by the
        slowest of what is known of its speed, and a tenth more. Where nothing is known it begins at its slot."""
        pacing = self._pacing(newsletter)
        if pacing is None or pacing.done_by is None:
            return slot
        number, speeds = self._measured(newsletter, pacing)
        if not speeds:
            return slot
        takes = timedelta(seconds=number / min(speeds.values()) * MARGIN)
        return max(slot - pacing.early, min(slot, pacing.done_by(slot) - takes))

    def _measured(self, newsletter: str, pacing: Pacing) -> tuple[int, dict[str, float]]:
        """How many would get it now, and mails a second: what is known, by who says so."""
        with self._database.read() as connection:
            number = spreading.readers(connection, newsletter)
            seen = spreading.fastest(connection, newsletter)
        told = {
            "its pace allows": pacing.rate,
            "its relays may carry": pacing.carries,
            "the last edition had": seen,
        }
        return number, {why: most for why, most in told.items() if most is not None}

    def foresee(self, newsletter: str) -> Iterator[Finding]:
        """Whether it can be done by then."""
        pacing, now = self._pacing(newsletter), self._now()
        if pacing is None:
            return
        until = pacing.done_by(now) if pacing.done_by else pacing.until(now)
        if until is None:
            return
        number, speeds = self._measured(newsletter, pacing)
        needed = number / max(1.0, (until - now).total_seconds())
        for why, most in speeds.items():
            if most < needed * 0.999:
                start = until - timedelta(seconds=number / most)
                what = f"{number:,} mails until {until:%H:%M} UTC need {needed:.1f} a second, and {why} {most:.1f}"
                instead = f"let the timetable begin by {start:%H:%M} UTC, or spread_until be later"
                if pacing.done_by:
                    instead = f"let it begin by {start:%H:%M} UTC (early), or done_by be later"
                yield warning("pace", what, newsletter, instead)


def _end(pacing: Pacing, number: int, now: datetime) -> datetime | None:
    """When the last turn is; None: everything at once."""
    ends = [pacing.until(now)]
    if pacing.rate:
        ends.append(now + timedelta(seconds=number / pacing.rate))
    return max((end for end in ends if end), default=None)
