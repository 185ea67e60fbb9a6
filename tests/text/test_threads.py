"""A text in pieces: each fits, nothing is lost, and each reads in its own direction."""

import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicator.text.measure import UNITS, x_weighted
from syndicator.text.threads import pieces

WORDS = st.sampled_from(
    [
        "Rain",
        "closes",
        "the",
        "road.",
        "باران",
        "ڕێگاکەی",
        "داخست.",
        "https://courier.krd/a/b",
        "👩‍👩‍👧‍👦",
        "\n\n",
        "\n",
    ]
)
TEXTS = st.lists(WORDS, min_size=1, max_size=200).map(" ".join)


def _words(text: str) -> str:
    return regex.sub(r"[\s\u200e\u200f…]", "", text)


@given(TEXTS, st.integers(30, 300), st.sampled_from(["x-weighted", "chars", "bytes"]))
@settings(max_examples=200, deadline=None)
def test_every_piece_fits_and_no_word_is_lost(text: str, limit: int, unit: str) -> None:
    found = pieces(text, limit, UNITS[unit], "en")
    assert all(UNITS[unit](one) <= limit for one in found)
    assert found
    assert _words("".join(found)) == _words(text)


def test_a_thread_breaks_between_sentences() -> None:
    text = "Rain closed the road. Crews cleared it.\n\nBuses ran late. https://courier.krd/a"
    assert pieces(text, 45, x_weighted, "en") == [
        "Rain closed the road. Crews cleared it.",
        "Buses ran late. https://courier.krd/a",
    ]
    assert pieces(text, 280, x_weighted, "en") == [text]


def test_a_piece_opens_in_its_languages_direction() -> None:
    text = "باران ڕێگاکەی داخست و کەس نەهات. UNICEF لەوێ بوو و یارمەتی دا."
    assert pieces(text, 40, x_weighted, "ckb")[1].startswith("\u200fUNICEF")


def test_a_word_that_no_post_can_hold_makes_no_thread() -> None:
    assert pieces("https://courier.krd/a " * 3, 20, x_weighted, "en") == []


def test_a_long_word_is_cut_without_measuring_all_of_it_for_each_piece() -> None:
    measured = 0

    def counting(text: str) -> int:
        nonlocal measured
        measured += len(text)
        return len(text)

    found = pieces("0" * 20_000, 280, counting, "en")
    assert "".join(found).replace("…", "") == "0" * 20_000
    assert measured < 60 * 20_000  # all of it for each piece was 117 times
