"""Feeds that others collected, with what their own parsers expect of them."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC
from email.message import Message
from functools import cache
from html import unescape
from pathlib import Path
from time import perf_counter

import pytest
from lxml import html

from syndicator.errors import SourceError
from syndicator.ports import Answer
from syndicator.sources import dates, listings
from syndicator.sources.listings import Entry, Listing

FEEDS = Path(__file__).parents[3] / "shared" / "corpora" / "feeds"
HANG = 2.0  # seconds
BASE = "http://127.0.0.1:8097/"  # where those tests are served from

Path_ = tuple[str | int, ...]


@dataclass(frozen=True)
class Expected:
    file: str
    path: Path_
    value: object
    listing: Listing | None


def told(path: Path) -> Answer:
    """As the test's own server would have answered: the headers stand in its first comment."""
    body = path.read_bytes()
    comment = re.search(rb"<!--(.*?)-->", body, re.DOTALL)
    headers = Message()
    for line in (comment[1] if comment else b"").decode("latin-1").splitlines():
        if found := re.match(r"\s*Header:\s*([\w-]+):\s*(.*)", line):
            headers[found[1].lower()] = found[2].strip()
    return Answer(status=200, url=BASE + path.name, headers=dict(headers.items()), body=body)


def read(path: Path) -> Listing | None:
    """None where it is refused with a fault that has a name; every other exception is a crash."""
    try:
        return listings.read(told(path))
    except SourceError as error:
        assert "cannot be read" not in str(error), path
        return None


@cache
def files() -> tuple[Path, ...]:
    if not FEEDS.is_dir():
        pytest.skip("needs the feeds beside the project")
    return tuple(sorted(one for one in FEEDS.rglob("*") if one.suffix in {".xml", ".json"}))


def test_nothing_crashes_and_nothing_hangs() -> None:
    slow = {}
    for path in files():
        begun = perf_counter()
        read(path)
        if (took := perf_counter() - begun) > HANG:
            slow[path.name] = took
    assert len(files()) > 1000
    assert slow == {}


def expectations() -> Iterator[Expected]:
    for path in files():
        if "feedparser" in path.parts and path.suffix == ".xml":
            yield from _of_feedparser(path)
        elif "gofeed" in path.parts and path.suffix == ".json":
            yield from _of_gofeed(path)


def _of_feedparser(path: Path) -> Iterator[Expected]:
    """``Expect: not bozo and entries[0]['title'] == 'Example'``; comparisons with a constant are understood."""
    found = re.search(r"Expect:\s*(.*)", path.read_bytes().decode("latin-1"))
    if not found:
        return
    try:
        tree = ast.parse(found[1].strip(), mode="eval").body
    except SyntaxError:
        return
    for one in tree.values if isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.And) else [tree]:
        if isinstance(one, ast.Compare) and isinstance(one.ops[0], ast.Eq) and (at := _path(one.left)):
            try:
                value = ast.literal_eval(one.comparators[0])
            except ValueError:
                continue
            yield Expected(str(path.relative_to(FEEDS)), at, value, read(path))


def _path(node: ast.expr) -> Path_:
    match node:
        case ast.Name(id=name):
            return (name,)
        case ast.Attribute(value=value, attr=name):
            return (*_path(value), name)
        case ast.Subscript(value=value, slice=ast.Constant(value=key)) if isinstance(key, str | int):
            return (*_path(value), key)
    return ()


GOFEED = {"guid": "id", "description": "summary", "content_html": "content", "date_published": "published"}


def _of_gofeed(path: Path) -> Iterator[Expected]:
    """A file beside a feed: what a parser for its dialect, or one for all of them, makes of it."""
    plain = path.name.endswith("_expected.json")
    feed = path.with_name(path.name.replace("_expected", "")) if plain else path.with_suffix(".xml")
    if not feed.exists():
        return
    found = json.loads(path.read_text("utf-8"))
    name = str(path.relative_to(FEEDS))
    for key in ("title", "link", "language"):
        if isinstance(found.get(key), str):
            yield Expected(name, ("feed", key), found[key], read(feed))
    for number, entry in enumerate(found.get("items") or found.get("entries") or ()):
        for key, value in entry.items():
            if key == "author" or (key == "authors" and value):
                person = value if key == "author" else value[0]
                if isinstance(person, dict) and person.get("name"):
                    yield Expected(
                        name, ("entries", number, "author_detail", "name"), person["name"], read(feed)
                    )
            elif isinstance(value, str):
                yield Expected(name, ("entries", number, GOFEED.get(key, key)), value, read(feed))
            elif key == "categories" and value:
                first = (
                    value[0].get("value", value[0].get("term")) if isinstance(value[0], dict) else value[0]
                )
                yield Expected(name, ("entries", number, "topics"), first, read(feed))


