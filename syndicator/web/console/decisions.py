"""What waits for a person's word: posts in doubt, corrections, summaries that are not clear."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from syndicator.model import How, Role

from .doors import Visit
from .rooms import Rooms

if TYPE_CHECKING:
    from syndicator.app import App

    from .setting import Setting


class Decisions:
    def __init__(self, newsroom: App, rooms: Rooms, setting: Setting) -> None:
        self._newsroom = newsroom
        self._setting = setting
        self.routes = [
            rooms.way("/doubts", show=self._doubts),
            rooms.way("/corrections", show=self._corrections),
            rooms.way("/summaries", show=self._summaries),
        ]

    def _doubts(self, visit: Visit) -> Response:
        see = visit.person.role.covers(Role.EDITOR)
        return self._setting.page(
            visit, "doubts.html", doubts=self._newsroom.open_doubts(), see=see, which="doubts"
        )

    def _corrections(self, visit: Visit) -> Response:
        found = []
        for one in self._newsroom.corrections.waiting():
            life = self._newsroom.stories.life(one.article)
            change = next((now.change for now in life.revisions if now.number == one.revision), None)
            found.append({"decision": one, "story": life.article, "change": change})
        return self._setting.page(
            visit, "corrections.html", waiting=found, ways=[str(how) for how in How], which="corrections"
        )

    def _summaries(self, visit: Visit) -> Response:
        found = [
            {"kept": one, "story": self._newsroom.summaries.article(one.article)}
            for one in self._newsroom.summaries.waiting()
        ]
        return self._setting.page(visit, "summaries.html", waiting=found, which="summaries")
