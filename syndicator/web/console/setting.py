"""How pages of the console are set: in the language of whoever looks, with times and numbers as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import blake2b
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from babel.dates import format_datetime
from babel.numbers import format_decimal
from babel.support import Translations
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from syndicator.errors import SyndicatorError
from syndicator.model import Role
from syndicator.text.direction import direction

from .doors import HOME, Visit, preferred
from .told import SAID, was_told

if TYPE_CHECKING:
    from syndicator.app import App

STATIC = files("syndicator.web.console") / "static"
MARKS = {
    "pending": "○", "claimed": "◐", "sending": "◐", "sent": "●", "uncertain": "◆", "held": "▮", "failed": "✕",
    "excluded": "–", "expired": "–", "cancelled": "–",
}  # fmt: skip
SHAPES = {
    "pending": "waiting", "claimed": "going", "sending": "going", "sent": "sent", "uncertain": "doubt", "held": "held",
    "failed": "failed", "excluded": "off", "expired": "off", "cancelled": "off",
}  # fmt: skip
AGO = timedelta(hours=12)  # younger moments are told by how long ago they were


class Setting:
    def __init__(self, newsroom: App) -> None:
        self._newsroom = newsroom
        self._zone = newsroom.settings.newsroom.timezone
        self.version = ""
        self.version = _version(self.written("style.css", "en"))

    def page(self, visit: Visit, name: str, status: int = 200, **told: Any) -> Response:
        """A page of ours, or only its part where the browser has the rest."""
        seen = self._newsroom.board.seen()
        done = was_told(visit)
        more = {
            "waits_for_people": seen.needs,
            "everything_paused": seen.paused.get("everything"),
            "done": done,
            "visit": visit,
            "person": visit.person,
            "role": visit.person.role,
            "csrf": visit.csrf,
            "path": visit.request.url.path,
            "partial": visit.partial,
            "may": lambda role: visit.person.role.covers(Role(role)),
        }
        answer = HTMLResponse(self.written(name, visit.language, **more, **told), status)
        if done and not visit.partial:
            answer.delete_cookie(SAID, path=HOME)
        return answer

    def open_page(self, name: str, language: str, status: int = 200, **told: Any) -> Response:
        """For somebody who is not signed in."""
        return HTMLResponse(self.written(name, language, person=None, partial=False, **told), status)

    def written(self, name: str, language: str, **told: Any) -> str:
        return self._newsroom.page(f"console/{name}", language, **self._words(language), **told)

    def languages(self) -> list[dict[str, str]]:
        """Those of the newsroom, as their speakers call them."""
        name = self._newsroom.wiring.renderer.name_of
        return [{"code": str(one), "name": name(one)} for one in self._newsroom.settings.newsroom.languages]

    def wrong(self, visit: Visit, status: int, error: SyndicatorError) -> Response:
        """What happened, what was not harmed, and where to go on."""
        name = "wrong.part.html" if visit.partial else "wrong.html"
        shown = self.page(visit, name, 200 if visit.partial else status, why=str(error))
        if visit.partial:
            shown.headers["hx-retarget"], shown.headers["hx-reswap"] = "#told", "innerHTML"
        return shown

    def refused(self, request: Request, status: int, why: str) -> Response:
        """For somebody of whom nothing is known here."""
        if "hx-request" in request.headers:
            part = self.open_page("wrong.part.html", preferred(request), why=why)
            part.headers["hx-retarget"], part.headers["hx-reswap"] = "#told", "innerHTML"
            part.status_code = status
            return part
        return self.open_page("lost.html", preferred(request), status, why=why)

    def speak(self, language: str) -> Translations:
        """The console's sentences in a language."""
        return self._newsroom.wiring.renderer.sentences("console", language)

    def _words(self, language: str) -> Mapping[str, Any]:
        now = self._newsroom.world.now()
        return {
            "version": self.version,
            "now": now,
            "when": lambda moment: self._when(moment, now, language),
            "exactly": lambda moment: self._exactly(moment, now, language),
            "clock": lambda moment: self._written_out(moment, "HH:mm", language),
            "day": lambda moment: self._written_out(moment, f"EEEE {_day(language)} MMMM", language),
            "number": lambda value: format_decimal(value, locale=language),
            "mark": lambda state: MARKS[str(state)],
            "shape": lambda state: SHAPES[str(state)],
            "runs": direction,
            "meaning": lambda verb: self._newsroom.wiring.renderer.sentences("bot", language).gettext(
                verb.says
            ),
            "span": lambda told: self._span(told, language),
            "local": lambda moment: moment.astimezone(self._zone).strftime("%Y-%m-%dT%H:%M"),
        }

    def _ago(self, distance: timedelta, language: str) -> str:
        """How long ago, or in how long; Unicode has no words for this in Sorani."""
        words = self.speak(language)
        minutes = round(abs(distance).total_seconds() / 60)
        hours = round(minutes / 60)
        if minutes == 0:
            return words.gettext("just now") if distance < timedelta(0) else words.gettext("at once")
        ahead = distance > timedelta(0)
        if minutes < 60:
            told = (
                words.ngettext("in %(num)s minute", "in %(num)s minutes", minutes)
                if ahead
                else words.ngettext("%(num)s minute ago", "%(num)s minutes ago", minutes)
            )
            return told % {"num": format_decimal(minutes, locale=language)}
        told = (
            words.ngettext("in %(num)s hour", "in %(num)s hours", hours)
            if ahead
            else words.ngettext("%(num)s hour ago", "%(num)s hours ago", hours)
        )
        return told % {"num": format_decimal(hours, locale=language)}

    def _span(self, span: timedelta, language: str) -> str:
        """How long something takes, in its biggest unit; in Sorani Unicode has but letters for it."""
        words, seconds = self.speak(language), round(span.total_seconds())
        minutes, hours = round(seconds / 60), round(seconds / 3600)
        if seconds < 60:
            told, number = words.ngettext("%(num)s second", "%(num)s seconds", seconds), seconds
        elif minutes < 60:
            told, number = words.ngettext("%(num)s minute", "%(num)s minutes", minutes), minutes
        else:
            told, number = words.ngettext("%(num)s hour", "%(num)s hours", hours), hours
        return told % {"num": format_decimal(number, locale=language)}

    def _when(self, moment: datetime | None, now: datetime, language: str) -> Markup:
        """As it is told best: a near one by how long ago it was."""
        if moment is None:
            return Markup("–")
        if abs(now - moment) < AGO:
            return self._timed(moment, self._ago(moment - now, language), language)
        return self._exactly(moment, now, language)

    def _exactly(self, moment: datetime, now: datetime, language: str) -> Markup:
        """By the clock, for sentences like "until …"."""
        today = moment.astimezone(self._zone).date() == now.astimezone(self._zone).date()
        told = "HH:mm" if today else f"{_day(language)} MMM HH:mm"
        return self._timed(moment, self._written_out(moment, told, language), language)

    def _timed(self, moment: datetime, told: str, language: str) -> Markup:
        exact = self._written_out(moment, f"{_day(language)} MMM y HH:mm:ss", language)
        return Markup('<time datetime="{}" title="{}">{}</time>').format(moment.isoformat(), exact, told)

    def _written_out(self, moment: datetime, pattern: str, language: str) -> str:
        return format_datetime(moment, pattern, tzinfo=self._zone, locale=language)


def _day(language: str) -> str:
    """Of a month, in a pattern of Unicode: Sorani ties it to its month."""
    return "d'ی'" if language == "ckb" else "d"


def _version(style: str) -> str:
    """Of what is served as it is: a browser keeps it until it changes."""
    digest = blake2b(style.encode(), digest_size=6)
    for name in ("console.js", "htmx.min.js"):
        digest.update((STATIC / name).read_bytes())
    return digest.hexdigest()
