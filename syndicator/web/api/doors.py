"""One path of the API: who may come in, what they tell, what they are answered."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from syndicator.app import App
from syndicator.errors import SyndicatorError
from syndicator.model import Role
from syndicator.services.porter import Pass
from syndicator.text.addresses import shortened
from syndicator.verbs import Actor, Unfit, Verb, fitted, perform

from .problems import HEADERS, kind_of, problem
from .telling import Ill, fields_of

log = logging.getLogger("syndicator")

LARGEST = 65_536  # octets of a body


class Door:
    """An ASGI application: all methods of one path come here."""

    def __init__(self, newsroom: App, verbs: Mapping[str, Verb]) -> None:
        self._newsroom = newsroom
        self._verbs = dict(verbs)
        if "GET" in verbs:
            self._verbs["HEAD"] = verbs["GET"]
        self._allow = ", ".join(sorted([*self._verbs, "OPTIONS"]))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._answer(Request(scope, receive))
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204, headers={**HEADERS, "allow": self._allow})
        verb = self._verbs.get(request.method)
        if verb is None:
            said = f"{request.method} is nothing here; there are: {self._allow}"
            return problem("no-such-method", said, headers={"allow": self._allow})
        body = bytearray()
        async for piece in request.stream():
            body += piece
            if len(body) > LARGEST:
                return problem("too-large", f"a body has at most {LARGEST} octets")
        return await run_in_threadpool(self._done, verb, request, bytes(body))

    def _done(self, verb: Verb, request: Request, raw: bytes) -> Response:
        try:
            key = self._admit(request)
            if verb.scope not in key.scopes:
                return problem("forbidden", f"this key is not for {verb.scope}")
            told = fitted(verb, fields_of(verb, request, raw))
            return _answered(verb, perform(self._newsroom, verb, told, _actor(key, verb)))
        except Ill as error:
            return problem(error.kind, str(error))
        except Unfit as error:
            return _unfit(verb, error)
        except SyndicatorError as error:
            return _refused(verb, error)

    def _admit(self, request: Request) -> Pass:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        place = shortened(request.client.host if request.client else "")
        return self._newsroom.porter.admit(token.strip() if scheme.lower() == "bearer" else "", place=place)


def _actor(key: Pass, verb: Verb) -> Actor:
    """A scope lets in whoever holds it: their role is the one that the verb needs; readers are seen by who may."""
    sees = Role.EDITOR if "subscribers:read" in key.scopes else verb.role
    return Actor(by=f"key:{key.name}", role=sees if sees.covers(verb.role) else verb.role, face="api")


def _answered(verb: Verb, told: Any) -> Response:
    if verb.status == 204:
        return Response(status_code=204, headers=HEADERS)
    body = json.dumps(told, default=_written, ensure_ascii=False, separators=(",", ":"))
    return Response(body, verb.status, headers=HEADERS, media_type="application/json")


def _unfit(verb: Verb, error: Unfit) -> Response:
    """What does not fit in an address is nowhere."""
    faults = [{"field": field, "detail": said} for field, said in error.faults]
    if all(f"{{{one['field']}}}" in verb.path for one in faults):
        return problem("not-found", "; ".join(f"{one['field']}: {one['detail']}" for one in faults))
    return problem("unfit", "some fields are not as they must be", errors=faults)


def _refused(verb: Verb, error: SyndicatorError) -> Response:
    kind = kind_of(error)
    if kind == "away":
        log.warning("api %s: %s", verb.name, error)
        return problem(kind, "the database does not answer; come again")
    return problem(kind, str(error))


def _written(value: object) -> Any:
    """Moments as RFC 3339 has them, numbers as text, what comes in any order in its own."""
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
