"""Old editions, for everybody: the newsletters' lists, their editions and feeds. Nothing here is a reader's own."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from syndicator.app import App
from syndicator.editing import slot_called, slot_name
from syndicator.errors import NotFound
from syndicator.model import EditionKind
from syndicator.services.backnumbers import Line, Number, Shelf, Told
from syndicator.text import feeds

from .counter import preferred

PAGE = 30  # editions on one page of a list
FEED = 10  # editions in a feed
MINUTES = 5  # that a proxy may keep a page
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; img-src https: http:; form-action 'none'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
    "referrer-policy": "strict-origin-when-cross-origin",
    "x-content-type-options": "nosniff",
    "cache-control": f"public, max-age={MINUTES * 60}",
}


class Archive:
    """The reading room of one newsroom."""

    def __init__(self, newsroom: App) -> None:
        self._newsroom = newsroom
        self._numbers = newsroom.circulation.backnumbers
        self._renderer = newsroom.wiring.renderer
        self._base = newsroom.settings.newsroom.public_url.rstrip("/")

    def routes(self) -> list[Route]:
        told: dict[str, Callable[[Request], Response]] = {
            "/archive/": self._shelves,
            "/archive/{newsletter:str}/": self._list,
            "/archive/{newsletter:str}/feed.xml": self._rss,
            "/archive/{newsletter:str}/feed.json": self._json,
            "/archive/{newsletter:str}/{edition:str}": self._edition,
        }
        pages = [Route(path, self._page(page), methods=["GET"]) for path, page in told.items()]
        return [Route("/archive", lambda request: RedirectResponse("/archive/", 308)), *pages]

    def _page(self, page: Callable[[Request], Response]) -> Callable[[Request], Response]:
        def answer(request: Request) -> Response:
            try:
                return page(request)
            except NotFound:
                language = self._language(request, self._newsroom.settings.newsroom.languages)
                told = self._newsroom.page("pages/lost.html", language, embedded=False, state="edition")
                return Response(told, 404, HEADERS | {"cache-control": "no-store"}, "text/html")

        return answer

    # What is shown

    def _shelves(self, request: Request) -> Response:
        language = self._language(request, self._newsroom.settings.newsroom.languages)
        shelves = [
            {"name": shelf.name, "title": shelf.title(language)}
            for shelf in self._numbers.shelves.values()
            if language in shelf.languages
        ]
        return self._html(request, "pages/shelves.html", language, None, shelves=shelves)

    def _list(self, request: Request) -> Response:
        shelf = self._shelf(request)
        language = self._language(request, shelf.languages)
        before = slot_called(request.query_params.get("before", ""))
        lines = self._numbers.listed(shelf.name, language, limit=PAGE, before=before)
        return self._html(
            request,
            "pages/archive.html",
            language,
            lines[0].due_at if lines else None,
            newsletter=shelf.name,
            title=shelf.title(language),
            languages=self._languages(shelf.languages),
            numbers=[self._line(line, language) for line in lines],
            older=slot_name(lines[-1].due_at) if len(lines) == PAGE else "",
            open=self._newsroom.settings.newsletters[shelf.name].signup,
        )

    def _line(self, line: Line, language: str) -> dict[str, Any]:
        return {
            "name": line.name,
            "date": self._renderer.day(line.due_at, language),
            "flash": line.flash,
            "headlines": list(line.headlines[:3]),
        }

    def _edition(self, request: Request) -> Response:
        shelf = self._shelf(request)
        language = self._language(request, shelf.languages)
        name = request.path_params["edition"]
        try:
            number = self._numbers.number(shelf.name, name, language)
        except NotFound:
            moved = self._numbers.moved(shelf.name, name)
            if moved is None or moved == name:
                raise
            return RedirectResponse(f"/archive/{shelf.name}/{moved}?language={language}", 308)
        return self._html(
            request,
            "pages/edition.html",
            language,
            number.changed_at,
            newsletter=shelf.name,
            title=number.edition.title,
            date=self._renderer.day(number.edition.due_at, language),
            flash=number.edition.kind is EditionKind.FLASH,
            changed=number.changed,
            languages=self._languages([one for one in shelf.languages if one in number.languages]),
            open=self._newsroom.settings.newsletters[shelf.name].signup,
            **self._told(number),
        )

    def _told(self, number: Number) -> dict[str, Any]:
        stories = [self._story(one, number.edition) for one in number.told]
        return self._renderer.arranged(number.edition, stories)

    def _story(self, one: Told, edition: Any) -> dict[str, Any]:
        """As it went out, and since when it is corrected and reads otherwise, or is retracted."""
        told = self._renderer.story(one.story, edition.due_at, edition.language)
        told |= {"corrected": "", "headline_now": "", "retracted": ""}
        if one.retracted_at:
            day = self._renderer.moment(one.retracted_at, edition.language)
            return told | {"retracted": day, "summary": "", "image": ""}
        if one.now and one.corrected_at:
            told["corrected"] = self._renderer.moment(one.corrected_at, edition.language)
            told["headline_now"] = one.now.headline
        return told

    # Feeds

    def _rss(self, request: Request) -> Response:
        feed, changed = self._feed(request)
        return self._answer(request, feeds.rss(feed), "application/rss+xml", changed)

    def _json(self, request: Request) -> Response:
        feed, changed = self._feed(request)
        return self._answer(request, feeds.json_feed(feed), "application/feed+json", changed)

    def _feed(self, request: Request) -> tuple[feeds.Feed, datetime | None]:
        """Always the same for everybody who asks for the same address: a browser's languages do not count."""
        shelf = self._shelf(request)
        told = request.query_params.get("language")
        language = next((one for one in shelf.languages if one == told), shelf.languages[0])
        numbers = self._numbers.newest(shelf.name, language, limit=FEED)
        home = f"{self._base}/archive/{shelf.name}/"
        feed = feeds.Feed(
            title=f"{self._newsroom.settings.newsroom.name}: {shelf.title(language)}",
            home=f"{home}?language={language}",
            address=f"{self._base}{request.url.path}?language={language}",
            language=language,
            entries=tuple(self._entry(number, home) for number in numbers),
        )
        return feed, max((number.changed_at for number in numbers), default=None)

    def _entry(self, number: Number, home: str) -> feeds.Entry:
        edition = number.edition
        language = edition.language
        flash = edition.kind is EditionKind.FLASH
        headings = {
            "title": edition.title,
            "date": self._renderer.day(edition.due_at, language),
            "flash": flash,
        }
        told = self._told(number)
        return feeds.Entry(
            id=f"{edition.id}:{language}",
            title=self._newsroom.page("pages/entry.txt", language, **headings, **told).strip(),
            url=f"{home}{number.name}?language={language}",
            tags=("breaking",) if flash else (),
            summary=" · ".join(one.story.article.headline for one in number.told if not one.retracted_at),
            content=self._newsroom.page("pages/entry.html", language, **told),
            published=edition.due_at,
            changed=number.changed_at,
        )

    # Answering

    def _shelf(self, request: Request) -> Shelf:
        return self._numbers.shelf(request.path_params["newsletter"])

    def _language(self, request: Request, known: Sequence[str]) -> str:
        """What the address says, else what the browser prefers, else the first."""
        told = [request.query_params.get("language", "")]
        told += preferred(request.headers.get("accept-language", ""))
        return next((one for one in told if one in known), known[0])

    def _languages(self, codes: Sequence[str]) -> list[dict[str, str]]:
        return [{"code": one, "name": self._renderer.name_of(one)} for one in codes]

    def _html(
        self, request: Request, name: str, language: str, changed: datetime | None, /, **told: Any
    ) -> Response:
        written = self._newsroom.page(name, language, embedded=False, **told)
        return self._answer(request, written, "text/html", changed, vary="Accept-Language")

    def _answer(
        self, request: Request, body: str, kind: str, changed: datetime | None, vary: str = ""
    ) -> Response:
        """With what a browser or a proxy asks by whether it changed; 304 where it did not (RFC 9110 §13)."""
        raw = body.encode()
        headers = HEADERS | {"etag": f'"{hashlib.sha256(raw).hexdigest()[:24]}"'}
        if vary:
            headers["vary"] = vary
        if changed:
            headers["last-modified"] = format_datetime(changed.astimezone(UTC), usegmt=True)
        if _has_it(request, headers):
            return Response(status_code=304, headers=headers)
        return Response(raw, 200, headers, kind)


def _has_it(request: Request, headers: dict[str, str]) -> bool:
    """An entity tag counts alone where one is given. A moment counts when it is ours to the second."""
    known = request.headers.get("if-none-match")
    if known is not None:
        tags = {one.strip().removeprefix("W/") for one in known.split(",")}
        return bool(tags & {headers["etag"], "*"})
    since = request.headers.get("if-modified-since")
    return since is not None and since == headers.get("last-modified")
