"""What must survive a restore: who left, complained or asked to be erased; which epoch of the database was the last.

One file of JSON lines outside the database, appended and synced. A reader's word is written there before the
database, and replayed before a worker starts: a restore never brings a reader back. An epoch that the database and
the file do not share means that the database was restored or copied: it starts paused, what was open in it was perhaps
sent since and is in doubt, and what was published or due before this moment does not go out by itself.

The first line names the key that the file's hashes are made with: the one that was the oldest when the file began. It
has to stay configured for as long as the file is to mean anything.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import uuid4

from syndicator.errors import StorageError
from syndicator.model import Consent, Reason
from syndicator.storage import archive, brakes, numbers, outbox, readers, timetables
from syndicator.storage.database import Connection, Database
from syndicator.tokens import Keys

EPOCH = "epoch"
HASHED = "memory:key"  # the override that says which key the database's hashes of addresses are made with
WHY = "the database was restored or copied; look at `syndicator status` and `doubts`, then resume everything"
PROOF = "the memory outside the database"
WORDS = ("left", "suppressed", "lifted", "erased")  # what readers said; kept for ever
BATCH = 500  # lines, or readers, at a time
EPOCHS = 10  # in the file at a start; more are swept out
SLACK = 1 << 20  # bytes that epochs may add before they are swept out

Line = dict[str, Any]


class Memory:
    """The file. Addresses stand in it as keyed hashes only."""

    def __init__(self, path: Path, keys: Keys) -> None:
        self.path = path
        self._keys = keys
        self._made_with: tuple[str, bytes] | None = None
        self._swept = 0  # bytes after the last sweep

    def left(self, address: str, newsletter: str, at: datetime) -> None:
        """On the disk when this returns, as with those below. Raises :exc:`StorageError`."""
        self._remember("left", address, at, newsletter=newsletter)

    def suppressed(self, address: str, why: str, at: datetime) -> None:
        self._remember("suppressed", address, at, why=why)

    def lifted(self, address: str, at: datetime) -> None:
        """A suppression was taken off again; those that are written before it count no more."""
        self._remember("lifted", address, at)

    def erased(self, address: str, at: datetime) -> None:
        self._remember("erased", address, at)

    def hash(self, address: str) -> str:
        """The address as this file and the database's hashes name it."""
        _, key = self._key()
        return hmac.new(key, b"left\0" + readers.key(address).encode(), hashlib.sha256).hexdigest()

    def recall(
        self, database: Database, now: datetime, seen: Callable[[int], None] = lambda number: None
    ) -> bool:
        """Replay what readers said and compare the epochs, before anything is sent. False, and everything is paused,
        when the database is not the last one we knew. ``seen`` hears of how many lines, a batch at a time.

        Raises :exc:`StorageError`, naming file and line, for a file that was damaged.
        """
        self._check_key()
        self._hash_readers(database, now)
        self._replay(database, now, seen)
        with self._alone():
            last = self._last_epoch()
            return self._compare(database, last, now)

    def turn(self, database: Database, now: datetime) -> None:
        """Begin a new epoch: whatever copy of the database was made before is an old one from here on."""
        with self._alone():
            with database.read() as connection:
                current = brakes.overridden(connection, EPOCH).get(EPOCH)
            fresh = uuid4().hex
            self._append({EPOCH: fresh, **({"after": str(current)} if current else {})})
            with database.write() as connection:
                brakes.override(connection, EPOCH, fresh, now=now, by="memory")
            self._append({EPOCH: fresh})  # from here on the one before is not good any more
            if self.path.stat().st_size > 2 * self._swept + SLACK:
                self._sweep({EPOCH: fresh})

    def copy_to(self, path: Path) -> None:
        """A copy of the whole file, synced; nothing is written to it meanwhile."""
        with self._alone():
            _write_synced(path, (line.encode() for line in self._raw()))

    def take_in(self, other: Path) -> int:
        """Add what readers said in another file of the same key; returns how many lines were new. No epoch is taken in.

        Both are whole before and after, whenever we die. Raises :exc:`StorageError`.
        """
        guest = Memory(other, self._keys)
        guest._check_key()
        with self._alone():
            if self.path.exists() and self._key() != guest._key():
                raise StorageError(
                    f"{other}: it was written with another key than {self.path}; nothing was done"
                )
            known = {line for line in self._raw() if _is_word(line)}
            fresh = [line for line in guest._raw() if _is_word(line) and line not in known]
            head = [] if self.path.exists() else [_said(guest._head())]
            self._replace(head, self._raw(), fresh)
        return len(fresh)

    def distrust(self) -> None:
        """Whatever the database says, it is not the last one: the next :meth:`recall` pauses everything."""
        with self._alone():
            self._append({EPOCH: uuid4().hex})

    # What readers said

    def _hash_readers(self, database: Database, now: datetime) -> None:
        """Every reader has a hash by this file's key; made once, a batch at a time, so that nobody waits for long."""
        _, key = self._key()
        mark = hmac.new(key, b"memory", hashlib.sha256).hexdigest()[:16]
        with database.read() as connection:
            same = brakes.overridden(connection, HASHED).get(HASHED) == mark
        if not same:
            with database.write() as connection:
                readers.forget_hashes(connection)
                brakes.override(connection, HASHED, mark, now=now, by="memory")
        while True:
            with database.read() as connection:
                found = readers.without_hash(connection, 10 * BATCH)
            if not found:
                return
            with database.write() as connection:
                readers.keep_hashes(connection, {who: self.hash(address) for who, address in found.items()})

    def _replay(self, database: Database, now: datetime, seen: Callable[[int], None]) -> None:
        """Every word again; what the database knows already costs no write."""
        lines, lifts = enumerate(self._lines()), self._lifts()
        while batch := list(islice(lines, BATCH)):
            words = [line for number, line in batch if _stands(number, line, lifts)]
            with database.read() as connection:
                news = _unknown(connection, words)
            if news:
                with database.write() as connection:
                    for line in _unknown(connection, news):
                        _obey(connection, line, now)
            seen(len(batch))

    def _lifts(self) -> dict[str, tuple[int, str]]:
        """By whose suppression was taken off last: in which line, and when."""
        raw = enumerate(self._raw())
        said = ((number, json.loads(line)) for number, line in raw if line.startswith('{"lifted"'))
        return {line["lifted"]: (number, line["at"]) for number, line in said}

    def _last_epoch(self) -> Line:
        """What the file says last about an epoch; where it says too much, or not which key, it is swept."""
        said = [json.loads(line) for line in self._raw() if line.startswith(f'{{"{EPOCH}"')]
        last: Line = said[-1] if said else {}
        if len(said) > EPOCHS or "key" not in next(self._lines(), {"key": ""}):
            self._sweep(last)
        return last

    def _compare(self, database: Database, last: Line, now: datetime) -> bool:
        with database.read() as connection:
            current = brakes.overridden(connection, EPOCH).get(EPOCH)
        # "after": the file was written and the database was not, because somebody died in between.
        same = current == last.get(EPOCH) or (current is not None and current == last.get("after"))
        if not same:
            with database.write() as connection:
                brakes.pause(connection, "everything", now=now, by="memory", why=WHY)
                outbox.doubt_all(connection, now)
                timetables.begin_again(connection, now)
                archive.see_anew(connection)
                numbers.begin_anew(connection, now)
        return same

    # The key

    def _key(self) -> tuple[str, bytes]:
        """Version and secret that this file is made with: what its first line says, else the oldest one there is."""
        if self._made_with is None:
            first: Line = next(self._lines(), {})
            version = int(first.get("key", min(self._keys.by_version)))
            if version not in self._keys.by_version:
                raise StorageError(
                    f"{self.path}: it was made with version {version} of the secret key, which is not configured any "
                    "more; put it back, or readers who left would be written to again"
                )
            self._made_with = (str(version), self._keys.by_version[version])
        return self._made_with

    def _head(self) -> Line:
        version, key = self._key()
        return {"key": version, "check": hmac.new(key, b"check", hashlib.sha256).hexdigest()[:16]}

    def _check_key(self) -> None:
        first: Line = next(self._lines(), {})
        if "key" in first and first != self._head():
            raise StorageError(
                f"{self.path}: it was made with another secret key than the one that is configured now; put the old "
                "key back, or readers who left would be written to again"
            )

    # The file

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One at a time writes, among all workers and pages that share the file."""
        try:
            with self.path.with_name(f"{self.path.name}.lock").open("ab") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                yield
        except OSError as error:
            raise StorageError(
                f"{self.path}: {error.strerror}; it and its folder must be writable, or leaves may be lost"
            ) from error

    def _remember(self, word: str, address: str, at: datetime, **more: str) -> None:
        with self._alone():
            self._append({word: self.hash(address), **more, "at": at.isoformat()})

    def _append(self, told: Line) -> None:
        """Synced when this returns; the folder, too, when the file is new."""
        if not self.path.exists():
            self._replace([_said(self._head())])
        with self.path.open("r+b") as file:
            file.truncate(_whole(file))  # a line without its end was never promised
            file.seek(0, os.SEEK_END)
            file.write(_said(told).encode())
            file.flush()
            os.fsync(file.fileno())

    def _sweep(self, last: Line) -> None:
        """The file again without the epochs that are over: every word of a reader stays, and stays in its order."""
        words = (line for line in self._raw() if _is_word(line))
        self._replace([_said(self._head())], words, [_said(last)] if last else [])
        self._swept = self.path.stat().st_size

    def _replace(self, *parts: Iterable[str]) -> None:
        fresh = self.path.with_name(f"{self.path.name}.new")
        _write_synced(fresh, (line.encode() for part in parts for line in part))
        fresh.replace(self.path)
        _sync_folder(self.path.parent)

    def _raw(self) -> Iterator[str]:
        """Whole lines with their ends, read as they are asked for."""
        try:
            with self.path.open(encoding="utf-8", newline="\n") as file:
                yield from (line for line in file if line.endswith("\n"))
        except FileNotFoundError:
            return
        except (OSError, UnicodeDecodeError) as error:
            raise StorageError(
                f"{self.path}: it cannot be read ({error}); without it leaves may be lost"
            ) from error

    def _lines(self) -> Iterator[Line]:
        for number, line in enumerate(self._raw(), 1):
            try:
                told = json.loads(line)
                if not isinstance(told, dict):
                    raise ValueError("not an object")
            except ValueError as error:
                raise StorageError(
                    f"{self.path}, line {number}: it is damaged ({error}); mend or remove it"
                ) from error
            yield told


def _stands(number: int, line: Line, lifts: dict[str, tuple[int, str]]) -> bool:
    """Whether it is a word that still counts: not what a lift after it took off. In both orders, of lines and of time,
    since another file's words may have been added at the end."""
    if "suppressed" in line and line["suppressed"] in lifts:
        later, at = lifts[line["suppressed"]]
        return number > later or datetime.fromisoformat(line["at"]) > datetime.fromisoformat(at)
    return "lifted" not in line and any(word in line for word in WORDS)


