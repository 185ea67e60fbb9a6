"""How pages of the console are set: in the language of whoever looks, with times and numbers as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache, partial
from hashlib import blake2b
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from babel.numbers import format_decimal, format_percent
from babel.support import Translations
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from syndicator.errors import Phrase, SyndicatorError
from syndicator.model import Role
from syndicator.text.direction import direction, isolate

from .doors import HOME, Visit, preferred
from .times import Times
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
        why = self._spoken(error, visit.language)
        shown = self.page(visit, name, 200 if visit.partial else status, why=why)
        if visit.partial:
            shown.headers["hx-retarget"], shown.headers["hx-reswap"] = "#told", "innerHTML"
        return shown

    def refused(self, request: Request, status: int, said: Phrase) -> Response:
        """For somebody of whom nothing is known here."""
        language = preferred(request)
        why = self._spoken(said, language)
        if "hx-request" in request.headers:
            part = self.open_page("wrong.part.html", language, why=why)
            part.headers["hx-retarget"], part.headers["hx-reswap"] = "#told", "innerHTML"
            part.status_code = status
            return part
        return self.open_page("lost.html", language, status, why=why)

    def _spoken(self, said: Phrase | SyndicatorError, language: str) -> str:
        return said.spoken(self.speak(language).gettext, partial(isolate, language=language))

    def speak(self, language: str) -> Translations:
        """The console's sentences in a language."""
        return self._newsroom.wiring.renderer.sentences("console", language)

    def _words(self, language: str) -> Mapping[str, Any]:
        shared = self._newsroom.wiring.renderer.sentences("bot", language).gettext  # verbs and their fields
        times = Times(self._newsroom.world.now(), self._zone, language, self.speak(language))
        return {
            "version": self.version,
            "now": times.now,
            "when": times.when,
            "exactly": times.exactly,
            "clock": times.clock,
            "day": times.day,
            "span": times.span,
            "seconds": lambda told: times.span(timedelta(seconds=told)),
            "number": lambda value: _number(value, language),
            "percent": lambda share: format_percent(share, locale=language),
            "mark": lambda state: MARKS[str(state)],
            "shape": lambda state: SHAPES[str(state)],
            "runs": direction,
            "meaning": lambda verb: shared(verb.says),
            "label": lambda field: shared(field.replace("_", " ")),
            "local": lambda moment: moment.astimezone(self._zone).strftime("%Y-%m-%dT%H:%M"),
        }


@lru_cache(4096)  # a page with plots has a thousand of them, and most are small
def _number(value: float, language: str) -> str:
    return format_decimal(value, locale=language)


def _version(style: str) -> str:
    """Of what is served as it is: a browser keeps it until it changes."""
    digest = blake2b(style.encode(), digest_size=6)
    for name in ("console.js", "htmx.min.js"):
        digest.update((STATIC / name).read_bytes())
    return digest.hexdigest()
