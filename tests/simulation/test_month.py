"""Fifty months; `make torture SEEDS=n` plays as many as you like."""

from __future__ import annotations

from collections import Counter

import pytest

from .faults import FAULTS, NEWS
from .month import Broken, play

SEEDS = range(50)
met: Counter[str] = Counter()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_month_in_which_everything_goes_wrong(seed: int) -> None:
    met.update(play(seed))


def test_every_kind_of_fault_was_met() -> None:
    if len(met) == 0:
        pytest.skip("needs the months before it, in the same run")
    assert len(FAULTS) >= 25
    assert set(+met) == FAULTS | NEWS


def test_the_same_seed_is_the_same_month() -> None:
    told: list[list[str]] = [[], []]
    for one in told:
        play(7, one.append)
    assert told[0] == told[1]
    assert len(told[0]) > 100


def test_a_month_that_fails_says_how_to_see_it_again() -> None:
    def tell(text: str) -> None:
        if "tick" in text:
            raise AssertionError("a promise")

    with pytest.raises(Broken, match=r"replay: python -m tests\.simulation\.month 7 --told"):
        play(7, tell)
