"""Readers' own pages: ask for a newsletter, confirm, choose, leave. Plain HTML, no script, no cookie.

GET shows and POST does, so that a scanner that opens every link of a mail changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from syndicator.app import App
from syndicator.errors import NotFound, Refused, TooMany
from syndicator.inspection.answers import SAYS
from syndicator.model import Consent, Frequency
from syndicator.services.frontdesk import Chosen, Rack, Wanted

HEADERS = {
    "referrer-policy": "no-referrer",  # the address is a key
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex",
    "cache-control": "no-store",
}
POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors {}; base-uri 'none'"
FORM_MAX = 16_384  # octets of a form that is read
RESTS = (7, 14, 30, 90)  # days
BAIT = "website"  # a field that people do not see

Form = Mapping[str, Sequence[str]]
Page = Callable[[Request, Form | None], Response]


class Counter:
    """The pages of one newsroom."""

    def __init__(self, newsroom: App) -> None:
        self._newsroom = newsroom
        self._front = newsroom.circulation.front
        self._languages = newsroom.settings.newsroom.languages

    def routes(self) -> list[Route]:
        both = ["GET", "POST"]
        acts = {"confirm": self._confirm, "move": self._move, "arrive": self._arrive}
        acts |= {"export": self._export, "erase": self._erase}
        return [
            Route("/style.css", self._style, methods=["GET"]),
            Route("/subscribe", self._page(self._subscribe), methods=both),
            Route("/preferences/{token:str}", self._page(self._preferences), methods=both),
            Route("/unsubscribe/{token:str}", self._page(self._leave), methods=both),
            Route(
                "/leave/{token:str}", self._page(self._leave), methods=both
            ),  # in mails of earlier versions
            *[
                Route(f"/{purpose}/{{token:str}}", self._page(self._act(purpose, act)), methods=both)
                for purpose, act in acts.items()
            ],
        ]

    def _page(self, page: Page) -> Callable[[Request], Awaitable[Response]]:
        """``page`` gets the form of a POST, None for a GET, in a thread of its own."""

        async def answer(request: Request) -> Response:
            form = await _form(request) if request.method == "POST" else None
            return await run_in_threadpool(self._told, page, request, form)

        return answer

    def _told(self, page: Page, request: Request, form: Form | None) -> Response:
        try:
            return page(request, form)
        except NotFound as error:
            state = "over" if "was used" in str(error) else "unknown"
            return self._show(request, "pages/lost.html", self._language(request), 404, state=state)
        except TooMany:
            return self._show(request, "pages/lost.html", self._language(request), 429, state="many")

    def _show(
        self, request: Request, name: str, language: str, status: int = 200, /, **told: Any
    ) -> Response:
        embedded = "embed" in request.query_params
        site = urlsplit(self._newsroom.settings.newsroom.url)
        ancestors = f"'self' {site.scheme}://{site.netloc}" if embedded else "'none'"
        headers = HEADERS | {"content-security-policy": POLICY.format(ancestors)}
        return HTMLResponse(
            self._newsroom.page(name, language, embedded=embedded, **told), status, headers=headers
        )

    def _style(self, request: Request) -> Response:
        style = self._newsroom.page("pages/style.css", self._languages[0])
        kept = HEADERS | {"cache-control": "public, max-age=3600"}
        return PlainTextResponse(style, media_type="text/css", headers=kept)

    def _language(self, request: Request, form: Form | None = None) -> str:
        """What the form or the address says, else what the browser prefers, else the newsroom's first."""
        told = [*(form or {}).get("language", ()), request.query_params.get("language", "")]
        told += preferred(request.headers.get("accept-language", ""))
        return next((one for one in told if one in self._languages), self._languages[0])

    def _named(self, languages: Sequence[str]) -> list[dict[str, str]]:
        return [{"code": one, "name": self._newsroom.wiring.renderer.name_of(one)} for one in languages]

    # Asking

    def _subscribe(self, request: Request, form: Form | None) -> Response:
        language = self._language(request, form)
        if form is None:
            return self._form(request, language, {})
        if _said(form, BAIT):
            return self._form(request, language, form, state="sent")
        if "stamp" not in form and _said(
            form, "address"
        ):  # from a form on somebody's site: here it is seen once more, and agreed to
            return self._form(request, language, form, state="brought")
        if not self._front.filled_in_by_hand(_said(form, "stamp")):
            return self._form(request, language, form, 422, state="again")
        try:
            self._front.ask(
                _said(form, "address"),
                form.get("newsletter", ()),
                language=language,
                wording=self._wording(language),
                place=_place(request),
                breaking=form.get("breaking", ()),
            )
        except TooMany:
            return self._form(request, language, form, 429, state="many")
        except Refused:
            return self._form(request, language, form, 422, state="wrong")
        return self._form(request, language, form, state="sent")

    def _form(
        self, request: Request, language: str, form: Form, status: int = 200, /, state: str = "asked"
    ) -> Response:
        racks = [
            self._asked_for(rack, language, form)
            for rack in self._front.racks.values()
            if rack.open and language in rack.languages
        ]
        wanted = form.get("newsletter") or [rack["name"] for rack in racks[:1]]
        return self._show(
            request,
            "pages/subscribe.html",
            language,
            status,
            state=state if racks else "closed",
            languages=self._named(self._languages),
            racks=racks,
            wanted=list(wanted),
            address=_said(form, "address"),
            wording=self._wording(language),
            stamp=self._front.stamp(),
            bait=BAIT,
        )

    def _asked_for(self, rack: Rack, language: str, form: Form) -> dict[str, Any]:
        told = {"name": rack.name, "title": rack.title(language), "flashes": rack.breaking is not None}
        ours = "stamp" in form  # else nobody was asked about breaking news yet
        return told | {"breaking": rack.name in form.get("breaking", ()) if ours else rack.breaking}

    def _wording(self, language: str) -> str:
        return self._newsroom.page("pages/consent.txt", language).strip()

    # Links from letters

    def _act(self, purpose: str, act: Callable[[Request, str, Form, str], Response]) -> Page:
        def page(request: Request, form: Form | None) -> Response:
            token = request.path_params["token"]
            link, reader = self._front.look(purpose, token)
            if form is not None:
                return act(request, token, form, reader.language)
            titles = [self._title(name, reader.language) for name in link.newsletters]
            told = {"address": reader.address, "titles": titles}
            return self._show(
                request, "pages/act.html", reader.language, purpose=purpose, state="asked", **told
            )

        return page

    def _done(self, request: Request, purpose: str, language: str, /, **told: Any) -> Response:
        return self._show(request, "pages/act.html", language, purpose=purpose, state="done", **told)

    def _confirm(self, request: Request, token: str, form: Form, language: str) -> Response:
        reader, names = self._front.confirm(token, place=_place(request))
        titles = [self._title(name, language) for name in names]
        return self._done(request, "confirm", language, titles=titles, preferences=self._own(reader))

    def _move(self, request: Request, token: str, form: Form, language: str) -> Response:
        address = _said(form, "address")
        try:
            self._front.move(token, address, place=_place(request))
        except TooMany:
            raise
        except Refused:
            told = {"state": "wrong", "address": address, "titles": []}
            return self._show(request, "pages/act.html", language, 422, purpose="move", **told)
        return self._done(request, "move", language, address=address)

    def _arrive(self, request: Request, token: str, form: Form, language: str) -> Response:
        reader = self._front.arrive(token, place=_place(request))
        return self._done(request, "arrive", language, address=reader.address, preferences=self._own(reader))

    def _export(self, request: Request, token: str, form: Form, language: str) -> Response:
        told = json.loads(json.dumps(self._front.export(token), default=str))
        headers = HEADERS | {"content-disposition": 'attachment; filename="my-data.json"'}
        return JSONResponse(told, headers=headers)

    def _erase(self, request: Request, token: str, form: Form, language: str) -> Response:
        self._front.erase(token)
        return self._done(request, "erase", language)

    def _own(self, reader: Any) -> str:
        return f"/preferences/{self._front.preferences_token(reader)}"

    def _title(self, name: str, language: str) -> str:
        rack = self._front.racks.get(name)
        return rack.title(language) if rack else name

    # Choosing and leaving

    def _preferences(self, request: Request, form: Form | None) -> Response:
        token, state = request.path_params["token"], "asked"
        if form is not None:
            state = self._prefer(request, token, form)
        return self._choices(request, token, state, 422 if state == "wrong" else 200)

    def _prefer(self, request: Request, token: str, form: Form) -> str:
        try:
            if purpose := _said(form, "mail"):
                self._front.mail_link(token, purpose, place=_place(request))
                return "mailed"
            self._front.prefer(token, _chosen(form), place=_place(request))
        except TooMany:
            raise
        except Refused:
            return "wrong"
        return "saved"

    def _choices(self, request: Request, token: str, state: str, status: int) -> Response:
        told = self._front.preferences(token)
        language = told.reader.language
        shown = []
        for name, rack in self._front.racks.items():
            choice = told.choices.get(name)
            if not (rack.open or choice):
                continue
            shown.append(
                {
                    "name": name,
                    "title": rack.title(language),
                    "given": choice is not None and choice.consent is Consent.GIVEN,
                    "suppressed": choice is not None and choice.consent is Consent.SUPPRESSED,
                    "frequency": str(choice.frequency if choice else Frequency.EVERY),
                    "flashes": rack.breaking is not None,
                    "breaking": rack.breaking
                    if choice is None or choice.breaking is None
                    else choice.breaking,
                    "own_hours": rack.own_hours,
                    "topics": [
                        {
                            "name": topic,
                            "title": titles.get(language, topic),
                            "chosen": not choice or not choice.topics or topic in choice.topics,
                        }
                        for topic, titles in rack.topics.items()
                    ],
                }
            )
        until = told.rests_until
        return self._show(
            request,
            "pages/preferences.html",
            language,
            status,
            state=state,
            address=told.reader.address,
            languages=self._named(self._languages),
            racks=shown,
            zone=told.reader.timezone,
            zones=self._zones(language),
            rests=list(RESTS),
            rests_until=self._newsroom.wiring.renderer.moment(until, language) if until else "",
        )

    def _zones(self, language: str) -> list[dict[str, str]]:
        """Where a reader may live, the newsroom's own place first."""
        city = self._newsroom.wiring.renderer.city
        own = {"key": "", "name": city(self._newsroom.settings.newsroom.timezone.key, language)}
        return [own, *({"key": key, "name": city(key, language)} for key in self._front.zones)]

    def _leave(self, request: Request, form: Form | None) -> Response:
        """By one click of a mail program (RFC 8058), or of a person."""
        token = request.path_params["token"]
        verb = self._newsroom.subscription_of if form is None else self._newsroom.leave_by_token
        title, language = verb(token)
        state = "asked" if form is None else "left"
        shown = self._show(request, "pages/leave.html", language, state=state, title=title)
        shown.headers[SAYS] = state
        return shown


