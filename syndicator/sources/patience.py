"""A server that asks for time gets it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from syndicator.errors import SourceError
from syndicator.ports import Answer, Harvest

BUSY = frozenset({429, 503})
RETRY_MAX = timedelta(hours=6)  # a Retry-After beyond this would be silence, not politeness
UNSAID = timedelta(minutes=5)


class AskedToWait(SourceError):
    """The server asks for time, until :attr:`until`."""

    def __init__(self, where: str, answer: Answer, now: datetime) -> None:
        self.until = min(_retry_after(answer, now), now + RETRY_MAX)
        super().__init__(
            f"{where}: the server asks for time (HTTP {answer.status}) until {self.until:%H:%M:%S} UTC"
        )

    def harvest(self, checkpoint: str | None) -> Harvest:
        """Nothing, for now. Raises itself where nothing was ever read: that was no first sight."""
        if checkpoint is None:
            raise self
        return Harvest((), checkpoint, (str(self),), again_at=self.until)


def _retry_after(answer: Answer, now: datetime) -> datetime:
    """RFC 9110 §10.2.3: seconds, or a date."""
    said = answer.headers.get("retry-after", "").strip()
    if said.isascii() and said.isdigit():
        return now + timedelta(seconds=min(int(said[:9]), 10**6))
    try:
        at = parsedate_to_datetime(said)
    except ValueError:
        return now + UNSAID
    return at if at.tzinfo else at.replace(tzinfo=UTC)
