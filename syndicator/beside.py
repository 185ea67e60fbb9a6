"""What takes long to count: whoever asks gets what is known, and it is counted anew beside, not too often."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock, Thread
from time import perf_counter
from typing import Generic, TypeVar

T = TypeVar("T")
A_WHILE = 2.0  # seconds between two counts, where they are quick
SHARE = 10  # counting may take a tenth of the time, not more
KEPT = 2000  # things whose counts are kept


@dataclass(slots=True)
class _Known(Generic[T]):
    value: T
    due: float  # when to count again; never, for what cannot change any more


class Beside(Generic[T]):
    """``count`` makes a value by its name; ``ends``: it can change no more. ``a_while`` and ``ticks`` are seconds.

    ``beside``: in a thread of its own; else whoever asks for something that is due waits for the count.
    """

    def __init__(
        self,
        count: Callable[[str], T],
        *,
        a_while: float = A_WHILE,
        ends: Callable[[T], bool] = lambda value: False,
        beside: bool = True,
        ticks: Callable[[], float] = perf_counter,
    ) -> None:
        self._count = count
        self._a_while = a_while
        self._ends = ends
        self._beside = beside
        self._ticks = ticks
        self._lock = Lock()
        self._known: OrderedDict[str, _Known[T]] = OrderedDict()
        self._counting: set[str] = set()

    def of(self, name: str = "") -> T:
        """As of a while ago; where nothing is known yet it is counted before this returns. Raises what that raises."""
        with self._lock:
            there = name in self._known
        found = self.known(name) if there else None
        return self.anew(name) if found is None else found

    def known(self, name: str = "") -> T | None:
        """As of a while ago; None: it is being counted for the first time."""
        with self._lock:
            known = self._known.get(name)
            if name in self._counting or (known and self._ticks() < known.due):
                return known.value if known else None
            self._counting.add(name)
        if not self._beside:
            return self.anew(name)
        Thread(target=self.anew, args=(name,), name="counting", daemon=True).start()
        return known.value if known else None

    def anew(self, name: str = "") -> T:
        """Counted now."""
        start = self._ticks()
        try:
            value = self._count(name)
            rest = max(self._a_while, SHARE * (self._ticks() - start))
            known = _Known(value, float("inf") if self._ends(value) else self._ticks() + rest)
            with self._lock:
                self._known[name] = known
                self._known.move_to_end(name)
                while len(self._known) > KEPT:
                    self._known.popitem(last=False)
        finally:
            with self._lock:
                self._counting.discard(name)
        return value
