"""One word, however it was typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicator.text.words import plain, words


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        ("كُردستان", "کردستان"),  # Arabic kaf, a vowel mark
        ("علي", "علی"),
        ("على", "علی"),
        ("مدرسة", "مدرسه"),
        ("إلى أحمد", "الی احمد"),
        ("كــــوردستان", "کوردستان"),  # tatweel
        ("ڕێگا\u200cکە", "ڕێگاکە"),
        ("ئه\u200cوه\u200c", "ئەوە"),  # Sorani ae as heh and a joiner
        ("ھەولێر", "هەولێر"),  # heh doachashmee
        ("\ufed9\ufeee\ufead", "کور"),  # presentation forms: what old pages and PDFs have
        ("سنة ٢٠٢٦", "سنه 2026"),
        ("ساڵی ۲۰۲۶", "ساڵی 2026"),
        ("\u2067هەولێر\u2069", "هەولێر"),
        ("don’t", "don't"),
        ("ＡＰ", "ap"),
    ],
)
def test_keyboards_marks_and_joiners_make_no_difference(typed: str, word: str) -> None:
    assert plain(typed) == plain(word) == word


def test_letters_that_tell_words_apart_stay() -> None:
    assert len({plain(word) for word in ("کەر", "کەڕ", "کەل", "کەڵ", "شیر", "شێر", "کور", "کوڕ", "گۆڕ")}) == 9


def test_words_are_told_in_order() -> None:
    assert words("“ڕێگاکە” داخرا؛ ٣ کەس، 1,200 m.") == ["ڕێگاکە", "داخرا", "3", "کەس", "1", "200", "m"]
    assert words("  … – ") == []


@given(st.text() | st.text("هھ\u200cەيیكکـًأ٠٩۵5aİßﬁ½ "))
def test_a_plain_text_is_plain(text: str) -> None:
    assert plain(plain(text)) == plain(text)
    assert words(plain(text)) == words(text)
