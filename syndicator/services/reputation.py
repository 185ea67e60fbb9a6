"""What receivers think of an edition: above some share of complaints or bounces the rest of it is held for an editor.

Providers look at a day and at all mail of a domain; an edition is what can still be stopped. A few people in a small
edition are no share: fewer than ``FEW`` stop nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from syndicator.bounces import Kind
from syndicator.storage import brakes, returned
from syndicator.storage.database import Database

log = logging.getLogger("syndicator")

BACK = timedelta(days=3)  # complaints about an edition come in within so long
FEW: Mapping[Kind, int] = {Kind.COMPLAINT: 3, Kind.HARD: 10}
WORDS: Mapping[Kind, str] = {Kind.COMPLAINT: "complaints", Kind.HARD: "addresses that are no more"}
ASKED = "reputation:"  # what was told of an edition already


class Level(StrEnum):
    FINE = "fine"
    TOLD = "told"
    STOPPED = "stopped"


ORDER = [*Level]


@dataclass(frozen=True, slots=True)
class Shares:
    """Of the mails of an edition, from which share on it is told, and stopped."""

    tell: float
    stop: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How an edition stands by one kind of what came back."""

    edition: str
    kind: Kind
    number: int
    of: int
    level: Level

    def __str__(self) -> str:
        return f"{self.number:,} {WORDS[self.kind]} of {self.of:,} mails ({self.number / self.of:.2%})"


class Reputation:
    def __init__(
        self, database: Database, *, shares: Mapping[Kind, Shares], now: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._shares = shares
        self._now = now

    def standing(self) -> list[Standing]:
        """The editions of these days that are not fine, worst first."""
        with self._database.read() as connection:
            found = returned.by_edition(connection, self._now() - BACK, list(FEW))
            many = [one for one in found if one[2] >= FEW[Kind(one[1])]]
            sizes = {edition: returned.went_out(connection, edition) for edition, _, _ in many}
        standing = [self._judged(edition, Kind(kind), n, max(n, sizes[edition])) for edition, kind, n in many]
        bad = [one for one in standing if one.level is not Level.FINE]
        return sorted(bad, key=lambda one: (-ORDER.index(one.level), one.edition, one.kind))

    def look(self) -> Sequence[Standing]:
        """Stop what is to be stopped, once: whoever lets it go on after that has seen it. Returns what is new."""
        new = []
        for one in self.standing():
            with self._database.write() as connection:
                name = f"{ASKED}{one.edition}:{one.kind}"
                before = Level(str(brakes.overridden(connection, name).get(name, Level.FINE.value)))
                if ORDER.index(one.level) <= ORDER.index(before):
                    continue
                now, why = self._now(), str(one)
                brakes.override(connection, name, one.level.value, now=now, by="reputation")
                brakes.note(connection, who="reputation", what=one.level, about=one.edition, why=why, now=now)
                if one.level is Level.STOPPED:
                    brakes.pause(connection, one.edition, now=now, by="reputation", why=why)
            end = "; the rest of it is held" if one.level is Level.STOPPED else ""
            log.warning("%s: %s%s", one.edition, one, end)
            new.append(one)
        return new

    def _judged(self, edition: str, kind: Kind, number: int, of: int) -> Standing:
        shares, share = self._shares[kind], number / of
        level = Level.STOPPED if share >= shares.stop else Level.TOLD if share >= shares.tell else Level.FINE
        return Standing(edition=edition, kind=kind, number=number, of=of, level=level)
