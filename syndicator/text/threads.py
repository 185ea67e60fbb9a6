"""A text in pieces that a network carries one after the other."""

from __future__ import annotations

from collections.abc import Iterator

from .direction import lead
from .measure import ELLIPSIS, POP_ISOLATE, Measure, fit
from .sentences import split

NEAR = 4  # characters for each that may be in a piece
_BETWEEN = " ،,;؛:–—-\n\t"  # what a cut leaves behind at the beginning of the rest


def pieces(text: str, limit: int, measure: Measure, language: str) -> list[str]:
    """The text whole where it fits; else in pieces that end where paragraphs, sentences or at worst words do.

    Each fits the limit and opens in its language's direction. Empty when one word or link alone is too long.
    """
    if measure(text) <= limit:
        return [text]
    made: list[str] = []
    for gap, told in _sentences(text, language):
        joined = f"{made[-1]}{gap}{told}" if made else told
        if made and measure(joined) <= limit:
            made[-1] = joined
            continue
        parts = [*_cut(lead(told, language), limit, measure, language)]
        if not all(parts):
            return []
        made += parts
    return made


def _sentences(text: str, language: str) -> Iterator[tuple[str, str]]:
    """Each with what stands before it."""
    for block in text.split("\n\n"):
        gap = "\n\n"
        for line in filter(None, block.split("\n")):
            for sentence in split(line, language):
                yield gap, sentence
                gap = " "
            gap = "\n"


def _cut(text: str, limit: int, measure: Measure, language: str) -> Iterator[str]:
    while measure(near := _near(text, limit, measure)) > limit:
        head = fit(near, limit, measure)
        yield head
        if not head:
            return
        kept = head.rstrip(POP_ISOLATE).removesuffix(ELLIPSIS)
        text = lead(text[len(kept) :].lstrip(_BETWEEN), language)
    yield text


def _near(text: str, limit: int, measure: Measure) -> str:
    """Its beginning, where that is too long already: what lies behind is not measured again for each piece."""
    near = text[: NEAR * limit]
    return near if measure(near) > limit else text
