"""From what a source gave to an article: the story without its page, its parts in their places. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from lxml import etree
from lxml import html as parser

from syndicator.errors import SourceError
from syndicator.model import Article, ArticleId, Item, Language
from syndicator.text import chrome, markup
from syndicator.text.direction import without_controls
from syndicator.text.languages import identify

from . import extraction

FAR_AHEAD = timedelta(days=366)  # beyond it a date is a slip, and no embargo
PAGE_MAX = 4_000_000  # characters; a story's page has some hundred thousand
_TRACKING = re.compile(r"utm_\w+|fbclid|gclid|mc_[ce]id|igshid|ref|ref_src|spm|yclid", re.IGNORECASE)


def clean(item: Item, *, languages: Sequence[str], now: datetime) -> Article:
    """The article in an item. Raises :exc:`SourceError`, naming the URL, when there is no story in it.

    ``languages`` are the newsroom's: a language the source declares wins, else the letters decide.
    ``now`` stands in for a date that the source does not give, or that is more than a year ahead.
    """
    page = _page(item) if item.whole_page else _text_of(item)
    item = _with_page(item, page)
    headline = markup.plain(item.headline or "")
    body, caption = _body(page, headline)
    if not headline or not body:
        missing = "headline" if not headline else "text"
        raise SourceError(f"{item.url}: there is no story on it (no {missing} was found)")
    dateline, first = chrome.split_dateline(body[0])
    body = (first, *body[1:])
    text = "\n".join(body)
    date = item.published_at if item.published_at and item.published_at < now + FAR_AHEAD else None
    return Article(
        id=article_id(item.source, item.key),
        revision=1,
        url=canonical(page.url or item.url),
        language=_language(item, f"{headline} {text}", languages),
        headline=headline,
        body=body,
        published_at=date or now,
        dated=date is not None,
        dateline=dateline,
        credits=chrome.agencies(text),
        caption=markup.plain(item.caption or "") or page.caption or caption,
        author=markup.plain(item.author or "") or None,
        section=markup.plain(item.section or "") or None,
        topics=frozenset(topic for topic in map(markup.plain, item.topics) if topic),
        image=item.image,
        image_alt=markup.plain(item.image_alt or "") or page.image_alt,
        versions=tuple((language, canonical(url)) for language, url in page.versions + item.versions),
        fingerprint=fingerprint(text),
    )


def article_id(source: str, key: str) -> ArticleId:
    """Of the source and the publisher's own id; 16 hexadecimal digits, enough for 100 million stories."""
    return ArticleId(hashlib.sha256(f"{source}\0{key}".encode()).hexdigest()[:16])


def fingerprint(text: str) -> str:
    """Same words, same fingerprint: blanks, case and punctuation aside."""
    words = re.findall(r"\w+", text.casefold())
    return hashlib.sha256(" ".join(words).encode()).hexdigest()


