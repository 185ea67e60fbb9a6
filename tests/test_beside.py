"""What takes long to count: once in a while, beside whoever looks, and never again where it is at its end."""

from __future__ import annotations

from threading import Event

import pytest

from syndicator.beside import A_WHILE, KEPT, SHARE, Beside


class Counter:
    """Counts its own counts; each takes so many seconds of its clock."""

    def __init__(self, takes: float = 0.0) -> None:
        self.counts, self.now, self.takes = 0, 0.0, takes

    def __call__(self, name: str) -> int:
        self.counts += 1
        self.now += self.takes
        return self.counts

    def ticks(self) -> float:
        return self.now


def test_it_is_counted_once_in_a_while() -> None:
    counter = Counter()
    told = Beside(counter, a_while=3.0, beside=False, ticks=counter.ticks)
    assert (told.known(), told.known(), told.of()) == (1, 1, 1)
    counter.now = 3.0
    assert told.of() == 2
    assert told.anew() == 3


def test_counting_takes_a_tenth_of_the_time_at_most() -> None:
    counter = Counter(takes=7.0)
    told = Beside(counter, beside=False, ticks=counter.ticks)
    assert told.of() == 1
    counter.now += SHARE * 7.0 - 0.1
    assert told.of() == 1
    counter.now += 0.2
    assert told.of() == 2


def test_what_is_at_its_end_is_counted_once() -> None:
    counter = Counter()
    told = Beside(counter, ends=lambda value: True, beside=False, ticks=counter.ticks)
    assert told.of("a") == 1
    counter.now += 1000 * A_WHILE
    assert told.of("a") == 1
    for number in range(KEPT):
        told.of(str(number))
    assert told.of("a") == KEPT + 2  # only so many are kept


def test_who_looks_does_not_wait() -> None:
    begins, goes, ended = Event(), Event(), Event()

    def count(name: str) -> int:
        begins.set()
        assert goes.wait(10)
        ended.set()
        return 1

    told = Beside(count)
    assert told.known() is None
    assert begins.wait(10)
    assert told.known() is None  # and nobody counts a second time
    goes.set()
    assert ended.wait(10)


def test_a_count_that_fails_is_tried_again() -> None:
    fails = [True]

    def count(name: str) -> int:
        if fails:
            fails.pop()
            raise LookupError(name)
        return 1

    told = Beside(count, beside=False)
    with pytest.raises(LookupError, match="a"):
        told.of("a")
    assert told.of("a") == 1
