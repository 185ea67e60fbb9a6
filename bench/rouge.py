"""ROUGE-1, ROUGE-2 and ROUGE-L by Google's rouge-score, with words of any script; and how sure a difference is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from syndicator.text.words import words

KINDS = {"ROUGE-1": "rouge1", "ROUGE-2": "rouge2", "ROUGE-L": "rougeL"}
_ROUNDS = 2000


class _Words:
    """The library's own tokenizer knows only a to z."""

    def __init__(self, stem: Callable[[str], str]) -> None:
        self._stem = stem

    def tokenize(self, text: str) -> list[str]:
        return [self._stem(word) for word in words(text)]


@lru_cache
def _scorer(language: str) -> Any:
    from nltk.stem.porter import PorterStemmer
    from rouge_score.rouge_scorer import RougeScorer

    stem = lru_cache(100_000)(PorterStemmer().stem if language == "en" else str)
    return RougeScorer([*KINDS.values()], tokenizer=_Words(stem))


def rouge(text: str, references: Sequence[str], language: str) -> dict[str, float]:
    """F by kind, in hundredths, the mean over all references; English words are stemmed."""
    found = [_scorer(language).score(reference, text) for reference in references]
    return {name: 100 * sum(one[kind].fmeasure for one in found) / len(found) for name, kind in KINDS.items()}


def interval(*differences: Sequence[float]) -> tuple[float, float]:
    """Of the mean of the means of paired differences: 95 of a hundred bootstrap samples lie in it."""
    import numpy

    chance = numpy.random.default_rng(1)
    means = [
        numpy.asarray(told)[chance.integers(0, len(told), (_ROUNDS, len(told)))].mean(axis=1)
        for told in differences
    ]
    low, high = numpy.percentile(numpy.mean(means, axis=0), [2.5, 97.5])
    return float(low), float(high)
