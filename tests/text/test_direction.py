import pytest

from syndicator.text.direction import direction, isolate, of_text, without_controls


@pytest.mark.parametrize(
    ("language", "runs"),
    [
        ("en", "ltr"),
        ("ckb", "rtl"),
        ("ar-IQ", "rtl"),
        ("ku-Arab", "rtl"),
        ("ckb-Latn", "ltr"),
        ("kmr", "ltr"),
    ],
)
def test_a_language_has_a_direction(language: str, runs: str) -> None:
    assert direction(language) == runs


def test_the_first_strong_letter_decides() -> None:
    assert of_text("123 Azmar") == "ltr"
    assert of_text("«ئەزمەڕ»") == "rtl"
    assert of_text("123 !") is None


def test_a_foreign_name_is_isolated() -> None:
    assert isolate("Reuters", "ckb") == "\u2068Reuters\u2069"
    assert isolate("Reuters", "en") == "Reuters"
    assert isolate("123", "ckb") == "123"


def test_what_turns_a_line_round_is_dropped() -> None:
    assert without_controls("a\u202eb\x00c\ue000d\u2068e\u2069\u200cf\n") == "abcd\u2068e\u2069\u200cf\n"
