"""Marks on a link that tell the newsroom's own statistics where a reader came from."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlsplit, urlunsplit

PREFIX = "utm_"


def tagged(url: str, marks: Mapping[str, str]) -> str:
    """The link with ``utm_NAME=VALUE`` for each mark that it does not carry yet. Doing it twice is doing it once.

    What it had stays as it was, letter for letter, and the fragment stays at its end.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"}:
        return url
    known = {pair.partition("=")[0] for pair in parts.query.split("&")}
    new = [
        f"{PREFIX}{name}={quote(value, safe='')}"
        for name, value in marks.items()
        if f"{PREFIX}{name}" not in known
    ]
    query = "&".join([parts.query, *new] if parts.query else new)
    return urlunsplit(parts._replace(query=query)) if new else url
