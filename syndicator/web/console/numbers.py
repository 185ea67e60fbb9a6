"""Numbers: the newsroom's work as plots."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from syndicator.services.board import Moving
from syndicator.services.numbers.work import Seen, Work
from syndicator.text.direction import direction

from .doors import Visit
from .plots import Plot, Series, plot
from .readers import dated
from .rooms import Rooms

if TYPE_CHECKING:
    from syndicator.app import App

    from .setting import Setting

STYLES = ("", "two", "three", "four")
RUNS = 10  # newsletters' editions whose speed is shown


class Numbers:
    def __init__(self, newsroom: App, rooms: Rooms, setting: Setting, work: Work) -> None:
        self._newsroom = newsroom
        self._setting = setting
        self._work = work
        self.routes = [rooms.way("/numbers", show=self._show)]

    def _show(self, visit: Visit) -> Response:
        seen = self._work.seen()
        speeds = [(one, rate) for one in self._newsroom.board.editions(RUNS) if (rate := speed(one))]
        best = seen.best if seen else ()
        return self._setting.page(
            visit,
            "numbers.html",
            seen=seen,
            plots=_plots(visit, seen) if seen else (),
            speeds=speeds,
            went=self._newsroom.board.went([one.id for one in best]),
        )


def speed(one: Moving) -> float:
    """Deliveries a second, from when it was due to the last of them; 0 where nothing is to be told."""
    sent = one.states.get("sent", 0)
    seconds = (one.last - one.edition.due_at).total_seconds() if one.last else 0.0
    return sent / seconds if sent and seconds >= 1 else 0.0


def _plots(visit: Visit, seen: Seen) -> list[Plot]:
    _ = visit.words.gettext
    places = [dated(day.day, visit.language) for day in seen.days]
    more: dict[str, Any] = {"mirrored": direction(visit.language) == "rtl"}

    def of(*states: str) -> list[float | None]:
        return [sum(day.states.get(state, 0) for state in states) for day in seen.days]

    outcomes = [
        Series(name=_("sent"), values=of("sent")),
        Series(name=_("left out"), values=of("excluded", "expired", "cancelled"), style="two"),
        Series(name=_("in doubt"), values=of("held", "uncertain"), style="three"),
        Series(name=_("refused"), values=of("failed"), style="four"),
    ]
    sums = {
        name: sum(day.channels.get(name, 0) for day in seen.days)
        for day in seen.days
        for name in day.channels
    }
    names = sorted(sums, key=lambda name: (-sums[name], name))
    shown, rest = names[: len(STYLES) - 1], names[len(STYLES) - 1 :]
    if len(rest) == 1:
        shown, rest = names, []
    channels = [
        Series(name=name, values=[day.channels.get(name, 0) for day in seen.days], style=style)
        for name, style in zip(shown, STYLES, strict=False)
    ]
    if rest:
        values: list[float | None] = [sum(day.channels.get(name, 0) for name in rest) for day in seen.days]
        channels.append(Series(name=_("other channels"), values=values, style=STYLES[-1]))
    found = [
        plot("outcomes", _("Deliveries a day"), places, outcomes, **more),
        plot("channels", _("Deliveries a day, by channel"), places, channels, **more),
    ]
    if seen.counted:
        read = [
            Series(name=_("stories opened"), values=[day.clicked for day in seen.days]),
            Series(name=_("mails opened"), values=[day.opened for day in seen.days], style="two", line=True),
        ]
        found.append(plot("read", _("What was read, by the day it went out"), places, read, **more))
    return found
