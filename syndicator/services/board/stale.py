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
    counting: bool = False


class Stale(Generic[T]):
    """``count`` makes a value by its name; ``ends``: it can change no more. ``ticks`` are seconds.

    ``beside``: in a thread of its own, else whoever asks for something that is due waits for the count.
    """

    def __init__(
        self,
        count: Callable[[str], T],
        *,
        ends: Callable[[T], bool] = lambda value: False,
        beside: bool = True,
        ticks: Callable[[], float] = perf_counter,
    ) -> None:
        self._count = count
        self._ends = ends
        self._beside = beside
        self._ticks = ticks
        self._lock = Lock()
        self._known: OrderedDict[str, _Known[T]] = OrderedDict()

    def of(self, name: str = "") -> T:
        """As of a moment ago. Raises what the count raises, where nothing is known yet."""
        with self._lock:
            known = self._known.get(name)
            if known:
                self._known.move_to_end(name)
                if known.counting or self._ticks() < known.due:
                    return known.value
                known.counting = True
        if known is None or not self._beside:
            return self.anew(name)
        Thread(target=self.anew, args=(name,), name="counting", daemon=True).start()
        return known.value

    def anew(self, name: str = "") -> T:
        """Counted now."""
        start = self._ticks()
        try:
            value = self._count(name)
        except BaseException:
            with self._lock:
                if name in self._known:
                    self._known[name].counting = False
            raise
        self._put(name, value, self._ticks() - start)
        return value

    def _put(self, name: str, value: T, took: float) -> None:
        due = float("inf") if self._ends(value) else self._ticks() + max(A_WHILE, SHARE * took)
        with self._lock:
            self._known[name] = _Known(value, due)
            self._known.move_to_end(name)
            while len(self._known) > KEPT:
                self._known.popitem(last=False)
