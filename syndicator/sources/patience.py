"""A server that asks for time gets it."""

from __future__ import annotations

from datetime import datetime

from syndicator.errors import SourceError
from syndicator.ports import Answer, Harvest

from .rhythm import retry_at

BUSY = frozenset({429, 503})


class AskedToWait(SourceError):
    """The server asks for time, until :attr:`until`."""

    def __init__(self, where: str, answer: Answer, now: datetime) -> None:
        self.until = retry_at(answer.headers, now)
        super().__init__(
            f"{where}: the server asks for time (HTTP {answer.status}) until {self.until:%H:%M:%S} UTC"
        )

    def harvest(self, checkpoint: str | None) -> Harvest:
        """Nothing, for now. Raises itself where nothing was ever read: that was no first sight."""
        if checkpoint is None:
            raise self
        return Harvest((), checkpoint, (str(self),), again_at=self.until)
