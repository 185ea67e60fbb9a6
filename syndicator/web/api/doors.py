"""One path of the API: who may come in, what they tell, what they are answered."""

from __future__ import annotations

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
from syndicator.verbs import Actor, Told, Unfit, Verb, fitted, perform

from .answers import answered
from .orders import Named, fingerprint, name_of, once
from .problems import HEADERS, kind_of, problem
from .telling import Ill, fields_of

log = logging.getLogger("syndicator")

LARGEST = 262_144  # octets of a body: the longest text there is, with each of its signs spelled out


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
        return await run_in_threadpool(self._let_in, verb, request, bytes(body))

    def _let_in(self, verb: Verb, request: Request, raw: Any) -> Response:
        porter = self._newsroom.porter
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        place = shortened(request.client.host if request.client else "")
        try:
            key = porter.admit(token.strip() if scheme.lower() == "bearer" else "", place=place)
        except SyndicatorError as error:
            return _refused(verb, error)
        response = self._served(verb, key, request, raw)
        most, left, seconds = porter.allowance(key.name)
        response.headers["ratelimit-policy"] = f'"key";q={most};w=60'
        response.headers["ratelimit"] = f'"key";r={left};t={seconds}'
        return response

    def _served(self, verb: Verb, key: Pass, request: Request, raw: Any) -> Response:
        if verb.scope not in key.scopes:
            return problem("forbidden", f"this key is not for {verb.scope}")
        try:
            fields = self._fields(verb, request, raw)
            told, name = fitted(verb, fields), "" if verb.reads else name_of(verb, request)
        except Ill as error:
            return problem(error.kind, str(error))
        except Unfit as error:
            return _unfit(verb, error)
        if not name:
            return self._done(verb, key, told, request, raw)
        order = Named(key=key.name, name=name, fingerprint=self._fingerprint(request, fields, raw))
        return once(self._newsroom.porter, order, lambda: self._done(verb, key, told, request, raw))

    def _done(self, verb: Verb, key: Pass, told: Told, request: Request, raw: Any) -> Response:
        try:
            return self._performed(verb, told, _actor(key, verb), request, raw)
        except SyndicatorError as error:
            return _refused(verb, error)
        except Exception:  # a fault of ours: whoever calls gets a number to tell the operator
            log.exception("api %s, request %s", verb.name, request.scope.get("request_id"))
            return problem(
                "broken", "it could not be done, and why is in the log; whether it was done is not known"
            )

    # What is otherwise where a file goes in or out

    def _fields(self, verb: Verb, request: Request, raw: Any) -> dict[str, Any]:
        return fields_of(verb, request, raw)

    def _fingerprint(self, request: Request, fields: Mapping[str, Any], raw: Any) -> str:
        return fingerprint(request, fields)

    def _performed(self, verb: Verb, told: Told, actor: Actor, request: Request, raw: Any) -> Response:
        return answered(verb, perform(self._newsroom, verb, told, actor), request)


def _actor(key: Pass, verb: Verb) -> Actor:
    """A scope lets in whoever holds it: their role is the one that the verb needs; readers are seen by who may."""
    sees = Role.EDITOR if "subscribers:read" in key.scopes else verb.role
    return Actor(
        by=f"key:{key.name}",
        role=sees if sees.covers(verb.role) else verb.role,
        face="api",
        channels=frozenset(key.channels),
        languages=frozenset(key.languages),
    )


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
