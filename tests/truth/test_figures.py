"""One key for a number, a share or a date, however it is written."""

from __future__ import annotations

import pytest

from syndicator.truth.tokens import sentence


def keys(text: str, language: str) -> list[str]:
    return [word for word in sentence(text, language).words if word[0] in "#@%"]


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "It cost $3.2 million.", ["#3200000"]),
        ("en", "90,000 trees and 26 000 more", ["#90000", "#26000"]),
        ("en", "twenty-three of 112 on 3 March", ["#23", "#112", "#3", "@m3"]),
        ("en", "three hundred and five, four hundred", ["#305", "#400"]),
        ("en", "three and four", ["#3", "#4"]),
        ("en", "5 per cent, 5 percent, 5%", ["#5", "%", "#5", "%", "#5", "%"]),
        ("en", "on Monday, 2 Sept 2024", ["@d1", "#2", "@m9", "#2024"]),
        ("en", "he may march", []),
        ("en", "one man", []),
        ("ar", "٣٫٢ مليون دولار", ["#3200000"]),
        ("ar", "خمسة وعشرون في المئة", ["#25", "%"]),
        ("ar", "أحد عشر رجلاً في كانون الثاني/يناير", ["#11", "@m1"]),
        ("ar", "تسعين ألف شتلة ومئة وخمسين", ["#90000", "#150"]),
        ("ar", "يوم الأحد ٦١ راكباً", ["@d7", "#61"]),
        ("ar", "في تشرين الأول ٢٠٢٤", ["@m10", "#2024"]),
        ("ckb", "نەوەد هەزار و پێنج سەد نەمام", ["#90500"]),
        ("ckb", "٪٢٥ و لە سەدا ٣٠", ["%", "#25", "%", "#30"]),
        ("ckb", "بیست و پێنج کەس", ["#25"]),
        ("ckb", "سەد و بیست کەس لە ٦ی کانوونی دووەمی ٢٠٢٤", ["#120", "#6", "@m1", "#2024"]),
        ("ckb", "ڕۆژی یەکشەممە، ١١ی ئازار", ["@d7", "#11", "@m3"]),
        ("ckb", "۱۲ کەس", ["#12"]),
    ],
)
def test_a_figure_has_one_key(language: str, text: str, expected: list[str]) -> None:
    assert keys(text, language) == expected
