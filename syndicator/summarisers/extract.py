"""The summariser that is always there: sentences of the article, chosen and in their order.

Nothing is written that the article does not say. A sentence stays whole, with who says it, what it denies and what it
doubts, and none stands without the one it leans on. Only where not one fits, the last clauses of one are left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from math import sqrt
from statistics import fmean

from pydantic import BaseModel, ConfigDict, Field

from syndicator.model import Article, Summary
from syndicator.ports import World
from syndicator.text import sentences
from syndicator.text.clauses import shortened
from syndicator.text.speech import leans, opened
from syndicator.text.words import plain, words

Measure = Callable[[str], int]

# Figures change little around these, on three sets of stories at three lengths (bench/loads/summaries.py).
_DECAY = 0.3  # how quickly a later sentence counts less
_LATE = 0.1  # what a word counts however late it comes
_HEADLINE = 0.3  # what a word counts more that the headline has
_SHARP = 1.25  # above 1: words that come again and again count more
_POSITION = 0.6  # what being the first sentence is worth; what it says is worth at most about 1
_AGAIN = 0.25  # what a word is worth that was said already
_COPY = 0.7  # of its words: so many in another sentence, and it says the same

_FEW = 5  # words; less is a label
_UNSTOPPED = 8  # words from which a line without a full stop is a sentence, not a heading
_CUT_FROM = 5  # the best sentences, of which one may be shortened
_STOPS, _AFTER_STOPS = ".!?؟…۔", "\"'”’»)]\u2069\u200e\u200f "

_COMMON = frozenset(
    plain(
        "the a an of to in on at by for with from as is are was were be been has have had said says that which who and "
        "or but not it its his her hers their he she they this these those will would after before over about into "
        "than more also "
        "في من على إلى عن أن إن التي الذي هذا هذه ما لا كان كانت قد بعد قبل مع أو ثم كما بين هو هي و "
        "لە بە بۆ کە و ئەو ئەم بوو بووە دەکات کرد لەگەڵ یان نە تا هەر دوای پێش وتی گوتی"
    ).split()
)


@dataclass(frozen=True, slots=True)
class _Sentence:
    text: str  # with a full stop, where the article has none
    paragraph: int
    order: int  # among all sentences of the article
    words: Set[str]
    whole: bool  # no label, nothing of a longer quotation
    leans: bool  # on the one before it


class ExtractiveSummariser:
    """Says what the article says most and first, and little of it twice."""

    class Settings(BaseModel):
        model_config = ConfigDict(frozen=True, extra="forbid")

        sentences: int = Field(3, ge=1, le=10, description="at most this many sentences")

    def __init__(self, settings: Settings, world: World) -> None:
        self._settings = settings

    def summarise(self, article: Article, budget: int, measure: Measure) -> Summary:
        """Empty when nothing fits that says the same: half a sentence would say something else."""
        found = [*_sentences(article)]
        ranking = _Ranking(found, article.headline)
        chosen = self._chosen(ranking, budget, measure) or _cut(ranking, budget, measure)
        return Summary(
            article=article.id,
            text=_told(chosen),
            method="extract",
            quotes=tuple(dict.fromkeys(sentence.paragraph for sentence in chosen)),
        )

    def _chosen(self, ranking: _Ranking, budget: int, measure: Measure) -> list[_Sentence]:
        chosen: list[_Sentence] = []
        left = [sentence for sentence in ranking.sentences if sentence.whole]
        while len(chosen) < self._settings.sentences:
            standing = [sentence for sentence in left if _stands(sentence, chosen)]
            if not standing:
                break
            best = ranking.best(standing, chosen)
            left.remove(best)
            longer = sorted([*chosen, best], key=lambda one: one.order)
            if measure(_told(longer)) <= budget:
                chosen = longer
        return chosen


class _Ranking:
    """What each sentence would add to those that are chosen."""

    def __init__(self, found: Sequence[_Sentence], headline: str) -> None:
        self.sentences = found
        self._worth = _worth(found, headline)
        self._length = fmean(len(one.text) for one in found) if found else 1.0
        self._most = max((self._says(one, ()) for one in found), default=0.0) or 1.0

    def best(self, candidates: Sequence[_Sentence], chosen: Sequence[_Sentence]) -> _Sentence:
        told = {word for one in chosen for word in one.words}
        return max(candidates, key=lambda one: self._says(one, told) / self._most + _POSITION * _place(one))

    def _says(self, sentence: _Sentence, told: Set[str] | tuple[()]) -> float:
        """The worth of its words, for its length: twice as long should say more than 1.4 times as much."""
        worth = sum(self._worth[word] * (_AGAIN if word in told else 1) for word in sentence.words)
        return worth / sqrt(len(sentence.text) / self._length)


def _worth(found: Sequence[_Sentence], headline: str) -> dict[str, float]:
    """Of each word: it is worth more the earlier and the more often the article says it."""
    worth: defaultdict[str, float] = defaultdict(float)
    for sentence in found:
        for word in sentence.words:
            worth[word] += _place(sentence) + _LATE
    for word in words(headline):
        worth[word] += _HEADLINE
    return {word: value**_SHARP for word, value in worth.items()}


def _place(sentence: _Sentence) -> float:
    return 1 / (1 + _DECAY * sentence.order)


def _sentences(article: Article) -> Iterator[_Sentence]:
    order = 0
    for number, paragraph in enumerate(article.body):
        quoting: tuple[str, ...] = ()  # a paragraph that forgot its closing mark silences only itself
        for text in sentences.split(paragraph, article.language):
            before, quoting = quoting, opened(text, quoting)
            told = words(text)
            stopped = text.rstrip(_AFTER_STOPS).endswith(tuple(_STOPS))
            long_enough = len(told) >= (_FEW if stopped else _UNSTOPPED) and text[-1] not in ":,،;؛"
            yield _Sentence(
                text=text if stopped else f"{text}.",
                paragraph=number,
                order=order,
                words=set(told) - _COMMON,
                whole=long_enough and not before and not quoting,
                leans=leans(text),
            )
            order += 1


def _stands(sentence: _Sentence, chosen: Sequence[_Sentence]) -> bool:
    """Whether it would say something beside the chosen ones, and what it leans on is among them."""
    if any(len(sentence.words & one.words) > _COPY * len(sentence.words) for one in chosen):
        return False
    return not sentence.leans or any(sentence.order - 1 == one.order for one in chosen)


def _told(chosen: Sequence[_Sentence]) -> str:
    return " ".join(sentence.text for sentence in chosen)


def _cut(ranking: _Ranking, budget: int, measure: Measure) -> list[_Sentence]:
    """The best sentence that fits once its last clauses are left out."""
    left = [sentence for sentence in ranking.sentences if sentence.whole and not sentence.leans]
    for _ in range(min(_CUT_FROM, len(left))):
        best = ranking.best(left, ())
        left.remove(best)
        if kept := shortened(best.text, lambda text: measure(text) <= budget):
            return [replace(best, text=kept)]
    return []
