"""What the relay on this machine says of our mails: its log, in the syslog format of Postfix.

A Message-ID in the log says only that the header was read. The mail is taken once the queue manager has it: from then
on Postfix answers for it. What the log does not show was surely not taken only where the log begins before the
attempt, goes on until now, and has a clock that goes as ours does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from syndicator.errors import ChannelError
from syndicator.model import Outcome, Receipt
from syndicator.ports import Parcel

CLOCKS_APART = timedelta(minutes=2)  # how far the log may be behind or before us; less than a quarantine
FRESH_FOR = timedelta(minutes=1)  # what was read is not read again at once
_SETTLING = 2.0  # seconds until a line that was written can be read
_LINE = re.compile(
    r"(?:(?P<zoned>\d{4}-\d\d-\d\dT\S+)|(?P<local>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d)) "
    r"\S+ postfix\S*/(?P<program>[\w-]+)\[\d+\]: (?P<said>.*)"
)
_NAME = re.compile(r"(?P<queue>\w+): message-id=(?P<name><[^>]*>)")
_ACTIVE = re.compile(r"(?P<queue>\w+): from=<.*\(queue active\)")


@dataclass
class Story:
    """What a log told, in its order."""

    first: datetime | None = None
    last: datetime | None = None
    steady: bool = True  # its clock never went back
    begun: set[str] = field(default_factory=set)  # Message-IDs whose header was read
    taken: dict[str, str] = field(default_factory=dict)  # Message-ID -> queue id

    def verdict(self, message_id: str, since: datetime, now: datetime) -> tuple[Outcome, str]:
        """Accepted, deferred (surely not taken) or uncertain, and why."""
        if message_id in self.taken:
            return Outcome.ACCEPTED, f"the relay took it as {self.taken[message_id]}"
        if message_id in self.begun:
            return Outcome.UNCERTAIN, "the relay began to read it, and its log does not show it queued"
        if self.first is None or self.last is None:
            return Outcome.UNCERTAIN, "the relay's log has no line of Postfix"
        if self.first > since:
            return Outcome.UNCERTAIN, f"the relay's log begins only at {self.first:%Y-%m-%d %H:%M:%S %z}"
        if not self.steady or abs(now - self.last) > CLOCKS_APART:
            ends = f"{self.last:%Y-%m-%d %H:%M:%S %z}"
            return Outcome.UNCERTAIN, f"the relay's log stands still or has another clock: it ends at {ends}"
        return Outcome.DEFERRED, "the relay's log does not show it"


def told(lines: Iterable[str], now: datetime) -> Story:
    """Read a log. Lines without a year are the newest such day that is not after tomorrow, in this machine's zone."""
    story = Story()
    named: dict[str, str] = {}  # by queue id; those come again, and then with another Message-ID first
    for line in lines:
        found = _LINE.match(line)
        at = _at(found, now) if found else None
        if found is None or at is None:
            continue
        story.first = story.first or at
        story.steady &= at >= (story.last or at) - CLOCKS_APART
        story.last = at
        if name := _NAME.match(found["said"]):
            named[name["queue"]] = name["name"]
            story.begun.add(name["name"])
        elif (active := _ACTIVE.match(found["said"])) and active["queue"] in named:
            story.taken[named.pop(active["queue"])] = active["queue"]
    return story


def _at(line: re.Match[str], now: datetime) -> datetime | None:
    try:
        if line["zoned"]:
            zoned = datetime.fromisoformat(line["zoned"])
            return zoned if zoned.tzinfo else None
        for year in (now.year + 1, now.year, now.year - 1):
            at = datetime.strptime(f"{year} {line['local']}", "%Y %b %d %H:%M:%S").astimezone()
            if at <= now + timedelta(days=1):
                return at
    except ValueError:  # a 29 February of another year, or no date at all
        return None
    return None


def check(log: Path | None) -> None:
    """Raises :exc:`ChannelError` where it may not be read."""
    try:
        if log:
            log.open("rb").close()
    except OSError as error:
        raise ChannelError(f"{log}: {error.strerror}; let the worker read it, or take events out") from error


class Relay:
    """The relay, asked by ``knock`` so that its log has a line of now, and its log."""

    def __init__(
        self,
        log: Path,
        *,
        knock: Callable[[], object],
        now: Callable[[], datetime],
        wait: Callable[[float], bool],
    ) -> None:
        self._log = log
        self._knock = knock
        self._now = now
        self._wait = wait
        self._read_at: datetime | None = None
        self._story = Story()

    def look_up(self, parcel: Parcel, since: datetime) -> Receipt:
        """Whether the relay took the parcel's mail."""
        name = parcel.blanks.get("message_id", "")
        try:
            story = self._read()
        except (ChannelError, OSError) as error:
            outcome, detail = Outcome.UNCERTAIN, f"the relay cannot be asked: {error}"
        else:
            outcome, detail = story.verdict(name, since, self._now())
        ids = (name,) if outcome is Outcome.ACCEPTED else ()
        return Receipt(
            delivery=parcel.delivery.id, at=self._now(), outcome=outcome, detail=detail, remote_ids=ids
        )

    def _read(self) -> Story:
        if self._read_at and self._now() - self._read_at < FRESH_FOR:
            return self._story
        self._knock()
        self._story = told(self._lines(), self._now())
        if self._story.last is None or self._now() - self._story.last > CLOCKS_APART:
            self._wait(_SETTLING)
            self._story = told(self._lines(), self._now())
        self._read_at = self._now()
        return self._story

    def _lines(self) -> Iterator[str]:
        """The sibling that was rotated away, then the log: opened first, so that no rotation falls between them."""
        with self._log.open(encoding="utf-8", errors="replace") as log:
            older = self._log.with_name(f"{self._log.name}.1")
            if older.exists():
                with older.open(encoding="utf-8", errors="replace") as before:
                    yield from before
            yield from log
