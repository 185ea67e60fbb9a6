"""Old editions of newsletters, for everybody to read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from syndicator.editing import FLASH, edition_name, slot_called
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
    def name(self) -> str:
        """In addresses."""
        return edition_name(self.edition.id)

    @property
    def changed(self) -> int:
        """How many of its stories were corrected or withdrawn since."""
        return sum(1 for one in self.told if one.corrected_at or one.retracted_at)

    @property
    def changed_at(self) -> datetime:
        later = [moment for one in self.told for moment in (one.corrected_at, one.retracted_at) if moment]
        return max([self.edition.due_at, *later])


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a shelf's list."""

    name: str  # in addresses
    due_at: datetime
    flash: bool  # of one story
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
            raise NotFound("{newsletter!r} has no archive", newsletter=newsletter)
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
        return [
            Line(
                name=edition_name(one.id),
                due_at=one.due_at,
                flash=one.kind == EditionKind.FLASH,
                headlines=tuple(told[one.id]),
            )
            for one in out
        ]

    def number(self, newsletter: str, name: str, language: str) -> Number:
        """The edition of this name. Raises :exc:`NotFound` for one that did not go out, or not in this language."""
        shelf, slot = self.shelf(newsletter), slot_called(name)
        with self._database.read() as connection:
            if name.startswith(FLASH):
                wanted: str | None = f"flash:{name.removeprefix(FLASH)}:{shelf.name}"
            else:
                wanted = backnumbers.of_slot(connection, shelf.name, slot) if slot else None
            found = backnumbers.called(connection, wanted, language) if wanted else None
            if not found or not self._is_out(connection, found):
                raise NotFound("{newsletter} has no edition {name!r}", newsletter=newsletter, name=name)
            return self._number(connection, shelf, found, language)

    def moved(self, newsletter: str, name: str) -> str | None:
        """What an edition is called now that was called by the moment it went out. Raises :exc:`NotFound`."""
        shelf, moment = self.shelf(newsletter), slot_called(name)
        with self._database.read() as connection:
            found = backnumbers.due_at(connection, shelf.name, moment) if moment else None
        return (edition_name(found) if found else "") or None

    def newest(self, newsletter: str, language: str, *, limit: int) -> list[Number]:
        """The newest editions, whole. Raises :exc:`NotFound`."""
        shelf = self.shelf(newsletter)
        with self._database.read() as connection:
            found = backnumbers.printed(connection, shelf.name, language, limit=limit)
            out = [one for one in found if self._is_out(connection, one)]
            return [self._number(connection, shelf, one, language) for one in out]

    def _number(self, connection: Connection, shelf: Shelf, one: Printed, language: str) -> Number:
        told = tuple(backnumbers.stories(connection, one.id, language))
        sent = (one.headings or {}).get(language) or {
            "title": shelf.title(language),
            "sections": shelf.headings(language),
        }
        edition = Edition(
            id=EditionId(one.id),
            kind=EditionKind(one.kind),
            language=Language(language),
            due_at=one.due_at,
            stories=tuple(each.story for each in told),
            title=sent["title"],
            headings=sent["sections"],
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
