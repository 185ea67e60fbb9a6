"""What is answered where all went well."""

from __future__ import annotations

import hashlib
import json
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from syndicator.verbs import Verb

from .problems import HEADERS

CURSORS = ("after", "before")  # what a page's `next` is told as


def answered(verb: Verb, told: Any, request: Request) -> Response:
    if verb.status == 204:
        return Response(status_code=204, headers=HEADERS)
    body = json.dumps(told, default=_written, ensure_ascii=False, separators=(",", ":")).encode()
    response = Response(body, verb.status, headers=HEADERS, media_type="application/json")
    if verb.reads:
        if isinstance(told, dict) and told.get("next") is not None:
            response.headers["link"] = f'<{_next(verb, request, told["next"])}>; rel="next"'
        return _as_it_was(request, response, body)
    return response


def cursor(verb: Verb) -> str | None:
    """The field that goes on where a page ended."""
    return next((name for name in CURSORS if name in verb.takes.model_fields), None)


def _next(verb: Verb, request: Request, after: object) -> str:
    kept = [(name, value) for name, value in request.query_params.multi_items() if name not in CURSORS]
    return f"{request.url.path}?{urlencode([*kept, (cursor(verb) or 'after', str(after))])}"


def _as_it_was(request: Request, response: Response, body: bytes) -> Response:
    """304 to who has this answer already."""
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    response.headers["etag"] = tag
    known = {one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")}
    if not known & {tag, "*"}:
        return response
    kept = {name: value for name, value in response.headers.items() if name in {*HEADERS, "etag", "link"}}
    return Response(status_code=304, headers=kept)


def _written(value: object) -> Any:
    """Moments as RFC 3339 has them, numbers as text, what comes in any order in its own."""
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
