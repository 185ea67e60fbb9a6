"""What a call tells a verb: the fields in its path, and those of its query or its body."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic_core import from_json
from starlette.requests import Request

from syndicator.verbs import Unfit, Verb

MOMENT = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)  # RFC 3339, and without seconds
NUMBER = re.compile(r"-?[0-9]{1,19}")


class Ill(Exception):
    """It can't be read at all."""

    def __init__(self, kind: str, said: str) -> None:
        self.kind = kind
        super().__init__(said)


def in_path(verb: Verb) -> list[str]:
    return re.findall(r"{(\w+)}", verb.path)


@cache
def schema_of(verb: Verb) -> Mapping[str, Any]:
    """Of what it takes, as JSON Schema has it."""
    return verb.takes.model_json_schema()


def fields_of(verb: Verb, request: Request, raw: bytes) -> dict[str, Any]:
    """Raises :exc:`Ill`, :exc:`Unfit`."""
    if verb.reads:
        return addressed(verb, request)
    if query := [*request.query_params]:
        raise Unfit(verb.name, [(name, "fields stand in the body here") for name in query])
    return _all(verb, request, _body(verb, request, raw))


def addressed(verb: Verb, request: Request) -> dict[str, Any]:
    """All of them stand in the address. Raises :exc:`Unfit`."""
    query = {name: request.query_params.getlist(name) for name in request.query_params}
    return _all(verb, request, {name: _asked(verb, name, texts) for name, texts in query.items()})


def _all(verb: Verb, request: Request, told: dict[str, Any]) -> dict[str, Any]:
    path = {name: _read(verb, name, text) for name, text in request.path_params.items()}
    if doubled := sorted(set(told) & set(path)):
        raise Unfit(verb.name, [(f"body.{name}", "it stands in the address already") for name in doubled])
    for name, value in told.items():
        if (
            isinstance(value, str)
            and "date-time" in _of(verb, name, "format")
            and not MOMENT.fullmatch(value)
        ):
            raise Unfit(
                verb.name, [(name, "it is no moment with its offset, such as 2026-03-01T18:00:00+03:00")]
            )
    return path | told


def _body(verb: Verb, request: Request, raw: bytes) -> dict[str, Any]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not raw:
        return {}
    if kind and kind != "application/json" and not kind.endswith("+json"):
        raise Ill("no-json", f"the body is {kind}; send application/json")
    try:
        told = from_json(raw, allow_inf_nan=False)
    except ValueError as error:
        raise Unfit(verb.name, [("body", f"it is no JSON: {error}")]) from error
    if not isinstance(told, dict):
        raise Unfit(verb.name, [("body", "it is no JSON object")])
    return {name: _whole(verb, name, value) for name, value in told.items()}


def _whole(verb: Verb, name: str, value: Any) -> Any:
    """7.0 is an integer, as JSON Schema has it."""
    exact = isinstance(value, float) and value.is_integer() and "integer" in _of(verb, name, "type")
    return int(value) if exact else value


def _asked(verb: Verb, name: str, texts: list[str]) -> Any:
    found = [_read(verb, name, text) for text in texts]
    if "array" in _of(verb, name, "type"):
        return found
    if len(found) > 1:
        raise Unfit(verb.name, [(name, "it is told twice")])
    return found[0]


def _read(verb: Verb, name: str, text: str) -> Any:
    """A field of an address, as JSON would have it; what is no number stays text, and does not fit."""
    known = _of(verb, name, "type")
    if "integer" in known and NUMBER.fullmatch(text):
        return int(text)
    if "boolean" in known and text in {"true", "false"}:
        return text == "true"
    return text


def _of(verb: Verb, name: str, keyword: str) -> set[str]:
    """What the schema of a field says; nothing of one that is not known."""
    schema = schema_of(verb).get("properties", {}).get(name, {})
    return {one[keyword] for one in schema.get("anyOf", [schema]) if keyword in one}
