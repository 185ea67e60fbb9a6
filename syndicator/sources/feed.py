"""RSS, RDF, Atom and JSON Feed; the story's page where the feed is cut short."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from syndicator.errors import SourceError, SourceGone, Unwelcome
from syndicator.model import Item, Language
from syndicator.ports import Answer, Ask, Harvest, World, carried_out
from syndicator.tables import Duration

from . import dates, listings, pages, rhythm, websub
from .listings import Entry, Listing

MOVES = 3  # looks in a row that must be redirected for good before the new address is used
CUT_BELOW = 600  # characters of text; a shorter one without a full body is taken for a teaser
CUT_SIGNS = ("…", "...", "[…]", "[...]", "[&#8230;]", "&hellip;")
Steps = Generator[Ask, Answer, Harvest]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Checkpoint:
    """Where to go on from: validators, a move on its way, what was seen and in which form."""

    etag: str | None = None
    modified: str | None = None
    moved_to: str | None = None
    moves: int = 0
    next_at: str | None = None  # ISO 8601; the server has asked for time until then
    body: str | None = None  # hash of what was read
    every: int | None = None  # seconds; how often it asks to be looked at
    stories: list[int] = field(default_factory=list)  # when the newest were out, in seconds since 1970
    seen: dict[str, str] = field(default_factory=dict)  # key -> hash of the entry as it stood

    @classmethod
    def read(cls, text: str | None) -> _Checkpoint:
        return cls(**json.loads(text)) if text else cls()

    def written(self) -> str:
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return json.dumps(values, ensure_ascii=False)


class FeedSource:
    class Settings(BaseModel):
        model_config = ConfigDict(frozen=True, extra="forbid")

        url: str = Field(description="address of the feed", pattern=r"^https?://")
        language: str | None = Field(None, description="language of its stories, if it is but one")
        full_text: Literal["auto", "always", "never"] = Field(
            "auto", description="fetch the story's page: when the feed is cut, for every story, or never"
        )
        websub: bool = Field(
            default=True, description="let its hub, if it names one, tell us when it changes"
        )
        own: bool | None = Field(
            None,
            description="the site is yours: asked whenever the schedule says so, and its robots.txt never; "
            "without a word it is yours where it is the newsroom's",
        )
        slowest: Duration = Field(
            timedelta(hours=1),
            description="a feed of others that has little news is looked at as often as this at least",
        )
        timezone: str = Field("UTC", description="zone of dates that have no offset")

    def __init__(self, settings: Settings, world: World, *, name: str) -> None:
        self._settings = settings
        self._world = world
        self._name = name

    def fetch(self, checkpoint: str | None) -> Harvest:
        """New and changed entries, oldest first. Raises :exc:`SourceError`, :exc:`SourceGone`."""
        return carried_out(self.steps(checkpoint), self._world.web)

    def steps(self, checkpoint: str | None) -> Steps:
        """Implements :class:`syndicator.ports.Stepwise`."""
        known = _Checkpoint.read(checkpoint)
        if known.next_at and self._world.now() < (then := datetime.fromisoformat(known.next_at)):
            return Harvest((), known.written(), again_at=then)
        url = known.moved_to if known.moved_to and known.moves >= MOVES else self._settings.url
        answer = yield Ask(url, _conditions(known))
        known = replace(_moved(known, url, answer), next_at=None)
        if answer.status in {429, 503}:
            return self._asked_to_wait(known, answer)
        if answer.status == 304:
            return Harvest((), known.written(), again_at=self._again_at(known, answer))
        _judge(url, answer)
        digest = hashlib.sha256(answer.body).hexdigest()[:32]
        if digest == known.body:  # an ETag alone is not believed: some servers never change theirs
            found = Harvest((), known.written(), again_at=self._again_at(known, answer))
        else:
            found = yield from self._harvest(known, answer, digest)
        return replace(found, hub=websub.announced(answer)) if self._settings.websub else found

    def _harvest(self, known: _Checkpoint, answer: Answer, digest: str) -> Steps:
        listing = listings.read(answer)
        entries = self._items(listing)
        if listing.mended and not entries:
            raise SourceError(f"{answer.url}: the feed is broken, nothing of it can be read")
        items, faults, seen = [], [], {}
        away: set[str] = set()  # what a site's robots.txt keeps from us is no fault that looking again mends
        for item in entries:
            signature = _signature(item)
            if known.seen.get(item.key) != signature:
                try:
                    items.append((yield from self._whole(item)))
                except Unwelcome as error:
                    items.append(item)
                    away = away or {str(error)}
                except SourceError as error:
                    faults.append(str(error))
                    continue  # not seen: it is asked for again next time
            seen[item.key] = signature
        # With a fault the validators are forgotten, so that the next look gets the feed again.
        headers = {} if faults else answer.headers
        found = replace(
            known,
            etag=headers.get("etag"),
            modified=headers.get("last-modified"),
            body=None if faults else digest,
            every=int(listing.every.total_seconds()) if listing.every else None,
            stories=rhythm.newest(item.published_at for item in entries),
            seen=seen,
        )
        again_at = None if faults else self._again_at(found, answer)
        return Harvest(tuple(items), found.written(), (*faults, *away), again_at=again_at)

    def _again_at(self, known: _Checkpoint, answer: Answer) -> datetime:
        return rhythm.again_at(
            self._world.now(),
            headers=answer.headers,
            every=timedelta(seconds=known.every) if known.every else None,
            stories=known.stories,
            slowest=timedelta(0) if self._settings.own else self._settings.slowest,
            rng=self._world.rng,
        )

    def _asked_to_wait(self, known: _Checkpoint, answer: Answer) -> Harvest:
        until = rhythm.retry_at(answer.headers, self._world.now())
        fault = f"{answer.url}: the server asks for time (HTTP {answer.status}) until {until:%H:%M:%S} UTC"
        return Harvest((), replace(known, next_at=until.isoformat()).written(), (fault,), again_at=until)

    def _items(self, listing: Listing) -> list[Item]:
        """Oldest first; an id that stands twice is told apart by its address. What has no address is left out."""
        items: dict[str, Item] = {}
        for entry in listing.entries:
            if not entry.url:
                continue
            item = self._item(entry, entry.url)
            if item.key in items and items[item.key].url != item.url:
                item = replace(item, key=f"{item.key} {item.url}")
            items.setdefault(item.key, item)
        listed = list(reversed(items.values()))
        dated = all(item.published_at for item in listed)
        return sorted(listed, key=_published) if dated else listed

    def _item(self, entry: Entry, url: str) -> Item:
        zone = ZoneInfo(self._settings.timezone)
        language = self._settings.language or entry.language
        return Item(
            source=self._name,
            key=entry.id or url,
            url=url,
            html=entry.html,
            headline=entry.headline,
            published_at=dates.parse(entry.published, zone),
            updated_at=dates.parse(entry.updated, zone),
            language=Language(language) if language else None,
            author=entry.author,
            topics=entry.topics,
            image=entry.image,
        )

    def _whole(self, item: Item) -> Generator[Ask, Answer, Item]:
        """The item with its page in place of a teaser. Raises :exc:`SourceError` if the page can't be had."""
        wish = self._settings.full_text
        if wish == "never" or (wish == "auto" and not _is_cut(item.html)):
            return item
        answer = yield Ask(item.url, robots=not self._settings.own)
        if answer.status != 200:
            raise SourceError(f"{item.url}: the story's page answers HTTP {answer.status}")
        return replace(item, html=pages.text(answer), whole_page=True)


