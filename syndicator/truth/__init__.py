"""The gate: a summary held against its article, sentence by sentence. Nobody who writes summaries is believed.

A sentence is clear when it is one sentence of the article, whole or with parts left out, and nothing that was left
out changes what it claims. All else waits for an editor or is refused: rules about words can't follow free rewriting.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property

from syndicator.model import Article, Checked, Doubt, Finding, Standing
from syndicator.text import sentences

from . import alignment, lexicon, machines
from .claims import Claim, Ground, findings
from .tokens import Sentence, joined, sentence

__all__ = ["HEADLINE", "Gate", "numbered", "worst"]

_ARABIC, _LATIN = re.compile("[\u0620-\u06d3]"), re.compile("[A-Za-z\u00c0-\u024f]")
HEADLINE = -1  # its number among an article's sentences


class Gate:
    """``Gate(article).check(text)``; made once for an article, it may check many texts."""

    def __init__(self, article: Article) -> None:
        self._article = article
        self._language = article.language

    def check(self, text: str) -> tuple[Checked, ...]:
        """Its sentences with what they were made of, and what stands against each."""
        return tuple(self._checked(one) for one in sentences.split(joined(text), self._language))

    def _checked(self, text: str) -> Checked:
        if machines.addressed(text):
            return _refused(text, Doubt.MACHINE)
        whole = self._whole.get(" ".join(text.split()))
        if whole is not None:
            return Checked(text=text, sources=(whole,))
        if _script(text) != _script(self._article.body[0] if self._article.body else self._article.headline):
            return _refused(text, Doubt.LANGUAGE)
        told = sentence(text, self._language)
        found = alignment.align(told, self._spans, lexicon.of(self._language).small)
        if found is None:
            return _refused(text, Doubt.SOURCE)
        return Checked(
            text=text, sources=found.sources, findings=tuple(findings(Claim(told, found, self._ground)))
        )

    @cached_property
    def _whole(self) -> dict[str, int]:
        return {" ".join(text.split()): number for number, text in reversed([*self._quotable()])}

    def _quotable(self) -> Iterator[tuple[int, str]]:
        return ((number, text) for number, text, spoilt in numbered(self._article) if not spoilt)

    @cached_property
    def _sentences(self) -> list[tuple[int, Sentence]]:
        return [(number, sentence(text, self._language)) for number, text in self._quotable()]

    @cached_property
    def _spans(self) -> list[alignment.Span]:
        return alignment.spans(self._sentences, lexicon.of(self._language).joining)

    @cached_property
    def _ground(self) -> Ground:
        return Ground.of([one for _, one in self._sentences], lexicon.of(self._language))


def numbered(article: Article) -> Iterator[tuple[int, str, bool]]:
    """Its sentences with their numbers, the headline's first, and whether they stand in a paragraph that speaks to
    machines: nothing may be made of those."""
    yield HEADLINE, article.headline, machines.addressed(article.headline)
    number = 0
    for paragraph in article.body:
        spoilt = machines.addressed(paragraph)
        for text in sentences.split(joined(paragraph), article.language):
            yield number, text, spoilt
            number += 1


def worst(checked: Sequence[Checked]) -> Standing:
    """What a summary is as a whole."""
    order = [Standing.CLEAR, Standing.DOUBTFUL, Standing.FALSE]
    return max((one.standing for one in checked), key=order.index, default=Standing.CLEAR)


def _script(text: str) -> bool | None:
    """Whether its letters are Arabic ones rather than Latin ones; None if it has neither."""
    arabic, latin = len(_ARABIC.findall(text)), len(_LATIN.findall(text))
    return arabic > latin if arabic or latin else None


def _refused(text: str, doubt: Doubt) -> Checked:
    return Checked(text=text, findings=(Finding(doubt=doubt, words=text, grave=True),))
