"""Lists of readers that people bring: kept on the disk while they are looked at and taken in, and gone after that.

A list is looked at first, whole, and nothing is written; then whoever brought it says that it is to be taken in. Both
go on beside whatever else is done, and tell how far they are.
"""

from __future__ import annotations

import logging
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from tempfile import mkdtemp
from threading import Lock, Thread
from typing import BinaryIO

from syndicator.errors import NotFound, Refused, SyndicatorError

from . import Counts, Refusal

log = logging.getLogger("syndicator")

LIST_MAX = 256 * 2**20  # octets: some millions of readers
KEPT = timedelta(hours=1)  # a list that nobody says a word about
AT_ONCE = 5  # lists
SHOWN = 20  # rows that are refused


class Stage(StrEnum):
    LOOKING = "looking"
    LOOKED = "looked"
    WRITING = "writing"
    DONE = "done"
    FAILED = "failed"

    @property
    def runs(self) -> bool:
        return self in {Stage.LOOKING, Stage.WRITING}

    @property
    def over(self) -> bool:
        return self in {Stage.DONE, Stage.FAILED}


@dataclass(slots=True, kw_only=True)
class Brought:
    """A list, and how far it is."""

    id: str
    file: Path
    newsletter: str
    languages: Sequence[str]
    proof: str
    by: str
    at: datetime
    size: int  # octets
    read: int = 0  # of them
    stage: Stage = Stage.LOOKING
    counts: Counts = field(default_factory=Counts)
    refused: list[Refusal] = field(default_factory=list)  # the first of them
    reasons: Counter[str] = field(default_factory=Counter)
    fault: str = ""


Enrol = Callable[..., Counts]


class InTray:
    """``enrol`` as :meth:`syndicator.circulation.Circulation.enrol` does; ``beside``: in a thread of its own."""

    def __init__(
        self,
        enrol: Enrol,
        *,
        now: Callable[[], datetime],
        chance: Callable[[int], bytes],
        beside: bool = True,
    ) -> None:
        self._enrol = enrol
        self._now = now
        self._chance = chance
        self._beside = beside
        self._lists: dict[str, Brought] = {}
        self._lock = Lock()

    def bring(
        self,
        source: BinaryIO,
        name: str,
        newsletter: str,
        *,
        languages: Sequence[str],
        proof: str,
        by: str,
        write: bool = False,
    ) -> Brought:
        """Keep a list and begin to look at it, or to take it in at once. Raises :exc:`Refused`."""
        if not proof.strip():
            raise Refused("say where the consent of these readers comes from; without it nobody gets mail")
        self._sweep()
        self._make_room(by)
        file = Path(mkdtemp(prefix="syndicator-list-")) / (Path(name).name or "list.csv")
        with file.open("wb") as kept:
            shutil.copyfileobj(source, kept)
        brought = Brought(
            id=self._chance(9).hex(),
            file=file,
            newsletter=newsletter,
            languages=languages,
            proof=proof.strip(),
            by=by,
            at=self._now(),
            size=file.stat().st_size,
            stage=Stage.WRITING if write else Stage.LOOKING,
        )
        with self._lock:
            self._lists[brought.id] = brought
        self._start(brought, write=write)
        return brought

    def called(self, name: str) -> Brought:
        """Raises :exc:`NotFound`."""
        found = self._lists.get(name)
        if found is None:
            raise NotFound("this list is here no more; bring it again: who is in already stays")
        return found

    def take_in(self, name: str) -> Brought:
        """What was looked at is written down. Raises :exc:`NotFound`, :exc:`Refused`."""
        brought = self.called(name)
        with self._lock:
            if brought.stage is not Stage.LOOKED:
                raise Refused(
                    "{file} is {stage}; only a list that was looked at is taken in",
                    file=brought.file.name,
                    stage=brought.stage,
                )
            brought.stage = Stage.WRITING
        self._start(brought, write=True)
        return brought

    def drop(self, name: str) -> None:
        """It is not taken in. Raises :exc:`NotFound`, :exc:`Refused`."""
        if self.called(name).stage.runs:
            raise Refused("this list is being read; drop it after that")
        self._gone(name)

    def _start(self, brought: Brought, *, write: bool) -> None:
        if self._beside:
            told = {"write": write}
            Thread(target=self._run, args=(brought,), kwargs=told, name="in-tray", daemon=True).start()
        else:
            self._run(brought, write=write)

    def _run(self, brought: Brought, *, write: bool) -> None:
        brought.read, brought.refused, brought.reasons = 0, [], Counter()
        try:
            brought.counts = self._enrol(
                brought.file,
                brought.newsletter,
                languages=brought.languages,
                proof=brought.proof,
                by=brought.by,
                write=write,
                refused=lambda one: _note(brought, one),
                seen=lambda octets: _seen(brought, octets),
            )
            brought.stage = Stage.DONE if write else Stage.LOOKED
        except SyndicatorError as error:
            brought.fault, brought.stage = str(error).replace(f"{brought.file.parent}/", ""), Stage.FAILED
        except Exception:
            log.exception("the list %s failed in a way nobody foresaw", brought.file.name)
            brought.fault, brought.stage = "it failed in a way nobody foresaw; the log says how", Stage.FAILED
        if brought.stage is not Stage.LOOKED:
            shutil.rmtree(brought.file.parent, ignore_errors=True)

    def _sweep(self) -> None:
        before = self._now() - KEPT
        for one in list(self._lists.values()):
            if one.at < before and not one.stage.runs:
                self._gone(one.id)

    def _make_room(self, by: str) -> None:
        """The oldest list that the same person brought and said no word about makes room for another."""
        here = [one for one in list(self._lists.values()) if not one.stage.over]
        if len(here) < AT_ONCE:
            return
        oldest = next((one for one in here if one.by == by and one.stage is Stage.LOOKED), None)
        if oldest is None:
            raise Refused("{most} lists are here already; say a word about those first", most=AT_ONCE)
        self._gone(oldest.id)

    def _gone(self, name: str) -> None:
        with self._lock:
            found = self._lists.pop(name, None)
        if found:
            shutil.rmtree(found.file.parent, ignore_errors=True)


def _note(brought: Brought, one: Refusal) -> None:
    brought.reasons[one.sort] += 1
    if len(brought.refused) < SHOWN:
        brought.refused.append(one)


def _seen(brought: Brought, octets: int) -> None:
    brought.read += octets
