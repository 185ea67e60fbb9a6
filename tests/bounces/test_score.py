"""How often a reader's mail may come back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from syndicator.bounces import Patience, Score, another, faded

START = datetime(2026, 3, 1, tzinfo=UTC)
PATIENCE = Patience(half_life=timedelta(days=14), most=3.0)


def after(*days: float) -> Score:
    score = None
    for day in days:
        score = another(score, START + timedelta(days=day), PATIENCE)
    assert score
    return score


def test_a_week_of_bounces_is_enough_and_one_a_month_never_is() -> None:
    assert not PATIENCE.is_over(after(0, 1, 2).value)
    assert PATIENCE.is_over(after(0, 1, 2, 3).value)
    assert not PATIENCE.is_over(after(*range(0, 3000, 30)).value)


def test_several_of_one_day_are_one() -> None:
    assert after(0, 0.1, 0.2, 0.3).value == 1.0


def test_it_fades_by_half() -> None:
    score = Score(value=2.0, at=START)
    assert faded(score, START + timedelta(days=14), PATIENCE) == 1.0
    assert faded(score, START - timedelta(days=14), PATIENCE) == 2.0


@given(st.lists(st.floats(0, 400), min_size=1, max_size=40))
def test_it_is_never_more_than_the_bounces(days: list[float]) -> None:
    assert 1.0 <= after(*sorted(days)).value <= len(days)
