"""What takes long to count: at most once in a while, and beside the pages that show it."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock, Thread
from time import perf_counter
from typing import Generic, TypeVar

T = TypeVar("T")
SHARE = 10  # counting may take a tenth of the time, not more


class Beside(Generic[T]):
    """``count`` is called in a thread of its own; ``a_while`` and ``ticks`` are seconds."""

    def __init__(
        self,
        count: Callable[[], T],
        *,
        a_while: float,
        beside: bool = True,
        ticks: Callable[[], float] = perf_counter,
    ) -> None:
        self._count = count
        self._a_while = a_while
        self._beside = beside
        self._ticks = ticks
        self._lock = Lock()
        self._known: T | None = None
        self._next = 0.0
        self._counting = False

    def known(self) -> T | None:
        """As it was a while ago; None: it is being counted for the first time."""
        with self._lock:
            if self._counting or (self._known is not None and self._ticks() < self._next):
                return self._known
            self._counting = True
        if not self._beside:
            self._renew()
            return self._known
        Thread(target=self._renew, name="beside", daemon=True).start()
        return self._known

    def at_once(self) -> T:
        """As it was a while ago; counted before this returns only where nothing is known yet."""
        found = self.known() if self._known is not None else None
        if found is None:
            found = self._count()
            with self._lock:
                self._known, self._next = found, self._ticks() + self._a_while
        return found

    def _renew(self) -> None:
        start, found = self._ticks(), None
        try:
            found = self._count()
        finally:
            took = self._ticks() - start
            with self._lock:
                self._counting = False
                self._next = self._ticks() + max(self._a_while, SHARE * took)
                self._known = self._known if found is None else found
