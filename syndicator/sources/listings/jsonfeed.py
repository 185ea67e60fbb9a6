"""JSON Feed 1.0 and 1.1."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from syndicator.errors import SourceError

from .nouns import Entry, Listing, absolute, joined, text


def read(body: bytes, base: str) -> Listing:
    try:
        feed = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{base}: this is broken JSON ({error})") from error
    version, items = str(feed.get("version")), feed.get("items")
    if not isinstance(items, list) or not ("jsonfeed" in version or version.startswith("1")):
        raise SourceError(f"{base}: this JSON is no JSON Feed (it has no jsonfeed.org version)")
    return Listing(
        entries=tuple(_entry(one, base, feed) for one in items if isinstance(one, dict)),
        title=_word(feed, "title"),
        link=_address(feed, "home_page_url", base),
        language=_word(feed, "language"),
    )


def _entry(entry: Mapping[str, Any], base: str, feed: Mapping[str, Any]) -> Entry:
    plain = _word(entry, "content_text")
    title, summary = _word(entry, "title"), _word(entry, "summary")
    return Entry(
        id=str(entry["id"]) if entry.get("id") not in {None, ""} else None,
        url=_address(entry, "url", base) or _address(entry, "external_url", base),
        headline=text(title) if title else None,
        content=absolute(_word(entry, "content_html") or "", base) or _lines(plain or ""),
        summary=text(summary or ""),
        published=_word(entry, "date_published"),
        updated=_word(entry, "date_modified"),
        author=_author(entry) or _author(feed),
        topics=tuple(str(one) for one in entry.get("tags") or ()),
        language=_word(entry, "language") or _word(feed, "language"),
        image=_address(entry, "image", base) or _address(entry, "banner_image", base),
    )


def _lines(plain: str) -> str:
    return "".join(f"<p>{text(line)}</p>" for line in plain.splitlines() if line.strip())


def _author(told: Mapping[str, Any]) -> str | None:
    found = told.get("authors") or [told.get("author")]
    first = found[0] if isinstance(found, list) else found
    return _word(first, "name") if isinstance(first, dict) else None


def _word(told: Mapping[str, Any], name: str) -> str | None:
    value = told.get(name)
    return value if isinstance(value, str) and value else None


def _address(told: Mapping[str, Any], name: str, base: str) -> str | None:
    value = _word(told, name)
    return joined(base, value) if value else None
