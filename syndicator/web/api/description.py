"""The description of the API (OpenAPI 3.1), made of the verbs themselves."""

from __future__ import annotations

from typing import Any

from syndicator.verbs import VERBS

from .problems import ROOT
from .telling import in_path

REFERENCE = "#/components/schemas/{model}"


def described() -> dict[str, Any]:
    paths: dict[str, dict[str, Any]] = {}
    schemas: dict[str, Any] = {}
    for verb in VERBS.values():
        told: dict[str, Any] = {
            "operationId": verb.slug,
            "summary": verb.says,
            "security": [{"key": [verb.scope]}],
            "responses": {
                str(verb.status): {"description": "done"},
                "default": {"$ref": "#/components/responses/problem"},
            },
        }
        schema = verb.takes.model_json_schema(ref_template=REFERENCE)
        schemas |= schema.pop("$defs", {})
        own = {name: schema["properties"].pop(name) for name in in_path(verb)}
        told["parameters"] = [
            {"name": name, "in": "path", "required": True, "schema": one} for name, one in own.items()
        ]
        properties = schema.get("properties", {})
        needed = set(schema.get("required", ())) - set(own)
        if verb.reads:
            told["parameters"] += [
                {"name": name, "in": "query", "required": name in needed, "schema": one}
                for name, one in properties.items()
            ]
        elif properties:
            schemas[verb.slug] = schema | {"required": sorted(needed)}
            reference = {"schema": {"$ref": REFERENCE.format(model=verb.slug)}}
            told["requestBody"] = {"required": bool(needed), "content": {"application/json": reference}}
        paths.setdefault(verb.path, {})[verb.method.lower()] = told
    fault = {"description": "what went wrong (RFC 9457)", "content": {"application/problem+json": {}}}
    key = {"type": "http", "scheme": "bearer", "description": "`syndicator key add NAME --scope …`"}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Syndicator", "version": "1"},
        "servers": [{"url": ROOT}],
        "paths": paths,
        "components": {"schemas": schemas, "responses": {"problem": fault}, "securitySchemes": {"key": key}},
    }
