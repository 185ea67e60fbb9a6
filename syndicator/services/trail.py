"""Who did what: the audit trail as people and programs read it."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import TextIO

from syndicator.storage import trail
from syndicator.storage.database import Database
from syndicator.storage.trail import ALL, Line, Wanted

__all__ = ["ALL", "Line", "Trail", "Wanted"]


class Trail:
    def __init__(self, database: Database) -> None:
        self._database = database

    def newest(self, wanted: Wanted = ALL, *, limit: int = 100) -> list[Line]:
        """The newest first; ``before`` the id of the last one goes on."""
        with self._database.read() as connection:
            return trail.newest(connection, wanted, limit)

    def every(self, wanted: Wanted = ALL) -> Iterator[Line]:
        """The oldest first, however many there are."""
        with self._database.read() as connection:
            yield from trail.every(connection, wanted)

    def export(self, file: TextIO, wanted: Wanted = ALL) -> int:
        """As CSV with a line of names on top; how many lines followed it."""
        writer = csv.writer(file)
        writer.writerow(Line._fields)
        number = 0
        for line in self.every(wanted):
            writer.writerow([line.id, line.at.isoformat(), *map(_cell, line[2:])])
            number += 1
        return number


def _cell(text: str) -> str:
    """A spreadsheet takes no word of an editor's for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
