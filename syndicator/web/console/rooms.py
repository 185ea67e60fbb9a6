"""The console's rooms: behind each address a page that shows and a form that does, and what is said where it fails."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from starlette.responses import Response
from starlette.routing import Route

from syndicator.errors import Forbidden, NotFound, Refused, StorageError, SyndicatorError, sentence
from syndicator.model import Role

from .doors import HOME, Doors, Visit
from .setting import Setting

log = logging.getLogger("syndicator")

UNFORESEEN = sentence("this failed in a way nobody foresaw; the log of the server says how")
Handler = Callable[[Visit], Response]


class Rooms:
    def __init__(
        self, doors: Doors, setting: Setting, *, view: Callable[[], AbstractContextManager[None]]
    ) -> None:
        self._doors = doors
        self._setting = setting
        self._view = view

    def way(
        self,
        path: str,
        show: Handler | None = None,
        do: Handler | None = None,
        *,
        role: Role = Role.VIEWER,
        fresh: bool = False,
        most: int = 0,
    ) -> Route:
        """A page that ``show`` writes, of one moment, and what ``do`` does with its form. ``fresh`` and ``most`` as
        doors have it."""

        def answer(visit: Visit) -> Response:
            shows = visit.request.method in {"GET", "HEAD"}
            handler = show if shows else do
            if handler is None:
                return Response(status_code=405)
            try:
                with self._view() if shows else nullcontext():
                    return handler(visit)
            except SyndicatorError as error:
                return self._setting.wrong(visit, status_of(error), error)
            except Exception:
                log.exception("%s %s failed", visit.request.method, visit.request.url.path)
                return self._setting.wrong(visit, 500, SyndicatorError(UNFORESEEN))

        methods = ["GET"] * bool(show) + ["POST"] * bool(do)
        route = Route(HOME + path, self._doors.guarded(answer, role, fresh=fresh, most=most), methods=methods)
        route.app = self._doors.framed(route.app)
        return route


def status_of(error: SyndicatorError) -> int:
    match error:
        case NotFound():
            return 404
        case Forbidden():
            return 403
        case StorageError():
            return 503
        case Refused():
            return 409
    return 500
