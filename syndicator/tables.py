"""The values that a configuration holds, and the tables that several parts of it share."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time, timedelta
from decimal import Decimal
from ipaddress import ip_network
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from cssselect import SelectorError
from lxml.cssselect import CSSSelector
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from .model import Allowance, Language

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
TOGETHER = 10.0  # seconds
_NAME = r"^[a-z][a-z0-9-]{0,39}$"
_LANGUAGE = r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"


def _duration(told: object) -> object:
    if isinstance(told, str) and (found := re.fullmatch(r"(\d{1,6})([smhd])", told.strip())):
        return timedelta(**{_UNITS[found[2]]: int(found[1])})
    if isinstance(told, timedelta):
        return told
    message = 'a number with s, m, h or d is needed, such as "5m"'
    raise ValueError(message)


def _zone(told: object) -> object:
    try:
        return ZoneInfo(str(told))
    except (OSError, ValueError, KeyError) as error:
        message = 'a zone of the IANA list is needed, such as "Asia/Baghdad"'
        raise ValueError(message) from error


def _hours(told: object) -> object:
    if isinstance(told, tuple | None):
        return told
    found = re.fullmatch(r"(\d\d):(\d\d)\s*[-–]\s*(\d\d):(\d\d)", str(told))
    try:
        if found:
            a, b, c, d = map(int, found.groups())
            return time(a, b), time(c, d)
    except ValueError:
        pass
    message = 'two times of the day are needed, such as "23:00-06:30"'
    raise ValueError(message)


def _time(told: object) -> object:
    if isinstance(told, time | None):
        return told
    try:
        return time.fromisoformat(str(told))
    except ValueError as error:
        message = 'a time of the day is needed, such as "07:15"'
        raise ValueError(message) from error


def _range(told: object) -> object:
    try:
        return str(ip_network(str(told)))
    except ValueError as error:
        message = 'an address or a network is needed, such as "10.0.0.0/8"'
        raise ValueError(message) from error


TimeOfDay = Annotated[
    time, BeforeValidator(_time), WithJsonSchema({"type": "string", "pattern": r"^\d\d:\d\d$"})
]
Duration = Annotated[
    timedelta, BeforeValidator(_duration), WithJsonSchema({"type": "string", "pattern": r"^\d+[smhd]$"})
]
Zone = Annotated[ZoneInfo, BeforeValidator(_zone), WithJsonSchema({"type": "string"})]
Hours = Annotated[
    tuple[time, time] | None,
    BeforeValidator(_hours),
    WithJsonSchema({"type": "string", "pattern": r"^\d\d:\d\d-\d\d:\d\d$"}),
]
Code = Annotated[Language, Field(pattern=_LANGUAGE)]
Name = Annotated[str, Field(pattern=_NAME)]
Range = Annotated[str, BeforeValidator(_range)]
Host = Annotated[str, Field(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$")]


Check = Literal[
    "dead-links", "direction", "dkim", "dmarc", "format", "from", "headers", "image-alt", "leave-link", "list-id",
    "list-unsubscribe", "one-click", "plain-part", "postal-address", "public-url", "size", "spf", "subject", "tls",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pace:
    """So many in so many seconds."""

    number: int
    seconds: int
    told: str

    def __str__(self) -> str:
        return self.told

    @property
    def rate(self) -> float:
        return self.number / self.seconds

    def allowance(self, name: str) -> Allowance:
        """Evenly: what comes together in a short while may go at once."""
        return Allowance(name=name, rate=self.rate, most=max(1.0, self.rate * TOGETHER))


def _pace(told: object) -> object:
    if isinstance(told, Pace):
        return told
    found = re.fullmatch(r"([1-9]\d{0,8})/([smhd])", str(told).replace(" ", ""))
    if found:
        seconds = timedelta(**{_UNITS[found[2]]: 1}).total_seconds()
        return Pace(int(found[1]), int(seconds), found[0])
    message = 'a number a second, minute, hour or day is needed, such as "300/m"'
    raise ValueError(message)


Rate = Annotated[Pace, BeforeValidator(_pace), WithJsonSchema({"type": "string", "pattern": r"^\d+/[smhd]$"})]


Mark = Literal["source", "medium", "campaign", "term", "content"]


class Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class PluginTable(Table):
    """A table whose other keys belong to the plug-in that ``kind`` names."""

    model_config = ConfigDict(frozen=True, extra="allow", arbitrary_types_allowed=True)

    @property
    def options(self) -> dict[str, Any]:
        return dict(self.model_extra or {})


class Rule(Table):
    """Which stories: each list that is given must have one match; with none given every story matches."""

    languages: tuple[Code, ...] = Field((), description="languages of the stories")
    sections: tuple[str, ...] = Field((), description="sections, as the source names them")
    authors: tuple[str, ...] = Field((), description="authors, as the source names them")
    topics: tuple[str, ...] = Field((), description="topics, as the source names them")
    keywords: tuple[str, ...] = Field((), description="words or phrases in headline or text")


class Budget(Table):
    """What a channel may spend, in the currency of its prices; a day and a month begin where the newsroom is."""

    day: Decimal | None = Field(None, ge=0, description="in a day, at most")
    month: Decimal | None = Field(None, ge=0, description="in a month, at most")


def _selector(told: object) -> object:
    try:
        return CSSSelector(told, translator="html").css if told else ""
    except (SelectorError, TypeError) as error:
        message = f"a CSS selector is needed ({error})"
        raise ValueError(message) from error


Selector = Annotated[str, BeforeValidator(_selector), WithJsonSchema({"type": "string"})]


class RecipeTable(Table):
    """Where things stand on the pages of one site, as CSS selectors; what is empty is found without."""

    body: Selector = Field(
        "", description='what holds the story\'s paragraphs, such as "div.article-text > p"'
    )
    drop: Selector = Field("", description='what is none of the story, such as ".quiz, .live-ticker"')
    title: Selector = Field("", description="its headline")
    byline: Selector = Field("", description="its authors")
    date: Selector = Field("", description="its date: an element with datetime or content, or ISO 8601 text")
    timezone: Zone = Field(ZoneInfo("UTC"), description="zone of a date that has no offset")
    section: Selector = Field("", description="its section")
    tags: Selector = Field("", description="its topics, an element each")
    image: Selector = Field("", description="its lead picture")
    caption: Selector = Field("", description="the caption of that picture")


class ReputationTable(Table):
    """From which share of an edition's mails on, in percent, what comes back is told, and stops the rest."""

    complaints_told: float = Field(0.1, gt=0, le=100, description="percent of complaints that are told")
    complaints_most: float = Field(
        0.3, gt=0, le=100, description="percent of complaints that stop an edition"
    )
    bounces_told: float = Field(2.0, gt=0, le=100, description="percent of hard bounces that are told")
    bounces_most: float = Field(5.0, gt=0, le=100, description="percent of hard bounces that stop an edition")


class PreflightTable(Table):
    """What is looked at before an edition of a newsletter goes out."""

    despite: tuple[Check, ...] = Field((), description="checks that are told and hold nothing")
    nameservers: tuple[str, ...] = Field(
        (), description='name servers to ask, such as "192.0.2.1:53"; none: those of this machine'
    )
