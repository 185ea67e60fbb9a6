"""Keeping the newsroom's database: sealing and pruning, backups and restores, moving to another server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from syndicator.storage import ledger
from syndicator.storage.database import Database

SETTLED = timedelta(days=1)  # after an edition was due: until then another channel may join it
BATCH = 2000  # deliveries removed in one commit: the postroom never waits for long
BREATH = 0.05  # seconds between two of them, for whoever else wants to write


@dataclass(frozen=True, slots=True, kw_only=True)
class Tidied:
    """What a look at the old editions brought."""

    sealed: int
    pruned: int  # deliveries
    faults: tuple[str, ...] = ()  # reports that do not add up: they are never sealed


class Keeper:
    def __init__(
        self,
        database: Database,
        *,
        now: Callable[[], datetime],
        keep: timedelta,
        wait: Callable[[float], bool],
    ) -> None:
        self._database = database
        self._now = now
        self._keep = keep
        self._wait = wait

    def tidy_up(self, pruned: Callable[[int], None] = lambda number: None) -> Tidied:
        """Seal the editions that are over; remove the deliveries of those that are old.

        Each step is a commit of its own: whoever dies in between goes on the next time.
        """
        sealed, faults = self._seal()
        return Tidied(sealed=sealed, pruned=self._prune(pruned), faults=tuple(faults))

    def _seal(self) -> tuple[int, list[str]]:
        now, sealed, faults = self._now(), 0, []
        with self._database.read() as connection:
            over = ledger.to_seal(connection, now - min(SETTLED, self._keep))
        for edition in over:
            with self._database.write() as connection:
                report = ledger.seal(connection, edition, now)
            sealed += report.sealed_at is not None
            faults += [f"{edition}: {fault}" for fault in report.faults]
        return sealed, faults

    def _prune(self, told: Callable[[int], None]) -> int:
        now, removed = self._now(), 0
        with self._database.read() as connection:
            old = ledger.to_prune(connection, now - self._keep)
        for edition in old:
            number = BATCH
            while number == BATCH:
                with self._database.write() as connection:
                    number = ledger.prune(connection, edition, now, limit=BATCH)
                removed += number
                told(number)
                if number == BATCH and self._wait(BREATH):
                    return removed
        return removed
