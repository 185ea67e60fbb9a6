"""Manners towards one host: so many requests at once, a pause between two, and rest for one that gives no answer."""

from __future__ import annotations

import asyncio

PATIENCE = 5  # requests in a row without an answer, after which nobody knocks for a while
REST = 30.0  # seconds of the first rest; each one after it is twice as long
REST_MAX = 900.0
MANY = 4096  # hosts that are remembered before the quiet ones are forgotten


class Door:
    """One host. Moments are seconds of any clock that only goes on."""

    def __init__(self, at_once: int) -> None:
        self.places = asyncio.Semaphore(at_once)
        self._free_at = 0.0
        self._silent = 0
        self._shut_until = 0.0

    def turn(self, now: float, gap: float) -> float:
        """Take the next turn; how many seconds it is ahead."""
        begin = max(now, self._free_at)
        self._free_at = begin + gap
        return begin - now

    def rests(self, now: float) -> float:
        """Seconds for which it is to be left alone."""
        return max(0.0, self._shut_until - now)

    def answered(self) -> None:
        self._silent = 0

    def gave_no_answer(self, now: float) -> None:
        self._silent += 1
        if self._silent >= PATIENCE:
            self._shut_until = now + min(REST_MAX, REST * 2.0 ** min(self._silent - PATIENCE, 16))

    def is_quiet(self, now: float) -> bool:
        """Nobody is at it, and nothing of it is worth remembering."""
        return not self.places.locked() and not self._silent and self._free_at <= now


class Doors:
    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._known: dict[str, Door] = {}

    def of(self, host: str, now: float) -> Door:
        if host not in self._known:
            if len(self._known) >= MANY:
                self._known = {name: door for name, door in self._known.items() if not door.is_quiet(now)}
            self._known[host] = Door(self._at_once)
        return self._known[host]
