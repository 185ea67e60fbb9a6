"""The API for programs of the newsroom's own: every verb, by a key that has a name.

What there is stands in VERBS alone: routes, the OpenAPI description and docs/api.md are held to that. Faults are
problem details (RFC 9457).
"""

from __future__ import annotations

import re

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route

from syndicator.app import App
from syndicator.verbs import VERBS, Verb

from .description import described
from .doors import Door
from .echo import Echo
from .files import FILES, FileDoor
from .page import POLICY, page
from .problems import KINDS, ROOT, problem


def api(newsroom: App) -> Mount:
    """Everything under /api/v1."""
    places: dict[str, dict[str, Verb]] = {}
    for verb in VERBS.values():
        places.setdefault(verb.path, {})[verb.method] = verb
    routes = [Route(path, Door(newsroom, verbs)) for path, verbs in places.items()]
    files = [
        (path, [one for one in FILES if one.path == path])
        for path in dict.fromkeys(one.path for one in FILES)
    ]
    routes = [
        Route(path, FileDoor(newsroom, {one.method: one for one in some})) for path, some in files
    ] + routes
    told, shown = described(), page()
    policy = {"content-security-policy": POLICY, "x-content-type-options": "nosniff"}
    routes.append(Route("/openapi.json", lambda request: JSONResponse(told), methods=["GET"]))
    routes.append(Route("/", lambda request: HTMLResponse(shown, headers=policy), methods=["GET"]))
    routes.append(Route("/problems/{kind}", _kind, methods=["GET"]))
    inside = Starlette(
        routes=routes,
        middleware=[Middleware(Echo, number=lambda: newsroom.world.rng.randbytes(12).hex())],
        exception_handlers={HTTPException: _elsewhere},
    )
    mount = Mount(ROOT, inside)
    mount.path_regex = re.compile(mount.path_regex.pattern, re.DOTALL)  # an address may hold a line break
    return mount


def _kind(request: Request) -> Response:
    """What a problem's `type` leads to."""
    name = request.path_params["kind"]
    if name not in KINDS:
        return problem("not-found", f"no problem is called {name!r}")
    one = KINDS[name]
    return JSONResponse({"type": one.type, "title": one.title, "status": one.status, "detail": one.says})


def _elsewhere(request: Request, error: Exception) -> Response:
    return problem(
        "not-found" if getattr(error, "status_code", 404) == 404 else "no-such-method",
        f"{request.method} {request.url.path} is no operation; see {ROOT}/openapi.json",
        headers=getattr(error, "headers", None) or {},
    )
