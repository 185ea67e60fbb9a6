"""A feed and its entries, before anything is made of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from html import escape
from urllib.parse import urljoin

_LINK = re.compile(r"""\b(src|href|poster)=(["'])(?![a-zA-Z][a-zA-Z0-9+.-]{0,20}:|#|\2)([^"'<>]{1,2000})\2""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Texts are HTML; dates are as they were written; addresses are absolute."""

    id: str | None = None
    url: str | None = None
    headline: str | None = None
    content: str = ""
    summary: str = ""
    published: str | None = None
    updated: str | None = None
    author: str | None = None
    topics: tuple[str, ...] = ()
    language: str | None = None
    image: str | None = None

    @property
    def html(self) -> str:
        return max(self.content, self.summary, key=len)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    entries: tuple[Entry, ...] = ()  # in the feed's own order
    title: str | None = None
    link: str | None = None
    language: str | None = None
    every: timedelta | None = None  # how often it asks to be looked at, at most
    mended: bool = False  # it was broken; there may have been more


def text(told: str) -> str:
    """Plain text as HTML."""
    return escape(told, quote=False)


def absolute(html: str, base: str) -> str:
    """HTML whose links lead somewhere, wherever it is read."""
    if "src=" not in html and "href=" not in html:
        return html
    return _LINK.sub(lambda found: f"{found[1]}={found[2]}{joined(base, found[3])}{found[2]}", html)


def joined(base: str, url: str) -> str:
    try:
        return urljoin(base, url.strip())
    except ValueError:  # brackets that are no address
        return url


def name_of(told: str | None) -> str | None:
    """The person in ``sara@news.example (Sara)``, ``Sara <sara@news.example>`` or ``Sara``; else the address."""
    said = (told or "").strip()
    if "@" not in said or len(said) > 500:
        return said or None
    before, _, after = said.partition("(") if "(" in said else said.partition("<")
    names = [one.strip(" ()<>\"'") for one in (after, before)]
    return next((one for one in names if one and "@" not in one), said)


PERIODS = {"hourly": 1, "daily": 24, "weekly": 168, "monthly": 720, "yearly": 8760}  # hours


def interval(period: str | None, frequency: str | None, minutes: str | None) -> timedelta | None:
    """What ``sy:updatePeriod``, ``sy:updateFrequency`` and ``ttl`` come to; nonsense comes to nothing."""
    times, ttl = (_number(one) for one in (frequency, minutes))
    hours = PERIODS.get((period or "").strip().lower())
    found = [timedelta(hours=hours / (times or 1))] if hours else []
    return max([*found, timedelta(minutes=ttl)] if ttl else found, default=None)


def _number(told: str | None) -> int:
    said = (told or "").strip()
    return int(said) if said.isdecimal() and len(said) < 8 else 0
