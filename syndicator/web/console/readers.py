"""Readers: how many there are and who comes and goes, as plots; and, for whoever may see addresses, one of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from babel.dates import format_date
from starlette.responses import RedirectResponse, Response

from syndicator.model import Frequency, Role
from syndicator.services.numbers.readership import Choices, Day, Turn, Turnout
from syndicator.text.direction import direction
from syndicator.verbs import VERBS, perform

from .doors import HOME, Visit
from .plots import Plot, Series, plot
from .rooms import Rooms
from .times import date_pattern
from .told import tell

if TYPE_CHECKING:
    from syndicator.app import App

    from .setting import Setting

LENGTHS = (30, 90, 365)  # days
DAILY = 92  # with more days than these, weeks are shown
FOUND = 50


class Readers:
    def __init__(self, newsroom: App, rooms: Rooms, setting: Setting) -> None:
        self._newsroom = newsroom
        self._setting = setting
        self.routes = [
            rooms.way("/readers", show=self._numbers),
            rooms.way("/readers/search", do=self._search, role=Role.EDITOR),
            rooms.way("/readers/{reader:int}", show=self._reader, role=Role.EDITOR),
            rooms.way("/readers/{reader:int}/change", do=self._change, role=Role.PUBLISHER),
        ]

    def _numbers(self, visit: Visit) -> Response:
        newsletter, language = visit.said("newsletter"), visit.said("language")
        length = int(told) if (told := visit.said("days")).isdigit() and int(told) in LENGTHS else LENGTHS[0]
        circulation = self._newsroom.circulation
        found = circulation.readership.turnout(length, newsletter=newsletter, language=language)
        return self._setting.page(
            visit,
            "readers.html",
            found=found,
            plots=self._plots(visit, found, whole=not (newsletter or language)),
            by_newsletter=_summed(found, 0),
            by_language=[(self._name(code), number) for code, number in _summed(found, 1)],
            chosen=self._chosen(circulation.readership.choices(), visit.language),
            newsletters=circulation.register.newsletters(),
            languages=self._setting.languages(),
            lengths=LENGTHS,
            asked={"newsletter": newsletter, "language": language, "days": length},
        )

    def _plots(self, visit: Visit, found: Turnout, *, whole: bool) -> list[Plot]:
        _, spans = visit.words.gettext, spanned(found.days)
        places = [dated(span[0].day, visit.language) for span in spans]
        more: dict[str, Any] = {"mirrored": direction(visit.language) == "rtl"}

        def of(*turns: Turn) -> list[float | None]:
            return [sum(day.turns.get(turn, 0) for day in span for turn in turns) for span in spans]

        def back(kind: str) -> list[float | None]:
            return [sum(day.back.get(kind, 0) for day in span) for span in spans]

        net = Series(name=_("Net"), values=[sum(day.net for day in span) for span in spans], line=True)
        standing = Series(name=_("Readers"), values=[span[-1].readers for span in spans], line=True)
        drawn = [
            plot("standing", _("Readers"), places, [standing], from_zero=False, **more),
            plot(
                "growth",
                _("Came and went"),
                places,
                [
                    Series(name=_("Confirmed"), values=of(Turn.CONFIRMED)),
                    Series(name=_("By a list or by hand"), values=of(Turn.ADDED), style="two"),
                    Series(
                        name=_("Gone"),
                        values=of(Turn.LEFT, Turn.SUPPRESSED, Turn.COMPLAINED, Turn.ERASED),
                        style="four",
                        below=True,
                    ),
                    net,
                ],
                **more,
            ),
            plot(
                "confirmations",
                _("Asked and confirmed"),
                places,
                [
                    Series(name=_("Were asked"), values=of(Turn.ASKED), style="two"),
                    Series(name=_("Confirmed"), values=of(Turn.CONFIRMED), line=True),
                ],
                **more,
            ),
            plot(
                "leaves",
                _("Why they are gone"),
                places,
                [
                    Series(name=_("Left"), values=of(Turn.LEFT)),
                    Series(name=_("No mail to them any more"), values=of(Turn.SUPPRESSED), style="two"),
                    Series(name=_("Called a mail spam"), values=of(Turn.COMPLAINED), style="three"),
                    Series(name=_("Asked to be forgotten"), values=of(Turn.ERASED), style="four"),
                ],
                **more,
            ),
        ]
        if whole:
            series = [
                Series(name=_("For good"), values=back("hard")),
                Series(name=_("For now"), values=back("soft"), style="two"),
                Series(name=_("Complaints"), values=back("complaint"), style="three"),
            ]
            drawn.append(plot("bounces", _("Mails that came back"), places, series, **more))
        return drawn

    def _name(self, code: str) -> str:
        return self._newsroom.wiring.renderer.name_of(code)

    def _chosen(self, choices: Choices | None, language: str) -> list[dict[str, Any]] | None:
        """By newsletter: what each topic and each frequency has, the most chosen first."""
        if choices is None:
            return None
        racks = self._newsroom.circulation.front.racks
        return [
            {
                "newsletter": name,
                "title": rack.title(language),
                "topics": [
                    (rack.topics[topic].get(language, topic), choices.topics.get(name, {}).get(topic, 0))
                    for topic in rack.topics
                ],
                "all_topics": choices.topics.get(name, {}).get("", 0),
                "frequency": {str(one): choices.frequency.get(name, {}).get(one, 0) for one in Frequency},
            }
            for name, rack in racks.items()
            if choices.readers.get(name)
        ]

    def _search(self, visit: Visit) -> Response:
        """In the form's body: an address stands in no log."""
        words, after = visit.said("words"), visit.said("after", "0")
        told = {"words": words, "after": after, "limit": FOUND}
        found = perform(self._newsroom, VERBS["subscribers list"], told, visit.actor) if words else {}
        return self._setting.page(
            visit,
            "readers_found.html",
            words=words,
            found=found.get("subscribers", ()),
            next=found.get("next"),
        )

    def _reader(self, visit: Visit) -> Response:
        told = {"reader": visit.placed("reader")}
        reader = perform(self._newsroom, VERBS["subscribers show"], told, visit.actor)
        history = perform(self._newsroom, VERBS["subscribers history"], told, visit.actor)
        racks = self._newsroom.circulation.front.racks
        return self._setting.page(
            visit,
            "reader.html",
            reader=reader,
            history=history,
            racks=racks,
            languages=self._setting.languages(),
            frequencies=[str(one) for one in Frequency],
            rests=reader["paused_until"] and reader["paused_until"] > self._newsroom.world.now(),
        )

    def _change(self, visit: Visit) -> Response:
        """The whole form as it stands; what is not in it stays."""
        told: dict[str, Any] = {"reader": visit.placed("reader"), "name": visit.said("name")}
        told |= {"language": visit.said("language") or None}
        if visit.said("rest_days"):
            told["rest_days"] = visit.said("rest_days")
        told["newsletters"] = {name: self._choice(visit, name) for name in visit.all_said("has")}
        came = perform(self._newsroom, VERBS["subscribers change"], told, visit.actor)
        answer = RedirectResponse(f"{HOME}/readers/{visit.placed('reader')}", 303)
        tell(answer, VERBS["subscribers change"], came)
        return answer

    def _choice(self, visit: Visit, name: str) -> dict[str, Any]:
        rack = self._newsroom.circulation.rack(name)
        topics = visit.all_said(f"topic:{name}")
        found: dict[str, Any] = {"frequency": visit.said(f"frequency:{name}") or None}
        if rack.topics:
            found["topics"] = [] if set(topics) == set(rack.topics) else topics
        if rack.breaking is not None:
            found["breaking"] = visit.said(f"breaking:{name}") == "on"
        return found


def _summed(found: Turnout, place: int) -> list[tuple[str, int]]:
    """Of newsletter and language one, the most readers first."""
    counts: dict[str, int] = {}
    for key, number in found.standing.items():
        counts[key[place]] = counts.get(key[place], 0) + number
    return sorted(counts.items(), key=lambda one: (-one[1], one[0]))


def spanned(days: Sequence[Day]) -> list[Sequence[Day]]:
    """Days, or weeks that end today."""
    if len(days) <= DAILY:
        return [days[at : at + 1] for at in range(len(days))]
    first = len(days) % 7
    return [days[max(0, at) : at + 7] for at in range(first - 7 if first else 0, len(days), 7)]


@lru_cache(2048)
def dated(day: str, language: str) -> str:
    return format_date(date.fromisoformat(day), f"{date_pattern(language)} MMM", locale=language)
