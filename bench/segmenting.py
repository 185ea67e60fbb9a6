"""Sentences and languages as we tell them, and as other libraries do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from importlib.util import find_spec
from typing import Any

from bench.corpora import Case
from syndicator.text.sentences import split

SPLITTERS = ("syndicator", "syntok", "sentencex", "pysbd")
# The rules that did best in the languages that a library has none for.
_SENTENCEX = {"ckb": "ar", "kmr": "en"}
_PYSBD = {"ckb": "fa", "kmr": "en"}

Split = Callable[[str], Sequence[str]]


def missing(splitter: str) -> str:
    there = splitter == "syndicator" or find_spec(splitter) is not None
    return "" if there else "it is not installed"


def splitter(name: str, language: str) -> Split:
    match name:
        case "syndicator":
            return lambda text: split(text, language)
        case "syntok":
            return _syntok
        case "sentencex":
            from sentencex import segment

            return lambda text: list(segment(_SENTENCEX.get(language, language), text))
        case _:
            return _pysbd(_PYSBD.get(language, language))


def _syntok(text: str) -> list[str]:
    from syntok.segmenter import analyze

    return [
        "".join(f"{token.spacing}{token.value}" for token in sentence)
        for paragraph in analyze(text)
        for sentence in paragraph
    ]


@cache
def _pysbd(language: str) -> Any:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its patterns are no raw strings
        from pysbd import Segmenter
    return Segmenter(language=language, clean=False).segment


def judged(cases: Sequence[Case], found: Sequence[Sequence[str]]) -> dict[str, float]:
    """F1 of the ends within the texts, blanks and unseen marks aside, and how many texts are read as people do."""
    pairs = [(_ends(case.sentences), _ends(told)) for case, told in zip(cases, found, strict=True)]
    right = sum(len(wanted & told) for wanted, told in pairs)
    both = sum(len(wanted) + len(told) for wanted, told in pairs)
    exact = sum(wanted == told for wanted, told in pairs)
    return {"F1": 200 * right / both if both else 100.0, "texts exact, %": 100 * exact / len(pairs)}


def _ends(sentences: Sequence[str]) -> frozenset[int]:
    """Characters before each end but the last, of those that are seen."""
    ends, seen = [], 0
    for sentence in sentences:
        seen += sum(not (character.isspace() or character in "\u200e\u200f") for character in sentence)
        ends.append(seen)
    return frozenset(ends[:-1])
