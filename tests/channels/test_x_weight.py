"""Posts are counted as X counts them: by its reference implementation; the stand-in's own count agrees."""

from importlib.resources import files
from pathlib import Path
from random import Random

import pytest

from syndicator.sandbox.x import weight
from syndicator.text.measure import UNITS, fit
from syndicator.text.sentences import split

x_weighted = UNITS["x-weighted"]
CORPORA = Path(__file__).parents[3] / "shared/corpora"
GENERATED = 10_000
# Links, with and without a scheme, closed by punctuation; three scripts; emoji of one and of many code points; marks.
WORDS = (
    "rain|بارانی|ئەزمەڕ،|أغلق|的道路|カタカナ|é\u0301|ﬁ|ﷺ|12.5|a.b|@dana|#rain|#باران|x@y.com|—|“q”|«koord»|…|•|→|\n|"
    "👩‍👩‍👧‍👦|🇮🇶|1️⃣|❤️|❤|☔|☎️|™|\u200f|\u200e|\u200c|\u2068x\u2069|"
    "https://courier.krd/a/b|https://courier.example.com/en/2026/rain?x=1&y=2|https://courier.example.com/ڕێگا|"
    "http://a.co|esta.krd|courier.com|www.bbc.co.uk/news|see:courier.org,|end.Next|3.com|(https://a.org/b)|"
    "https://a.org/b_(c)|https://a.org/b."
).split("|")


def test_both_counts_agree_on_generated_texts() -> None:
    rng = Random(20)
    for _ in range(GENERATED):
        gap = rng.choice([" ", "\n", "، ", ". "])
        text = gap.join(rng.choices(WORDS, k=rng.randint(1, 25)))
        assert weight(text) == x_weighted(text), text


def test_both_counts_agree_on_the_sample_newsroom() -> None:
    texts = (files("syndicator.sandbox") / "stories.toml").read_text("utf-8").splitlines()
    assert len(texts) > 100
    for text in texts:
        assert weight(text) == x_weighted(text), text


def test_both_counts_agree_on_the_test_material() -> None:
    if not CORPORA.is_dir():
        pytest.skip("the test material is not here")
    texts = []
    for file in sorted((CORPORA / "text").rglob("*.txt")):
        texts += file.read_text("utf-8", "replace").splitlines()
    assert len(texts) > 1000
    for text in texts:
        assert weight(text) == x_weighted(text), text


def test_newer_emoji_weigh_no_less_than_x_may_count() -> None:
    assert x_weighted("🧑‍🚀") >= weight("🧑‍🚀")  # the reference knows the emoji of its own year


@pytest.mark.parametrize("budget", [1, 140, 280])
def test_what_fits_is_never_refused(budget: int) -> None:
    rng = Random(budget)
    for _ in range(200):
        text = " ".join(rng.choices(WORDS, k=60))
        assert weight(fit(text, budget, x_weighted)) <= budget
        assert all(weight(sentence) == x_weighted(sentence) for sentence in split(text)[:3])