def canonical(url: str) -> str:
    """A URL without tracking parameters, fragment and default port: what tells stories apart."""
    parts = urlsplit(url)
    kept = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True)]
    query = urlencode([pair for pair in kept if not _TRACKING.fullmatch(pair[0])])
    host = (parts.hostname or "").lower()
    port = parts.port
    if port and (parts.scheme.lower(), port) not in {("http", 80), ("https", 443)}:
        host = f"{host}:{port}"
    return urlunsplit((parts.scheme.lower(), host, parts.path or "/", query, ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What a page says of its story."""

    paragraphs: tuple[str, ...]
    headline: str | None = None
    url: str | None = None
    language: str | None = None
    published_at: datetime | None = None
    author: str | None = None
    section: str | None = None
    topics: tuple[str, ...] = ()
    image: str | None = None
    image_alt: str | None = None
    caption: str | None = None
    versions: tuple[tuple[str, str], ...] = ()  # language and URL


def _text_of(item: Item) -> _Found:
    lines = markup.paragraphs(item.html)
    untitled = not item.headline and "<" not in item.html and len(lines) > 1
    told = _Found(paragraphs=lines, headline=lines[0] if untitled else None)
    return _with_picture(told, item) if "<img" in item.html else told


def _with_picture(told: _Found, item: Item) -> _Found:
    """The first picture in a feed's own HTML, with its caption; counting pixels are none."""
    tree = markup.tree(item.html)
    for picture in tree.xpath("//img[@src][not(@width='1' or @height='1')]"):
        return replace(
            told,
            image=urljoin(item.url, picture.get("src")),
            image_alt=picture.get("alt") or None,
            caption=_text(tree, "//figcaption"),
        )
    return told


def _with_page(item: Item, page: _Found) -> Item:
    """The feed's own word wins; the page fills what it left open."""
    return replace(
        item,
        headline=item.headline or page.headline,
        published_at=item.published_at or page.published_at,
        language=item.language or (Language(page.language) if page.language else None),
        author=item.author or page.author,
        section=item.section or page.section or next(iter(item.topics), None),  # feeds name the section first
        topics=item.topics or page.topics,
        image=item.image or page.image,
    )


def _body(page: _Found, headline: str) -> tuple[tuple[str, ...], str | None]:
    """The paragraphs of the story, and the caption if it stood among the first of them."""
    lines = chrome.without_furniture(page.paragraphs)
    if lines and lines[0].casefold() == headline.casefold():
        lines = lines[1:]
    captions = [line for line in lines if chrome.is_caption(line)]
    return tuple(line for line in lines if line not in captions), next(iter(captions), None)


def _language(item: Item, text: str, languages: Sequence[str]) -> Language:
    declared = (item.language or "").lower()
    for language in languages:
        if declared and (declared == language.lower() or declared.split("-")[0] == language.lower()):
            return Language(language)
    found = identify(text, languages)
    if found is None:
        spoken = ", ".join(languages)
        raise SourceError(f"{item.url}: its language is none of the newsroom's ({spoken})")
    return Language(found)


def _page(item: Item) -> _Found:
    if len(item.html) > PAGE_MAX:
        raise SourceError(f"{item.url}: the page has {len(item.html)} characters, more than {PAGE_MAX}")
    try:
        tree = parser.document_fromstring(without_controls(item.html).encode(), parser=_bare())
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise SourceError(f"{item.url}: there is no page to read ({error})") from error
    told = _told(tree, item.url)
    titles = [
        told.headline or "",
        *map(_shown, tree.xpath("//h1")[:3]),
        _text(tree, "/html/head/title") or "",
    ]
    return replace(told, paragraphs=extraction.paragraphs(tree, titles))


def _bare() -> parser.HTMLParser:
    return parser.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)


def _told(tree: Any, url: str) -> _Found:
    """The page's own metadata: JSON-LD first, then Open Graph, then what it shows."""
    story = next(_stories(tree), {})
    tags = {
        element.get("property") or element.get("name"): element.get("content")
        for element in reversed(tree.xpath("//meta[@content]"))
    }
    image = tags.get("og:image") or _first(tree, "//article//img/@src")
    link = _first(tree, "//link[@rel='canonical']/@href")
    return _Found(
        paragraphs=(),
        headline=story.get("headline") or tags.get("og:title") or _text(tree, "//h1"),
        url=urljoin(url, link) if link else None,
        language=_first(tree, "/html/@lang"),
        published_at=moment(story.get("datePublished") or tags.get("article:published_time")),
        author=tags.get("author") or _text(tree, "//*[@rel='author']"),
        section=tags.get("article:section") or _text(tree, "//*[contains(@class, 'breadcrumb')]//a[last()]"),
        topics=tuple(_shown(one) for one in tree.xpath("//*[contains(@class, 'tags')]//a | //a[@rel='tag']")),
        image=urljoin(url, image) if image else None,
        image_alt=tags.get("og:image:alt") or _first(tree, "//article//img[@alt != '']/@alt"),
        caption=_text(tree, "//article//figcaption"),
        versions=tuple(
            (str(link.get("hreflang")), urljoin(url, link.get("href")))
            for link in tree.xpath("//link[@rel='alternate'][@hreflang != 'x-default'][@href]")
        ),
    )


def _stories(tree: Any) -> Iterator[dict[str, Any]]:
    for script in tree.xpath("//script[@type='application/ld+json']/text()"):
        try:
            said = json.loads(script)
        except (ValueError, RecursionError):
            continue  # a broken block says nothing; the rest of the page still does
        graph = said.get("@graph", [said]) if isinstance(said, dict) else said
        for node in graph if isinstance(graph, list) else []:
            if isinstance(node, dict) and str(node.get("@type", "")).endswith("Article"):
                yield {name: value for name, value in node.items() if isinstance(value, str)}


def moment(text: str | None) -> datetime | None:
    """An ISO 8601 moment as UTC; None if it is none, or has no offset (whose wall clock would it be?)."""
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else None


def _first(tree: Any, path: str) -> str | None:
    found = tree.xpath(path)
    return str(found[0]).strip() or None if found else None


def _text(tree: Any, path: str) -> str | None:
    found = tree.xpath(path)
    return _shown(found[0]) or None if found else None


def _shown(element: Any) -> str:
    return markup.tidy(element.text_content())
