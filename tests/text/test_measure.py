import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicator.channels.email.bodies import body
from syndicator.text.measure import FIRST_ISOLATES, POP_ISOLATE, UNITS, encoded, fit, utf16, x_weighted

WORDS = [
    "rain",
    "بارانی",
    "https://courier.krd/a/b",
    "👩‍👩‍👧‍👦",
    "\u2068Azmar\u2069",
    "ئەزمەڕ،",
    "é́",
    "🇮🇶",
    "x" * 40,
    "\n",
]
TEXTS = st.lists(st.sampled_from(WORDS) | st.text(max_size=8), max_size=30).map(" ".join)


@given(TEXTS, st.integers(0, 120), st.sampled_from(["chars", "utf16", "x-weighted", "bytes"]))
@settings(max_examples=300, deadline=None)
def test_a_fitted_text_never_exceeds_the_networks_own_count(text: str, budget: int, unit: str) -> None:
    assert UNITS[unit](fit(text, budget, UNITS[unit])) <= max(budget, 0)


@given(TEXTS, st.integers(0, 120))
@settings(max_examples=300, deadline=None)
def test_a_fitted_text_splits_no_cluster_and_no_isolate(text: str, budget: int) -> None:
    fitted = fit(text, budget, len)
    if fitted == text:
        return
    kept = fitted.rstrip(POP_ISOLATE).removesuffix("…")
    assert text.startswith(kept)
    assert regex.findall(r"\X", text)[: len(regex.findall(r"\X", kept))] == regex.findall(r"\X", kept)
    opened = sum(fitted.count(mark) for mark in FIRST_ISOLATES)
    assert opened <= fitted.count(POP_ISOLATE) or "\u2068" not in text


def test_a_text_that_fits_stays_as_it_is() -> None:
    assert fit("Rain closes the road", 20, len) == "Rain closes the road"


def test_words_are_kept_whole() -> None:
    assert fit("Rain closes the Azmar road", 20, len) == "Rain closes the…"


@given(
    st.sampled_from(
        [
            "Rain closes the Azmar road for a second day, and nobody knows when it opens",
            "الأمطار تغلق طريق أزمر لليوم الثاني، ولا أحد يعرف متى يفتح",
            "باران بۆ دووەم ڕۆژ ڕێگای ئەزمەڕی داخست، و کەس نازانێت کەی دەکرێتەوە",
        ]
    ),
    st.integers(0, 80),
)
def test_a_headline_is_cut_at_the_end_of_a_word_and_says_so(headline: str, budget: int) -> None:
    fitted = fit(headline, budget, len)
    kept = fitted.removesuffix("…")
    assert fitted in {"", headline} or (kept != fitted and headline.startswith(kept))
    assert fitted in {"", headline} or headline[len(kept)] in " ،,"


def test_a_link_is_never_cut() -> None:
    assert fit("https://courier.krd/rain-closes-the-road", 20, len) == ""


def test_one_long_word_is_cut_between_clusters() -> None:
    assert fit("👩‍👩‍👧‍👦" * 3, 10, utf16) == ""
    assert fit("👩‍👩‍👧‍👦" * 3, 12, utf16) == "👩‍👩‍👧‍👦…"


@pytest.mark.parametrize(
    ("text", "weight"),
    [
        ("سڵاو", 4),
        ("…", 2),
        ("https://courier.krd/a-long-path", 23),
        ("👩‍👩‍👧‍👦", 2),
        ("\u2068a\u2069", 5),
        ("漢", 2),
    ],
)
def test_x_counts_as_x_does(text: str, weight: int) -> None:
    assert x_weighted(text) == weight


def test_an_open_isolate_is_closed() -> None:
    assert fit("\u2068Azmar road closed\u2069 today", 14, len) == "\u2068Azmar road…\u2069"


@given(st.text("ab .=\n\tبۆé", max_size=3000))
def test_a_mails_part_is_never_larger_than_it_is_counted(text: str) -> None:
    out: list[bytes] = []
    body(text, escape=True).put({}, out)
    real = len(b"".join(out))
    assert real <= encoded(text) + 80


@pytest.mark.parametrize(
    "words", ["باران ڕێگاکەی داخست. ", "Rain closed the road. ", "La pluie a fermé la route à midi. "]
)
def test_a_mails_part_is_counted_closely(words: str) -> None:
    out: list[bytes] = []
    body(words * 900, escape=True).put({}, out)
    real = len(b"".join(out))
    assert real <= encoded(words * 900) <= real * 1.08
