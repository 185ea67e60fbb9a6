"""A newsletter's editions as RSS 2.0 and JSON Feed 1.1. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from xml.etree import ElementTree

ATOM, CONTENT = "http://www.w3.org/2005/Atom", "http://purl.org/rss/1.0/modules/content/"
# What XML 1.0 cannot hold, however it is written.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    id: str
    title: str
    url: str
    summary: str  # plain text
    content: str  # HTML with absolute links
    published: datetime
    changed: datetime
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    title: str
    home: str
    address: str  # its own
    language: str
    entries: tuple[Entry, ...]  # newest first


def rss(feed: Feed) -> str:
    top = ElementTree.Element("rss", {"version": "2.0"})
    channel = ElementTree.SubElement(top, "channel")
    told = {"title": feed.title, "link": feed.home, "description": feed.title, "language": feed.language}
    for name, value in told.items():
        _add(channel, name, value)
    own = {"href": feed.address, "rel": "self", "type": "application/rss+xml"}
    ElementTree.SubElement(channel, f"{{{ATOM}}}link", own)
    if feed.entries:
        _add(channel, "lastBuildDate", _date(max(entry.changed for entry in feed.entries)))
    for entry in feed.entries:
        item = ElementTree.SubElement(channel, "item")
        _add(item, "title", entry.title)
        _add(item, "link", entry.url)
        _add(item, "guid", entry.id).set("isPermaLink", "false")
        _add(item, "pubDate", _date(entry.published))
        for tag in entry.tags:
            _add(item, "category", tag)
        _add(item, "description", entry.summary)
        _add(item, f"{{{CONTENT}}}encoded", entry.content)
    written = ElementTree.tostring(top, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{written}\n'


def json_feed(feed: Feed) -> str:
    told = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.home,
        "feed_url": feed.address,
        "language": feed.language,
        "items": [
            {
                "id": entry.id,
                "url": entry.url,
                "title": entry.title,
                "summary": entry.summary,
                "content_html": entry.content,
                "date_published": entry.published.astimezone(UTC).isoformat(),
                "date_modified": entry.changed.astimezone(UTC).isoformat(),
                "language": feed.language,
                **({"tags": list(entry.tags)} if entry.tags else {}),
            }
            for entry in feed.entries
        ],
    }
    return json.dumps(told, ensure_ascii=False) + "\n"


def _add(parent: ElementTree.Element, name: str, value: str) -> ElementTree.Element:
    made = ElementTree.SubElement(parent, name)
    made.text = _NO_XML.sub("", value)
    return made


def _date(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC))


ElementTree.register_namespace("atom", ATOM)
ElementTree.register_namespace("content", CONTENT)
