"""From what a source gave to an article: the story without its page, its parts in their places. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from lxml import etree
from lxml import html as parser

from syndicator.errors import SourceError
from syndicator.model import Article, ArticleId, Item, Language
from syndicator.tables import RecipeTable
from syndicator.text import chrome, markup
from syndicator.text.direction import without_controls
from syndicator.text.languages import identify

from . import extraction, recipes
from .told import Found, joined, shown, text, told

FAR_AHEAD = timedelta(days=366)  # beyond it a date is a slip, and no embargo
PAGE_MAX = 4_000_000  # characters; a story's page has some hundred thousand
_TRACKING = re.compile(r"utm_\w+|fbclid|gclid|mc_[ce]id|igshid|ref|ref_src|spm|yclid", re.IGNORECASE)


def clean(
    item: Item,
    *,
    languages: Sequence[str],
    now: datetime,
    sites: Mapping[str, RecipeTable] | None = None,
) -> Article:
    """The article in an item. Raises :exc:`SourceError`, naming the URL, when there is no story in it.

    ``languages`` are the newsroom's: a language the source declares wins, else the letters decide.
    ``now`` stands in for a date that the source does not give, or that is more than a year ahead.
    ``sites``, by host, say of whole pages where the story stands on them.
    """
    page = _page(item, sites or {}) if item.whole_page else _text_of(item)
    item = _with_page(item, page)
    url = _address(page.url or item.url, item)
    headline = markup.plain(item.headline or "")
    lines, byline, contributors = _parts(page, headline)
    captions = [line for line in lines if chrome.is_caption(line)]
    body = tuple(line for line in lines if line not in captions)
    if not headline or not body:
        missing = "headline" if not headline else "text"
        raise SourceError(f"{item.url}: there is no story on it (no {missing} was found)")
    dateline, first = chrome.split_dateline(body[0])
    body = (first, *body[1:])
    whole = "\n".join(body)
    date = item.published_at if item.published_at and item.published_at < now + FAR_AHEAD else None
    story = Article(
        id=article_id(item.source, item.key),
        revision=1,
        url=url,
        language=_language(item, f"{headline} {whole}", languages),
        headline=headline,
        body=body,
        published_at=date or now,
        dated=date is not None,
        dateline=dateline,
        credits=chrome.agencies(whole),
        contributors=contributors,
        fingerprint=fingerprint(whole),
    )
    return replace(story, **_beside(item, page, url, byline), **_picture(item, page, captions))


def _beside(item: Item, page: Found, url: str, byline: tuple[str, ...]) -> dict[str, Any]:
    """What is said of the story beside its text."""
    author = markup.plain(item.author or "") or ", ".join(page.authors or byline)
    addresses = [(language, joined(url, said)) for language, said in page.versions + item.versions]
    versions = [(language, canonical(there)) for language, there in addresses if there]
    return {
        "author": author or None,
        "authors": chrome.authors([author]),
        "section": markup.plain(item.section or "") or None,
        "topics": frozenset(topic for topic in map(markup.plain, item.topics) if topic),
        "updated_at": item.updated_at or page.updated_at,
        "versions": tuple((language, there) for language, there in versions if there != url),
    }


def _picture(item: Item, page: Found, captions: Sequence[str]) -> dict[str, Any]:
    told = markup.plain(item.caption or "") or page.caption or next(iter(captions), "")
    caption, credit = chrome.split_picture_credit(told)
    return {
        "image": item.image,
        "image_alt": markup.plain(item.image_alt or "") or page.image_alt,
        "image_credit": markup.plain(item.image_credit or "") or page.image_credit or credit,
        "caption": caption or None,
    }


def _address(url: str, item: Item) -> str:
    try:
        return canonical(url)
    except ValueError as error:
        raise SourceError(f"{item.url}: this is no address ({error})") from error


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


def _text_of(item: Item) -> Found:
    lines = markup.paragraphs(item.html)
    untitled = not item.headline and "<" not in item.html and len(lines) > 1
    told = Found(paragraphs=lines, headline=lines[0] if untitled else None)
    return _with_picture(told, item) if "<img" in item.html else told


def _with_picture(told: Found, item: Item) -> Found:
    """The first picture in a feed's own HTML, with its caption; counting pixels are none."""
    tree = markup.tree(item.html)
    for picture in tree.xpath("//img[@src][not(@width='1' or @height='1')]"):
        return replace(
            told,
            image=joined(item.url, picture.get("src")),
            image_alt=picture.get("alt") or None,
            caption=text(tree, "//figcaption"),
        )
    return told


def _with_page(item: Item, page: Found) -> Item:
    """The feed's own word wins; the page fills what it left open."""
    return replace(
        item,
        headline=item.headline or page.headline,
        published_at=item.published_at or page.published_at,
        language=item.language or (Language(page.language) if page.language else None),
        section=item.section or page.section or next(iter(item.topics), None),  # feeds name the section first
        topics=item.topics or page.topics,
        image=item.image or page.image,
    )


def _parts(page: Found, headline: str) -> tuple[list[str], tuple[str, ...], str | None]:
    """The lines of the story and its captions, the names of a byline among the first, and who else worked on it."""
    lines = list(chrome.without_furniture(page.paragraphs))
    if lines and lines[0].casefold() == headline.casefold():
        del lines[0]
    told = next((line for line in lines[:2] if chrome.is_byline(line)), None)
    last = lines[-1] if len(lines) > 1 and chrome.worked_on_it(lines[-1]) else None
    kept = [line for line in lines if line not in {told, last}]
    return kept, chrome.authors([told] if told else []), last and last.strip(" ()[]")


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


def _page(item: Item, sites: Mapping[str, RecipeTable]) -> Found:
    if len(item.html) > PAGE_MAX:
        raise SourceError(f"{item.url}: the page has {len(item.html)} characters, more than {PAGE_MAX}")
    try:
        tree = parser.document_fromstring(without_controls(item.html).encode(), parser=_bare())
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise SourceError(f"{item.url}: there is no page to read ({error})") from error
    found = told(tree, item.url)
    name, recipe = recipes.recipe_for(item.url, sites) or ("", None)
    if recipe:
        found = recipes.told_by(tree, item.url, found, recipe)
        recipes.without_dropped(tree, recipe)
    if recipe and recipe.body:
        return replace(found, paragraphs=recipes.body(tree, item.url, name, recipe))
    titles = [found.headline or "", *map(shown, tree.xpath("//h1")[:3]), text(tree, "/html/head/title") or ""]
    return replace(found, paragraphs=extraction.paragraphs(tree, titles))


def _bare() -> parser.HTMLParser:
    return parser.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
