"""The API for programs of the newsroom's own: the verbs of `syndicator subscribers`, by a key that has a name.

Each operation stands once in OPERATIONS: routes, the OpenAPI description and docs/api.md are held to that. Faults are
problem details (RFC 9457).
"""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from syndicator.app import App
from syndicator.errors import NotFound, StorageError, SyndicatorError, TooMany, Unproven
from syndicator.model import Consent, Frequency
from syndicator.register import Altered, Change, Register
from syndicator.services.frontdesk import shortened

log = logging.getLogger("syndicator")

ROOT = "/api/v1"
LARGEST = 65_536  # octets of a body
HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}

STATUS: tuple[tuple[type[SyndicatorError], HTTPStatus], ...] = (
    (Unproven, HTTPStatus.UNAUTHORIZED),
    (TooMany, HTTPStatus.TOO_MANY_REQUESTS),
    (NotFound, HTTPStatus.NOT_FOUND),
    (StorageError, HTTPStatus.SERVICE_UNAVAILABLE),
)


class Told(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Page(Told):
    """Which subscribers."""

    newsletter: str | None = Field(None, description="only those of whose wishes one is for it")
    consent: Consent | None = Field(None, description="and stands so")
    address: str | None = Field(None, description="only this one, however it is spelt")
    after: int = Field(0, ge=0, description="begin after this number: the page's `next`")
    limit: int = Field(100, ge=1, le=1000, description="at most so many")


class Addition(Told):
    """A reader who consented; or, without `proof`, one who is mailed a confirmation."""

    address: str = Field(max_length=320, description="mail address")
    newsletter: str = Field(description="its name")
    language: str = Field(description="the reader's language")
    name: str = Field("", max_length=200, description="the reader's name; only with `proof`")
    proof: str | None = Field(None, max_length=500, description="where the consent comes from; it is kept")
    wording: str = Field("", max_length=5000, description="without `proof`: what they agreed to on your page")
    place: str = Field(
        "", max_length=64, description="without `proof`: their network address; it is cut short"
    )


class Choice(Told):
    """What is chosen of one newsletter."""

    topics: list[str] | None = Field(None, description="only these; an empty list: all")
    frequency: Frequency | None = Field(None, description="how many editions")
    breaking: bool | None = Field(None, description="mails about one story, at once")


class Alteration(Told):
    """What is to be different; what is left out stays."""

    name: str | None = Field(None, max_length=200, description="another name")
    language: str | None = Field(None, description="another language")
    zone: str | None = Field(
        None,
        max_length=64,
        description='where they live, such as "Europe/Berlin"; empty: the newsroom\'s zone',
    )
    rest_days: Annotated[int, Field(ge=0, le=366)] | None = Field(
        None, description="silence for so many days; 0 ends it"
    )
    newsletters: dict[str, Choice] = Field(
        default_factory=dict, description="by name, of those that they have"
    )


class Suppression(Told):
    """Whom it is about, and why; the latter is written down."""

    address: str = Field(max_length=320, description="mail address; it need not be a reader's")
    why: str = Field(min_length=1, max_length=500, description="in your words")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call, as an operation sees it."""

    by: str  # "key:NAME"
    path: Mapping[str, str]
    query: Any = None
    body: Any = None

    def whom(self, register: Register) -> str:
        """The address of the reader that the path names. Raises :exc:`NotFound`."""
        number = self.path["reader"]
        if not (number.isascii() and number.isdigit() and len(number) < 19):
            raise NotFound("readers are named by their numbers here; /subscribers?address=… tells it")
        return register.address_of(int(number))


Act = Callable[[Register, Call], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    verb: str  # as `syndicator subscribers` has it
    method: str
    path: str
    scope: str
    says: str
    act: Act = field(repr=False)
    status: int = 200
    query: type[Told] | None = None
    body: type[Told] | None = None


def _page(register: Register, call: Call) -> Any:
    told: Page = call.query
    if told.address is not None:
        return {"subscribers": [register.show(told.address)], "next": None}
    return register.page(newsletter=told.newsletter, consent=told.consent, after=told.after, limit=told.limit)


def _add(register: Register, call: Call) -> Any:
    told: Addition = call.body
    more: dict[str, Any] = {"language": told.language, "by": call.by}
    if told.proof is not None:
        register.add(told.address, told.newsletter, proof=told.proof, name=told.name, **more)
        return register.show(told.address)
    register.ask(told.address, told.newsletter, wording=told.wording, place=told.place, **more)
    return {"asked": True}


def _change(register: Register, call: Call) -> Any:
    told: Alteration = call.body
    address = call.whom(register)
    change = Change(
        name=told.name,
        language=told.language,
        zone=told.zone,
        rest=None if told.rest_days is None else timedelta(days=told.rest_days),
        newsletters={name: Altered(**one.model_dump()) for name, one in told.newsletters.items()},
    )
    register.change(address, change, by=call.by)
    return register.show(address)


OPERATIONS = (
    Operation(
        verb="newsletters",
        method="GET",
        path="/newsletters",
        scope="newsletters:read",
        says="What there is to subscribe to.",
        act=lambda register, call: {"newsletters": register.newsletters()},
    ),
    Operation(
        verb="list",
        method="GET",
        path="/subscribers",
        scope="subscribers:read",
        query=Page,
        says="Subscribers by their numbers, a page at a time.",
        act=_page,
    ),
    Operation(
        verb="add",
        method="POST",
        path="/subscribers",
        scope="subscribers:write",
        body=Addition,
        says="Add one who consented; without proof, mail a confirmation, with the same answer for every address.",
        act=_add,
    ),
    Operation(
        verb="show",
        method="GET",
        path="/subscribers/{reader}",
        scope="subscribers:read",
        says="A reader and their wishes.",
        act=lambda register, call: register.show(call.whom(register)),
    ),
    Operation(
        verb="change",
        method="PATCH",
        path="/subscribers/{reader}",
        scope="subscribers:write",
        body=Alteration,
        says="Change name, language, silence, topics, frequency. Another address only the reader can confirm.",
        act=_change,
    ),
    Operation(
        verb="erase",
        method="DELETE",
        path="/subscribers/{reader}",
        scope="subscribers:erase",
        status=204,
        says="Forget a reader for good.",
        act=lambda register, call: register.erase(call.whom(register), by=call.by),
    ),
    Operation(
        verb="remove",
        method="DELETE",
        path="/subscribers/{reader}/newsletters/{newsletter}",
        scope="subscribers:write",
        status=204,
        says="End a subscription.",
        act=lambda register, call: register.leave(call.whom(register), call.path["newsletter"], by=call.by),
    ),
    Operation(
        verb="history",
        method="GET",
        path="/subscribers/{reader}/history",
        scope="subscribers:read",
        says="What became of each edition for this reader, and why.",
        act=lambda register, call: register.history(call.whom(register)),
    ),
    Operation(
        verb="data",
        method="GET",
        path="/subscribers/{reader}/data",
        scope="subscribers:read",
        says="All that is known of a reader, for the reader who asks for it.",
        act=lambda register, call: register.data(call.whom(register)),
    ),
    Operation(
        verb="suppress",
        method="POST",
        path="/suppressions",
        scope="subscribers:write",
        body=Suppression,
        status=204,
        says="No mail to this address any more, whoever imports it again.",
        act=lambda register, call: register.suppress(call.body.address, call.body.why, by=call.by),
    ),
    Operation(
        verb="unsuppress",
        method="POST",
        path="/suppressions/lift",
        scope="subscribers:write",
        body=Suppression,
        status=204,
        says="Take a suppression off; it subscribes nobody. Refused for one who called a mail spam.",
        act=lambda register, call: register.unsuppress(call.body.address, call.body.why, by=call.by),
    ),
)


def api(newsroom: App) -> Mount:
    """Everything under /api/v1."""
    routes = [Route(one.path, _answering(newsroom, one), methods=[one.method]) for one in OPERATIONS]
    routes.append(Route("/openapi.json", lambda request: JSONResponse(openapi()), methods=["GET"]))
    return Mount(ROOT, Starlette(routes=routes, exception_handlers={HTTPException: _elsewhere}))


def _answering(newsroom: App, one: Operation) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        body = bytearray()
        async for piece in request.stream():
            body += piece
            if len(body) > LARGEST:
                return problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a body has at most {LARGEST} octets")
        return await run_in_threadpool(_answer, newsroom, one, request, bytes(body))

    return answer


def _answer(newsroom: App, one: Operation, request: Request, raw: bytes) -> Response:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    place = shortened(request.client.host if request.client else "")
    try:
        key = newsroom.porter.admit(token.strip() if scheme.lower() == "bearer" else "", place=place)
        if one.scope not in key.scopes:
            return problem(HTTPStatus.FORBIDDEN, f"this key is not for {one.scope}")
        call = Call(
            by=f"key:{key.name}",
            path=request.path_params,
            query=one.query.model_validate(dict(request.query_params)) if one.query else None,
            body=one.body.model_validate_json(raw) if one.body else None,
        )
        told = one.act(newsroom.circulation.register, call)
    except ValidationError as error:
        faults = [
            {"field": ".".join(map(str, fault["loc"])), "detail": fault["msg"]} for fault in error.errors()
        ]
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "some fields are not as they must be", errors=faults)
    except SyndicatorError as error:
        return _refused(error, one)
    if one.status == HTTPStatus.NO_CONTENT:
        return Response(status_code=one.status, headers=HEADERS)
    return JSONResponse(json.loads(json.dumps(told, default=_written)), one.status, headers=HEADERS)


def _refused(error: SyndicatorError, one: Operation) -> Response:
    status = next((status for kind, status in STATUS if isinstance(error, kind)), HTTPStatus.CONFLICT)
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        log.warning("api %s: %s", one.verb, error)
        return problem(status, "the database does not answer; come again")
    return problem(status, str(error))


def problem(status: HTTPStatus, detail: str, **more: Any) -> Response:
    """RFC 9457."""
    told = {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": detail, **more}
    headers = dict(HEADERS)
    if status is HTTPStatus.UNAUTHORIZED:
        headers["www-authenticate"] = "Bearer"
    if status is HTTPStatus.TOO_MANY_REQUESTS:
        headers["retry-after"] = "60"
    return JSONResponse(told, status.value, headers=headers, media_type="application/problem+json")


def _elsewhere(request: Request, error: Exception) -> Response:
    status = HTTPStatus(error.status_code if isinstance(error, HTTPException) else 500)
    return problem(status, f"{request.method} {request.url.path} is no operation; see {ROOT}/openapi.json")


def _written(value: object) -> str:
    """Moments as RFC 3339 has them."""
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def openapi() -> dict[str, Any]:
    """The description of the operations (OpenAPI 3.1)."""
    paths: dict[str, dict[str, Any]] = {}
    schemas: dict[str, Any] = {}
    for one in OPERATIONS:
        told: dict[str, Any] = {
            "operationId": one.verb,
            "summary": one.says,
            "security": [{"key": [one.scope]}],
            "parameters": _parameters(one),
            "responses": {
                str(one.status): {"description": "done"},
                "default": {"$ref": "#/components/responses/problem"},
            },
        }
        if one.body:
            schema = one.body.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas |= schema.pop("$defs", {}) | {one.body.__name__: schema}
            reference = {"schema": {"$ref": f"#/components/schemas/{one.body.__name__}"}}
            told["requestBody"] = {"required": True, "content": {"application/json": reference}}
        paths.setdefault(one.path, {})[one.method.lower()] = told
    fault = {"description": "what went wrong (RFC 9457)", "content": {"application/problem+json": {}}}
    key = {"type": "http", "scheme": "bearer", "description": "`syndicator key add NAME --scope …`"}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Syndicator", "version": "1"},
        "servers": [{"url": ROOT}],
        "paths": paths,
        "components": {"schemas": schemas, "responses": {"problem": fault}, "securitySchemes": {"key": key}},
    }


def _parameters(one: Operation) -> list[dict[str, Any]]:
    in_path = [part[1:-1] for part in one.path.split("/") if part.startswith("{")]
    told = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in in_path]
    if one.query:
        schema = one.query.model_json_schema()
        shown = schema["properties"].items()
        told += [{"name": name, "in": "query", "schema": own} for name, own in shown]
    return told
