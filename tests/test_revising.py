"""What an edit changed: typos, facts, the whole story; in three languages."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicator.model import Article, ArticleId, Language
from syndicator.revising import Change, Extent, compare

TEXTS = {
    "en": (
        "Rain closes the road over Azmar",
        "The road over Azmar was closed on Sunday after a night of heavy rain, the mayor Hiwa Karim said.",
        "Twelve people were hurt, two of them badly, when a bus left the road near the old bridge.",
        "“We will open it again on Monday,” he said, and asked drivers to stay at home until then.",
    ),
    "ar": (
        "الأمطار تغلق طريق أزمر",
        "أغلق طريق أزمر يوم الأحد بعد ليلة من الأمطار الغزيرة، بحسب ما قال الرئيس كريم في السليمانية.",
        "وأصيب اثنا عشر شخصا بجروح، اثنان منهم في حالة خطرة، حين خرجت حافلة عن الطريق قرب الجسر القديم.",
        "وقال «سنفتحه يوم الاثنين» ودعا السائقين إلى البقاء في منازلهم حتى ذلك الحين.",
    ),
    "ckb": (
        "باران ڕێگای ئەزمەڕ دادەخات",
        "ڕێگای ئەزمەڕ ڕۆژی یەکشەممە دوای شەوێکی باراناوی داخرا، سەرۆک کەریم لە سلێمانی وتی.",
        "دوازدە کەس بریندار بوون، دووانیان بە سەختی، کاتێک پاسێک لە نزیک پردە کۆنەکە لە ڕێگا دەرچوو.",
        "وتی «ڕۆژی دووشەممە دەیکەینەوە» و داوای لە شۆفێران کرد تا ئەو کاتە لە ماڵەوە بمێننەوە.",
    ),
}


def story(language: str, *lines: str) -> Article:
    headline, *body = lines or TEXTS[language]
    return Article(
        id=ArticleId("a"),
        revision=1,
        url="https://courier.example/rain",
        language=Language(language),
        headline=headline,
        body=tuple(body),
        published_at=datetime(2026, 3, 1, tzinfo=UTC),
    )


def edited(language: str, *pairs: tuple[str, str]) -> Change:
    before = story(language)
    lines = [before.headline, *before.body]
    for old, new in pairs:
        assert sum(old in line for line in lines) == 1, old
        lines = [line.replace(old, new) for line in lines]
    return compare(before, story(language, *lines))


@pytest.mark.parametrize(
    ("language", "old", "new", "extent", "facts"),
    [
        ("en", "heavy rain, the", "heavy rain – the", Extent.SAME, ()),
        ("en", "closed on", "colsed on", Extent.TYPO, ()),
        ("en", "near the", "nearthe", Extent.TYPO, ()),
        ("en", "left the road", "came off the road", Extent.WORDING, ()),
        ("en", "Twelve", "12", Extent.WORDING, ()),
        ("en", "Twelve", "Thirteen", Extent.FACTS, ("number",)),
        ("en", "on Sunday", "on Friday", Extent.FACTS, ("number",)),
        ("en", "Hiwa Karim", "Hiwa Kareem", Extent.FACTS, ("name",)),
        ("en", "was closed", "was not closed", Extent.FACTS, ("denial",)),
        ("en", "open it again", "open it", Extent.FACTS, ("quotation",)),
        ("ar", "الغزيرة", "الغزيره", Extent.SAME, ()),
        ("ar", "منازلهم", "منازلهمم", Extent.TYPO, ()),
        ("ar", "القديم", "الخشبي العتيق", Extent.WORDING, ()),
        ("ar", "اثنا عشر", "ثلاثة عشر", Extent.FACTS, ("number",)),
        ("ar", "الرئيس كريم", "الرئيس سليم", Extent.FACTS, ("name",)),
        ("ar", "أغلق طريق", "لم يغلق طريق", Extent.FACTS, ("denial",)),
        ("ckb", "پاسێک لە", "پاسيَک لە", Extent.TYPO, ()),
        ("ckb", "کۆنەکە", "دارینەکە", Extent.WORDING, ()),
        ("ckb", "دوازدە", "١٢", Extent.WORDING, ()),
        ("ckb", "دوازدە", "١٤", Extent.FACTS, ("number",)),
        ("ckb", "سەرۆک کەریم", "سەرۆک سەلیم", Extent.FACTS, ("name",)),
    ],
)
def test_an_edit_is_as_much_as_what_it_does(
    language: str, old: str, new: str, extent: Extent, facts: tuple[str, ...]
) -> None:
    found = edited(language, (old, new))
    assert (found.extent, found.facts) == (extent, facts), found


@pytest.mark.parametrize("language", list(TEXTS))
def test_a_story_that_grows_and_one_that_is_cut(language: str) -> None:
    one, two = story(language), story(language, *TEXTS[language][:3])
    assert compare(two, one).extent is Extent.ADDED
    assert compare(one, two).extent is Extent.REMOVED
    (piece,) = compare(two, one).pieces
    assert (piece.old, piece.new) == ("", one.body[2])


@pytest.mark.parametrize("language", list(TEXTS))
def test_a_story_that_is_another_one_now(language: str) -> None:
    other = story(language, TEXTS[language][0], *TEXTS["en" if language != "en" else "ar"][1:])
    found = compare(story(language), other)
    assert found.extent is Extent.REWRITTEN
    assert found.share > 0.8


def test_a_new_headline_is_a_fact_and_a_mended_one_a_typo() -> None:
    assert edited("en", ("closes the road over", "blocks the way across")).facts == ("headline",)
    mended = edited("en", ("Rain closes", "Rain colses"))
    assert (mended.extent, mended.facts) == (Extent.TYPO, ())


def test_the_pieces_say_what_stood_where() -> None:
    found = edited("en", ("Twelve", "Thirteen"), ("closed on", "shut on"))
    assert [(one.place, one.old, one.new) for one in found.pieces] == [
        (1, "closed", "shut"),
        (2, "Twelve", "Thirteen"),
    ]
    assert 0 < found.share < 0.1


def test_a_long_passage_is_compared_as_a_whole() -> None:
    long = [f"word{n}" for n in range(2500)]
    found = compare(story("en", "Rain", " ".join(long)), story("en", "Rain", " ".join(reversed(long))))
    assert found.extent is Extent.REWRITTEN
    assert len(found.pieces) == 1


def test_a_text_of_very_many_paragraphs_is_compared_as_a_whole() -> None:
    lines = [f"Line {n % 7}." for n in range(3000)]
    found = compare(story("en", "Rain", *lines), story("en", "Rain", *lines[1:]))
    assert (found.extent, len(found.pieces)) == (Extent.REWRITTEN, 1)


LINES = st.lists(st.text("ab cd.", max_size=30), max_size=4)


@given(LINES, LINES)
def test_the_new_words_are_the_old_ones_with_the_pieces_put_in(old: list[str], new: list[str]) -> None:
    found = compare(story("en", "Rain", *old), story("en", "Rain", *new))
    same = [" ".join(lines).replace(".", "").split() for lines in (old, new)]
    assert (found.extent is Extent.SAME) == (same[0] == same[1])
    assert compare(story("en", "Rain", *old), story("en", "Rain", *old)).extent is Extent.SAME
    assert sum(len(one.new.split()) - len(one.old.split()) for one in found.pieces) == len(same[1]) - len(
        same[0]
    )


def test_the_language_is_the_new_ones() -> None:
    old = story("en")
    assert compare(old, replace(old, language=Language("ckb"))).extent is Extent.SAME
