"""Backups and restores: the database and the memory beside it, with a manifest that says what they were."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from syndicator.errors import Refused, StorageError
from syndicator.storage import copies
from syndicator.storage.database import Database, newest_known
from syndicator.storage.lock import nobody_at_work

MANIFEST, MEMORY = "manifest.json", "memory"
DATABASE = {"sqlite": "database.sqlite", "postgresql": "database.dump"}
FORMAT = 1
STAMP = "%Y%m%dT%H%M%SZ"
UNFINISHED = ".syndicator-*.part"


class Memory(Protocol):
    """The file that a restore never replaces by an older one."""

    def copy_to(self, path: Path) -> None: ...
    def take_in(self, other: Path) -> int: ...
    def turn(self, database: Database, now: datetime) -> None: ...
    def distrust(self) -> None: ...
    def recall(self, database: Database, now: datetime) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What was put back."""

    made_at: datetime
    remembered: int  # words of readers in the backup that this machine's memory did not have
    kept: Path | None  # where the database that was there before lies now


class Vault:
    def __init__(
        self, database: Database, *, memory: Memory, now: Callable[[], datetime], berths: Mapping[str, int]
    ) -> None:
        self._database = database
        self._memory = memory
        self._now = now
        self._berths = berths

    def back_up(self, place: Path, told: Callable[[int], None] = lambda number: None) -> Path:
        """Write a backup, a folder of three files; into ``place`` where that is a folder, else under this name.

        It has its name only when it is whole and on the disk; and from then on it is an old copy, that starts paused.
        Workers go on meanwhile. Raises :exc:`Refused`, :exc:`StorageError`.
        """
        now = self._now()
        final = place / f"syndicator-{now:{STAMP}}" if place.is_dir() else place
        if final.exists():
            raise Refused(f"{final} is there already; name another one")
        try:
            with _alone_in(final.parent):
                for old in final.parent.glob(UNFINISHED):  # of one that was killed
                    shutil.rmtree(old)
                part = final.with_name(f".syndicator-{final.name}.part")
                part.mkdir()
                self._fill(part, now, told)
                self._memory.turn(self._database, now)
                part.rename(final)
                copies.sync(final.parent)
        except OSError as error:
            raise StorageError(f"{error.filename or final}: {error.strerror}; no backup was made") from error
        return final

    def _fill(self, folder: Path, now: datetime, told: Callable[[int], None]) -> None:
        kind = copies.kind_of(self._database)
        database, memory = folder / DATABASE[kind], folder / MEMORY
        copies.snapshot(self._database, database, told)
        self._memory.copy_to(memory)  # after it: whoever leaves meanwhile is in the memory at least
        manifest = {
            "format": FORMAT,
            "made_at": now.isoformat(),
            "kind": kind,
            "schema": self._database.revision(),
            "files": {file.name: _digest(file) for file in (database, memory)},
        }
        (folder / MANIFEST).write_text(json.dumps(manifest, indent=1), "utf-8")
        copies.sync(folder / MANIFEST)
        copies.sync(folder)

    def restore(self, folder: Path) -> Restored:
        """Put a backup in the place of the database; everything is paused afterwards.

        Readers' words on this machine stay, those of the backup are added: first of all, so that whoever dies in
        between has lost none. Raises :exc:`Refused`, :exc:`StorageError`; the database is as it was then.
        """
        manifest = _checked(folder)
        kind = copies.kind_of(self._database)
        if manifest["kind"] != kind:
            raise Refused(
                f"{folder}: it is a backup of {manifest['kind']}, and database.url names {kind}; restore it there, "
                "then `syndicator db copy`"
            )
        now = self._now()
        with nobody_at_work(self._database, self._berths):
            remembered = self._memory.take_in(folder / MEMORY)
            kept = copies.put_back(self._database, folder / DATABASE[kind], f"before-{now:{STAMP}-%f}")
            self._memory.distrust()
            self._database.migrate()
            self._memory.recall(self._database, now)
        made_at = datetime.fromisoformat(manifest["made_at"])
        return Restored(made_at=made_at, remembered=remembered, kept=kept)


def _checked(folder: Path) -> dict[str, Any]:
    """The manifest, once every file is as it says. Raises :exc:`Refused`."""
    path = folder / MANIFEST
    try:
        manifest: dict[str, Any] = json.loads(path.read_text("utf-8"))
        if manifest["format"] != FORMAT or manifest["kind"] not in DATABASE:
            raise Refused(f"{path}: it is of a newer version of Syndicator; upgrade, then restore")
        for name in (DATABASE[manifest["kind"]], MEMORY):
            if _digest(folder / name) != manifest["files"][name]:
                raise Refused(f"{folder / name}: it is not the file that was backed up; take another backup")
        newest_known(manifest["schema"])
    except OSError as error:
        raise Refused(f"{error.filename}: {error.strerror}; name a folder that `backup` made") from error
    except (ValueError, KeyError, TypeError) as error:
        raise Refused(f"{path}: it is damaged ({error!r}); take another backup") from error
    return manifest


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """One backup at a time is written to a folder."""
    number = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise Refused(f"{folder}: another backup is being written there; wait for it") from error
    finally:
        os.close(number)
