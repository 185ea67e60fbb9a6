"""A feed for whoever reads feeds: ``feed.xml`` (RSS 2.0) and ``feed.json`` (JSON Feed 1.1) in a folder that a web
server shows. The entry of a delivery is known by its key: written twice is there once.
"""

from __future__ import annotations

import fcntl
import html
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field

from syndicator.errors import ChannelError
from syndicator.model import ChannelId, DeliveryId, Limits, Outcome, Post, Receipt
from syndicator.ports import Capabilities, Lane, Parcel, Published, World, one_by_one
from syndicator.text.feeds import Entry, Feed, json_feed, rss

_LINK = re.compile(r"https?://\S+")


class FeedChannel:
    """One feed. ``feed.json`` is also what it remembers."""

    limits = Limits(markup="plain")
    capabilities = Capabilities(idempotent=True, can_look_up=True, editable_for=None, deletable_for=None)

    class Settings(BaseModel):
        model_config = ConfigDict(frozen=True, extra="forbid")

        folder: Path = Field(description="where feed.xml and feed.json are written")
        title: str = Field(description="the feed's name")
        home: str = Field(description="address of the site it is of", pattern=r"^https?://\S+$")
        address: str = Field(description="where the folder can be read, such as https://…/feeds/world/")
        language: str = Field("en", description="of the feed")
        entries: int = Field(50, ge=1, le=1000, description="posts it holds, the newest")

    def __init__(self, settings: Settings, world: World, *, id: ChannelId) -> None:  # noqa: A002 - the port's word
        self._settings = settings
        self._world = world

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        """Nothing is open."""

    def run(self, lane: Lane) -> None:
        one_by_one(lane, self._send, self._world.now, self)

    def probe(self) -> str:
        """Raises :exc:`ChannelError` when the feed cannot be written, or is not ours."""
        folder = self._settings.folder
        try:
            with self._alone():
                held = len(self._read())
        except (OSError, ValueError) as error:
            raise ChannelError(f"{folder}: {error}; name a folder of its own that can be written") from error
        return f"writes to {folder}, {held} entries"

    def look_up(self, parcel: Parcel, since: datetime) -> Receipt:
        number, now, key = parcel.delivery.id, self._world.now(), parcel.delivery.key
        try:
            there = any(entry.id == key for entry in self._read())
        except (OSError, ValueError) as error:
            return Receipt(number, now, Outcome.UNCERTAIN, detail=str(error))
        if there:
            return Receipt(number, now, Outcome.ACCEPTED, (key,), detail="it stands in the feed")
        return Receipt(number, now, Outcome.DEFERRED, retry_at=now, detail="it does not stand in the feed")

    def edit(self, published: Published, post: Post) -> Receipt:
        (key,) = published.remote_ids

        def edited(entries: list[Entry]) -> list[Entry] | None:
            now = self._world.now()
            found = [_entry(key, post, one.published, now) if one.id == key else one for one in entries]
            return found if any(one.id == key for one in entries) else None

        return self._changed(published.delivery, edited, (key,))

    def retract(self, published: Published, notice: Post | None = None) -> Receipt:
        return self._changed(
            published.delivery,
            lambda entries: [one for one in entries if one.id not in published.remote_ids],
            (),
        )

    def _send(self, parcel: Parcel) -> Receipt:
        key, now = parcel.delivery.key, self._world.now()
        made = _entry(key, parcel.post, now, now)

        def added(entries: list[Entry]) -> list[Entry]:
            return entries if any(one.id == key for one in entries) else [made, *entries]

        return self._changed(parcel.delivery.id, added, (key,))

    def _changed(self, delivery: DeliveryId, change: Any, stands: tuple[str, ...]) -> Receipt:
        """Both files anew; ``change`` gives None where there is nothing to change."""
        now = self._world.now()
        try:
            with self._alone():
                entries = change(self._read())
                if entries is None:
                    return Receipt(
                        delivery, now, Outcome.REJECTED, detail="it does not stand in the feed any more"
                    )
                self._write(entries[: self._settings.entries])
        except (OSError, ValueError) as error:
            return Receipt(delivery, now, Outcome.DEFERRED, detail=f"{self._settings.folder}: {error}")
        return Receipt(delivery, now, Outcome.ACCEPTED, stands)

    def _read(self) -> list[Entry]:
        """Raises :exc:`ValueError` for a file that is no feed of ours."""
        try:
            told = json.loads((self._settings.folder / "feed.json").read_text("utf-8"))
        except FileNotFoundError:
            return []
        try:
            return [
                Entry(
                    id=one["id"],
                    title=one["title"],
                    url=one["url"],
                    summary=one["summary"],
                    content=one["content_html"],
                    published=datetime.fromisoformat(one["date_published"]),
                    changed=datetime.fromisoformat(one["date_modified"]),
                )
                for one in told["items"]
            ]
        except (KeyError, TypeError) as error:
            message = f"feed.json is no feed of ours ({error})"
            raise ValueError(message) from error

    def _write(self, entries: list[Entry]) -> None:
        told = self._settings
        address = told.address.rstrip("/")
        feed = Feed(
            title=told.title,
            home=told.home,
            address=f"{address}/feed.json",
            language=told.language,
            entries=tuple(entries),
        )
        self._put(told.folder / "feed.xml", rss(replace(feed, address=f"{address}/feed.xml")))
        self._put(told.folder / "feed.json", json_feed(feed))  # last: it is what is remembered

    def _put(self, path: Path, text: str) -> None:
        """Whole or not at all, and on the disk when this returns."""
        unfinished = path.with_suffix(path.suffix + ".part")
        with unfinished.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One process changes the feed at a time."""
        self._settings.folder.mkdir(parents=True, exist_ok=True)
        with (self._settings.folder / ".lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _entry(key: str, post: Post, published: datetime, changed: datetime) -> Entry:
    """The post's first line is its title, its first link is where it leads."""
    link = _LINK.search(post.text)
    text = post.text.replace(link[0], "").strip() if link else post.text
    title, _, rest = text.partition("\n")
    blocks = "".join(f"<p>{html.escape(block.strip())}</p>" for block in rest.split("\n\n") if block.strip())
    return Entry(
        id=key,
        title=title,
        url=link[0] if link else "",
        summary=" ".join(rest.split()),
        content=blocks,
        published=published,
        changed=changed,
    )
