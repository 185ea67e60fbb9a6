"""How much of what is false the gate finds, and how much of what is true it refuses."""

from __future__ import annotations

import pytest

from bench.planted import KINDS
from bench.truths import CORPORA, found, on_judged, on_planted, sample

LANGUAGES = ("en", "ar", "ckb")
there = pytest.mark.skipif(not CORPORA.is_dir(), reason="the test material is not here")


@pytest.mark.parametrize("language", LANGUAGES)
def test_on_our_own_stories(language: str) -> None:
    score = on_planted(sample(language), 10)
    assert set(score.number) == {"true", *KINDS}
    assert score.caught >= 0.95, score.wrong
    assert score.refused <= 0.05, score.wrong


@there
@pytest.mark.parametrize("language", LANGUAGES)
def test_on_articles_that_the_rules_were_not_written_on(language: str) -> None:
    score = on_planted(found(language)[1::2])
    assert sum(score.number.values()) > 300
    for kind in KINDS:
        assert score.share([kind]) >= 0.95, (kind, score.wrong)
    assert score.refused <= 0.05, score.wrong


@there
def test_on_sentences_that_people_judged() -> None:
    told = on_judged((0, 1))
    assert told["passed"] >= 0.5
    assert told["false"] <= 0.06
