"""A site on loopback that has a news sitemap, whole or in an index, plain or gzipped, and pages to it."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from typing import Any

from .serving import Request, Response, StandIn

_HEAD = (
    '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
    'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9" '
    'xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">'
)


@dataclass
class SitemapPage:
    name: str
    title: str
    text: str
    published_at: datetime
    changed_at: datetime | None = None
    language: str = "en"
    part: str = "news"  # the sitemap of the index that lists it
    image: str = ""


@dataclass
class SitemapStandIn(StandIn):
    """``/sitemap.xml`` lists every story, ``/index.xml`` one sitemap for each part, ``/sitemap.xml.gz`` is packed."""

    now: Callable[[], datetime]
    pages: dict[str, SitemapPage] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    instead: dict[str, Response] = field(default_factory=dict)  # by path

    def __post_init__(self) -> None:
        super().__init__()

    def publish(self, name: str, title: str = "Rain", **more: Any) -> SitemapPage:
        text = f"The road over Azmar was closed after a night of rain, said {name}. " * 5
        told: dict[str, Any] = {"published_at": self.now(), "text": text} | more
        self.pages[name] = SitemapPage(name, title, **told)
        return self.pages[name]

    def _answer(self, request: Request) -> Response:
        self.asked.append(request.path)
        if request.path in self.instead:
            return self.instead[request.path]
        name = request.path.strip("/")
        parts = sorted({page.part for page in self.pages.values()})
        if name == "sitemap.xml":
            return _conditional(request, self._urlset(None))
        if name == "sitemap.xml.gz":
            return Response(
                body=gzip.compress(self._urlset(None).encode()), headers={"content-type": "application/gzip"}
            )
        if name == "index.xml":
            return _conditional(request, self._index(parts))
        if name.removesuffix(".xml") in parts:
            return _conditional(request, self._urlset(name.removesuffix(".xml")))
        if page := self.pages.get(name):
            title = escape(page.title)
            body = "".join(f"<p>{escape(page.text)}</p>" for _ in range(2))
            return Response.page(
                f"<!doctype html><title>{title}</title><article><h1>{title}</h1>{body}</article>"
            )
        return Response.page("<h1>Not found</h1>", 404)

    def _index(self, parts: list[str]) -> str:
        told = "".join(f"<sitemap><loc>{self.url}/{part}.xml</loc></sitemap>" for part in parts)
        return f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{told}</sitemapindex>'

    def _urlset(self, part: str | None) -> str:
        listed = [one for one in self.pages.values() if part in {None, one.part}]
        plain = f"<url><loc>{self.url}/about</loc></url>"
        return f"{_HEAD}{plain}{''.join(map(self._url, listed))}</urlset>"

    def _url(self, page: SitemapPage) -> str:
        changed = f"<lastmod>{page.changed_at.isoformat()}</lastmod>" if page.changed_at else ""
        image = f"<image:image><image:loc>{page.image}</image:loc></image:image>" if page.image else ""
        return (
            f"<url><loc>{self.url}/{page.name}</loc>{changed}<news:news><news:publication><news:name>C</news:name>"
            f"<news:language>{page.language}</news:language></news:publication>"
            f"<news:publication_date>{page.published_at.isoformat()}</news:publication_date>"
            f"<news:title>{escape(page.title)}</news:title><news:keywords>Azmar, roads</news:keywords></news:news>"
            f"{image}</url>"
        )


def _conditional(request: Request, told: str) -> Response:
    etag = f'"{hashlib.sha256(told.encode()).hexdigest()[:16]}"'
    if request.headers.get("if-none-match") == etag:
        return Response(status=304, headers={"etag": etag})
    return Response(body=told.encode(), headers={"content-type": "application/xml", "etag": etag})
