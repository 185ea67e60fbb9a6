"""How one comes into the console and goes: a name and a password, a second factor, an account elsewhere, a link."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from syndicator.errors import NotFound, Refused
from syndicator.services.people.nouns import WAITS_FOR_CODE, WAITS_FOR_FACTOR, Inside, NotFresh, Opened, Wrong
from syndicator.services.people.passwords import LONGEST, SHORTEST, Weak
from syndicator.services.people.patience import Wait

from .doors import FACTOR, HOME, PROVE, SECOND, SIGN_IN, Call, Doors, Open, Visit, language_of, local
from .rooms import Rooms

if TYPE_CHECKING:
    from syndicator.app import App

    from .setting import Setting

LANGUAGES = {"en": "English", "ckb": "کوردیی ناوەندی", "ar": "العربية"}


class Arrival:
    def __init__(self, newsroom: App, rooms: Rooms, setting: Setting, doors: Doors) -> None:
        self._people = newsroom.people
        self._reception = newsroom.people.reception
        self._setting = setting
        self._doors = doors
        self.routes = [
            self._way("/sign-in", self._sign_in, "POST"),
            self._way("/second", self._second, "POST"),
            self._way("/factor", self._factor, "POST"),
            self._way("/sign-on", self._sign_on),
            self._way("/sign-on/back", self._back),
            self._way("/invitation/{token:str}", self._join, "POST"),
            self._way("/password/{token:str}", self._join, "POST"),
            rooms.way("/prove", show=self._ask, do=self._prove),
            rooms.way("/sign-out", do=self._sign_out),
        ]

    def _way(self, path: str, page: Open, *more: str) -> Route:
        """A page that anybody reaches."""

        def answer(call: Call) -> Response:
            try:
                return page(call)
            except Wait as error:
                return self._show(call, "wait.html", 429, left=error.seconds)
            except NotFound:
                return self._lost(call)

        route = Route(HOME + path, self._doors.open(answer), methods=["GET", *more])
        route.app = self._doors.framed(route.app)
        return route

    def _show(self, call: Call, name: str, status: int = 200, /, **told: Any) -> Response:
        more = {"csrf": call.csrf, "path": call.request.url.path, "languages": LANGUAGES, "next": _next(call)}
        language = language_of(call.request)
        return self._setting.open_page(f"arrival/{name}", language, status, **{"wrong": ""} | more | told)

    # To sign in

    def _sign_in(self, call: Call) -> Response:
        if call.request.method != "POST":
            if self._is_in(call):
                return RedirectResponse(_next(call), 303)
            return self._ask_name(call)
        try:
            opened = self._reception.sign_in(
                call.said("name").lower(),
                next(iter(call.form.get("password", ())), ""),
                place=call.place,
                browser=call.browser,
                device=self._doors.known(call.request),
            )
        except Wrong:
            return self._ask_name(call, 401, wrong="name")
        return self._go_on(call, opened)

    def _ask_name(self, call: Call, status: int = 200, wrong: str = "") -> Response:
        elsewhere = self._people.sign_on.shown if self._people.sign_on.offered else ""
        return self._show(
            call, "sign-in.html", status, wrong=wrong, elsewhere=elsewhere, whom=call.said("name")
        )

    def _is_in(self, call: Call) -> bool:
        inside = self._reception.inside(call.token)
        return inside is not None and not inside.session.waits_for

    def _go_on(self, call: Call, opened: Opened, following: str = "") -> Response:
        """To where they were going, or to what is wanted before. Whoever was in with this browser is out."""
        self._reception.sign_out(call.token)
        target = following or _next(call)
        page = {WAITS_FOR_CODE: SECOND, WAITS_FOR_FACTOR: FACTOR}.get(opened.session.waits_for)
        to = f"{page}?next={quote(target)}" if page else target
        return self._doors.let_in(RedirectResponse(to, 303), opened)

    def _second(self, call: Call) -> Response:
        if self._waiting(call, WAITS_FOR_CODE) is None:
            return self._again(call)
        if call.request.method != "POST":
            return self._show(call, "second.html")
        try:
            opened = self._reception.second(call.token, call.said("code"), place=call.place)
        except Wrong:
            return self._show(call, "second.html", 401, wrong="code")
        return self._go_on(call, opened)

    def _factor(self, call: Call) -> Response:
        """Set a second factor up: before they are in, or instead of the one they have."""
        inside = self._waiting(call, WAITS_FOR_FACTOR, "")
        if inside is None:
            return self._again(call)
        try:
            begun = self._reception.enrol(call.token)
        except NotFresh:
            return RedirectResponse(f"{PROVE}?next={quote(FACTOR)}", 303)
        told = {
            "begun": begun,
            "picture": _as_address(begun.picture),
            "first": bool(inside.session.waits_for),
        }
        if call.request.method != "POST":
            return self._show(call, "factor.html", **told)
        try:
            opened, sheet = self._reception.confirm(call.token, call.said("code"), place=call.place)
        except Wrong:
            return self._show(call, "factor.html", 401, wrong="code", **told)
        return self._doors.let_in(self._show(call, "sheet.html", sheet=sheet), opened)

    def _waiting(self, call: Call, *waits_for: str) -> Inside | None:
        inside = self._reception.inside(call.token)
        return inside if inside and inside.session.waits_for in waits_for else None

    def _again(self, call: Call) -> Response:
        return RedirectResponse(f"{SIGN_IN}?next={quote(_next(call))}", 303)

    # Elsewhere

    def _sign_on(self, call: Call) -> Response:
        if not self._people.sign_on.offered:
            raise NotFound("nobody signs on elsewhere")
        try:
            address, brought = self._people.sign_on.begin(_next(call))
        except Refused:
            return self._ask_name(call, 502, wrong="elsewhere")
        response = RedirectResponse(address, 303)
        self._doors.remember(response, brought)
        return response

    def _back(self, call: Call) -> Response:
        query, brought = dict(call.request.query_params), self._doors.remembered(call.request)
        try:
            opened, following = self._people.sign_on.finish(
                brought, query, place=call.place, browser=call.browser
            )
        except (Wrong, Refused):
            return self._ask_name(call, 401, wrong="elsewhere")
        response = self._go_on(call, opened, local(following))
        self._doors.forget(response)
        return response

    # By a link

    def _join(self, call: Call) -> Response:
        token = call.request.path_params["token"]
        person, purpose = self._people.invited(token)
        told = {
            "whom": person.name,
            "role": person.role,
            "purpose": purpose,
            "shortest": SHORTEST,
            "longest": LONGEST,
        }
        if call.request.method != "POST":
            return self._show(call, "join.html", **told)
        one, other = (next(iter(call.form.get(name, ())), "") for name in ("password", "again"))
        if one != other:
            return self._show(call, "join.html", 422, wrong="again", **told)
        try:
            opened = self._people.accept(token, one, place=call.place, browser=call.browser)
        except Weak as error:
            return self._show(call, "join.html", 422, wrong=str(error.weakness), **told)
        return self._go_on(call, opened, HOME)

    def _lost(self, call: Call) -> Response:
        return self._show(call, "lost.html", 404)

    # Once more, and out

    def _ask(self, visit: Visit, status: int = 200, wrong: str = "") -> Response:
        keeps = self._reception.keeps(visit.person.name)
        told = {"keeps": keeps, "next": _next(visit), "wrong": wrong}
        return self._setting.page(visit, "prove.html", status, **told)

    def _prove(self, visit: Visit) -> Response:
        password = next(iter(visit.form.get("password", ())), "")
        try:
            opened = self._reception.prove(
                visit.token, password=password, code=visit.said("code"), place=visit.place
            )
        except Wrong:
            return self._ask(visit, 401, "password")
        return self._doors.let_in(RedirectResponse(_next(visit), 303), opened)

    def _sign_out(self, visit: Visit) -> Response:
        self._reception.sign_out(visit.token)
        return self._doors.let_out(RedirectResponse(SIGN_IN, 303))


def _next(call: Call) -> str:
    return local(next(iter(call.form.get("next", ())), "") or call.request.query_params.get("next", ""))


def _as_address(svg: str) -> str:
    """A picture as an address that holds all of it."""
    return f"data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}"
