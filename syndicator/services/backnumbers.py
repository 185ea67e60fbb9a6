"""Old editions of newsletters, for everybody to read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from syndicator.errors import NotFound
from syndicator.model import Edition, EditionId, EditionKind, Language
from syndicator.storage import backnumbers
from syndicator.storage.backnumbers import Printed, Told
from syndicator.storage.database import Connection, Database

__all__ = ["BackNumbers", "Line", "Number", "Shelf", "Told"]

AGAIN = timedelta(seconds=10)  # after which it is looked whether an edition has reached anybody by now


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """A newsletter whose editions everybody may read."""

    name: str
    languages: tuple[Language, ...]
    titles: Mapping[str, str]  # by language
    sections: Mapping[str, Mapping[str, str]] = field(
        default_factory=dict
    )  # headings, by section and language

    def headings(self, language: str) -> dict[str, str]:
        return {name: told[language] for name, told in self.sections.items() if told.get(language)}

    def title(self, language: str) -> str:
        return self.titles.get(language, self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """One edition in one language, as it went out, and what became of its stories since."""

    edition: Edition
    told: tuple[Told, ...]
    languages: frozenset[str]  # in which it can be read

    @property
    def changed_at(self) -> datetime:
        later = [moment for one in self.told for moment in (one.corrected_at, one.retracted_at) if moment]
        return max([self.edition.due_at, *later])


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a shelf's list."""

    slot: datetime
    headlines: tuple[str, ...]


class BackNumbers:
    def __init__(
        self, database: Database, *, shelves: Mapping[str, Shelf], now: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._now = now
        self.shelves = shelves
        self._waits: dict[str, datetime] = {}  # editions that had reached nobody, and when that was
        self._out: set[str] = set()

    def shelf(self, newsletter: str) -> Shelf:
        """Raises :exc:`NotFound` where there is none."""
        if newsletter not in self.shelves:
            raise NotFound(f"{newsletter!r} has no archive")
        return self.shelves[newsletter]

    def listed(
        self, newsletter: str, language: str, *, limit: int, before: datetime | None = None
    ) -> list[Line]:
        """The editions that went out, newest first. Raises :exc:`NotFound`."""
        name = self.shelf(newsletter).name
        with self._database.read() as connection:
            found = backnumbers.printed(connection, name, language, limit=limit, before=before)
            out = [one for one in found if self._is_out(connection, one)]
            told = backnumbers.headlines(connection, [one.id for one in out], language)
        return [Line(slot=one.slot, headlines=tuple(told[one.id])) for one in out]

    def number(self, newsletter: str, slot: datetime, language: str) -> Number:
        """Raises :exc:`NotFound` for an edition that did not go out, or not in this language."""
        shelf = self.shelf(newsletter)
        with self._database.read() as connection:
            found = backnumbers.printed(connection, shelf.name, language, limit=1, at=slot)
            if not found or not self._is_out(connection, found[0]):
                raise NotFound(f"{newsletter} has no edition of {slot:%Y-%m-%d %H:%M}")
            return self._number(connection, shelf, found[0], language)

    def newest(self, newsletter: str, language: str, *, limit: int) -> list[Number]:
        """The newest editions, whole. Raises :exc:`NotFound`."""
        shelf = self.shelf(newsletter)
        with self._database.read() as connection:
            found = backnumbers.printed(connection, shelf.name, language, limit=limit)
            out = [one for one in found if self._is_out(connection, one)]
            return [self._number(connection, shelf, one, language) for one in out]

    def _number(self, connection: Connection, shelf: Shelf, one: Printed, language: str) -> Number:
        told = tuple(backnumbers.stories(connection, one.id, language))
        edition = Edition(
            id=EditionId(one.id),
            kind=EditionKind.DIGEST,
            language=Language(language),
            due_at=one.slot,
            stories=tuple(each.story for each in told),
            title=shelf.title(language),
            headings=shelf.headings(language),
        )
        return Number(edition=edition, told=told, languages=backnumbers.languages(connection, one.id))

    def _is_out(self, connection: Connection, one: Printed) -> bool:
        """A sealed report knows. Of an edition that waits for long, a million rows are not counted at each call."""
        if one.sent is not None:
            return one.sent > 0
        if one.id in self._out:
            return True
        now = self._now()
        if now - self._waits.get(one.id, now - AGAIN) < AGAIN:
            return False
        if backnumbers.went_out(connection, one.id):
            self._waits.pop(one.id, None)
            self._out.add(one.id)
            return True
        self._waits[one.id] = now
        return False
