"""Moving a newsroom to another database: everything in it, and the proof; the old one sends no more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from syndicator.errors import Refused
from syndicator.storage import brakes, moving
from syndicator.storage.database import Database
from syndicator.storage.lock import nobody_at_work
from syndicator.storage.moving import Moved
from syndicator.storage.outbox import EVERYTHING


class Mover:
    def __init__(self, database: Database, *, now: Callable[[], datetime], berths: Mapping[str, int]) -> None:
        self._database = database
        self._now = now
        self._berths = berths

    def rows(self) -> int:
        """How many rows there are to move."""
        return moving.rows_of(self._database)

    def move(self, url: str, *, by: str, told: Callable[[int], None] = lambda number: None) -> list[Moved]:
        """Copy everything to an empty database and compare; this one is paused from before the first row.

        Numbers, keys and the epoch stay, so the newsroom goes on there as if nothing had been, once ``database.url``
        names it. A copy that fails leaves the other one empty, and this one as it was; one that is killed leaves this
        one paused, and says why. Raises :exc:`Refused`, :exc:`StorageError`.
        """
        target = Database(url)
        if target.url == self._database.url:
            raise Refused(f"{target.shown}: that is the database of this newsroom; name another one")
        try:
            target.migrate()
            with nobody_at_work(self._database, self._berths):
                ours = self._pause(target.shown, by)
                try:
                    return moving.move(self._database, target, without_pause=ours, told=told)
                except BaseException:
                    if ours:
                        self._go_on(by)
                    raise
        finally:
            target.close()

    def _pause(self, where: str, by: str) -> bool:
        """Whether the brake is ours: one that was on already moves with the rest."""
        why = (
            f"this newsroom moved to {where}: let database.url name that one; if it did not, "
            "`syndicator resume everything`"
        )
        with self._database.write() as connection:
            ours = EVERYTHING not in brakes.paused(connection)
            if ours:
                brakes.pause(connection, EVERYTHING, now=self._now(), by=by, why=why)
        return ours

    def _go_on(self, by: str) -> None:
        with self._database.write() as connection:
            brakes.resume(connection, EVERYTHING, now=self._now(), by=by)
