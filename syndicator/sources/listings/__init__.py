"""What a feed lists, whatever dialect it is written in.

Well-formed XML is read as it is. What is broken is mended first (:mod:`.mending`), and then read as far as it goes. All
of it takes time that grows with the length of the feed and no faster: nobody stops us with a megabyte.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import replace

from syndicator.errors import SourceError
from syndicator.ports import Answer

from . import dialects, jsonfeed, mending
from .nouns import Entry, Listing

__all__ = ["Entry", "Listing", "read"]

_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read(answer: Answer) -> Listing:
    """Raises :exc:`SourceError` when it is no feed, or nothing of it can be read."""
    found = _read(answer)
    spoken = answer.headers.get("content-language", "").strip()
    if spoken and "," not in spoken and not found.language:
        return replace(found, language=spoken, entries=tuple(_spoken(one, spoken) for one in found.entries))
    return found


def _spoken(entry: Entry, language: str) -> Entry:
    return entry if entry.language else replace(entry, language=language)


def _read(answer: Answer) -> Listing:
    start = answer.body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    try:
        if start == b"{":
            return jsonfeed.read(answer.body, answer.url)
        charset = _charset(answer)
        return dialects.well_formed(answer.body, answer.url, charset) or _mended(answer, charset)
    except SourceError:
        raise
    except Exception as error:
        # Whatever a parser stumbles over in hostile input must not stop the other sources.
        raise SourceError(f"{answer.url}: the feed cannot be read ({error})") from error


def _mended(answer: Answer, charset: str | None) -> Listing:
    text = mending.mended(mending.decoded(answer.body, charset))
    found = dialects.recovered(text, answer.url) if text else None
    if found is None:
        start = answer.body.lstrip()[:200].lower()
        what = "an HTML page" if b"<html" in start or b"<!doctype html" in start else "no feed"
        raise SourceError(f"{answer.url}: this is {what}; give the address of the feed itself")
    return replace(found, mended=True)


def _charset(answer: Answer) -> str | None:
    """What the header says, unless the bytes themselves say otherwise (RFC 7303 §3.2)."""
    found = _CHARSET.search(answer.headers.get("content-type", ""))
    return found[1] if found and not answer.body.startswith(_MARKS) else None
