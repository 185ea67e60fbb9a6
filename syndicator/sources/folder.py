"""A watched folder: each file is a story, a changed file is a revision of it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, NamedTuple
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field

from syndicator.errors import SourceError
from syndicator.manuscripts import own
from syndicator.model import Item
from syndicator.ports import Harvest, World

from .known import BEFORE, MOST_GONE, too_many

SETTLE = timedelta(seconds=2)  # a file that was written to more lately may be half written
FILE_MAX = 2_000_000  # octets
FILES_MAX = 10_000
_READERS = {".json": own.from_json, ".md": own.from_markdown}


class _Seen(NamedTuple):
    form: str  # hash of the content
    key: str
    first: str  # when it was first read; ISO 8601
    stood: str  # size and time of the file: as long as they stay it is not read again


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    since: str  # the first look; ISO 8601
    files: dict[str, _Seen] = field(default_factory=dict)  # by path in the folder

    @classmethod
    def read(cls, checkpoint: str | None, now: datetime) -> _Known:
        if not checkpoint:
            return cls(since=now.isoformat())
        told = json.loads(checkpoint)
        return cls(since=told["since"], files={path: _Seen(*seen) for path, seen in told["files"].items()})


class FolderSource:
    class Settings(BaseModel):
        model_config = ConfigDict(frozen=True, extra="forbid")

        path: Path = Field(description="the folder; its path counts from the configuration")
        base: str | None = Field(
            None,
            description="stories without a url of their own stand at BASE/NAME",
            pattern=r"^https?://\S+$",
        )
        language: str | None = Field(None, description="language of its stories, if it is but one")
        deleted: Literal["keep", "retract"] = Field(
            "keep", description="what becomes of a story whose file is gone"
        )

    def __init__(self, settings: Settings, world: World, *, name: str) -> None:
        self._settings = settings
        self._world = world
        self._name = name

    def fetch(self, checkpoint: str | None) -> Harvest:
        """Stories whose file is new or changed, oldest first. Raises :exc:`SourceError` without the folder."""
        known = _Known.read(checkpoint, self._world.now())
        files: dict[str, _Seen] = {}
        items: dict[str, Item] = {}
        faults: list[str] = []
        for path, settled in self._standing().items():
            seen, item = known.files.get(path), None
            if settled:
                try:
                    seen, item = self._read(path, seen)
                except own.Unreadable as error:
                    faults.append(f"{self._settings.path / path}, line {error.line}: {error}")
            twin = next((one for one, told in files.items() if seen and told.key == seen.key), None)
            if twin:
                faults.append(f"{self._settings.path / path}: its id is that of {twin}; give it another one")
            elif seen:
                files[path] = seen
                items |= {path: item} if item else {}
        withdrawn = self._gone(known, files, faults)
        told = _Known(since=known.since, files=files)
        return Harvest(
            items=tuple(sorted(items.values(), key=lambda item: item.published_at or self._world.now())),
            checkpoint=json.dumps(asdict(told), ensure_ascii=False),
            faults=tuple(faults),
            withdrawn=withdrawn,
            old=frozenset(item.key for path, item in items.items() if _is_old(known, path, item)),
        )

    def _standing(self) -> dict[str, bool]:
        """The files, and whether nobody writes to them at the moment: half a story is no story."""
        before = dict(self._files())
        now = self._world.now().timestamp()
        if all(now - written >= SETTLE.total_seconds() for _, written in before.values()):
            return dict.fromkeys(before, True)
        self._world.wait(SETTLE.total_seconds())
        after = dict(self._files())
        return {path: before.get(path) == stands for path, stands in after.items()}

    def _files(self) -> Iterator[tuple[str, tuple[int, float]]]:
        """Path, size and time of each file of ours. Links are not followed: they may lead anywhere."""
        root, number = self._settings.path, 0
        for folder, folders, names in os.walk(root, onerror=self._unreadable):
            folders[:] = sorted(one for one in folders if not one.startswith("."))
            for name in sorted(names):
                path = Path(folder, name)
                if name.startswith(".") or path.suffix not in _READERS or path.is_symlink():
                    continue
                number += 1
                if number > FILES_MAX:
                    raise SourceError(
                        f"{root}: there are more than {FILES_MAX} files in it; move old ones away"
                    )
                with suppress(FileNotFoundError):  # somebody moves it away just now
                    told = path.stat()
                    yield path.relative_to(root).as_posix(), (told.st_size, told.st_mtime)

    def _unreadable(self, error: OSError) -> None:
        """A folder that cannot be read is not an empty one: its stories would be taken back."""
        raise SourceError(
            f"{error.filename}: {error.strerror}; let this user read it, or mend sources.{self._name}.path"
        ) from error

    def _read(self, path: str, known: _Seen | None) -> tuple[_Seen | None, Item | None]:
        """How the file stands now, and its story where that is new. Raises :exc:`Unreadable`."""
        file = self._settings.path / path
        try:
            told = file.stat()
            raw = b"" if told.st_size > FILE_MAX else file.read_bytes()
        except OSError as error:
            raise own.Unreadable(f"{error.strerror}; let this user read it") from error
        stood = f"{told.st_size} {told.st_mtime_ns}"
        if known and known.stood == stood:
            return known, None
        if told.st_size > FILE_MAX:
            raise own.Unreadable(f"it has more than {FILE_MAX} octets")
        form = hashlib.sha256(raw).hexdigest()
        if known and known.form == form:
            return known._replace(stood=stood), None
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            raise own.Unreadable("this is not UTF-8; save it as UTF-8", line) from error
        first = known.first if known else datetime.fromtimestamp(told.st_mtime, UTC).isoformat()
        item = self._item(path, _READERS[file.suffix](text), datetime.fromisoformat(first))
        return _Seen(form=form, key=item.key, first=first, stood=stood), item

    def _item(self, path: str, told: own.Manuscript, first: datetime) -> Item:
        name = path.rpartition(".")[0]
        if not told.url and not self._settings.base:
            raise own.Unreadable(f"there is no url; write one, or set sources.{self._name}.base")
        url = f"{(self._settings.base or '').rstrip('/')}/{quote(name)}"
        return told.item(
            source=self._name, key=name, url=url, published=first, language=self._settings.language
        )

    def _gone(self, known: _Known, files: dict[str, _Seen], faults: list[str]) -> tuple[str, ...]:
        """Keys of stories whose file is gone, where that takes them back. A file may be renamed: its id stays."""
        kept = {seen.key for seen in files.values()}
        gone = {path: seen for path, seen in known.files.items() if seen.key not in kept}
        if self._settings.deleted == "keep":
            return ()
        if len(gone) > MOST_GONE:
            faults.append(too_many(str(self._settings.path), len(gone)))
            files |= gone
            return ()
        return tuple(seen.key for seen in gone.values())


def _is_old(known: _Known, path: str, item: Item) -> bool:
    begun = datetime.fromisoformat(known.since) - BEFORE
    new = bool(known.files) and path not in known.files
    return new and item.published_at is not None and item.published_at < begun
