"""The calendar: what went out when and what will, and moving it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from starlette.responses import Response

from syndicator.beside import Beside
from syndicator.diary import MOST, Entry
from syndicator.editing import quiet_hours
from syndicator.services.board import Moving

from .doors import Visit
from .rooms import Rooms

if TYPE_CHECKING:
    from syndicator.app import App

    from .setting import Setting

WEEK = 7  # days
A_WHILE = 20.0  # seconds between two counts of what the next editions hold, beside the page
PAST = 62  # days that are shown of what went out
WENT = 400  # editions that are shown of what went out, the newest
MOVES = {"slot": "newsletter-move", "embargo": "embargo"}  # by kind; an edition: move
EDITORS = {"embargo"}  # verbs that need no publisher


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An entry, and how it is moved; the verb takes ``told`` and the moment as ``to``."""

    entry: Entry
    verb: str
    told: Mapping[str, str]
    to: str
    role: str

    @property
    def undo(self) -> Mapping[str, str]:
        """What puts it back where its timetable has it."""
        return {**self.told, "undo": "on"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hour:
    begins: datetime
    quiet: bool
    entries: Sequence[Shown]
    went: Sequence[Moving]

    @property
    def empty(self) -> bool:
        return not (self.entries or self.went)

    @property
    def slot(self) -> str:
        """As a field for a moment has it."""
        return self.begins.isoformat()[:16]

    @property
    def style(self) -> str:
        return "hour" + " quiet" * self.quiet + " none" * self.empty


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    begins: datetime
    today: bool
    over: bool
    hours: Sequence[Hour]

    @property
    def empty(self) -> bool:
        return all(hour.empty for hour in self.hours)


class CalendarPage:
    def __init__(self, newsroom: App, rooms: Rooms, setting: Setting) -> None:
        self._newsroom = newsroom
        self._setting = setting
        self._zone = newsroom.settings.newsroom.timezone
        self._quiet = quiet_hours(newsroom.settings.newsroom.quiet_hours, self._zone)
        self._counts = Beside(self._counted, a_while=A_WHILE)
        self.routes = [rooms.way("/calendar", show=self._show)]

    def _show(self, visit: Visit) -> Response:
        now = self._newsroom.world.now().astimezone(self._zone)
        first, length = self._asked(visit, now.date())
        ahead = (first - now.date()).days + length
        found = self._newsroom.calendar.entries(min(MOST, ahead), stories=False) if ahead > 0 else []
        counted = self._counts.known() or {}
        found = [counted.get(_name(one), one) if one.state == "planned" else one for one in found]
        begins, ends = self._at(first, 0), min(now, self._at(first + timedelta(days=length), 0))
        went = self._newsroom.board.due(begins, ends, WENT) if begins < ends else []
        days = self._days(first, length, found, went)
        return self._setting.page(
            visit,
            "calendar.html",
            days=days,
            before=first - timedelta(days=length),
            after=first + timedelta(days=length),
            first=first <= now.date() - timedelta(days=PAST),
            last=ahead + length > MOST,
            today=None if first == now.date() else now.date(),
            length=length,
            cut=len(went) == WENT,
            hours=self._newsroom.settings.newsroom.quiet_hours,
        )

    def _counted(self, name: str) -> dict[tuple[str, datetime | None], Entry]:
        """The next slot of each newsletter, with what it would hold."""
        found = self._newsroom.calendar.entries(WEEK)
        return {_name(one): one for one in found if one.stories}

    def _asked(self, visit: Visit, today: date) -> tuple[date, int]:
        """From which day, and how many; what is none is today and a week."""
        days = visit.said("days")
        length = min(int(days), 14) if days.isdigit() and int(days) else WEEK
        try:
            first = date.fromisoformat(visit.said("from"))
        except ValueError:
            first = today
        return min(max(first, today - timedelta(days=PAST)), today + timedelta(days=MOST - length)), length

    def _days(self, first: date, length: int, found: Sequence[Entry], went: Sequence[Moving]) -> list[Day]:
        entries, gone = defaultdict[datetime, list[Shown]](list), defaultdict[datetime, list[Moving]](list)
        now = self._hour(self._newsroom.world.now())
        for entry in found:  # what goes out now began before
            entries[max(now, self._hour(entry.when))].append(shown(entry))
        going = {one.about for one in found}
        for one in went:
            if one.edition.id not in going:
                gone[self._hour(one.edition.due_at)].append(one)
        return [
            Day(
                begins=self._at(day, 0),
                today=day == now.date(),
                over=day < now.date(),
                hours=[self._told(self._at(day, hour), entries, gone) for hour in range(24)],
            )
            for day in (first + timedelta(days=ahead) for ahead in range(length))
        ]

    def _told(
        self,
        begins: datetime,
        entries: Mapping[datetime, Sequence[Shown]],
        gone: Mapping[datetime, Sequence[Moving]],
    ) -> Hour:
        return Hour(
            begins=begins,
            quiet=self._quiet(begins) != begins,
            entries=entries.get(begins, ()),
            went=gone.get(begins, ()),
        )

    def _hour(self, moment: datetime) -> datetime:
        return moment.astimezone(self._zone).replace(minute=0, second=0, microsecond=0)

    def _at(self, day: date, hour: int) -> datetime:
        return datetime.combine(day, time(hour), self._zone)


def _name(entry: Entry) -> tuple[str, datetime | None]:
    return entry.about, entry.slot


def shown(entry: Entry) -> Shown:
    verb = MOVES.get(entry.kind, "move")
    match verb:
        case "newsletter-move":
            slot = entry.slot.isoformat() if entry.slot else ""
            told, to = {"name": entry.about, "slot": slot}, "to"
        case "embargo":
            told, to = {"article": entry.about}, "until"
        case _:
            told, to = {"edition": entry.about}, "at"
    return Shown(entry=entry, verb=verb, told=told, to=to, role="editor" if verb in EDITORS else "publisher")
