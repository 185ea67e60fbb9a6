"""Who guesses has to wait, longer each time. Nobody is locked out for good, and an owner less than a stranger.

Wrong tries are counted three ways: from one network for one name, from one network for all names, and for one name
from everywhere. The last one never costs more than a minute, and costs nothing in a browser in which that person was
signed in before: so whoever wants to keep somebody out cannot.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from syndicator.errors import TooMany
from syndicator.storage import knocks
from syndicator.storage.database import Connection
from syndicator.storage.people import hashed

FORGOTTEN = timedelta(days=1)  # after the last wrong try


@dataclass(frozen=True, slots=True)
class Measure:
    free: int  # wrong tries in a row that cost nothing
    most: timedelta  # the longest wait

    def wait(self, tries: int) -> timedelta:
        """One second after the first that is not free, and twice as long each time."""
        over = tries - self.free
        return min(timedelta(seconds=2.0 ** min(over, 20)), self.most) if over >= 0 else timedelta(0)


PAIR = Measure(free=5, most=timedelta(minutes=15))
PLACE = Measure(free=30, most=timedelta(minutes=15))
NAME = Measure(free=20, most=timedelta(minutes=1))


class Wait(TooMany):
    """Too many wrong tries."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        super().__init__("too many wrong tries; try again in {seconds} seconds", seconds=seconds)


@dataclass(frozen=True, slots=True)
class Tries:
    """What one knock was counted under."""

    own: Sequence[str]  # forgotten when it was the right one
    shared: Sequence[str]  # others knock from there, too: only this one is taken back


class Patience:
    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    def knock(self, connection: Connection, what: str, name: str, place: str, device: str = "") -> Tries:
        """Count a try before it is looked at, so that many at once are many. Raises :exc:`Wait`, and counts nothing.

        ``device`` is what a browser has in which they were signed in before; empty: a stranger's.
        """
        now = self._now()
        pair, whole = _key(what, name, device or place), _key(what, "", place)
        measures = {pair: PAIR, whole: PLACE}
        if not device:
            measures[_key(what, name, "")] = NAME
        found = knocks.look(connection, measures, now)
        fresh = [(one, one.tries if now - one.at < FORGOTTEN else 0) for one in found]
        left = max(one.at + measures[one.key].wait(tries) - now for one, tries in fresh)
        if left > timedelta(0):
            raise Wait(int(left.total_seconds()) + 1)
        for one, tries in fresh:
            knocks.count(connection, one.key, tries + 1, now)
        return Tries([key for key in measures if key != whole], [whole])

    def right(self, connection: Connection, tries: Tries) -> None:
        knocks.forget(connection, tries.own)
        knocks.take_back(connection, tries.shared)

    def sweep(self, connection: Connection) -> None:
        knocks.sweep(connection, self._now() - FORGOTTEN)


def _key(what: str, name: str, place: str) -> str:
    """A hash: people type their passwords where their names should stand."""
    return hashed("\0".join((what, name.casefold(), place)))
