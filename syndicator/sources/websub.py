"""Which hub a feed names: in its Link headers, its head, or as a JSON Feed has it."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urljoin

from syndicator.manuscripts.reading import parsed, rows, word
from syndicator.ports import Announcement, Answer

HEAD = 65_536  # octets in which a feed names its hub; what it lists comes after
_HEADER = re.compile(r"<([^<>]{1,2000})>([^<]{0,500})")
_LINK = re.compile(rb"<(?:\w{1,20}:)?link\b([^<>]{1,2000})>", re.IGNORECASE)
_ITEM = re.compile(rb"<(?:\w{1,20}:)?(?:item|entry)[\s>]", re.IGNORECASE)
_RELATION = re.compile(r"""\brel\s*=\s*["']?([^"';,<>]*)""", re.IGNORECASE)
_TARGET = re.compile(r"""\bhref\s*=\s*["']([^"']*)""", re.IGNORECASE)


def announced(answer: Answer) -> Announcement | None:
    """The hub, and the name under which it knows the feed; what the headers say goes before what stands in the feed."""
    found: dict[str, str] = {}
    for relations, target in (*_in_headers(answer), *_in_feed(answer)):
        for relation in relations.lower().split():
            found.setdefault(relation, urljoin(answer.url, target))
    hub = found.get("hub", "")
    if not hub.startswith(("http://", "https://")):
        return None
    return Announcement(hub=hub, topic=found.get("self", answer.url))


def _in_headers(answer: Answer) -> list[tuple[str, str]]:
    """RFC 8288."""
    told = _HEADER.findall(answer.headers.get("link", ""))
    return [(found[1], target.strip()) for target, more in told if (found := _RELATION.search(more))]


def _in_feed(answer: Answer) -> list[tuple[str, str]]:
    body = answer.body.lstrip(b"\xef\xbb\xbf \t\r\n")
    if body.startswith(b"{"):
        return _in_json(body)
    head = body[:HEAD]
    if begun := _ITEM.search(head):
        head = head[: begun.start()]
    links = [unescape(one.decode("utf-8", "replace")) for one in _LINK.findall(head)]
    told = [(_RELATION.search(one), _TARGET.search(one)) for one in links]
    return [(relation[1], target[1].strip()) for relation, target in told if relation and target]


def _in_json(body: bytes) -> list[tuple[str, str]]:
    try:
        feed = parsed(body)
    except ValueError:
        return []  # whoever reads the stories tells what is wrong with it
    hubs = [word(one, "url") for one in rows(feed, "hubs") if word(one, "type").lower() == "websub"]
    topic = word(feed, "feed_url")
    return [*(("hub", hub) for hub in hubs), *([("self", topic)] if topic else [])]
