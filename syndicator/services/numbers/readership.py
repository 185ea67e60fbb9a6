"""How many readers there are, who comes and who goes: numbers only, for whoever may look."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from syndicator.beside import Beside
from syndicator.bounces import Kind
from syndicator.storage import turnout
from syndicator.storage.database import Database
from syndicator.storage.turnout import CAME, GONE, Turn, sign

__all__ = ["Choices", "Day", "Readership", "Turn", "Turnout"]

A_WHILE = 300.0  # seconds between two looks at every wish
BOUNCES = (Kind.HARD.value, Kind.SOFT.value, Kind.COMPLAINT.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One day, UTC."""

    day: str  # 2026-03-01
    turns: Mapping[Turn, int]
    back: Mapping[str, int]  # mails that came back, by kind
    readers: int  # at its end

    @property
    def came(self) -> int:
        return sum(self.turns.get(one, 0) for one in CAME)

    @property
    def gone(self) -> int:
        return sum(self.turns.get(one, 0) for one in GONE)

    @property
    def net(self) -> int:
        return sum(number * sign(turn) for turn, number in self.turns.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Turnout:
    days: Sequence[Day]
    standing: Mapping[tuple[str, str], int]  # by newsletter and language, now; whatever was asked for

    @property
    def readers(self) -> int:
        return self.days[-1].readers

    def total(self, *turns: Turn) -> int:
        return sum(day.turns.get(turn, 0) for day in self.days for turn in turns)

    @property
    def share(self) -> float | None:
        """Of those who were asked how many confirmed; None: nobody was."""
        asked = self.total(Turn.ASKED)
        return min(1.0, self.total(Turn.CONFIRMED) / asked) if asked else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What readers chose, by newsletter."""

    readers: Mapping[str, int] = field(default_factory=dict)
    topics: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # who chose none has all
    frequency: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


class Readership:
    def __init__(self, database: Database, *, now: Callable[[], datetime], beside: bool = True) -> None:
        self._database = database
        self._now = now
        self._choices = Beside(self._chosen, a_while=A_WHILE, beside=beside)

    def turnout(self, length: int, *, newsletter: str = "", language: str = "") -> Turnout:
        """The last ``length`` days, today among them, of a newsletter and a language or all of them."""
        today = self._now().astimezone(UTC)
        first = today - timedelta(days=length - 1)
        since = first.replace(hour=0, minute=0, second=0, microsecond=0)
        with self._database.read() as connection:
            turns = turnout.days(connection, turnout.day_of(first), newsletter, language)
            standing = turnout.standing(connection)
            back = turnout.came_back(connection, BOUNCES, since)
        readers = sum(
            number
            for (name, code), number in standing.items()
            if newsletter in {"", name} and language in {"", code}
        )
        found: list[Day] = []
        for day in reversed(turnout.every_day(first.date(), today.date())):
            found.append(Day(day=day, turns=turns.get(day, {}), back=back.get(day, {}), readers=readers))
            readers -= found[-1].net
        return Turnout(days=found[::-1], standing=standing)

    def choices(self) -> Choices | None:
        """As of some minutes ago; None: they are being counted for the first time."""
        return self._choices.known()

    def _chosen(self, name: str) -> Choices:
        with self._database.read() as connection:
            rows = turnout.chosen(connection)
        readers = Counter[str]()
        topics: dict[str, Counter[str]] = {}
        often: dict[str, Counter[str]] = {}
        for newsletter, chosen, frequency, number in rows:
            readers[newsletter] += number
            often.setdefault(newsletter, Counter())[frequency] += number
            for topic in chosen.split(","):
                topics.setdefault(newsletter, Counter())[topic] += number
        return Choices(readers=readers, topics=topics, frequency=often)
