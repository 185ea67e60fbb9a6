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

    def learned(self) -> dict[str, list[str]]:
        """By channel: what its network has refused, so that it does without since."""
        with self._database.read() as connection:
            found = brakes.overridden(connection, NOTE)
        plans = {name.split(":")[1]: told for name, told in found.items() if name.endswith(":plan")}
        return {
            name: [
                f"does without {what} since it was refused: {why}" for what, why in told["refused"].items()
            ]
            for name, told in plans.items()
            if isinstance(told, dict)
        }

    def write(self, name: str, value: Any) -> None:
        with self._database.write() as connection:
            brakes.override(connection, NOTE + name, value, now=self._now(), by=name.partition(":")[0])