def moment(said: str | None) -> tuple[int, ...] | None:
    """UTC, without fractions, day of the week and of the year as Python's own tuples have them."""
    found = dates.parse(said, UTC)
    return tuple(found.utctimetuple()) if found else None


ENTRY: dict[Path_, Callable[[Entry], object]] = {
    ("title",): lambda one: one.headline,
    ("title_detail", "value"): lambda one: one.headline,
    ("link",): lambda one: one.url,
    ("url",): lambda one: one.url,
    ("id",): lambda one: one.id,
    ("guid",): lambda one: one.id,
    ("description",): lambda one: one.summary or one.content,
    ("summary",): lambda one: one.summary or one.content,
    ("summary_detail", "value"): lambda one: one.summary,
    ("content",): lambda one: one.content or one.summary,
    ("content", 0, "value"): lambda one: one.content or one.summary,
    ("content", 0, "language"): lambda one: one.language,
    ("summary_detail", "language"): lambda one: one.language,
    ("author",): lambda one: one.author,
    ("author_detail", "name"): lambda one: one.author,
    ("published",): lambda one: one.published,
    ("published_parsed",): lambda one: moment(one.published),
    ("updated",): lambda one: one.updated,
    ("updated_parsed",): lambda one: moment(one.updated),
    ("topics",): lambda one: one.topics,
    ("category",): lambda one: one.topics[0],
    ("tags", 0, "term"): lambda one: one.topics[0],
    ("tags", 1, "term"): lambda one: one.topics[1],
    ("media_thumbnail", 0, "url"): lambda one: one.image,
}
FEED: dict[Path_, Callable[[Listing], object]] = {
    ("title",): lambda one: one.title,
    ("title_detail", "value"): lambda one: one.title,
    ("link",): lambda one: one.link,
    ("language",): lambda one: one.language,
}


def ours(expected: Expected) -> tuple[bool, object]:
    """Whether it is something that we take from a feed at all, and what we took."""
    listing = expected.listing or Listing()
    match expected.path:
        case ("feed", *rest) if tuple(rest) in FEED:
            return True, FEED[tuple(rest)](listing)
        case ("entries", int(number), *rest) if tuple(rest) in ENTRY:
            found = listing.entries[number] if number < len(listing.entries) else Entry()
            try:
                return True, ENTRY[tuple(rest)](found)
            except IndexError:
                return True, None
    return False, None


def same(found: object, wanted: object) -> bool:
    """The same HTML: plain text as entities, attributes in any order, with or without the div round XHTML."""
    if found == wanted or (not found and not wanted):
        return True
    if isinstance(found, tuple) and isinstance(wanted, str):
        return wanted in found
    if not isinstance(found, str) or not isinstance(wanted, str):
        return False
    return unescape(found) == unescape(wanted) or laid_out(found) == laid_out(wanted)


def laid_out(told: str) -> str:
    root = html.fragment_fromstring(told, create_parent="div")
    while len(root) == 1 and root[0].tag == "div" and not (root.text or "").strip() and not root[0].tail:
        root = root[0]
    for one in root.iter():
        kept = sorted((name, value) for name, value in one.attrib.items() if not name.startswith("xmlns"))
        one.attrib.clear()
        one.attrib.update(kept)
    return str(html.tostring(root, encoding="unicode"))


# What we read otherwise, and why.
OTHERWISE = {
    "sanitize": "feedparser cleans markup as it reads; here cleaning does, once for all kinds of sources",
    "content_location": "Content-Location is no base for relative addresses any more (RFC 9110 §8.7)",
    "entity_in_doctype": "entities of a feed's own are not expanded, for safety",
    "cdf/": "CDF, of 1997, is no dialect that a newsroom's feed is written in",
}
MISSED = {
    "encoding/bozo_linenoise.xml": "mostly UTF-8, so it is read as that, with one character lost",
    "entities/lang.xml": "&lang; is U+27E8 since HTML5, as Unicode wants it",
    "translator/rss/feed_links_-_rdf_channel_links.json": "of several links the first counts, not the last",
}


def test_what_others_expect_is_found() -> None:
    applies, missed = 0, {}
    for expected in expectations():
        understood, found = ours(expected)
        if understood and not any(one in expected.file for one in OTHERWISE):
            applies += 1
            if not same(found, expected.value):
                missed[expected.file] = (expected.path, expected.value, found)
    known = [one for one in missed if any(one.endswith(name) for name in MISSED)]
    assert {name: told for name, told in missed.items() if name not in known} == {}
    assert applies > 300
    assert len(missed) <= applies * 0.01
