"""How much of a text was found, and how much was found besides: pieces of four words.

The measure is that of scrapinghub/article-extraction-benchmark: pieces are counted, each page weighs the same,
precision and recall are means over the pages, and F1 is made of the two.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from random import Random
from statistics import fmean, stdev
from typing import NamedTuple

_WORD = re.compile(r"\w+")
_PIECE = 4  # words
_DRAWS = 1000


class Shares(NamedTuple):
    """Of all pieces of both texts: found, found besides, missed. They add up to 1, or to 0 for two empty texts."""

    found: float
    besides: float
    missed: float

    @property
    def precision(self) -> float:
        return _of(self.found, self.besides, self.missed)

    @property
    def recall(self) -> float:
        return _of(self.found, self.missed, self.besides)


class Score(NamedTuple):
    f1: float
    precision: float
    recall: float


def compared(true: str, told: str) -> Shares:
    wanted, had = _pieces(true), _pieces(told)
    counts = [(wanted & had).total(), (had - wanted).total(), (wanted - had).total()]
    return Shares(*(count / (sum(counts) or 1) for count in counts))


def score(pages: Sequence[Shares]) -> Score:
    """Pages where nothing was told have no precision, pages with nothing to find no recall."""
    precision = fmean([page.precision for page in pages if page.found + page.besides] or [0.0])
    recall = fmean([page.recall for page in pages if page.found + page.missed] or [0.0])
    return Score(2 * precision * recall / ((precision + recall) or 1), precision, recall)


def interval(pages: Sequence[Shares]) -> float:
    """Half of the 95 % interval of F1: pages drawn anew, a thousand times."""
    rng = Random(79)
    return 1.96 * stdev(score(rng.choices(pages, k=len(pages))).f1 for _ in range(_DRAWS))


def _pieces(text: str) -> Counter[tuple[str, ...]]:
    words = _WORD.findall(text)
    return Counter(
        piece for at in range(max(1, len(words) - _PIECE + 1)) if (piece := tuple(words[at : at + _PIECE]))
    )


def _of(found: float, besides: float, missed: float) -> float:
    if besides == missed == 0:
        return 1.0
    return found / (found + besides) if found + besides else 0.0
