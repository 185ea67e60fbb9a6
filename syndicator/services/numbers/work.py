"""The newsroom's work: what went out a day and how it ended, how soon, and what was read of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from syndicator.beside import Beside
from syndicator.model import ENDS
from syndicator.storage import work
from syndicator.storage.database import Connection, Database
from syndicator.storage.work import Best, Issued

A_WHILE = 30.0  # seconds between two counts
DAYS = 30
WEEK = timedelta(days=7)
MOST = 5000  # editions, the newest
RUNS = 10  # newsletters' editions whose speed is shown
TIMED = 1000  # posts of a channel by which its speed is judged
TOP = 10  # stories


@dataclass(frozen=True, slots=True, kw_only=True)
class Worked:
    """A day, UTC."""

    day: str
    states: Mapping[str, int]
    channels: Mapping[str, int]
    opened: int
    clicked: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Soon:
    """From publication to the channel, in a week; seconds."""

    channel: str
    posts: int
    median: float
    late: float  # 95 of 100 were no later


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    days: Sequence[Worked]
    soon: Sequence[Soon]
    best: Sequence[Best]
    counted: bool  # somewhere it is counted what is read


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A story in an edition."""

    edition: str
    channel: str
    newsletter: str
    people: int
    machines: int


class Work:
    """``channels`` are those that everybody sees, and others."""

    def __init__(
        self, database: Database, *, now: Callable[[], datetime], channels: Sequence[str], beside: bool = True
    ) -> None:
        self._database = database
        self._now = now
        self._channels = channels
        self._ended: dict[str, tuple[Mapping[str, int], Mapping[str, int]]] = {}
        self._seen = Beside(self._counted, a_while=A_WHILE, beside=beside)

    def seen(self) -> Seen | None:
        """As of a moment ago; None: it is being counted for the first time."""
        return self._seen.known()

    def of_story(self, article: str) -> list[Read]:
        """How often a story was opened, wherever that is counted."""
        with self._database.read() as connection:
            rows = work.of_story(connection, article)
        return [
            Read(edition=edition, channel=channel, newsletter=newsletter, people=people, machines=machines)
            for edition, channel, newsletter, people, machines in rows
        ]

    def _counted(self, name: str) -> Seen:
        now = self._now().astimezone(UTC)
        first = (now - timedelta(days=DAYS - 1)).replace(hour=0, minute=0, second=0, microsecond=0)
        with self._database.read() as connection:
            issued = work.issued(connection, first, MOST)
            told = {one.id: self._ends(connection, one) for one in issued}
            read = work.read(connection, told)
            lately = [one.id for one in issued if one.due_at >= now - WEEK]
            best = work.best(connection, lately, TOP)
            waits = {name: work.waits(connection, name, now - WEEK, TIMED) for name in self._channels}
        by_day: dict[str, list[Issued]] = {}
        for one in issued:
            by_day.setdefault(one.due_at.astimezone(UTC).date().isoformat(), []).append(one)
        days = [(first + timedelta(days=ahead)).date().isoformat() for ahead in range(DAYS)]
        return Seen(
            days=[_worked(day, [one.id for one in by_day.get(day, ())], told, read) for day in days],
            soon=[_soon(name, sorted(found)) for name, found in waits.items() if found],
            best=best,
            counted=bool(read),
        )

    def _ends(self, connection: Connection, one: Issued) -> tuple[Mapping[str, int], Mapping[str, int]]:
        """An edition's deliveries by how they stand, and by channel; once it is at its end it is counted no more."""
        if one.id in self._ended:
            return self._ended[one.id]
        report: Any = one.sealed
        if report is None:
            found = work.counted(connection, one.id)
            told = (found.states, found.channels)
            if set(found.states) - ENDS:
                return told
        else:
            told = (report["states"], report["channels"])
        if len(self._ended) >= 2 * MOST:
            self._ended.clear()
        self._ended[one.id] = told
        return told


def _worked(
    day: str,
    wanted: Sequence[str],
    told: Mapping[str, tuple[Mapping[str, int], Mapping[str, int]]],
    read: Mapping[str, tuple[int, int]],
) -> Worked:
    states, channels = Counter[str](), Counter[str]()
    for one in wanted:
        states.update(told[one][0])
        channels.update(told[one][1])
    return Worked(
        day=day,
        states=states,
        channels=channels,
        opened=sum(read.get(one, (0, 0))[0] for one in wanted),
        clicked=sum(read.get(one, (0, 0))[1] for one in wanted),
    )


def _soon(channel: str, waits: Sequence[float]) -> Soon:
    """``waits`` in order, some."""
    last = len(waits) - 1
    return Soon(
        channel=channel, posts=len(waits), median=waits[round(last * 0.5)], late=waits[round(last * 0.95)]
    )
