"""A page's bytes as text."""

from __future__ import annotations

import codecs
import re

from syndicator.ports import Answer

_DECLARED = re.compile(rb"""<meta[^>]+charset\s*=\s*["']?([\w-]+)""", re.IGNORECASE)
_HEADER = re.compile(r"charset\s*=\s*[\"']?([\w-]+)", re.IGNORECASE)
_HEAD = 4096  # bytes in which a page may declare its charset; HTML asks for 1024, old pages take longer


def text(answer: Answer) -> str:
    """By byte order mark, header, the page's own word, UTF-8, and Windows-1256 for old Arabic pages."""
    body = answer.body
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if body.startswith(mark):
            return body.decode(name, "replace").lstrip("\ufeff")
    header = _HEADER.search(answer.headers.get("content-type", ""))
    declared = _DECLARED.search(body[:_HEAD])
    names = [
        header[1] if header else None,
        declared[1].decode("ascii") if declared else None,
        "utf-8",
        "cp1256",
    ]
    for name in filter(None, names):
        try:
            return body.decode(name)
        except (UnicodeDecodeError, LookupError):
            continue
    return body.decode("utf-8", "replace")
