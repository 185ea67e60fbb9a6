"""The console: what editors see and do in a browser. Every page works without script; what it does is a verb."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from syndicator.services.numbers.work import Work

from .account import Account
from .arrival import Arrival
from .audit import Audit
from .calendar import CalendarPage
from .channels import Channels
from .decisions import Decisions
from .do import Do
from .doors import HOME, Doors
from .editions import Editions
from .lists import Lists
from .live import Live
from .numbers import Numbers
from .people import Staff
from .previews import Previews
from .readers import Readers
from .rooms import Rooms
from .setting import STATIC, Setting
from .stories import Stories
from .today import Today

if TYPE_CHECKING:
    from syndicator.app import App

TYPES = {".js": "text/javascript", ".woff2": "font/woff2"}
FOR_EVER = {"cache-control": "public, max-age=31536000, immutable", "x-content-type-options": "nosniff"}


class Console:
    """The pages of one newsroom's desk."""

    def __init__(self, newsroom: App) -> None:
        self._newsroom = newsroom
        self.setting = setting = Setting(newsroom)
        self.doors = doors = Doors(newsroom, speak=setting.speak, refuse=setting.refused)
        rooms = Rooms(doors, setting, view=newsroom.database.view)
        do, previews = Do(newsroom, rooms, setting), Previews(newsroom, rooms, setting)
        work = Work(newsroom.database, now=newsroom.world.now, channels=list(newsroom.settings.channels))
        self._rooms = (
            Today(newsroom, rooms, setting),
            Stories(newsroom, rooms, setting, do, previews, work=work),
            Editions(newsroom, rooms, setting, previews),
            Channels(newsroom, rooms, setting, previews),
            Decisions(newsroom, rooms, setting, previews),
            CalendarPage(newsroom, rooms, setting),
            Numbers(newsroom, rooms, setting, work),
            Readers(newsroom, rooms, setting),
            Lists(newsroom, rooms, setting),
            Audit(newsroom, rooms, setting),
            previews,
            do,
            Live(newsroom, doors),
            Arrival(newsroom, rooms, setting, doors),
            Account(newsroom, rooms, setting, doors),
            Staff(newsroom, rooms, setting),
        )

    def routes(self) -> list[BaseRoute]:
        served = [
            Route(f"{HOME}/static/{{name:str}}", _static, methods=["GET"]),
            Route(f"{HOME}/style.css", self._style, methods=["GET"]),
        ]
        return [*served, *(route for room in self._rooms for route in room.routes)]

    def _style(self, request: Request) -> Response:
        text = self.setting.written("style.css", "en")
        return Response(text, media_type="text/css", headers=FOR_EVER)


def _static(request: Request) -> Response:
    name = request.path_params["name"]
    ending = name[name.rfind(".") :]
    found = STATIC / name
    if ending not in TYPES or "/" in name or not found.is_file():
        return PlainTextResponse("there is no such file\n", 404)
    return Response(found.read_bytes(), media_type=TYPES[ending], headers=FOR_EVER)
