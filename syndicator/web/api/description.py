"""The description of the API (OpenAPI 3.1), made of the verbs themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter

from syndicator.verbs import VERBS, Verb

from .answers import cursor
from .examples import EXAMPLES
from .files import CSV, FILES
from .orders import WELL_FORMED
from .problems import KINDS, ROOT
from .telling import in_path

REFERENCE = "#/components/schemas/{model}"
HEADERS = {
    "X-Request-Id": "the number of the call: yours, or one of ours",
    "RateLimit-Policy": "how many calls the key may make (`q`) in how many seconds (`w`)",
    "RateLimit": "how many of them are left (`r`), and in how many seconds a new minute begins (`t`)",
    "ETag": "of the answer; with `If-None-Match` it is not sent again",
    "Link": "the page that follows, as `next`",
    "Idempotency-Replayed": "`true`: the answer that the order got the first time",
    "Allow": "what can be done here",
}
OF_ALL = ("X-Request-Id", "RateLimit-Policy", "RateLimit")
FAULTS = sorted({str(one.status) for one in KINDS.values()})
OF_CHANGING = {"413", "415"}  # nothing that reads has a body
ABOUT = (
    "For programs of the newsroom's own: what the command line does, in the same words. A key is made by "
    "`syndicator key add NAME --scope …`. Faults are problem details (RFC 9457); answers may have more fields some day."
)


def described() -> dict[str, Any]:
    answers, components = _answers()
    paths: dict[str, dict[str, Any]] = {}
    for verb in VERBS.values():
        paths.setdefault(verb.path, {})[verb.method.lower()] = _operation(verb, answers, components)
    for verb in FILES:
        paths.setdefault(verb.path, {})[verb.method.lower()] = _of_file(verb, answers, components)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Syndicator", "version": "1", "description": ABOUT},
        "servers": [{"url": ROOT}],
        "tags": [{"name": name} for name in dict.fromkeys(map(tag, VERBS.values()))],
        "paths": paths,
        "components": {
            "schemas": components | {"problem": PROBLEM},
            "responses": {status: _fault(status) for status in FAULTS},
            "headers": {
                name: {"description": says, "schema": {"type": "string"}} for name, says in HEADERS.items()
            },
            "parameters": {"order": ORDER},
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def tag(verb: Verb) -> str:
    """What it is about: the first part of its address."""
    return verb.path.split("/")[1]


PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {
            "type": "string",
            "format": "uri-reference",
            "description": "for programs; it never changes",
            "enum": [one.type for one in KINDS.values()],
        },
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "what to do, in words"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "detail"],
                "properties": {"field": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}
ORDER = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "the order's name, best a UUID: under the same one it is done once, however often it is sent",
    "schema": {"type": "string", "pattern": f"^{WELL_FORMED}$"},
}


def _answers() -> tuple[Mapping[Any, Any], dict[str, Any]]:
    """Of what each verb answers, by its id, and what these refer to; names that two have are told apart."""
    told: list[Any] = [
        (verb.slug, "serialization", TypeAdapter(verb.answers))
        for verb in (*VERBS.values(), *FILES)
        if verb.answers
    ]
    found, shared = TypeAdapter.json_schemas(told, ref_template=REFERENCE)
    return {name: schema for (name, _), schema in found.items()}, shared["$defs"]


def _operation(verb: Verb, answers: Mapping[Any, Any], components: dict[str, Any]) -> dict[str, Any]:
    takes = verb.takes.model_json_schema(ref_template=REFERENCE)
    components |= takes.pop("$defs", {})
    told: dict[str, Any] = {
        "operationId": verb.slug,
        "summary": verb.says,
        "description": f"`syndicator {verb.name}`, for keys with the scope `{verb.scope}`.",
        "tags": [tag(verb)],
        "security": [{"key": [verb.scope]}],
        "parameters": list(_parameters(verb, takes)),
        "responses": _responses(verb, answers),
    }
    if not verb.reads and (body := _body(verb, takes)):
        components[verb.slug] = body
        told["requestBody"] = _request(verb, body)
    return told


def _of_file(verb: Verb, answers: Mapping[Any, Any], components: dict[str, Any]) -> dict[str, Any]:
    """Its fields stand in the address; the list is the body, or the answer."""
    told = _operation(replace(verb, method="GET"), answers, components)
    listed = {CSV: {"schema": {"type": "string"}}}
    if not verb.reads:
        told["parameters"].append({"$ref": "#/components/parameters/order"})
        told["requestBody"] = {"required": True, "content": listed}
        told["responses"] = _responses(verb, answers)
    if verb.answers is None:
        done = {"description": "done", "headers": _headers(*OF_ALL), "content": listed}
        told["responses"] = _responses(replace(verb, method="POST"), answers) | {"200": done}
        del told["responses"]["204"]
    return told


def _parameters(verb: Verb, takes: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    path = in_path(verb)
    for name, schema in takes.get("properties", {}).items():
        if name in path or verb.reads:
            place, needed = ("path", True) if name in path else ("query", name in takes.get("required", ()))
            own = _told(schema)
            said = own.pop("description", "")
            yield {"name": name, "in": place, "required": needed, "description": said, "schema": own}
    if not verb.reads:
        yield {"$ref": "#/components/parameters/order"}


def _told(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Of a field in an address: it is left out where it would be null."""
    own = {name: value for name, value in schema.items() if name not in {"title", "anyOf"}}
    if own.get("default", "") is None:
        del own["default"]
    for one in schema.get("anyOf", ()):
        own |= one if one.get("type") != "null" else {}
    return own


def _body(verb: Verb, takes: Mapping[str, Any]) -> dict[str, Any] | None:
    path = in_path(verb)
    fields = {name: one for name, one in takes.get("properties", {}).items() if name not in path}
    needed = [name for name in takes.get("required", ()) if name not in path]
    return {**takes, "properties": fields, "required": needed} if fields else None


def _request(verb: Verb, body: Mapping[str, Any]) -> dict[str, Any]:
    """What must be told makes the body needed."""
    told: dict[str, Any] = {"schema": {"$ref": REFERENCE.format(model=verb.slug)}}
    if verb.slug in EXAMPLES:
        told["examples"] = {"one": {"value": EXAMPLES[verb.slug]}}
    return {"required": bool(body["required"]), "content": {"application/json": told}}


def _responses(verb: Verb, answers: Mapping[Any, Any]) -> dict[str, Any]:
    done: dict[str, Any] = {"description": "done", "headers": _headers(*OF_ALL)}
    if verb.answers:
        done["content"] = {"application/json": {"schema": answers[verb.slug]}}
    told = {str(verb.status): done}
    if verb.reads:
        done["headers"] |= _headers("ETag", *["Link"] * (cursor(verb) is not None))
        told["304"] = {"description": "it is as you know it", "headers": _headers("X-Request-Id", "ETag")}
    else:
        done["headers"] |= _headers("Idempotency-Replayed")
    told |= {
        status: {"$ref": f"#/components/responses/{status}"}
        for status in FAULTS
        if not (verb.reads and status in OF_CHANGING)
    }
    return told


def _headers(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _fault(status: str) -> dict[str, Any]:
    kinds = [one for one in KINDS.values() if str(one.status) == status]
    return {
        "description": "; or: ".join(f"{one.title} (`{one.name}`): {one.says}" for one in kinds),
        "headers": _headers("X-Request-Id", *["Allow"] * (status == "405")),
        "content": {"application/problem+json": {"schema": {"$ref": REFERENCE.format(model="problem")}}},
    }
