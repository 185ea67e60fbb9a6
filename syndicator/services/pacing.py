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
SPARE = timedelta(minutes=10)  # between the last turn and the end of the news' life


@dataclass(frozen=True, slots=True, kw_only=True)
class Pacing:
    """How a newsletter wants its editions spread."""

    until: Callable[[datetime], datetime | None] = lambda now: (
        None
    )  # the moment it is to be done by; None: it passed
    rate: float | None = None  # mails a second at most
    carries: float | None = None  # mails a second that the relays may carry; None: nobody says


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

    def foresee(self, newsletter: str) -> Iterator[Finding]:
        """Whether it can be done by then."""
        pacing, now = self._pacing(newsletter), self._now()
        until = pacing.until(now) if pacing else None
        if pacing is None or until is None:
            return
        with self._database.read() as connection:
            number, seen = (
                spreading.readers(connection, newsletter),
                spreading.fastest(connection, newsletter),
            )
        needed = number / max(1.0, (until - now).total_seconds())
        for most, why in (
            (pacing.rate, "its pace allows"),
            (pacing.carries, "its relays may carry"),
            (seen, "the last edition had"),
        ):
            if most is not None and most < needed * 0.999:
                start = until - timedelta(seconds=number / most)
                what = f"{number:,} mails until {until:%H:%M} UTC need {needed:.1f} a second, and {why} {most:.1f}"
                instead = f"let the timetable begin by {start:%H:%M} UTC, or spread_until be later"
                yield warning("pace", what, newsletter, instead)


def _end(pacing: Pacing, number: int, now: datetime) -> datetime | None:
    """When the last turn is; None: everything at once."""
    ends = [pacing.until(now)]
    if pacing.rate:
        ends.append(now + timedelta(seconds=number / pacing.rate))
    return max((end for end in ends if end), default=None)
