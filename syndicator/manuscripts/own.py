"""Our own form of a story: an object of JSON, or Markdown under a head of ``key: value`` lines."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from html import escape
from typing import Annotated, Any

from markdown_it import MarkdownIt
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from syndicator.model import Item, Language

RULE = "---"  # stands above and below the head of Markdown
_LINE = re.compile(r"([a-z_]+)\s*:\s*(.*)")
_LISTS = frozenset({"topics"})


class Unreadable(ValueError):
    """What is wrong, and in which line it stands, as far as that can be told."""

    def __init__(self, problem: str, line: int = 1) -> None:
        super().__init__(problem)
        self.line = line


def _aware(told: datetime) -> datetime:
    if told.tzinfo is None:
        message = "say its offset, too, such as 2026-03-01T09:00:00+03:00"
        raise ValueError(message)
    return told


Moment = Annotated[datetime, AfterValidator(_aware)]
Url = Annotated[str, Field(pattern=r"^https?://\S+$")]


class Manuscript(BaseModel):
    """What may be said of a story. Nothing else may: a slip of the pen is told, not passed over."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    headline: str = Field(min_length=1)
    text: str | tuple[str, ...] = ()  # paragraphs; in one string an empty line divides them
    html: str = ""  # in place of text
    id: str | None = Field(None, min_length=1)
    url: Url | None = None
    published: Moment | None = None
    updated: Moment | None = None
    language: str | None = None
    author: str | None = None
    section: str | None = None
    topics: tuple[str, ...] = ()
    image: Url | None = None
    image_alt: str | None = None
    image_credit: str | None = None
    caption: str | None = None
    versions: dict[str, Url] = Field(default_factory=dict)  # language -> address of the same story

    def item(
        self, *, source: str, key: str, url: str, published: datetime | None, language: str | None = None
    ) -> Item:
        """``key``, ``url``, ``published`` and ``language`` are what is so where the story does not say."""
        spoken = self.language or language
        return Item(
            source=source,
            key=self.id or key,
            url=self.url or url,
            html=self.html or "".join(f"<p>{escape(line)}</p>" for line in self._paragraphs()),
            headline=escape(self.headline),
            published_at=self.published or published,
            updated_at=self.updated,
            language=Language(spoken) if spoken else None,
            author=_escaped(self.author),
            section=_escaped(self.section),
            topics=tuple(escape(topic) for topic in self.topics),
            image=self.image,
            image_alt=_escaped(self.image_alt),
            image_credit=self.image_credit,
            caption=_escaped(self.caption),
            versions=tuple(self.versions.items()),
        )

    def _paragraphs(self) -> list[str]:
        lines = re.split(r"\n\s*\n", self.text) if isinstance(self.text, str) else self.text
        return [line.strip() for line in lines if line.strip()]


def of(told: object, line_of: Mapping[str, int] | None = None) -> Manuscript:
    """Raises :exc:`Unreadable`."""
    if not isinstance(told, dict):
        raise Unreadable("a story is an object: { … }")
    try:
        found = Manuscript.model_validate(told)
    except ValidationError as error:
        first = error.errors()[0]
        key = str(first["loc"][0]) if first["loc"] else ""
        raise Unreadable(f"{key}: {_said(first)}", (line_of or {}).get(key, 1)) from error
    if not found.html and not found.text:
        raise Unreadable("there is no text; write text or html")
    return found


def from_json(text: str) -> Manuscript:
    """Raises :exc:`Unreadable`."""
    try:
        told = json.loads(text)
    except json.JSONDecodeError as error:
        raise Unreadable(f"this is no JSON: {error.msg}", error.lineno) from error
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"this is no JSON: {error}") from error
    lines = enumerate(text.splitlines(), 1)
    places = {
        found[1]: number for number, line in lines if (found := re.match(r'\s*[{,]?\s*"(\w+)"\s*:', line))
    }
    return of(told, places)


def from_markdown(text: str) -> Manuscript:
    """Raises :exc:`Unreadable`."""
    lines = text.removeprefix("\ufeff").splitlines()
    if not lines or lines[0].rstrip() != RULE:
        raise Unreadable(f"the head is missing: the first line is {RULE}")
    end = next((number for number, line in enumerate(lines[1:], 1) if line.rstrip() == RULE), None)
    if end is None:
        raise Unreadable(f"the head has no end: a line {RULE} closes it")
    told: dict[str, Any] = {}
    places: dict[str, int] = {}
    for number, line in enumerate(lines[1:end], 2):
        if not line.strip() or line.startswith("#"):
            continue
        found = _LINE.fullmatch(line.rstrip())
        if found is None:
            raise Unreadable(f"{line.strip()[:40]!r} is not key: value", number)
        if found[1] in told:
            raise Unreadable(f"{found[1]} stands here for the second time", number)
        told[found[1]], places[found[1]] = _value(found[1], found[2]), number
    # Markdown's own HTML is text here: what a story may hold is the cleaning's matter, and scripts are nobody's.
    body = MarkdownIt("commonmark", {"html": False}).render("\n".join(lines[end + 1 :]))
    return of({**told, "html": body}, places)


def _value(key: str, told: str) -> object:
    if key in _LISTS:
        return [_bare(one) for one in told.strip("[]").split(",") if one.strip()]
    return _bare(told) or None


def _bare(told: str) -> str:
    told = told.strip()
    quoted = len(told) > 1 and told[0] == told[-1] and told[0] in "\"'"
    return told[1:-1] if quoted else told


def _said(error: Any) -> str:
    match error["type"]:
        case "extra_forbidden":
            return f"this key is not known; there are: {', '.join(Manuscript.model_fields)}"
        case "missing":
            return "this key is missing"
    return f"{str(error['input'])[:60]!r} is not right: {error['msg'].removeprefix('Value error, ')}"


def _escaped(told: str | None) -> str | None:
    """Ours is text, an item's is HTML."""
    return escape(told) if told else None
