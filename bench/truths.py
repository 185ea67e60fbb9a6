"""Articles and judged sentences that the gate is measured on, and how it did."""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.resources import files
from random import Random

from bench.corpora import OTHERS as CORPORA
from bench.planted import planted
from syndicator.model import Article, ArticleId, Checked, Language, Standing
from syndicator.truth import Gate, worst

SEED = 7
_NEWS = {
    "en": ("summaries/writers.jsonl", "summaries/cnndm100.jsonl"),
    "ar": ("summaries/xlsum_arabic.jsonl",),
}
_SORANI = "text/sorani_sentences.txt"
_JUDGED = "summaries/faithfulness/mturk_cnndm.jsonl"
_TOGETHER = 10  # sentences of one Sorani article
_MAJORITY = 2  # of three people


def article(language: str, body: Sequence[str], name: object = "one") -> Article:
    return Article(
        id=ArticleId(str(name)),
        revision=1,
        url="https://courier.example/one",
        language=Language(language),
        headline=" ".join(body[0].split()[:6]),
        body=tuple(body),
        published_at=datetime(2026, 3, 1, tzinfo=UTC),
    )


def sample(language: str) -> list[Article]:
    """The stories of the sample newsroom, which are always there."""
    told = tomllib.loads((files("syndicator.sandbox") / "stories.toml").read_text("utf-8"))["story"]
    return [article(language, one["body"], one["slug"]) for one in told if one["language"] == language]


def found(language: str) -> list[Article]:
    """Articles of the test material in a language; those of the sample newsroom where it is not there."""
    if not CORPORA.is_dir():
        return sample(language)
    if language == "ckb":
        lines = [line.strip() for line in (CORPORA / _SORANI).read_text("utf-8").splitlines()]
        return [article("ckb", lines[at : at + _TOGETHER], at) for at in range(0, len(lines), _TOGETHER)]
    texts = (one["article"] for name in _NEWS[language] for one in _lines(name))
    bodies = ([line for line in text.split("\n") if line.strip()] for text in texts)
    return [article(language, body, at) for at, body in enumerate(bodies)]


def judged(part: int) -> Iterator[tuple[Article, str, bool]]:
    """Sentences, and whether most people called them true; the rules were written looking at part 0 alone."""
    for one in _lines(_JUDGED)[part::2]:
        text = article("en", [one["article"]])
        for told in one["summary_sentences"]:
            yes = sum(answer["response"] == "yes" for answer in told["responses"])
            yield text, told["sentence"], yes >= _MAJORITY


def _lines(name: str) -> list[dict[str, object]] | list:  # type: ignore[type-arg]
    return [json.loads(line) for line in (CORPORA / name).read_text("utf-8").splitlines()]


@dataclass(slots=True)
class Score:
    """How many of each kind there were, and how many the gate judged as it should."""

    number: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)
    wrong: list[tuple[str, str, tuple[Checked, ...]]] = field(default_factory=list)

    def share(self, kinds: Iterable[str]) -> float:
        kinds = list(kinds)
        return sum(self.right[kind] for kind in kinds) / max(1, sum(self.number[kind] for kind in kinds))

    @property
    def caught(self) -> float:
        """Of the planted falsehoods, those that were not cleared."""
        return self.share(kind for kind in self.number if kind != "true")

    @property
    def refused(self) -> float:
        """Of the extractive truths, those that were not cleared."""
        return 1 - self.share(["true"])


def on_planted(articles: Sequence[Article], per_article: int = 1) -> Score:
    score = Score()
    for one in planted(articles, Random(SEED), per_article):
        checked = Gate(one.article).check(one.text)
        clear = worst(checked) is Standing.CLEAR
        right = clear == (one.kind == "true")
        score.number[one.kind] += 1
        score.right[one.kind] += right
        if not right:
            score.wrong.append((one.kind, one.text, checked))
    return score


def on_judged(parts: Iterable[int]) -> Mapping[str, float]:
    """``passed``: share of the sentences that were cleared; ``false``: share of those that people call false."""
    number = passed = false = 0
    for part in parts:
        for told, text, true in judged(part):
            clear = worst(Gate(told).check(text)) is Standing.CLEAR
            number, passed, false = number + 1, passed + clear, false + (clear and not true)
    return {"sentences": number, "passed": passed / number, "false": false / max(1, passed)}
