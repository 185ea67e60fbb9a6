"""One's own page: where one is signed in, password and second factor, language, Telegram."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.responses import RedirectResponse, Response

from syndicator.errors import NotFound, Refused
from syndicator.services.people.nouns import Wrong
from syndicator.services.people.passwords import LONGEST, SHORTEST, Weak

from .arrival import LANGUAGES
from .doors import HOME, Doors, Visit
from .rooms import Rooms

if TYPE_CHECKING:
    from syndicator.app import App

    from .setting import Setting

ACCOUNT = f"{HOME}/account"
BROWSERS = (  # many call themselves by the names of others, too: the first that fits is it
    ("Firefox/", "Firefox"), ("FxiOS/", "Firefox"), ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser/", "Samsung"),
    ("CriOS/", "Chrome"), ("Chrome/", "Chrome"), ("Safari/", "Safari"),
)  # fmt: skip
SYSTEMS = (
    ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "macOS"),
    ("CrOS", "ChromeOS"), ("Linux", "Linux"),
)  # fmt: skip
SAID = frozenset("language password codes factor out telegram".split())  # what the page can say was done


class Account:
    def __init__(self, newsroom: App, rooms: Rooms, setting: Setting, doors: Doors) -> None:
        self._people = newsroom.people
        self._reception = newsroom.people.reception
        self._setting = setting
        self._doors = doors
        self.routes = [
            rooms.way("/account", show=self._show),
            rooms.way("/account/language", do=self._language),
            rooms.way("/account/telegram", do=self._telegram, fresh=True),
            rooms.way("/account/telegram/end", do=self._no_telegram, fresh=True),
            rooms.way("/account/password", do=self._password),
            rooms.way("/account/codes", do=self._codes, fresh=True),
            rooms.way("/account/factor/off", do=self._no_factor, fresh=True),
            rooms.way("/account/sessions/end", do=self._end, fresh=True),
            rooms.way("/account/sessions/end-others", do=self._end_others, fresh=True),
        ]

    def _show(self, visit: Visit, status: int = 200, wrong: str = "", code: str = "") -> Response:
        done = visit.request.query_params.get("done", "")
        return self._setting.page(
            visit,
            "account.html",
            status,
            sessions=self._reception.sessions(visit.person.name),
            here=visit.session.id,
            shown=shown,
            keeps=self._reception.keeps(visit.person.name),
            languages=LANGUAGES,
            shortest=SHORTEST,
            longest=LONGEST,
            said=done if done in SAID else "",
            wrong=wrong,
            code=code,
        )

    def _language(self, visit: Visit) -> Response:
        self._people.change(visit.person.name, by=visit.person.name, language=visit.said("language"))
        return _done("language")

    def _telegram(self, visit: Visit) -> Response:
        return self._show(visit, code=self._people.telegram_code(visit.person.name))

    def _no_telegram(self, visit: Visit) -> Response:
        self._people.change(visit.person.name, by=visit.person.name, telegram=None)
        return _done("telegram")

    def _password(self, visit: Visit) -> Response:
        old, new, again = (next(iter(visit.form.get(name, ())), "") for name in ("old", "new", "again"))
        if new != again:
            return self._show(visit, 422, "again")
        try:
            opened = self._reception.change_password(visit.token, old, new, place=visit.place)
        except Weak as error:
            return self._show(visit, 422, str(error.weakness))
        except Wrong:
            return self._show(visit, 401, "old")
        return self._doors.let_in(_done("password"), opened)

    def _codes(self, visit: Visit) -> Response:
        if not self._reception.keeps(visit.person.name).factor:
            raise Refused("there is no second factor yet")
        return self._setting.page(visit, "codes.html", sheet=self._reception.new_sheet(visit.token))

    def _no_factor(self, visit: Visit) -> Response:
        self._reception.drop_factor(visit.token)
        return _done("factor")

    def _end(self, visit: Visit) -> Response:
        number = visit.said("session")
        if not number.isascii() or not number.isdigit():
            raise NotFound("there is no such session")
        self._reception.end(visit.person.name, int(number))
        return _done("out")

    def _end_others(self, visit: Visit) -> Response:
        self._reception.sign_out_everywhere(visit.person.name, but=visit.session.id)
        return _done("out")


def _done(what: str) -> Response:
    return RedirectResponse(f"{ACCOUNT}?done={quote(what)}", 303)


def shown(agent: str) -> str:
    """What a person calls a browser, made of what it calls itself."""
    name = next((name for sign, name in BROWSERS if sign in agent), "")
    system = next((system for sign, system in SYSTEMS if sign in agent), "")
    return " · ".join(filter(None, (name, system))) or agent[:60] or "–"
