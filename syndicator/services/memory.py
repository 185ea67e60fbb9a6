"""What must survive a restore: who left, and which epoch of the database was the last.

One file of JSON lines outside the database, appended and synced. A leave is written there before the database,
and replayed before a worker starts: a restore never brings a reader back. An epoch that the database and the file
do not share means that the database was restored or copied: it starts paused, what was open in it was perhaps sent
since and is in doubt, and what was published or due before this moment does not go out by itself.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from syndicator.errors import StorageError
from syndicator.model import Consent
from syndicator.storage import archive, brakes, outbox, planning, readers
from syndicator.storage.database import Database
from syndicator.tokens import Keys

EPOCH = "epoch"
WHY = "the database was restored or copied; look at `syndicator status` and `doubts`, then resume everything"


class Memory:
    """The file. Addresses stand in it as keyed hashes only."""

    def __init__(self, path: Path, keys: Keys) -> None:
        self.path = path
        self._key = keys.by_version[min(keys.by_version)]  # the oldest: hashes of long ago must still match

    def left(self, address: str, newsletter: str, at: datetime) -> None:
        """On the disk when this returns. Raises :exc:`StorageError`."""
        self._append({"left": self._hash(address), "newsletter": newsletter, "at": at.isoformat()})

    def recall(self, database: Database, now: datetime) -> bool:
        """Replay the leaves and compare the epochs, before anything is sent. False, and everything is paused, when
        the database is not the last one we knew.

        Raises :exc:`StorageError`, naming file and line, for a file that was damaged.
        """
        with self._alone():
            return self._recall(database, now)

    def _recall(self, database: Database, now: datetime) -> bool:
        told = list(self._lines())
        self._replay(database, [line for line in told if "left" in line], now)
        last: dict[str, Any] = next((line for line in reversed(told) if EPOCH in line), {})
        with database.read() as connection:
            current = brakes.overridden(connection, EPOCH).get(EPOCH)
        # "after": the file was written and the database was not, because somebody died in between.
        same = current == last.get(EPOCH) or (current is not None and current == last.get("after"))
        if not same:
            with database.write() as connection:
                brakes.pause(connection, "everything", now=now, by="memory", why=WHY)
                outbox.doubt_all(connection, now)
                planning.begin_again(connection, now)
                archive.see_anew(connection)
        return same

    def turn(self, database: Database, now: datetime) -> None:
        """Begin a new epoch: whatever copy of the database was made before is an old one from here on."""
        with self._alone():
            self._turn(database, now)

    def _turn(self, database: Database, now: datetime) -> None:
        with database.read() as connection:
            current = brakes.overridden(connection, EPOCH).get(EPOCH)
        fresh = uuid4().hex
        self._append({EPOCH: fresh, **({"after": str(current)} if current else {})})
        with database.write() as connection:
            brakes.override(connection, EPOCH, fresh, now=now, by="memory")
        self._append({EPOCH: fresh})  # from here on the one before is not good any more

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One at a time looks at the epochs and turns them, among all workers that share the file."""
        try:
            with self.path.with_name(f"{self.path.name}.lock").open("ab") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                yield
        except OSError as error:
            raise StorageError(f"{self.path}: {error.strerror}; its folder must be writable") from error

    def _replay(self, database: Database, leaves: list[dict[str, Any]], now: datetime) -> None:
        if not leaves:
            return
        last = {(line["left"], line["newsletter"]): datetime.fromisoformat(line["at"]) for line in leaves}
        with database.write() as connection:
            for who, address, newsletter, since in readers.confirmed(connection):
                at = last.get((self._hash(address), newsletter))
                if at is not None and since <= at:
                    proof = "the memory outside the database"
                    readers.consent(connection, who, newsletter, Consent.WITHDRAWN, now=now, proof=proof)

    def _lines(self) -> Iterator[dict[str, Any]]:
        if not self.path.exists():
            return
        try:
            raw = self.path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise StorageError(
                f"{self.path}: it cannot be read ({error}); without it leaves may be lost"
            ) from error
        for number, line in enumerate(raw.split("\n")[:-1], 1):
            try:
                yield json.loads(line)
            except ValueError as error:
                raise StorageError(
                    f"{self.path}, line {number}: it is damaged ({error}); mend or remove it"
                ) from error

    def _append(self, told: dict[str, str]) -> None:
        line = (json.dumps(told) + "\n").encode()
        try:
            with self.path.open("ab") as file:
                fcntl.flock(file, fcntl.LOCK_EX)  # a page and the worker may write at the same time
                file.truncate(self._whole())  # a line without its end was never promised
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise StorageError(
                f"{self.path}: {error.strerror}; it must be writable, or leaves may be lost"
            ) from error

    def _whole(self) -> int:
        """How many bytes are whole lines."""
        return self.path.read_bytes().rfind(b"\n") + 1

    def _hash(self, address: str) -> str:
        return hmac.new(self._key, b"left\0" + readers.key(address).encode(), hashlib.sha256).hexdigest()
