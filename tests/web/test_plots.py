"""Plots: where columns and lines lie."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicator.web.console.plots import HEIGHT, STEPS, WIDTH, Series, plot, scale

NUMBERS = st.floats(-1e9, 1e9, allow_nan=False)


@given(values=st.lists(NUMBERS, min_size=1, max_size=9), from_zero=st.booleans())
def test_a_scale_holds_every_number_in_few_steps(*, values: list[float], from_zero: bool) -> None:
    low, high, step = scale(min(values), max(values), from_zero=from_zero)
    assert low <= min(values) + 1e-6 * step
    assert high >= max(values) - 1e-6 * step
    assert 1 <= round((high - low) / step) <= STEPS
    assert not from_zero or low <= 0 <= high


@pytest.mark.parametrize(
    ("low", "high", "found"),
    [(0, 9, (0, 10, 5)), (0, 0, (0, 1, 0.5)), (-12, 40, (-20, 40, 20)), (0, 3, (0, 3, 1))],
)
def test_people_count_in_ones_twos_and_fives(low: float, high: float, found: tuple[float, ...]) -> None:
    assert scale(low, high) == found


def corners(d: str) -> list[tuple[float, ...]]:
    found = re.findall(r"M([\d.]+) ([\d.]+)h([\d.]+)v([\d.]+)h-", d)
    return [tuple(map(float, one)) for one in found]


def test_columns_stand_on_each_other_and_hang_from_zero() -> None:
    series = [
        Series(name="a", values=[10, 0]),
        Series(name="b", values=[10, 20], style="two"),
        Series(name="c", values=[20, 10], style="four", below=True),
        Series(name="d", values=[0, None], line=True),
    ]
    drawn = plot("p", "P", ["1", "2"], series)
    assert [value for value, _ in drawn.ticks] == [20, 10, 0, -10, -20]
    assert drawn.zero == HEIGHT / 2
    a, b, c, d = drawn.shapes
    assert [one[1::2] for one in corners(a.d)] == [(40, 40)]
    assert [one[1::2] for one in corners(b.d)] == [(0, 40), (0, 80)]
    assert [one[1::2] for one in corners(c.d)] == [(80, 80), (80, 40)]
    assert (c.kind, c.style, d.kind, d.d) == ("bar", "four", "line", "M150 80h0")


def test_time_runs_as_the_page_is_read() -> None:
    series = [Series(name="a", values=[1, 2, 3], line=True)]
    forth, back = (plot("p", "P", ["1", "2", "3"], series, mirrored=one) for one in (False, True))
    assert forth.shapes[0].d.startswith(f"M{WIDTH // 6} ")
    assert back.shapes[0].d.startswith(f"M{WIDTH - WIDTH // 6} ")
    assert forth.feet == back.feet == ["1", "2", "3"]


def test_nothing_is_said_to_be_nothing() -> None:
    assert plot("p", "P", ["1"], [Series(name="a", values=[0])]).empty
    assert plot("p", "P", [], []).empty
    long = plot("p", "P", [str(one) for one in range(9)], [Series(name="a", values=range(9))])
    assert long.feet == ["0", "4", "8"]