def _unknown(connection: Connection, words: list[Line]) -> list[Line]:
    """The words that the database does not bear out; who came back after leaving, by an own word, stays."""
    named = {_who(line) for line in words}
    known = readers.by_hash(connection, named)
    barred = readers.barred(connection, named)

    def missing(line: Line) -> bool:
        one, at = known.get(_who(line)), datetime.fromisoformat(line["at"])
        match _bar(line):
            case Reason.ERASED:
                return barred.get(_who(line)) is not Reason.ERASED or (one is not None and one.since <= at)
            case Reason.SUPPRESSED:
                return _who(line) not in barred or (one is not None and one.reachable)
        return one is not None and line["newsletter"] in one.given and one.given[line["newsletter"]] <= at

    return [line for line in words if missing(line)]


def _obey(connection: Connection, line: Line, now: datetime) -> None:
    at, who, bar = datetime.fromisoformat(line["at"]), _who(line), _bar(line)
    one = readers.by_hash(connection, {who}).get(who)
    if bar:
        readers.bar(connection, who, bar, why=line.get("why", ""), at=at)
    if one is None:
        return
    if bar is Reason.ERASED:
        readers.erase(connection, one.id, now=now)
    elif bar is Reason.SUPPRESSED:
        readers.suppress(connection, one.id, now=now, proof=PROOF)
    else:
        readers.consent(connection, one.id, line["newsletter"], Consent.WITHDRAWN, now=now, proof=PROOF)


def _who(line: Line) -> str:
    return next(str(line[word]) for word in WORDS if word in line)


def _bar(line: Line) -> Reason | None:
    return Reason.ERASED if "erased" in line else Reason.SUPPRESSED if "suppressed" in line else None


def _is_word(line: str) -> bool:
    return line.startswith(tuple(f'{{"{word}"' for word in WORDS))


def _said(told: Line) -> str:
    return json.dumps(told, ensure_ascii=False) + "\n"


def _whole(file: Any) -> int:
    """How many bytes of an open file are whole lines, looking from its end."""
    end = file.seek(0, os.SEEK_END)
    while end:
        begin = max(0, end - 4096)
        file.seek(begin)
        found = file.read(end - begin).rfind(b"\n")
        if found >= 0:
            return int(begin + found + 1)
        end = begin
    return 0


def _write_synced(path: Path, lines: Iterable[bytes]) -> None:
    with path.open("wb") as file:
        file.writelines(lines)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
