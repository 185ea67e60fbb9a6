from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicator.text.sentences import identify, split

SHARED = Path(__file__).parents[2].parent / "shared"


@pytest.mark.parametrize(
    ("language", "sentences"),
    [
        ("en", ["The road is closed.", "Police said so on Monday."]),
        ("en", ["Dr. Karim spoke to Mr. J. K. Ali at 5 p.m. on Friday.", "He left."]),
        ("en", ["“We wait,” he said.", "“Nobody comes.”", "The wind rose."]),
        ("en", ["The U.S. Embassy denied it.", "It cost 3.5 million dinars!", "Why?"]),
        ("en", ["Who came?”", "Nobody."]),
        ("en", ["He sold it to Zagros Inc.", "The price was low."]),
        ("en", ["It went on … and on.", "Then it stopped."]),
        ("ar", ["هل أغلق الطريق؟", "نعم، قالت الشرطة ذلك.", "وصل د. كريم أمس."]),
        ("ckb", ["ڕێگاکە داخرا.", "پۆلیس وتی: «چاوەڕێ دەکەین.»", "کێ هات؟", "کەس نەهات!"]),
    ],
)
def test_sentences_end_where_a_reader_ends_them(language: str, sentences: list[str]) -> None:
    assert split(" ".join(sentences), language) == sentences


@given(st.text('aB .!?؟\n”"1گ'))
def test_nothing_is_lost_between_sentences(text: str) -> None:
    assert " ".join(" ".join(split(text)).split()) == " ".join(text.split())


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Rain closed the Azmar road on Monday.", "en"),
        ("باران ڕێگای ئەزمەڕی داخست و هاتوچۆی وەستاند.", "ckb"),
        ("أغلقت الأمطار طريق أزمر يوم الاثنين.", "ar"),
        ("Baranê rêya Ezmerê girt û çûnûhatin rawestand.", "kmr"),
        ("باران جادهٔ ازمر را بست و پلیس می‌گوید چند روز طول می‌کشد.", "fa"),
    ],
)
def test_a_language_is_known_by_its_letters(text: str, language: str) -> None:
    assert identify(text, ["en", "ckb", "ar", "kmr", "fa"]) == language


def test_only_languages_that_were_asked_for_are_named() -> None:
    assert identify("باران جادهٔ ازمر را بست", ["en", "ar"]) == "ar"
    assert identify("Rain", ["ckb", "ar"]) is None
    assert identify("123", ["en"]) is None


def test_sorani_lines_of_others() -> None:
    path = SHARED / "corpora/text/sorani_sentences.txt"
    if not path.exists():
        pytest.skip(f"{path.name} is not here: test material that only the project's own machines have")
    lines = [line for line in path.read_text().splitlines() if len(line) > 60][:500]
    assert sum(identify(line, ["en", "ckb", "ar"]) == "ckb" for line in lines) >= 0.99 * len(lines)