def _conditions(known: _Checkpoint) -> dict[str, str]:
    conditions = {"If-None-Match": known.etag, "If-Modified-Since": known.modified}
    return {name: value for name, value in conditions.items() if value}


def _moved(known: _Checkpoint, url: str, answer: Answer) -> _Checkpoint:
    if not answer.moved_to:
        return known if url == known.moved_to else replace(known, moved_to=None, moves=0)
    moves = known.moves + 1 if answer.moved_to == known.moved_to else 1
    return replace(known, moved_to=answer.moved_to, moves=moves)


def _judge(url: str, answer: Answer) -> None:
    if answer.status == 410:
        raise SourceGone(f"{url}: the feed is gone for good (HTTP 410); take the source out")
    if answer.status != 200:
        raise SourceError(f"{url}: the server answers HTTP {answer.status}")
    if not answer.body.strip():
        raise SourceError(f"{url}: the answer is empty")


def _published(item: Item) -> datetime:
    if item.published_at is None:
        message = f"{item.url} has no date"
        raise ValueError(message)
    return item.published_at


def _signature(item: Item) -> str:
    told = (item.headline, item.html, item.updated_at and item.updated_at.isoformat(), item.url)
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


def _is_cut(html: str) -> bool:
    return len(html) < CUT_BELOW or html.rstrip().removesuffix("</p>").rstrip().endswith(CUT_SIGNS)
