"""Pictures of stories for previews: fetched by the one guarded way out; an editor's browser asks nobody else."""

from __future__ import annotations

import re
from base64 import b64encode
from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from syndicator.errors import SourceError

if TYPE_CHECKING:
    from syndicator.app import App

KEPT = 60  # pictures
LARGEST = 1_500_000  # octets of one that is shown
KINDS = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp", "image/avif"})  # no SVG: it can act
IMAGE = re.compile(r'(<img\b[^>]*?\bsrc=")(https?://[^"]+)(")', re.IGNORECASE)
NOTHING = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"


class Pictures:
    def __init__(self, newsroom: App) -> None:
        self._newsroom = newsroom
        self._kept: OrderedDict[str, str] = OrderedDict()
        self._lock = Lock()

    def inlined(self, html: str) -> str:
        """A mail with its pictures in it."""
        return IMAGE.sub(lambda found: found[1] + self.data(found[2].replace("&amp;", "&")) + found[3], html)

    def data(self, url: str) -> str:
        """A picture as a data: address; an empty one where it cannot be had."""
        with self._lock:
            if url in self._kept:
                self._kept.move_to_end(url)
                return self._kept[url]
        made = self._fetched(url)
        with self._lock:
            self._kept[url] = made
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return made

    def _fetched(self, url: str) -> str:
        if urlsplit(url).scheme not in {"http", "https"}:
            return NOTHING
        try:
            answer = self._newsroom.world.web.get(url)
        except SourceError:
            return NOTHING
        kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        if answer.status != 200 or kind not in KINDS or len(answer.body) > LARGEST:
            return NOTHING
        return f"data:{kind};base64,{b64encode(answer.body).decode()}"
