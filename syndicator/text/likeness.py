"""How much of one text stands in another, word by word, in any script."""

from __future__ import annotations

from collections.abc import Sequence

from .words import words

Shingles = frozenset[tuple[str, ...]]

_PIECE = 3  # words in a row: a turn of phrase, not only its vocabulary
_SHORTEST = 12  # pieces; two texts of a sentence are alike by chance
_FIGURES = 2  # numbers in both: from so many on they tell one day's report from another's


def shingles(texts: Sequence[str]) -> Shingles:
    """Each three words in a row within a paragraph."""
    found: set[tuple[str, ...]] = set()
    for text in texts:
        told = words(text)
        found.update(zip(*(told[n:] for n in range(_PIECE)), strict=False))
    return frozenset(found)


def likeness(one: Shingles, other: Shingles) -> float:
    """The part of the shorter text that stands in the longer one, 0 to 1.

    Texts with the same words and other figures (a price, a score, a count of every day) are different texts: 0.
    """
    shorter = min(len(one), len(other))
    if shorter < _SHORTEST or _other_figures(one, other):
        return 0.0
    return len(one & other) / shorter


def _other_figures(one: Shingles, other: Shingles) -> bool:
    figures = [{word for piece in told for word in piece if word.isdecimal()} for told in (one, other)]
    fewer = min(map(len, figures))
    return fewer >= _FIGURES and 2 * len(figures[0] & figures[1]) < fewer
