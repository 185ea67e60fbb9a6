"""Colours on their grounds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from syndicator.text.colour import NIGHT, PAPER, READABLE, contrast, readable, stands_out_on

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == contrast("#ffffff", "#000000") == 21
    assert round(contrast("#777777", "#ffffff"), 2) == 4.48


def test_what_can_be_read_already_stays() -> None:
    assert readable("#0b6e4f", PAPER) == "#0b6e4f"
    assert readable("#0b6e4f", NIGHT) != "#0b6e4f"


@given(COLOURS, COLOURS)
def test_any_colour_can_be_read_on_any_ground(colour: str, ground: str) -> None:
    assert contrast(readable(colour, ground), ground) >= READABLE
    assert contrast(stands_out_on(ground), ground) >= READABLE
