"""Channels: how each is, what it may still spend, its brake, and the templates that write its posts."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from syndicator.errors import NotFound
from syndicator.services.board import Seen

from .doors import Visit
from .previews import Previews
from .rooms import Rooms

if TYPE_CHECKING:
    from syndicator.app import App

    from .setting import Setting


class Channels:
    def __init__(self, newsroom: App, rooms: Rooms, setting: Setting, previews: Previews) -> None:
        self._newsroom = newsroom
        self._setting = setting
        self._previews = previews
        self.routes = [
            rooms.way("/channels", show=self._all),
            rooms.way("/channels/{channel:str}", show=self._one),
        ]

    def _all(self, visit: Visit) -> Response:
        seen = self._newsroom.board.seen()
        budgets = {one.channel: one for one in self._newsroom.cashier.standing()}
        resting = self._newsroom.gate.resting()
        return self._setting.page(
            visit,
            "channels.html",
            seen=seen,
            channels=[
                self._told(name) | {"budget": budgets.get(name), "last": self._last(seen, name)}
                for name in self._newsroom.doors
            ],
            resting=[{"name": name, "until": until, "why": why} for name, (until, why) in resting.items()],
            learned=self._newsroom.notebook.learned(),
            editions={name: why for name, why in seen.paused.items() if name not in self._newsroom.doors},
        )

    def _last(self, seen: Seen, name: str) -> datetime | None:
        """When something last went out: to everybody, or to readers."""
        letters = self._newsroom.newsletters
        moments = [
            one.last
            for one in seen.editions
            if one.last and (letter := letters.get(one.edition.newsletter or "")) and letter.door.id == name
        ]
        return max([*moments, *([seen.last[name]] if name in seen.last else [])], default=None)

    def _told(self, name: str) -> dict[str, Any]:
        limits = self._newsroom.wiring.limits(name)
        return {
            "name": name,
            "kind": self._newsroom.settings.channels[name].kind,
            "languages": [str(one) for one in self._newsroom.doors[name].languages],
            "limit": limits.text,
            "unit": limits.unit,
        }

    def _one(self, visit: Visit) -> Response:
        name = visit.placed("channel")
        if name not in self._newsroom.doors:
            raise NotFound("no channel is called {name!r}", name=name)
        door = self._newsroom.doors[name]
        shown = []
        for language in door.languages:
            newest = self._newsroom.ledger.articles(language=language, limit=1).articles
            found = self._previews.of(newest[0]) if newest else []
            shown += [{"story": newest[0], "preview": one} for one in found if one.channel == name]
        return self._setting.page(
            visit,
            "channel.html",
            channel=self._told(name),
            shown=shown,
            edits={},
            seen=self._newsroom.board.seen(),
            templates=self._newsroom.wiring.renderer.templates_of(self._newsroom.wiring.outlet(name)),
            deliveries=self._newsroom.ledger.deliveries(state=None, channel=name, edition=None, limit=30),
        )