async def _form(request: Request) -> Form:
    """The fields of a form; nothing of one that is too long, or of another kind: one click needs no field."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > FORM_MAX:
            return {}
    try:
        return parse_qs(body.decode(), keep_blank_values=True, max_num_fields=200)
    except ValueError:
        return {}


def _said(form: Form, name: str) -> str:
    return next(iter(form.get(name, ())), "").strip()


def _chosen(form: Form) -> Chosen:
    """Raises :exc:`Refused` for a form that is not ours."""
    days = _said(form, "rest")
    try:
        wanted = {
            name: Wanted(
                topics=form.get(f"topic:{name}", ()),
                frequency=Frequency(_said(form, f"frequency:{name}") or "every"),
                breaking=name in form.get("breaking", ()) if name in form.get("flashes", ()) else None,
            )
            for name in form.get("newsletter", ())
        }
        rest = timedelta(days=min(int(days), 366)) if days else None
    except ValueError as error:
        raise Refused("this form is not one of ours") from error
    zone = _said(form, "zone") if "zone" in form else None
    return Chosen(language=_said(form, "language"), rest=rest, newsletters=wanted, zone=zone)


def _place(request: Request) -> str:
    return request.client.host if request.client else ""


def preferred(header: str) -> list[str]:
    """The languages of Accept-Language, best first, each followed by its own without a region."""
    told = []
    for part in header.split(",")[:20]:
        name, _, more = part.strip().partition(";")
        weight = more.partition("q=")[2].strip() or "1"
        try:
            told.append((-float(weight), name.strip()))
        except ValueError:
            continue
    return [one for _, name in sorted(told, key=lambda one: one[0]) for one in (name, name.split("-")[0])]
