"""The console's doors: who is signed in, whether a form is really ours, and what a browser may do with a page.

A handler behind a door gets a :class:`Visit`. It is called in a thread of its own, unless it is a coroutine.
"""

from __future__ import annotations

import logging
from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hmac import compare_digest
from inspect import iscoroutinefunction
from math import inf
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from syndicator.app import App
from syndicator.errors import Phrase, sentence
from syndicator.model import Person, Role
from syndicator.services.people import LANGUAGES
from syndicator.services.people.nouns import WAITS_FOR_CODE, WAITS_FOR_FACTOR, Inside, Opened, Session
from syndicator.tokens import sign
from syndicator.verbs import Actor

log = logging.getLogger("syndicator")

HOME = "/console"
SIGN_IN, SECOND, FACTOR, PROVE = (f"{HOME}/{one}" for one in ("sign-in", "second", "factor", "prove"))
FORM_MAX = 1_000_000  # octets of a form that is read
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; frame-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "referrer-policy": "same-origin",  # with none at all browsers say nothing of where a form comes from
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "x-robots-tag": "noindex",
}
HSTS = "max-age=31536000; includeSubDomains"
YEAR = 31_536_000  # seconds

Form = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request of somebody who may be anybody."""

    request: Request
    csrf: str = field(repr=False)
    words: Any  # how the console speaks to them
    form: Form = field(default_factory=dict, repr=False)
    token: str = field(default="", repr=False)  # of their session; it may wait for a second factor
    file: UploadFile | None = field(default=None, repr=False)

    def said(self, name: str, otherwise: str = "") -> str:
        """One field of the form, or of the address."""
        return next(iter(self.all_said(name)), otherwise).strip()

    def all_said(self, name: str) -> list[str]:
        told = self.form.get(name) or self.request.query_params.getlist(name)
        return [one for one in told if one]

    def placed(self, name: str) -> str:
        """A part of the address."""
        return str(self.request.path_params[name])

    @property
    def partial(self) -> bool:
        """Only a part of the page is asked for: whoever asks has the rest."""
        return self.request.headers.get("hx-request") == "true"

    @property
    def place(self) -> str:
        return place_of(self.request)

    @property
    def browser(self) -> str:
        return self.request.headers.get("user-agent", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit(Call):
    """One request of somebody who is signed in."""

    person: Person
    session: Session

    @property
    def actor(self) -> Actor:
        return Actor.of(self.person, "console")

    @property
    def language(self) -> str:
        return str(self.person.language)


NOT_FOR_THEM = sentence("this is for a {role}; you are a {theirs}")
NOT_OURS = sentence("this form is too old, or not one of ours; open the page again")

Guarded = Callable[[Visit], Response | Awaitable[Response]]
Open = Callable[[Call], Response]
Endpoint = Callable[[Request], Awaitable[Response]]


def _plain(request: Request, status: int, said: Phrase) -> Response:
    return PlainTextResponse(f"{said}\n", status)


class Doors:
    """``speak`` gives the words of a language; ``refuse`` the page that says why something is not done."""

    def __init__(
        self,
        newsroom: App,
        *,
        speak: Callable[[str], Any],
        refuse: Callable[[Request, int, Phrase], Response] = _plain,
    ) -> None:
        self._newsroom = newsroom
        self._reception = newsroom.people.reception
        self._keys = newsroom.wiring.keys
        self._speak = speak
        self._refuse = refuse
        self.https = newsroom.settings.newsroom.public_url.startswith("https:")

    def guarded(
        self, handler: Guarded, role: Role = Role.VIEWER, *, fresh: bool = False, most: int = 0
    ) -> Endpoint:
        """``fresh``: they showed who they are a short while ago, or do so now. ``most``: the form has a file, of at
        most so many octets; nothing is read of somebody who may not."""

        async def answer(request: Request) -> Response:
            try:
                return await answered(request)
            finally:
                await request.close()

        async def answered(request: Request) -> Response:
            if most:
                if refused := await run_in_threadpool(self._refused_to_upload, request, role, most):
                    return refused
                form, file = await uploaded(request)
            else:
                form, file = await form_of(request), None

            def admitted() -> Visit | Response:
                return self._admitted(request, form, file, role, fresh=fresh)

            def through() -> Response:
                # In one go: each change of threads costs as much as a look into the database.
                visit = admitted()
                return visit if isinstance(visit, Response) else handler(visit)  # type: ignore[return-value]

            if not iscoroutinefunction(handler):
                return await run_in_threadpool(through)
            visit = await run_in_threadpool(admitted)
            found: Response = visit if isinstance(visit, Response) else await handler(visit)
            return found

        return answer

    def _refused_to_upload(self, request: Request, role: Role, most: int) -> Response | None:
        inside = self._inside(request, role)
        if isinstance(inside, Response):
            return inside
        if _size(request) > most:
            return self._refuse(request, 413, Phrase("a file may have {most} MB", most=most // 2**20))
        return None

    def _inside(self, request: Request, role: Role) -> Inside | Response:
        """Who is in, and may; for others what they are told instead."""
        inside = self._reception.inside(self._cookie(request, "desk"))
        if inside is None or inside.session.waits_for:
            return self._elsewhere(request, _way_in(inside and inside.session.waits_for))
        person = inside.person
        if not person.role.covers(role):
            log.warning("console: %s, a %s, may not open %s", person.name, person.role, request.url.path)
            return self._refuse(request, 403, Phrase(NOT_FOR_THEM, role=role, theirs=person.role))
        return inside

    def _admitted(
        self, request: Request, form: Form, file: UploadFile | None, role: Role, *, fresh: bool
    ) -> Visit | Response:
        """Their visit; for others what they are told instead."""
        inside = self._inside(request, role)
        if isinstance(inside, Response):
            return inside
        person, session = inside
        csrf = self._csrf(session)
        if not self._is_ours(request, form, csrf):
            return self._refuse(request, 403, Phrase(NOT_OURS))
        if fresh and not self._reception.is_fresh(session):
            return self._elsewhere(request, PROVE)
        return Visit(
            request=request,
            person=person,
            session=session,
            csrf=csrf,
            words=self._speak(person.language),
            form=form,
            token=self._cookie(request, "desk"),
            file=file,
        )

    def open(self, handler: Open) -> Endpoint:
        """For pages that anybody reaches: to sign in, to join. Their forms are bound to a cookie of the browser."""

        async def answer(request: Request) -> Response:
            form = await form_of(request)
            mark = self._cookie(request, "door")
            shown = mark or urlsafe_b64encode(self._newsroom.world.rng.randbytes(16)).decode()
            csrf = sign(self._keys, "csrf", "door", shown)
            if not self._is_ours(request, form, csrf if mark else ""):
                return self._refuse(request, 403, Phrase(NOT_OURS))
            words = self._speak(language_of(request))
            token = self._cookie(request, "desk")
            call = Call(request=request, csrf=csrf, words=words, form=form, token=token)
            response = await run_in_threadpool(handler, call)
            if not mark:
                self._set(response, "door", shown)
            return response

        return answer

    def let_in(self, response: Response, opened: Opened) -> Response:
        """The browser's new token goes with this answer."""
        self._set(response, "desk", opened.token)
        if opened.device:
            self._set(response, "known", opened.device, seconds=YEAR)
        return response

    def let_out(self, response: Response) -> Response:
        for name in ("desk", "way"):
            self._set(response, name, "", seconds=0)
        response.headers["clear-site-data"] = '"cache", "storage"'
        return response

    def known(self, request: Request) -> str:
        """By which a browser is known in which somebody was signed in before."""
        return self._cookie(request, "known")

    def remember(self, response: Response, told: str) -> None:
        """What a browser brings back from where it signs on; for a few minutes."""
        self._set(response, "way", told, seconds=600)

    def remembered(self, request: Request) -> str:
        return self._cookie(request, "way")

    def forget(self, response: Response) -> None:
        self._set(response, "way", "", seconds=0)

    def framed(self, app: ASGIApp) -> ASGIApp:
        """Every answer says what a browser may do with it; what an answer says itself stands."""
        told = HEADERS | ({"strict-transport-security": HSTS} if self.https else {})

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            async def said(message: Message) -> None:
                if message["type"] == "http.response.start":
                    headers = MutableHeaders(scope=message)
                    for name, value in told.items():
                        headers.setdefault(name, value)
                await send(message)

            if scope["type"] == "http" and _is_fetched_by_others(Request(scope)):
                why = Phrase("another site asked for this; open it yourself")
                response = self._refuse(Request(scope), 403, why)
                await response(scope, receive, said)
                return
            await app(scope, receive, said)

        return answer

    def _is_ours(self, request: Request, form: Form, csrf: str) -> bool:
        """A page of ours sent it: the browser says so, and it carries what only our page could know."""
        if request.method in {"GET", "HEAD"}:
            return True
        told = request.headers.get("x-csrf-token") or next(iter(form.get("csrf", ())), "")
        return self._is_from_here(request) and bool(csrf) and compare_digest(told.encode(), csrf.encode())

    def _is_from_here(self, request: Request) -> bool:
        site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
        if site is not None and site != "same-origin":
            return False
        if origin is None:
            return site is not None
        told = urlsplit(origin)
        ours = {request.headers.get("host", ""), urlsplit(self._newsroom.settings.newsroom.public_url).netloc}
        return told.netloc in ours and (told.scheme == "https" or not self.https)

    def _csrf(self, session: Session) -> str:
        """As long as the session, and another one before a second factor than after it."""
        facts = (str(session.id), session.began_at.isoformat(), session.waits_for)
        return sign(self._keys, "csrf", *facts)

    def _elsewhere(self, request: Request, page: str) -> Response:
        """To sign in, and back; a part of a page sends the whole page there."""
        asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        back = (
            asked
            if request.method == "GET"
            else request.headers.get("hx-current-url", request.headers.get("referer", ""))
        )
        target = f"{page}?next={quote(local(back))}"
        if "hx-request" in request.headers:
            return Response(status_code=401, headers={"hx-redirect": target})
        return RedirectResponse(target, 303)

    def _cookie(self, request: Request, name: str) -> str:
        return request.cookies.get(self._named(name), "")

    def _named(self, name: str) -> str:
        """The prefix binds it to this host and to https; a browser takes no such cookie from anywhere else."""
        return f"__Host-syndicator-{name}" if self.https else f"syndicator-{name}"

    def _set(self, response: Response, name: str, value: str, *, seconds: int | None = None) -> None:
        response.set_cookie(
            self._named(name),
            value,
            max_age=seconds,
            path="/",
            secure=self.https,
            httponly=True,
            samesite="lax",
        )


