"""A sentence as the words that carry its claim, each with the keys by which it is found again in the article."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from syndicator.text.words import plain

from . import figures, lexicon

_TOKEN = re.compile(
    r"\d(?:[\d.,٬٫]*\d)?|[^\W\d_]+?(?=n't\b)|n't\b|'(?:s|re|ve|ll|d|m)\b|[^\W\d_]+|[%٪$£€¥]|[,;:،؛.()!?؟\n]"
)
_THOUSANDS = re.compile(r"(?<![\d.,])(\d{1,3}),?[ \u00a0\u202f]000(?!\d)")  # "26 000", as some set it
_PARTED = re.compile(r"(?<!\d)(\d{1,3})\. (\d{1,2})(?= ?(?:million|billion|m\b|bn\b|%|per cent))")  # "1. 7m"
_SHORT = {"'re": "are", "'ve": "have", "'ll": "will", "'m": "am", "ca": "can", "wo": "will"}
MARKS = frozenset(",;:،؛.()!?؟\n")  # no number goes on beyond them
_SHORTEST = 3  # letters of a word that an ending or a beginning may be taken from


class Token(NamedTuple):
    word: str  # as it is compared
    forms: frozenset[str]
    start: int  # in the plain text
    end: int


class Sentence(NamedTuple):
    text: str  # as it was written
    plain: str
    tokens: tuple[Token, ...]
    quotations: tuple[tuple[int, int], ...]  # between which places of the plain text somebody is quoted

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(token.word for token in self.tokens)


def joined(text: str) -> str:
    """Numbers that were parted by a blank in one piece: else a sentence would end in them."""
    return _PARTED.sub(r"\1.\2", _THOUSANDS.sub(r"\1,000", text))


def sentence(text: str, language: str) -> Sentence:
    folded = plain(joined(text))
    found = list(_TOKEN.finditer(folded))
    tokens, at = [], 0
    for word, taken in figures.keyed([_SHORT.get(one[0], one[0]) for one in found]):
        if word not in MARKS:
            tokens.append(Token(word, forms(word, language), found[at].start(), found[at + taken - 1].end()))
        at += taken
    return Sentence(text, folded, tuple(_once(tokens)), quotations(folded))


_PAIRS = (("“", "”"), ("«", "»"), ("‹", "›"))
_SINGLE = re.compile(r"(?<![\w'])['`](?=\w)(.+?)(?<=[\w.,!?؟])'(?!\w)")
_DOUBLED = re.compile(r"``|''")


def quotations(folded: str) -> tuple[tuple[int, int], ...]:
    """Where quotations begin and end, one in another, too; an open one reaches to the end, or to the beginning."""
    told = _DOUBLED.sub(lambda found: '"' + "\u200b", folded)  # as typewriters quote
    found = [(one.start(1), one.end(1)) for one in _SINGLE.finditer(told)]
    for opens, closes in _PAIRS:
        found += _between(told, opens, closes)
    marks = [at for at, letter in enumerate(told) if letter == '"']
    found += list(zip(marks[::2], marks[1::2], strict=False))
    return tuple(found)


def _between(told: str, opens: str, closes: str) -> list[tuple[int, int]]:
    found, begun = [], []
    for at, letter in enumerate(told):
        if letter == opens:
            begun.append(at + 1)
        elif letter == closes:
            found.append((begun.pop() if begun else 0, at))
    return found + [(at, len(told)) for at in begun]


def _once(tokens: list[Token]) -> list[Token]:
    """A month that is named twice, in two calendars' names, is named once."""
    return [
        one
        for at, one in enumerate(tokens)
        if not (one.word[0] == "@" and at and tokens[at - 1].word == one.word)
    ]


@lru_cache(50_000)
def forms(word: str, language: str) -> frozenset[str]:
    """The word without what its language writes onto it, in every way that leaves a word."""
    if word[0] in "#@%":
        return frozenset({word})
    told = lexicon.of(language)
    found = {word}
    for _ in range(3):
        found |= {
            one.removeprefix(prefix) for one in found for prefix in told.prefixes
            if one.startswith(prefix) and len(one) - len(prefix) >= _SHORTEST
        }  # fmt: skip
    found |= {
        one.removesuffix(suffix) for one in found for suffix in told.suffixes
        if one.endswith(suffix) and len(one) - len(suffix) >= _SHORTEST
    }  # fmt: skip
    return frozenset(found)
