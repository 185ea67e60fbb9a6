"""One page that is one story: a live blog, a statement, a site without a feed."""

from __future__ import annotations

import hashlib
import json

from pydantic import BaseModel, ConfigDict, Field

from syndicator.errors import SourceError, SourceGone
from syndicator.model import Item, Language
from syndicator.ports import Harvest, World

from . import pages

PAGES = frozenset({"text/html", "application/xhtml+xml", "text/plain", ""})


class PageSource:
    class Settings(BaseModel):
        model_config = ConfigDict(frozen=True, extra="forbid")

        url: str = Field(description="address of the page", pattern=r"^https?://")
        language: str | None = Field(None, description="its language, if the page does not say")

    def __init__(self, settings: Settings, world: World, *, name: str) -> None:
        self._settings = settings
        self._world = world
        self._name = name

    def fetch(self, checkpoint: str | None) -> Harvest:
        """The page, if it changed since. Raises :exc:`SourceError`, :exc:`SourceGone`."""
        known = json.loads(checkpoint) if checkpoint else {}
        url = self._settings.url
        told = {"If-None-Match": known.get("etag"), "If-Modified-Since": known.get("modified")}
        answer = self._world.web.get(url, {name: value for name, value in told.items() if value})
        if answer.status == 410:
            raise SourceGone(f"{url}: the page is gone for good (HTTP 410); take the source out")
        if answer.status not in {200, 304}:
            raise SourceError(f"{url}: the server answers HTTP {answer.status}")
        kind = answer.headers.get("content-type", "text/html").partition(";")[0].strip().lower()
        if answer.status == 200 and kind not in PAGES:
            raise SourceError(f"{url}: this is {kind}, no page; give the address of a page")
        digest = hashlib.sha256(answer.body).hexdigest()
        if answer.status == 304 or digest == known.get("sha256"):
            return Harvest((), json.dumps(known))
        language = self._settings.language
        item = Item(
            source=self._name,
            key=url,
            url=url,
            html=pages.text(answer),
            whole_page=True,
            language=Language(language) if language else None,
        )
        validators = {"etag": answer.headers.get("etag"), "modified": answer.headers.get("last-modified")}
        return Harvest((item,), json.dumps(validators | {"sha256": digest}))
