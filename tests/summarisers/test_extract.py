from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicator.errors import SourceError
from syndicator.model import Article, ArticleId, Language
from syndicator.ports import Answer, World
from syndicator.summarisers.extract import ExtractiveSummariser
from syndicator.text.measure import UNITS
from syndicator.text.sentences import split

NOW = datetime(2026, 3, 1, tzinfo=UTC)
STORIES = {
    "en": (
        "Police closed the Azmar road on Sunday after a night of heavy rain, the mayor’s office said.",
        "He said the slope had moved twice. “We will not risk a single bus,” Karim Salih told reporters. "
        "“The rock is loose. Nobody should drive there,” he said.",
        "Engineers will measure the slope on Monday, according to the roads directorate.",
        "The road carries some 9,000 cars a day between Sulaimani and Sharbazher.",
    ),
    "ckb": (
        "پۆلیس ڕۆژی یەکشەممە ڕێگای ئەزمەڕی داخست دوای شەوێک بارانی بەلێزمە.",
        "ئەو وتی لێژاییەکە دوو جار جووڵاوە. بەپێی بەڕێوەبەرایەتی ڕێگاوبان، ئەندازیاران دووشەممە دەیپێون.",
        "ڕۆژانە نزیکەی ٩٠٠٠ ئۆتۆمبێل بەم ڕێگایەدا تێدەپەڕن.",
    ),
    "ar": (
        "أغلقت الشرطة طريق أزمر يوم الأحد بعد ليلة من الأمطار الغزيرة، وفق مكتب رئيس البلدية.",
        "وأضاف أن المنحدر تحرك مرتين. وسيقيس مهندسون المنحدر يوم الاثنين، بحسب مديرية الطرق.",
        "تعبر الطريق يوميا نحو ٩٠٠٠ سيارة بين السليمانية وشاربازير.",
    ),
}


class Nowhere:
    def get(self, url: str, headers: object = None) -> Answer:
        raise SourceError(url)


WORLD = World(now=lambda: NOW, rng=Random(1), wait=lambda _: False, web=Nowhere())
SUMMARISER = ExtractiveSummariser(ExtractiveSummariser.Settings(), WORLD)


def article(language: str, body: tuple[str, ...] | None = None) -> Article:
    return Article(
        id=ArticleId("a"),
        revision=1,
        url="https://courier.example/a",
        language=Language(language),
        headline="Rain closes the Azmar road",
        body=STORIES[language] if body is None else body,
        published_at=NOW,
    )


@pytest.mark.parametrize("language", ["en", "ckb", "ar"])
@pytest.mark.parametrize("unit", ["chars", "utf16", "x-weighted"])
@pytest.mark.parametrize("budget", [0, 60, 120, 280, 4000])
def test_whole_sentences_of_the_article_within_the_budget(language: str, unit: str, budget: int) -> None:
    measure = UNITS[unit]
    summary = SUMMARISER.summarise(article(language), budget, measure)
    said = [sentence for paragraph in STORIES[language] for sentence in split(paragraph, language)]
    assert measure(summary.text) <= budget
    assert all(sentence in said for sentence in split(summary.text, language))
    assert len(split(summary.text, language)) <= 3


@pytest.mark.parametrize("language", ["en", "ckb", "ar"])
def test_the_lead_is_chosen_and_nothing_leans_on_what_was_left_out(language: str) -> None:
    summary = SUMMARISER.summarise(article(language), 180, len)
    assert summary.text.startswith(STORIES[language][0])
    assert not any(summary.text.startswith(word) for word in ("He ", "ئەو ", "وأضاف "))


def test_a_quotation_is_never_entered_in_the_middle() -> None:
    body = ("Rain fell.", "“It rained. It rained all night. It did not stop,” Sara said.")
    summary = SUMMARISER.summarise(article("en", body), 60, len)
    assert summary.text == "Rain fell."


def test_where_it_was_taken_from_is_kept() -> None:
    summary = SUMMARISER.summarise(article("en"), 95, len)
    assert summary.quotes == (0,)
    assert summary.method == "extract"


def test_an_article_of_one_endless_sentence_has_no_summary() -> None:
    assert SUMMARISER.summarise(article("en", ("word " * 200,)), 280, len).text == ""


@given(st.lists(st.text("ab .!?“”He\n", min_size=1, max_size=60), max_size=6), st.integers(0, 200))
@settings(deadline=None)
def test_no_sentence_that_is_not_in_the_article(paragraphs: list[str], budget: int) -> None:
    summary = SUMMARISER.summarise(article("en", tuple(paragraphs)), budget, len)
    said = [sentence for paragraph in paragraphs for sentence in split(paragraph)]
    assert len(summary.text) <= budget
    assert not summary.text or any(summary.text.startswith(sentence) for sentence in said)
