"""The summariser that is always there: whole sentences of the article, chosen and in their order.

Nothing is written that the article does not say, no sentence is cut, attribution stays because its sentence
stays whole, and no sentence opens with a pronoun whose name was left out.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from syndicator.model import Article, Summary
from syndicator.ports import World
from syndicator.text import sentences

# A sentence that opens with one of these leans on the one before it.
_LEANING = frozenset(
    "he she it they his her its their him them this that these those such however but also meanwhile therefore "
    "moreover furthermore nevertheless instead so then thus yet besides otherwise still and or nor both "
    "هو هي هم هذا هذه ذلك تلك كما وأضاف وتابع وأوضح وأكد وقال وذكر وأشار لكن ولكن غير بينما إلا فيما لذلك "
    "ئەو ئەوان ئەمە ئەوە ئەم هەروەها بەڵام دواتر لەبەرئەوە بۆیە هاوکات لەلایەکی ناوبراو ئەوەشی ئەوەش".split()
)
_COMMON = frozenset(
    "the a an of to in on at by for with from as is are was were be been has have had said says that which who and or "
    "but not it its his her their he she they this will would after before over about into than more also "
    "في من على إلى عن أن إن التي الذي هذا هذه ما لا كان كانت قد بعد قبل مع أو ثم كما بين هو هي "
    "لە بە بۆ کە و ئەو ئەم بوو بووە دەکات کرد لەگەڵ یان نە تا هەر دوای پێش وتی گوتی".split()
)
_WORD = re.compile(r"[^\W_]+")
_OPEN_QUOTES, _CLOSE_QUOTES = "“«", "”»"


@dataclass(frozen=True, slots=True)
class _Sentence:
    text: str
    paragraph: int
    order: int
    words: Counter[str]
    leans: bool


class ExtractiveSummariser:
    """Position, centrality and the headline's words, with redundancy kept out (maximal marginal relevance)."""

    class Settings(BaseModel):
        model_config = ConfigDict(frozen=True, extra="forbid")

        sentences: int = Field(3, ge=1, le=10, description="at most this many sentences")

    def __init__(self, settings: Settings, world: World) -> None:
        self._settings = settings

    def summarise(self, article: Article, budget: int, measure: Callable[[str], int]) -> Summary:
        """Empty when not one sentence of the article fits: half a sentence would say something else."""
        found = _sentences(article)
        chosen = self._choose(found, _words(article.headline), budget, measure)
        return Summary(
            article=article.id,
            text=" ".join(sentence.text for sentence in chosen),
            method="extract",
            quotes=tuple(dict.fromkeys(sentence.paragraph for sentence in chosen)),
        )

    def _choose(
        self, found: Sequence[_Sentence], headline: Counter[str], budget: int, measure: Callable[[str], int]
    ) -> list[_Sentence]:
        scores = _scores(found, headline)
        chosen: list[_Sentence] = []
        open_for = list(found)
        while open_for and len(chosen) < self._settings.sentences:
            best = max(open_for, key=lambda one: scores[one.order] - _echo(one, chosen))
            open_for.remove(best)
            candidate = sorted([*chosen, best], key=lambda one: one.order)
            if _stands(candidate) and measure(" ".join(one.text for one in candidate)) <= budget:
                chosen = candidate
        return chosen


def _sentences(article: Article) -> list[_Sentence]:
    """The sentences that can stand; one inside a quotation that opened earlier can't."""
    found: list[_Sentence] = []
    inside = 0  # quotations that are open
    for number, paragraph in enumerate(article.body):
        for text in sentences.split(paragraph, article.language):
            opened = sum(text.count(mark) for mark in _OPEN_QUOTES)
            closed = sum(text.count(mark) for mark in _CLOSE_QUOTES)
            if not inside and opened == closed:
                first = _WORD.search(text)
                leans = first is not None and first[0].casefold() in _LEANING
                found.append(_Sentence(text, number, len(found), _words(text), leans))
            inside = max(0, inside + opened - closed)
        inside = 0  # a paragraph that forgot its closing mark silences only itself
    return found


def _words(text: str) -> Counter[str]:
    words = (word.casefold() for word in _WORD.findall(text))
    return Counter(word for word in words if word not in _COMMON)


def _scores(found: Sequence[_Sentence], headline: Counter[str]) -> list[float]:
    """Between 0 and about 2.3: earlier, nearer to what the whole article is about and to its headline."""
    whole: Counter[str] = Counter()
    for sentence in found:
        whole.update(sentence.words)
    scores = []
    for sentence in found:
        position = 1 / (1 + 0.5 * sentence.order)
        scores.append(
            position + 0.8 * _cosine(sentence.words, whole) + 0.5 * _cosine(sentence.words, headline)
        )
    return scores


def _echo(sentence: _Sentence, chosen: Sequence[_Sentence]) -> float:
    return 0.7 * max((_cosine(sentence.words, other.words) for other in chosen), default=0.0)


def _stands(candidate: Sequence[_Sentence]) -> bool:
    """Nobody leans on a sentence that was left out."""
    orders = {one.order for one in candidate}
    return all(not one.leans or one.order - 1 in orders for one in candidate)


def _cosine(one: Counter[str], other: Counter[str]) -> float:
    shared = sum(count * other[word] for word, count in one.items())
    if not shared:
        return 0.0
    return shared / math.sqrt(_square(one) * _square(other))


def _square(words: Counter[str]) -> int:
    return sum(count * count for count in words.values())
