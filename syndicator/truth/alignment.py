"""Which words of the article a sentence was made of: in order, from one sentence or two that follow each other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from .tokens import Sentence, Token

_TRIED = 4  # source sentences, those that share most words
_SMALL = 0.25  # what a small word counts; another counts 1
_TOGETHER = 0.2  # more, for a word that follows its neighbour in both
_TWO = 0.5  # less, for each sentence it was made of
_LEFT_OUT = 0.001  # less, for each word of the source: of two that say it the one that says less besides
_STOP = re.compile(r"[,;:—–()\[\]،؛.!?؟…\n]")


class Span(NamedTuple):
    """A sentence of the article, or two neighbours, as one row of words."""

    sources: tuple[int, ...]
    tokens: tuple[Token, ...]
    sentence: tuple[int, ...]  # of each word
    clause: tuple[int, ...]  # of each word: what stands between two marks, or before "and"
    closes: tuple[bool, ...]  # whether a mark, or the end, follows the word
    quoted: tuple[bool, ...]  # whether the word stands in a quotation
    forms: frozenset[str]  # of all its words


@dataclass(frozen=True, slots=True)
class Alignment:
    span: Span
    pairs: tuple[tuple[int, int], ...]  # word of the summary, word of the span
    score: float

    @property
    def sources(self) -> tuple[int, ...]:
        """Sentences of which a word was kept."""
        return tuple(dict.fromkeys(self.span.sentence[j] for _, j in self.pairs))


def spans(numbered: Sequence[tuple[int, Sentence]], joining: frozenset[str]) -> list[Span]:
    """Of sentences with their numbers: each alone, and each with the one that follows it."""
    alone = [_span((number,), [one], joining) for number, one in numbered]
    return alone + [
        _span((one, other), [first, second], joining)
        for (one, first), (other, second) in pairwise(numbered)
        if other == one + 1 and one >= 0
    ]


def _span(sources: tuple[int, ...], parts: Sequence[Sentence], joining: frozenset[str]) -> Span:
    tokens: list[Token] = []
    sentence, clauses, closes, quoted, clause = [], [], [], [], 0
    for number, part in zip(sources, parts, strict=True):
        for at, token in enumerate(part.tokens):
            following = part.tokens[at + 1].start if at + 1 < len(part.tokens) else len(part.plain)
            last = at + 1 == len(part.tokens)
            goes_on = not last and part.tokens[at + 1].word in joining
            stops = last or _STOP.search(part.plain, token.end, following) is not None
            tokens.append(token)
            quoted.append(any(start <= token.start < end for start, end in part.quotations))
            sentence.append(number)
            clauses.append(clause)
            closes.append(stops)
            clause += stops or goes_on
    forms = frozenset(form for token in tokens for form in token.forms)
    return Span(sources, tuple(tokens), tuple(sentence), tuple(clauses), tuple(closes), tuple(quoted), forms)


def align(told: Sentence, all_spans: Sequence[Span], small: frozenset[str]) -> Alignment | None:
    """The span that most of the sentence's words come from; None where it shares no word with any."""
    wanted = [token for token in told.tokens if token.word not in small] or told.tokens
    rough = sorted(all_spans, key=lambda one: _shared(wanted, one), reverse=True)[:_TRIED]
    found = [_aligned(told.tokens, span, small) for span in rough]
    best = max(
        found,
        key=lambda one: one.score - _TWO * len(one.span.sources) - _LEFT_OUT * len(one.span.tokens),
        default=None,
    )
    return best if best and best.pairs else None


def _shared(wanted: Sequence[Token], span: Span) -> float:
    return sum(not token.forms.isdisjoint(span.forms) for token in wanted) - _TWO * len(span.sources)


def _aligned(told: Sequence[Token], span: Span, small: frozenset[str]) -> Alignment:
    """The heaviest row of words that both have in the same order."""
    source = span.tokens
    table = [[0.0] * (len(source) + 1) for _ in range(len(told) + 1)]
    joined = [[False] * (len(source) + 1) for _ in range(len(told) + 1)]
    for i, token in enumerate(told, 1):
        weight = _SMALL if token.word in small else 1.0
        row, above, before = table[i], table[i - 1], joined[i - 1]
        for j, other in enumerate(source, 1):
            best = above[j] if above[j] >= row[j - 1] else row[j - 1]
            if token.word == other.word or not token.forms.isdisjoint(other.forms):
                met = above[j - 1] + weight + (_TOGETHER if before[j - 1] else 0.0)
                if met > best:
                    best = met
                    joined[i][j] = True
            row[j] = best
    return Alignment(span, tuple(_back(table, joined)), table[-1][-1])


def _back(table: list[list[float]], joined: list[list[bool]]) -> list[tuple[int, int]]:
    i, j, pairs = len(table) - 1, len(table[0]) - 1, []
    while i and j:
        if joined[i][j]:
            pairs.append((i - 1, j - 1))
            i, j = i - 1, j - 1
        elif table[i - 1][j] >= table[i][j - 1]:
            i -= 1
        else:
            j -= 1
    return pairs[::-1]
