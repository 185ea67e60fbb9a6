"""What a call tells a verb: the fields in its path, and those of its query or its body."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic_core import from_json
from starlette.requests import Request

from syndicator.verbs import Unfit, Verb

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
    path = {name: _read(verb, name, text) for name, text in request.path_params.items()}
    query = {name: request.query_params.getlist(name) for name in request.query_params}
    if not verb.reads:
        if query:
            raise Unfit(verb.name, [(name, "fields stand in the body here") for name in query])
        told = _body(verb, request, raw)
    else:
        told = {name: _asked(verb, name, texts) for name, texts in query.items()}
    if doubled := sorted(set(told) & set(path)):
        raise Unfit(verb.name, [(f"body.{name}", "it stands in the address already") for name in doubled])
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
    return told


def _asked(verb: Verb, name: str, texts: list[str]) -> Any:
    found = [_read(verb, name, text) for text in texts]
    if "array" in kinds(schema_of(verb)["properties"].get(name, {})):
        return found
    if len(found) > 1:
        raise Unfit(verb.name, [(name, "it is told twice")])
    return found[0]


def _read(verb: Verb, name: str, text: str) -> Any:
    """A field of an address, as JSON would have it; what is no number stays text, and does not fit."""
    known = kinds(schema_of(verb)["properties"].get(name, {}))
    if "integer" in known and NUMBER.fullmatch(text):
        return int(text)
    if "boolean" in known and text in {"true", "false"}:
        return text == "true"
    return text


def kinds(schema: Mapping[str, Any]) -> set[str]:
    return {one["type"] for one in schema.get("anyOf", [schema]) if "type" in one}
