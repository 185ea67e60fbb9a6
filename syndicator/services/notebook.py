"""What plug-ins learn as they run, kept in the database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from syndicator.storage import brakes
from syndicator.storage.database import Database

NOTE = "note:"


class Notebook:
    """Implements :class:`syndicator.ports.Notes`, each note in a commit of its own."""

    def __init__(self, database: Database, *, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    def read(self, name: str) -> Any:
        with self._database.read() as connection:
            return brakes.overridden(connection, NOTE + name).get(NOTE + name)

    def write(self, name: str, value: Any) -> None:
        with self._database.write() as connection:
            brakes.override(connection, NOTE + name, value, now=self._now(), by=name.partition(":")[0])
