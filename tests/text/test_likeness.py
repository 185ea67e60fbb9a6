"""The same event in other words, the same words on another day; in three scripts."""

import json
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicator.text.likeness import likeness, shingles

CORPORA = Path(__file__).parents[3] / "shared" / "corpora" / "summaries"

AGENCY = {
    "en": (
        "Heavy rain kept the Azmar road closed for a second day on Sunday, and the traffic police asked drivers to "
        "take the tunnel instead.",
        "Crews have cleared three landslides since dawn, and two buses with sixty passengers were brought back.",
    ),
    "ar": (
        "أبقت الأمطار الغزيرة طريق أزمر مغلقا لليوم الثاني على التوالي، وطلبت شرطة المرور من السائقين استخدام النفق "
        "بدلا منه.",
        "وأزالت الفرق ثلاثة انهيارات أرضية منذ الفجر، وأعيدت حافلتان على متنهما ستون راكبا إلى المدينة مساء.",
    ),
    "ckb": (
        "بارانی بەلێزمە بۆ دووەم ڕۆژ ڕێگای ئەزمەڕی داخست و پۆلیسی هاتوچۆ داوای لە شۆفێران کرد لەبری ئەوە تونێلەکە "
        "بەکاربهێنن.",
        "تیمەکان لە بەیانییەوە سێ داڕمانیان لابردووە و دوو پاس بە شەست نەفەرەوە گەڕێندرانەوە بۆ شار.",
    ),
}
MORE = {
    "en": (
        "Our reporter at the foot of the mountain says that the shops along the road have lost a week's trade.",
    ),
    "ar": ("ويقول مراسلنا عند سفح الجبل إن المحال على امتداد الطريق خسرت تجارة أسبوع كامل.",),
    "ckb": ("پەیامنێرمان لە بنی چیاکە دەڵێت دوکانەکانی سەر ڕێگاکە بازرگانیی هەفتەیەکیان لەدەستداوە.",),
}


@pytest.mark.parametrize("language", AGENCY)
def test_one_agencys_words_in_two_papers_are_alike(language: str) -> None:
    one = shingles(("The first headline", *AGENCY[language]))
    other = shingles(("Quite another headline", *MORE[language], *AGENCY[language]))
    assert likeness(one, other) > 0.8


@pytest.mark.parametrize("language", AGENCY)
def test_other_news_is_not(language: str) -> None:
    other = shingles((*MORE[language], *AGENCY["en" if language != "en" else "ar"]))
    assert likeness(shingles(AGENCY[language]), other) < 0.1


def test_the_same_report_with_other_figures_is_another_days() -> None:
    report = (
        "A dollar cost {} dinars in Sulaimani today and {} in Erbil, the exchange said, and gold stood at {}."
    )
    today, tomorrow = (shingles((report.format(*told),)) for told in ((1405, 1410, 98), (1422, 1431, 101)))
    assert likeness(today, today) == 1
    assert likeness(today, tomorrow) == 0


def test_a_sentence_alone_proves_nothing() -> None:
    assert likeness(shingles(("Rain closes the road.",)), shingles(("Rain closes the road.",))) == 0


@given(
    st.lists(st.text(alphabet="abcde ابجد", max_size=80), max_size=4),
    st.lists(st.text(max_size=40), max_size=4),
)
def test_it_is_a_part_and_the_same_from_both_sides(one: list[str], other: list[str]) -> None:
    a, b = shingles(one), shingles(other)
    assert 0 <= likeness(a, b) <= 1
    assert likeness(a, b) == likeness(b, a)


@pytest.mark.parametrize("name", ["cnndm100", "writers", "xlsum_arabic"])
def test_different_stories_of_real_papers_are_far_below_the_threshold(name: str) -> None:
    file = CORPORA / f"{name}.jsonl"
    if not file.exists():
        pytest.skip("the stories are not here")
    told = [json.loads(line)["article"] for line in file.read_text("utf-8").splitlines()]
    read = [shingles(text.split("\n")) for text in told]
    assert max(likeness(a, b) for a, b in combinations(read, 2)) < 0.1
