"""What is done in the console: every verb by its name, from any page, and a page that has them all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from syndicator.errors import Refused
from syndicator.verbs import VERBS, Verb, called, perform
from syndicator.verbs.filling import filled

from .doors import Visit, local
from .rooms import Rooms
from .told import tell

if TYPE_CHECKING:
    from syndicator.app import App

    from .setting import Setting

OURS = {"csrf", "back"}  # fields of a form that are not the verb's


class Do:
    def __init__(self, newsroom: App, rooms: Rooms, setting: Setting) -> None:
        self._newsroom = newsroom
        self._setting = setting
        self._zone = newsroom.settings.newsroom.timezone
        self.routes: list[Route] = [
            rooms.way("/do", show=self._all),
            rooms.way("/do/{verb:str}", show=self._form, do=self._do),
        ]

    def perform(self, visit: Visit, verb: Verb) -> Any:
        told = {name: words for name, words in visit.form.items() if name not in OURS}
        return perform(self._newsroom, verb, filled(verb.takes, told, self._zone), visit.actor)

    def _all(self, visit: Visit) -> Response:
        mine = [one for one in VERBS.values() if visit.person.role.covers(one.role)]
        return self._setting.page(visit, "verbs.html", verbs=mine)

    def _form(self, visit: Visit) -> Response:
        verb = called(visit.placed("verb"))
        told = {name: visit.all_said(name) for name in verb.takes.model_fields}
        found = None
        if verb.reads and (any(told.values()) or not _needed(verb)):
            found = perform(self._newsroom, verb, filled(verb.takes, told, self._zone), visit.actor)
        return self._setting.page(
            visit, "verb.html", verb=verb, fields=fields(verb), told=told, found=_shown(found)
        )

    def _do(self, visit: Visit) -> Response:
        verb = called(visit.placed("verb"))
        if verb.reads:
            raise Refused("{verb} changes nothing; it is looked at, not done", verb=verb.name)
        came = self.perform(visit, verb)
        if visit.partial or not visit.said("back"):
            return self._setting.page(visit, "done.html", verb=verb, found=_shown(came), came=came)
        answer = RedirectResponse(local(visit.said("back")), 303)
        tell(answer, verb, came)
        return answer


def fields(verb: Verb) -> list[dict[str, Any]]:
    """What a verb's form asks for."""
    schema = verb.takes.model_json_schema()
    return [
        {"name": name, "required": name in schema.get("required", ())} | _field(told, schema.get("$defs", {}))
        for name, told in schema.get("properties", {}).items()
    ]


def _field(told: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    ways = told.get("anyOf", [told])
    one = next((way for way in ways if way.get("type") != "null"), told)
    one = known.get(one.get("$ref", "").rpartition("/")[2], one)
    kind = {"boolean": "tick", "array": "lines", "integer": "number"}.get(one.get("type", ""), "line")
    if one.get("format") == "date-time":
        kind = "moment"
    elif one.get("enum"):
        kind = "choice"
    elif one.get("maxLength", 0) >= 1000:
        kind = "text"
    return {"kind": kind, "says": told.get("description", ""), "choices": one.get("enum", [])}


def _needed(verb: Verb) -> bool:
    return any(one.is_required() for one in verb.takes.model_fields.values())


def _shown(found: Any) -> str:
    return "" if found is None else json.dumps(found, indent=2, ensure_ascii=False, default=str)