def local(told: str) -> str:
    """Where somebody goes on after signing in: a page of the console, whatever was told."""
    parts = urlsplit(told.strip())
    path = parts.path
    fine = path == HOME or path.startswith(f"{HOME}/")
    if not fine or "\\" in path or "//" in path or ".." in path or not path.isprintable():
        return HOME
    return path + (f"?{parts.query}" if parts.query and parts.query.isprintable() else "")


def place_of(request: Request) -> str:
    return request.client.host if request.client else ""


def language_of(request: Request) -> str:
    """Of a page for somebody who is not known yet: what the address says, else what the browser prefers."""
    told = request.query_params.get("language", "")
    return told if told in LANGUAGES else preferred(request)


def preferred(request: Request) -> str:
    """The first language of Accept-Language that the console speaks; else the newsroom's English."""
    for part in request.headers.get("accept-language", "").split(",")[:20]:
        language = part.partition(";")[0].strip().partition("-")[0].lower()
        if language in LANGUAGES:
            return language
        if language == "ku":
            return "ckb"
    return "en"


async def form_of(request: Request) -> Form:
    """The fields of a form; nothing of one that is too long or of another kind."""
    if request.method in {"GET", "HEAD"}:
        return {}
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > FORM_MAX:
            return {}
    try:
        return parse_qs(body.decode(), keep_blank_values=True, max_num_fields=1000)
    except ValueError:
        return {}


async def uploaded(request: Request) -> tuple[Form, UploadFile | None]:
    """The fields of a form that has a file, and the file; nothing of what is none. The request closes it."""
    try:
        told = await request.form(max_files=1, max_fields=10)
    except HTTPException:
        return {}, None
    fields = {name: [one] for name, one in told.multi_items() if isinstance(one, str)}
    return fields, next((one for one in told.values() if isinstance(one, UploadFile)), None)


def _size(request: Request) -> float:
    told = request.headers.get("content-length", "")
    return int(told) if told.isdigit() else inf


def _way_in(waits_for: str | None) -> str:
    return {WAITS_FOR_CODE: SECOND, WAITS_FOR_FACTOR: FACTOR}.get(waits_for or "", SIGN_IN)


def _is_fetched_by_others(request: Request) -> bool:
    """Another site loads it as a picture, a script or by fetch. To follow a link from there is fine."""
    told = request.headers
    if told.get("sec-fetch-site") not in {"cross-site", "same-site"}:
        return False
    return told.get("sec-fetch-mode") != "navigate" or told.get("sec-fetch-dest") not in {"document", None}
