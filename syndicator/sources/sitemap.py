"""A news sitemap, or an index of some: what it lists is read from the stories' own pages."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Generator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from html import escape
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from lxml import etree
from pydantic import BaseModel, ConfigDict, Field

from syndicator.errors import SourceError, SourceGone
from syndicator.model import Item, Language
from syndicator.ports import Answer, Ask, Harvest, World, carried_out

from . import dates, pages
from .patience import BUSY, AskedToWait

INFLATED_MAX = 50_000_000  # octets of a sitemap, as sitemaps.org has it
CHILDREN_MAX = 20  # sitemaps of an index that one look reads, the newest ones
PAGES_MAX = 30  # stories' pages that one look reads; the others are read by the next one
FIRST_MAX = 20  # of them at first sight: what was out before is no news
REMEMBERED = 5000  # stories of which it is known in which form they were seen
_NEWS = "{http://www.google.com/schemas/sitemap-news/0.9}"
_IMAGE = "{http://www.google.com/schemas/sitemap-image/1.1}"

T = Generator[Ask, Answer, Any]


class _Entry(NamedTuple):
    url: str
    changed: str
    title: str
    published: datetime | None
    language: str
    topics: tuple[str, ...]
    image: str

    @property
    def form(self) -> str:
        told = repr((self.changed, self.title, self.published and self.published.isoformat()))
        return hashlib.sha256(told.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    seen: dict[str, str] = field(default_factory=dict)  # address -> form
    validators: dict[str, dict[str, str]] = field(default_factory=dict)  # of each sitemap
    children: list[str] = field(default_factory=list)  # of the index


class SitemapSource:
    class Settings(BaseModel):
        model_config = ConfigDict(frozen=True, extra="forbid")

        url: str = Field(
            description="address of the news sitemap, or of an index of some", pattern=r"^https?://\S+$"
        )
        language: str | None = Field(None, description="language of its stories, whatever the sitemap says")

    def __init__(self, settings: Settings, world: World, *, name: str) -> None:
        self._settings = settings
        self._world = world
        self._name = name

    def fetch(self, checkpoint: str | None) -> Harvest:
        """New and changed stories, oldest first. Raises :exc:`SourceError`, :exc:`SourceGone`."""
        return carried_out(self.steps(checkpoint), self._world.web)

    def steps(self, checkpoint: str | None) -> Generator[Ask, Answer, Harvest]:
        """Implements :class:`syndicator.ports.Stepwise`."""
        try:
            return (yield from self._harvest(checkpoint))
        except AskedToWait as error:
            return error.harvest(checkpoint)

    def _harvest(self, checkpoint: str | None) -> Generator[Ask, Answer, Harvest]:
        known = _Known(**json.loads(checkpoint)) if checkpoint else _Known()
        faults: list[str] = []
        validators: dict[str, dict[str, str]] = {}
        children, listed = yield from self._listed(known, validators, faults)
        new = [one for one in listed.values() if known.seen.get(one.url) != one.form]
        new.sort(key=lambda one: one.published or self._world.now())
        coming, seen = new[:PAGES_MAX], dict(known.seen)
        if not known.seen:
            coming = new[-FIRST_MAX:]
            seen |= {one.url: one.form for one in new[:-FIRST_MAX]}
        items, read = yield from self._read(coming, faults)
        seen |= {one.url: one.form for one in read}
        if len(read) < len(coming) or (known.seen and len(coming) < len(new)):
            validators.clear()  # the next look gets the lists again, and goes on
        told = _Known(seen=dict(list(seen.items())[-REMEMBERED:]), validators=validators, children=children)
        return Harvest(tuple(items), json.dumps(asdict(told), ensure_ascii=False), tuple(faults))

    def _listed(self, known: _Known, validators: dict[str, dict[str, str]], faults: list[str]) -> T:
        """The sitemaps of the index, if it is one, and the entries of all; the validators are put down."""
        top = self._settings.url
        tree = yield from self._sitemap(top, known, validators)
        children = known.children if tree is None else _children(tree)
        trees = [] if tree is None or children else [tree]
        for child in children[:CHILDREN_MAX]:
            try:
                if urlsplit(child).hostname != urlsplit(top).hostname:
                    raise SourceError(f"{top}: {child} is on another host; name it as a source of its own")
                tree = yield from self._sitemap(child, known, validators)
                if tree is not None and _children(tree):
                    raise SourceError(
                        f"{child}: an index inside of an index is not read; name it as a source"
                    )
            except SourceError as error:
                faults.append(str(error))
            else:
                trees += [] if tree is None else [tree]
        urls = [url for tree in trees for url in tree.iterchildren("{*}url")]
        listed = {one.url: one for one in map(_entry, urls) if one}
        if urls and not listed:
            raise SourceError(f"{top}: no address in it has news:news; name the news sitemap itself")
        return children, listed

    def _sitemap(self, url: str, known: _Known, validators: dict[str, dict[str, str]]) -> T:
        """One sitemap, None where it is as it was."""
        answer = yield Ask(url, known.validators.get(url, {}))
        if answer.status == 304:
            validators[url] = known.validators.get(url, {})
            return None
        if answer.status == 410:
            raise SourceGone(f"{url}: the sitemap is gone for good (HTTP 410); take the source out")
        if answer.status in BUSY:
            raise AskedToWait(url, answer, self._world.now())
        if answer.status != 200:
            raise SourceError(f"{url}: the server answers HTTP {answer.status}")
        told = {
            "If-None-Match": answer.headers.get("etag"),
            "If-Modified-Since": answer.headers.get("last-modified"),
        }
        validators[url] = {name: value for name, value in told.items() if value}
        return parsed(answer)

    def _read(self, coming: list[_Entry], faults: list[str]) -> T:
        items, read = [], []
        for one in coming:
            try:
                answer = yield Ask(one.url)
                if answer.status != 200:
                    raise SourceError(f"{one.url}: the story's page answers HTTP {answer.status}")
            except SourceError as error:
                faults.append(str(error))
                continue
            items.append(self._item(one, answer))
            read.append(one)
        return items, read

    def _item(self, one: _Entry, answer: Answer) -> Item:
        language = self._settings.language or one.language
        return Item(
            source=self._name,
            key=one.url,
            url=one.url,
            html=pages.text(answer),
            whole_page=True,
            headline=escape(one.title) or None,
            published_at=one.published,
            language=Language(language) if language else None,
            topics=one.topics,
            image=one.image or None,
        )


def parsed(answer: Answer) -> Any:
    """The tree of a sitemap. Raises :exc:`SourceError` for what is none, or a bomb."""
    body = answer.body
    if body.startswith(b"\x1f\x8b"):
        body = _inflated(answer)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        tree = etree.fromstring(body.lstrip(), parser)
    except etree.XMLSyntaxError as error:
        raise SourceError(f"{answer.url}: this is no sitemap ({error})") from error
    if tree.getroottree().docinfo.internalDTD is not None:
        raise SourceError(
            f"{answer.url}: it declares entities, which no sitemap needs; nothing of it is read"
        )
    if etree.QName(tree).localname not in {"urlset", "sitemapindex"}:
        raise SourceError(f"{answer.url}: this is no sitemap; give the address of the sitemap itself")
    return tree


def _inflated(answer: Answer) -> bytes:
    try:
        body = zlib.decompressobj(31).decompress(answer.body, INFLATED_MAX + 1)
    except zlib.error as error:
        raise SourceError(f"{answer.url}: it is not the gzip it says it is ({error})") from error
    if len(body) > INFLATED_MAX:
        raise SourceError(f"{answer.url}: inflated it is larger than {INFLATED_MAX} bytes")
    return body


def _children(tree: Any) -> list[str]:
    """The sitemaps of an index, those that changed last first."""
    told = [(_text(one, "{*}lastmod"), _text(one, "{*}loc")) for one in tree.iterchildren("{*}sitemap")]
    return [url for _, url in sorted(told, key=lambda one: one[0], reverse=True) if _is_address(url)]


def _entry(element: Any) -> _Entry | None:
    """None for what is not news."""
    url, news = _text(element, "{*}loc"), element.find(f"{_NEWS}news")
    if news is None or not _is_address(url):
        return None
    keywords = _text(news, f"{_NEWS}keywords").split(",")
    return _Entry(
        url=url,
        changed=_text(element, "{*}lastmod"),
        title=_text(news, f"{_NEWS}title"),
        published=dates.parse(_text(news, f"{_NEWS}publication_date"), UTC),
        language=_text(news, f"{_NEWS}publication/{_NEWS}language"),
        topics=tuple(escape(one.strip()) for one in keywords if one.strip()),
        image=_text(element, f"{_IMAGE}image/{_IMAGE}loc"),
    )


def _is_address(url: str) -> bool:
    return url.startswith(("http://", "https://"))


def _text(element: Any, path: str) -> str:
    return (element.findtext(path) or "").strip()
