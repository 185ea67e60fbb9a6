"""Today: what went out, what will go out, what needs somebody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.responses import Response

from syndicator.beside import Beside
from syndicator.diary import Entry
from syndicator.services.board import Seen

from .doors import HOME, Visit
from .rooms import Rooms

if TYPE_CHECKING:
    from syndicator.app import App

    from .setting import Setting

STORIES = 14
COMING, NEXT = 2, 8  # days, entries
A_WHILE = 3.0  # seconds between two looks at what will go out


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """Something that waits for a person; the page has the words."""

    kind: str
    where: str
    count: int = 1
    name: str = ""
    why: str = ""


class Today:
    def __init__(self, newsroom: App, rooms: Rooms, setting: Setting) -> None:
        self._newsroom = newsroom
        self._setting = setting
        self._coming = Beside(self._planned, a_while=A_WHILE)
        self.routes = [rooms.way("", show=self._show), rooms.way("/", show=self._show)]

    def _show(self, visit: Visit) -> Response:
        seen = self._newsroom.board.seen()
        page = self._newsroom.ledger.articles(limit=STORIES)
        return self._setting.page(
            visit,
            "today.html",
            seen=seen,
            needs=needs(seen),
            stories=page.articles,
            went=self._newsroom.board.went([one.id for one in page.articles]),
            coming=self._coming.of(),
        )

    def _planned(self, name: str) -> list[Entry]:
        """What will go out next; what goes out now stands above it."""
        found = self._newsroom.calendar.entries(COMING, stories=False)
        return [one for one in found if one.state not in {"going", "skipped"}][:NEXT]


def needs(seen: Seen) -> list[Need]:
    """The most urgent first."""
    found = [
        Need(kind="doubt", where=f"{HOME}/doubts", count=number, name=channel)
        for channel, number in seen.doubts.items()
    ]
    found += [
        Need(kind="gate", where=f"{HOME}/editions/{quote(edition)}", name=edition, why=why)
        for edition, why in seen.stuck.items()
    ]
    if seen.approvals:
        found.append(Need(kind="approval", where=f"{HOME}/approvals", count=len(seen.approvals)))
    if seen.corrections:
        found.append(Need(kind="correction", where=f"{HOME}/corrections", count=seen.corrections))
    if seen.summaries:
        found.append(Need(kind="summary", where=f"{HOME}/summaries", count=seen.summaries))
    found += [
        Need(kind="pause", where=f"{HOME}/channels", name=name, why=why)
        for name, why in seen.paused.items()
        if name != "everything"
    ]
    return found
