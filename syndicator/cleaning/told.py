"""What a page says of its story: JSON-LD first, then the tags of its head, microdata, and what it shows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any
from urllib.parse import urljoin, urlsplit

from syndicator.text import chrome, markup
from syndicator.text.words import plain

Node = Mapping[str, Any]
_STORY = re.compile(r"(?:Article|BlogPosting|Report|LiveBlogPosting)$")
_DEEPEST = 6  # of nodes within nodes; a story stands in the first or second
_SITE = re.compile(r"\s+[|–—-]\s+[^|–—-]+$")  # behind the headline, in a page's title
_COMMA = re.compile(r"\s*[,،;؛]\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a page says of its story."""

    paragraphs: tuple[str, ...] = ()
    headline: str | None = None
    url: str | None = None
    language: str | None = None
    published_at: datetime | None = None
    updated_at: datetime | None = None
    authors: tuple[str, ...] = ()
    section: str | None = None
    topics: tuple[str, ...] = ()
    image: str | None = None
    image_alt: str | None = None
    image_credit: str | None = None
    caption: str | None = None
    versions: tuple[tuple[str, str], ...] = ()  # language and URL


@dataclass(slots=True)
class Page:
    """One page, and its own words in the order in which they are believed."""

    tree: Any
    url: str
    story: Node = field(default_factory=dict)
    tags: Mapping[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.story = next(_stories(self.tree), {})
        tags: dict[str, list[str]] = {}
        for element in self.tree.xpath("//meta[@content]"):
            named = element.get("property") or element.get("name") or element.get("http-equiv") or ""
            tags.setdefault(named.strip().lower(), []).append(element.get("content"))
        self.tags = tags

    def tag(self, *names: str) -> str | None:
        """The first of these tags of the head that says something."""
        told = (markup.tidy(one) for name in names for one in self.tags.get(name, ()))
        return next(filter(None, told), None)

    def prop(self, name: str) -> str | None:
        """A property of the story in microdata."""
        for element in self.tree.xpath("//*[@itemprop=$name]", name=name):
            for told in (element.get("content"), element.get("datetime"), shown(element)):
                if told and markup.tidy(told):
                    return markup.tidy(told)
        return None

    def address(self, told: str | None) -> str | None:
        return joined(self.url, told)


def told(tree: Any, url: str) -> Found:
    page = Page(tree, url)
    story = page.story
    picture = _Picture.of(page)
    return Found(
        headline=_word(story.get("headline"))
        or page.tag("og:title", "twitter:title", "dc.title")
        or text(tree, "//h1")
        or _SITE.sub("", text(tree, "/html/head/title") or "")
        or None,
        url=page.address(first(tree, "//link[@rel='canonical']/@href") or page.tag("og:url")),
        language=_language(page),
        published_at=_date(
            page,
            "datePublished",
            ("article:published_time", "date.issued", "dc.date.issued", "parsely-pub-date", "datepublished"),
            "//article//time[@datetime][1]/@datetime",
        ),
        updated_at=_date(page, "dateModified", ("article:modified_time", "og:updated_time"), None),
        authors=_authors(page),
        section=_word(story.get("articleSection"))
        or page.tag("article:section", "parsely-section")
        or page.prop("articleSection")
        or text(tree, "//*[contains(@class, 'breadcrumb')]//a[last()]"),
        topics=_topics(page),
        image=picture.url,
        image_alt=picture.alt,
        image_credit=picture.credit,
        caption=picture.caption,
        versions=_versions(page),
    )


def _date(page: Page, name: str, tags: Iterable[str], path: str | None) -> datetime | None:
    told = (
        _word(page.story.get(name)),
        page.tag(*tags),
        page.prop(name),
        first(page.tree, path) if path else None,
    )
    return next((found for one in told if (found := moment(one))), None)


def _language(page: Page) -> str | None:
    told = (
        first(page.tree, "/html/@lang"),
        _word(page.story.get("inLanguage")),
        page.tag("content-language"),
        page.tag("og:locale"),
    )
    return next((one.replace("_", "-") for one in told if one), None)


def _authors(page: Page) -> tuple[str, ...]:
    told = [_names(page.story.get("author"))]
    told.append([*page.tags.get("author", []), *page.tags.get("article:author", [])])
    told.append([one for one in (page.prop("author"),) if one])
    for path in ("//*[@rel='author']", "//*[contains(concat(' ', @class, ' '), ' byline ')]"):
        told.append([shown(element) for element in page.tree.xpath(path)[:3]])
    return next((found for one in told if (found := chrome.authors(one))), ())


def _topics(page: Page) -> tuple[str, ...]:
    """The tags that readers see, then those that machines are told."""
    seen = page.tree.xpath("//*[contains(@class, 'tags')]//a | //a[@rel='tag']")
    keywords = page.story.get("keywords")
    told = (
        [shown(one) for one in seen],
        page.tags.get("article:tag", []),
        [_word(one) or "" for one in keywords]
        if isinstance(keywords, list)
        else _COMMA.split(_word(keywords) or ""),
        _COMMA.split(page.tag("news_keywords") or ""),
    )
    found = ([topic for one in several if (topic := markup.tidy(one))] for several in told)
    return tuple(dict.fromkeys(next(filter(None, found), ())))


def _versions(page: Page) -> tuple[tuple[str, str], ...]:
    links = page.tree.xpath("//link[@rel='alternate'][@hreflang != 'x-default'][@href]")
    found = [(str(link.get("hreflang")), page.address(link.get("href"))) for link in links]
    for name in ("workTranslation", "translationOfWork"):
        said = page.story.get(name)
        for node in said if isinstance(said, list) else [said]:
            if (
                isinstance(node, dict)
                and (language := _word(node.get("inLanguage")))
                and (url := _address(node))
            ):
                found.append((language, page.address(url)))
    return tuple(dict.fromkeys((language, url) for language, url in found if url))


@dataclass(frozen=True, slots=True)
class _Picture:
    url: str | None = None
    alt: str | None = None
    credit: str | None = None
    caption: str | None = None

    @classmethod
    def of(cls, page: Page) -> _Picture:
        """The lead picture, with what its own place on the page says of it."""
        said = page.story.get("image")
        node = next((one for one in (said if isinstance(said, list) else [said]) if one), None)
        about = node if isinstance(node, dict) else {}
        url = (
            page.tag("og:image", "twitter:image") or _address(node) or first(page.tree, "//article//img/@src")
        )
        figure = _figure(page.tree, url)
        shown_caption = text(figure, ".//figcaption") if figure is not None else None
        caption, credit = chrome.split_picture_credit(shown_caption or _word(about.get("caption")) or "")
        holder = about.get("creditText") or about.get("creator") or about.get("copyrightHolder")
        own = (
            figure.xpath(".//*[contains(@class, 'credit') or contains(@class, 'copyright')]")
            if figure is not None
            else []
        )
        by = shown(own[0]) if own else None
        if by and caption.endswith(by):
            caption = caption.removesuffix(by).rstrip(" |–—-")
        return cls(
            url=page.address(url),
            alt=page.tag("og:image:alt", "twitter:image:alt") or _alt(page.tree, figure),
            credit=", ".join(_names(holder)) or credit or (chrome.bare_credit(by) if by else None),
            caption=caption or None,
        )


def _figure(tree: Any, url: str | None) -> Any:
    """The figure with this picture, else the first of the article."""
    figures = tree.xpath("//figure[.//img]")
    name = url.partition("?")[0].rpartition("/")[2] if url else ""
    ours = [one for one in figures if name and any(name in src for src in one.xpath(".//img/@src"))]
    within = [one for one in figures if any(around.tag == "article" for around in one.iterancestors())]
    return next(iter(ours or within), None)


def _alt(tree: Any, figure: Any) -> str | None:
    own = first(figure, ".//img[@alt != '']/@alt") if figure is not None else None
    return own or first(tree, "//article//img[@alt != '']/@alt")


def _address(said: object) -> str | None:
    """Of a node, or a node's picture: its URL."""
    if isinstance(said, dict):
        return _word(said.get("url")) or _word(said.get("contentUrl")) or _word(said.get("@id"))
    return _word(said)


def _word(said: object) -> str | None:
    """A word of JSON-LD: itself, the name of a node, or the first of a list."""
    if isinstance(said, list):
        return next((found for one in said if (found := _word(one))), None)
    if isinstance(said, dict):
        return _word(said.get("name") or said.get("@value") or said.get("alternateName"))
    return markup.plain(said) or None if isinstance(said, str) else None


def _names(said: object) -> list[str]:
    several = said if isinstance(said, list) else [said]
    return [name for one in several if (name := _word(one))]


def _stories(tree: Any) -> Iterator[Node]:
    """The nodes of JSON-LD that are a story, with the nodes they refer to by ``@id`` set in."""
    nodes = [
        node
        for script in tree.xpath("//script[@type='application/ld+json']/text()")
        for node in _nodes(script)
    ]
    known = {node["@id"]: node for node in nodes if isinstance(node.get("@id"), str) and len(node) > 1}
    for node in nodes:
        kinds = node.get("@type")
        if any(_STORY.search(str(kind)) for kind in (kinds if isinstance(kinds, list) else [kinds])):
            yield {name: _resolved(said, known) for name, said in node.items()}


def _nodes(script: str) -> Iterator[dict[str, Any]]:
    try:
        said = json.loads(script.strip().rstrip(";"), strict=False)
    except (ValueError, RecursionError):
        return  # a broken block says nothing; the rest of the page still does
    yield from _within(said, 0)


def _within(said: object, depth: int) -> Iterator[dict[str, Any]]:
    if depth > _DEEPEST:
        return
    if isinstance(said, list):
        for one in said:
            yield from _within(one, depth + 1)
    elif isinstance(said, dict):
        yield said
        for name in ("@graph", "mainEntity", "mainEntityOfPage", "itemListElement"):
            yield from _within(said.get(name), depth + 1)


def _resolved(said: object, known: Mapping[str, Node]) -> object:
    if isinstance(said, list):
        return [_resolved(one, known) for one in said]
    if isinstance(said, dict) and set(said) <= {"@id", "@type"} and isinstance(said.get("@id"), str):
        return known.get(said["@id"], said)
    return said


def moment(told: str | None, zone: tzinfo | None = None) -> datetime | None:
    """An ISO 8601 moment as UTC; None if it is none, or has no offset and no zone is named."""
    try:
        found = datetime.fromisoformat(plain(told or "").strip().upper())
        aware = found if found.tzinfo or zone is None else found.replace(tzinfo=zone)
        return aware.astimezone(UTC) if aware.tzinfo else None
    except (ValueError, OverflowError):
        return None


def joined(base: str, told: str | None) -> str | None:
    """An address on the page, whole; None for what is none (``http://[``, a port beyond 65535)."""
    try:
        found = urljoin(base, told) if told else None
        return found if found and urlsplit(found).port is not False and urlsplit(found).hostname else None
    except ValueError:
        return None


def first(tree: Any, path: str) -> str | None:
    found = tree.xpath(path)
    return str(found[0]).strip() or None if found else None


def text(tree: Any, path: str) -> str | None:
    found = tree.xpath(path)
    return shown(found[0]) or None if found else None


def shown(element: Any) -> str:
    return markup.tidy(element.text_content())
