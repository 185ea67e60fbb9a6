"""Summaries of the same stories by us, by the beginning of the story, and by sumy; all read sentences with our eyes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cached_property
from importlib import import_module
from importlib.util import find_spec
from typing import Any, cast

from bench.corpora import Told
from syndicator.model import Article, ArticleId, Language
from syndicator.ports import World
from syndicator.summarisers.extract import ExtractiveSummariser
from syndicator.text.measure import fit
from syndicator.text.sentences import split
from syndicator.text.words import words

CHARACTERS = 280
LENGTHS = {"1 sentence": 1, "3 sentences": 3, f"{CHARACTERS} characters": None}
SUMY = {"LexRank": "lex_rank", "TextRank": "text_rank", "LSA": "lsa", "Luhn": "luhn"}
METHODS = ("lead", "syndicator", *SUMY)
_NAMES = {"en": "english", "ar": "arabic"}  # as sumy has them

Write = Callable[[int | None], str]  # at most so many sentences; None: as many as go into 280 characters


def missing(method: str) -> str:
    """Why it cannot take part; empty where it can."""
    return "sumy is not installed" if method in SUMY and find_spec("sumy") is None else ""


def writer(method: str, story: Told) -> Write:
    if method == "syndicator":
        return lambda most: _ours(story, most)
    sentences = [one for paragraph in story.paragraphs for one in split(paragraph, story.language)]
    if method == "lead":
        return lambda most: _picked(sentences, range(len(sentences)), most)
    ranked = _Ranked(method, story)
    return lambda most: _picked(sentences, ranked.order, most)


def _ours(story: Told, most: int | None) -> str:
    article = Article(
        id=ArticleId("a"),
        revision=1,
        url="",
        language=Language(story.language),
        headline="",
        body=story.paragraphs,
        published_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    told = ExtractiveSummariser.Settings(sentences=most or 10)
    summariser = ExtractiveSummariser(told, cast(World, None))  # it looks at no world
    return summariser.summarise(article, 10**6 if most else CHARACTERS, len).text


def _picked(sentences: Sequence[str], ranking: Sequence[int], most: int | None) -> str:
    """The best sentences in their order; where characters are counted, those of the best that fit, one by one."""
    if most:
        return " ".join(sentences[number] for number in sorted(ranking[:most]))
    chosen: list[int] = []
    for number in ranking:
        longer = sorted([*chosen, number])
        if len(" ".join(sentences[one] for one in longer)) <= CHARACTERS:
            chosen = longer
    if not chosen:
        return fit(sentences[ranking[0]], CHARACTERS, len)
    return " ".join(sentences[number] for number in chosen)


class _Ranked:
    """A story's sentences as a method of sumy ranks them, with its stemmer and stop words and our tokens."""

    def __init__(self, method: str, story: Told) -> None:
        self._method, self._story = method, story

    @cached_property
    def order(self) -> list[int]:
        from sumy.nlp.stemmers import Stemmer
        from sumy.utils import get_stop_words

        language = _NAMES[self._story.language]
        module = import_module(f"sumy.summarizers.{SUMY[self._method]}")
        summarise = getattr(module, f"{self._method.title().replace('rank', 'Rank')}Summarizer")(
            Stemmer(language)
        )
        summarise.stop_words = get_stop_words(language)
        found: list[int] = []

        def all_of_them(ranked: Sequence[Any]) -> Sequence[Any]:
            found.extend(one.order for one in ranked)
            return ranked

        summarise(self._document(), all_of_them)
        return found

    def _document(self) -> Any:
        from sumy.models.dom import ObjectDocumentModel, Paragraph, Sentence

        tokens = _Tokens()
        return ObjectDocumentModel(
            Paragraph([Sentence(one, tokens) for one in split(paragraph, self._story.language)])
            for paragraph in self._story.paragraphs
        )


class _Tokens:
    """sumy's own would download its rules."""

    def to_words(self, text: str) -> tuple[str, ...]:
        return tuple(words(text))
