"""Posts as files in a folder: for a site's own build, an archive, or a look at what would go out."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from syndicator.errors import ChannelError
from syndicator.model import ChannelId, DeliveryId, Limits, Outcome, Post, Receipt
from syndicator.ports import Capabilities, Lane, Parcel, Published, World, one_by_one


class FileChannel:
    """The same delivery is the same file: sending twice is sending once."""

    limits = Limits(markup="plain")
    capabilities = Capabilities(idempotent=True, editable_for=None, deletable_for=None)

    class Settings(BaseModel):
        model_config = ConfigDict(frozen=True, extra="forbid")

        folder: Path = Field(description="where the files are written")

    def __init__(self, settings: Settings, world: World, *, id: ChannelId) -> None:  # noqa: A002 - the port's word
        self._folder = settings.folder
        self._world = world

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        pass

    def run(self, lane: Lane) -> None:
        one_by_one(lane, self._send, self._world.now, self)

    def probe(self) -> str:
        """Raises :exc:`ChannelError` when the folder cannot be written."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ChannelError(
                f"{self._folder}: {error.strerror}; name a folder that can be written"
            ) from error
        if not os.access(self._folder, os.W_OK):
            raise ChannelError(f"{self._folder} cannot be written; give this user the right to")
        return f"writes to {self._folder}"

    def edit(self, published: Published, post: Post) -> Receipt:
        (name,) = published.remote_ids
        try:
            key = json.loads((self._folder / name).read_text("utf-8"))["key"]
        except OSError as error:
            detail = f"{self._folder / name}: {error.strerror}"
            now = self._world.now()
            return Receipt(delivery=published.delivery, at=now, outcome=Outcome.REJECTED, detail=detail)
        return self._written(published.delivery, name, key, post)

    def retract(self, published: Published, notice: Post | None = None) -> Receipt:
        """A file can always be taken away; a notice is never needed."""
        for name in published.remote_ids:
            (self._folder / name).unlink(missing_ok=True)
        return Receipt(delivery=published.delivery, at=self._world.now(), outcome=Outcome.ACCEPTED)

    def _send(self, parcel: Parcel) -> Receipt:
        key = parcel.delivery.key
        name = hashlib.sha256(key.encode()).hexdigest()[:24] + ".json"
        return self._written(parcel.delivery.id, name, key, parcel.post)

    def _written(self, delivery: DeliveryId, name: str, key: str, post: Post) -> Receipt:
        told = {
            "key": key,
            "edition": post.edition,
            "language": post.language,
            "subject": post.subject,
            "text": post.text,
            "html": post.html,
            "media": list(post.media),
        }
        now = self._world.now()
        try:
            _write(self._folder / name, json.dumps(told, ensure_ascii=False, indent=1))
        except OSError as error:
            detail = f"{self._folder}: {error.strerror}"
            return Receipt(delivery=delivery, at=now, outcome=Outcome.DEFERRED, detail=detail)
        return Receipt(delivery=delivery, at=now, outcome=Outcome.ACCEPTED, remote_ids=(name,))


def _write(path: Path, text: str) -> None:
    """Whole or not at all, and on the disk when this returns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    with unfinished.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
