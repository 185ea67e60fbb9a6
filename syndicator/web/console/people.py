"""The newsroom's own people, for its admins: who is there, invite, change, end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from starlette.responses import RedirectResponse, Response

from syndicator.errors import Refused
from syndicator.model import Role
from syndicator.services.people import person, role_called

from .arrival import LANGUAGES
from .doors import HOME, Visit
from .rooms import Rooms

if TYPE_CHECKING:
    from syndicator.app import App

    from .setting import Setting

ROOM = f"{HOME}/people"


class Staff:
    """What changes who may what wants a proof of a moment ago."""

    def __init__(self, newsroom: App, rooms: Rooms, setting: Setting) -> None:
        self._people = newsroom.people
        self._settings = newsroom.settings
        self._setting = setting
        admin: dict[str, Any] = {"role": Role.ADMIN, "fresh": True}
        self.routes = [
            rooms.way("/people", show=self._list, do=self._invite, **admin),
            rooms.way("/people/{name:str}", show=self._one, do=self._change, **admin),
            rooms.way("/people/{name:str}/end", do=self._end, **admin),
            rooms.way("/people/{name:str}/reset", do=self._reset, **admin),
            rooms.way("/people/{name:str}/out", do=self._out, **admin),
        ]

    def _list(self, visit: Visit) -> Response:
        return self._setting.page(visit, "people.html", people=self._people.listed(), **self._choices())

    def _one(self, visit: Visit) -> Response:
        one = self._people.called(visit.placed("name"))
        return self._setting.page(visit, "person.html", one=one, **self._choices())

    def _choices(self) -> dict[str, Any]:
        return {
            "roles": list(Role),
            "spoken": LANGUAGES,
            "channels": list(self._settings.channels),
            "languages": self._setting.languages(),
        }

    def _invite(self, visit: Visit) -> Response:
        told = person(
            visit.said("name"),
            visit.said("role"),
            visit.said("language"),
            visit.all_said("channel"),
            visit.all_said("story_language"),
        )
        link = self._people.invite(told, by=visit.person.name, email=visit.said("email") or None)
        return self._link(visit, told.name, link)

    def _link(self, visit: Visit, name: str, link: str) -> Response:
        return self._setting.page(visit, "link.html", whom=name, link=link)

    def _change(self, visit: Visit) -> Response:
        telegram = visit.said("telegram")
        if telegram and not (telegram.isascii() and telegram.isdigit()):
            raise Refused("a number of Telegram has figures only; their bot tells it to who writes /start")
        self._people.change(
            visit.placed("name"),
            by=visit.person.name,
            role=role_called(visit.said("role")),
            language=visit.said("language"),
            channels=visit.all_said("channel"),
            languages=visit.all_said("story_language"),
            telegram=int(telegram) if telegram else None,
            email=visit.said("email") or None,
        )
        return _back(visit.placed("name"))

    def _end(self, visit: Visit) -> Response:
        self._people.end(visit.placed("name"), by=visit.person.name, why=visit.said("why"))
        return RedirectResponse(ROOM, 303)

    def _reset(self, visit: Visit) -> Response:
        name, factor = visit.placed("name"), bool(visit.said("second_factor"))
        return self._link(visit, name, self._people.reset(name, by=visit.person.name, second_factor=factor))

    def _out(self, visit: Visit) -> Response:
        name = self._people.called(visit.placed("name")).person.name
        self._people.reception.sign_out_everywhere(name, by=visit.person.name)
        return _back(name)


def _back(name: str) -> Response:
    return RedirectResponse(f"{ROOM}/{quote(name)}", 303)
