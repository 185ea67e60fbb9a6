"""One page that is one story: a live blog, a statement, a site without a feed."""

from __future__ import annotations

import hashlib
import json

from pydantic import BaseModel, ConfigDict, Field

from syndicator.errors import SourceError, SourceGone
from syndicator.model import Item, Language
from syndicator.ports import Harvest, World

from . import pages


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
        answer = self._world.web.get(url, {"If-None-Match": known["etag"]} if known.get("etag") else {})
        if answer.status == 410:
            raise SourceGone(f"{url}: the page is gone for good (HTTP 410); take the source out")
        if answer.status not in {200, 304}:
            raise SourceError(f"{url}: the server answers HTTP {answer.status}")
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
        return Harvest((item,), json.dumps({"etag": answer.headers.get("etag"), "sha256": digest}))
