from dataclasses import replace
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
    said = "“It rained. It rained all night over the hills and the valley and the town, and the river rose. "
    body = ("Heavy rain fell in Sharbazher.", f"{said}It did not stop before the morning,” Sara said.")
    summary = SUMMARISER.summarise(article("en", body), 400, len)
    assert summary.text == body[0]


def test_where_it_was_taken_from_is_kept() -> None:
    summary = SUMMARISER.summarise(article("en"), 95, len)
    assert summary.quotes == (0,)
    assert summary.method == "extract"


def test_an_article_of_one_endless_sentence_has_no_summary() -> None:
    assert SUMMARISER.summarise(article("en", ("word " * 200,)), 280, len).text == ""


# Sentences of which articles are made below: what is said, who says so (empty: the paper), and whether it needs the one
# before it.
PIECES = {
    "en": (
        (
            "Police closed the Azmar road on Sunday, after a night of heavy rain over the whole province.",
            "",
            False,
        ),
        (
            "The slope has moved twice since Friday, the roads directorate said.",
            "the roads directorate said",
            False,
        ),
        ("“We will not risk a single bus,” Karim Salih told reporters.", "Karim Salih told reporters", False),
        ("He said the rock was loose.", "He said", True),
        ("It will not open before Tuesday.", "", True),
        ("“Nobody should drive there. Nobody at all.", "", False),
        (
            "No one was hurt in the two collapses, according to the hospital.",
            "according to the hospital",
            False,
        ),
        ("The road carries some 9,000 cars a day between Sulaimani and Sharbazher", "", False),
        ("More on this story", "", False),
    ),
    "ar": (
        ("أغلقت الشرطة طريق أزمر يوم الأحد، بعد ليلة طويلة من الأمطار الغزيرة في المحافظة.", "", False),
        ("تحرك المنحدر مرتين منذ الجمعة، بحسب مديرية الطرق في المحافظة.", "بحسب مديرية الطرق", False),
        ("«لن نخاطر بحافلة واحدة»، هكذا قال كريم صالح للصحفيين.", "قال كريم صالح", False),
        ("وأضاف أن الصخور غير ثابتة.", "وأضاف", True),
        ("لكنه لن يفتح قبل الثلاثاء.", "", True),
        ("«لا ينبغي لأحد أن يمر من هناك. لا أحد.", "", False),
        ("لم يصب أحد في الانهيارين، وفقا للمستشفى في السليمانية.", "وفقا للمستشفى", False),
        ("تعبر الطريق يوميا نحو ٩٠٠٠ سيارة بين السليمانية وشاربازير في الأيام العادية", "", False),
        ("اقرأ المزيد عن هذا", "", False),
    ),
    "ckb": (
        ("پۆلیس ڕۆژی یەکشەممە ڕێگای ئەزمەڕی داخست، دوای شەوێک بارانی بەلێزمە لە پارێزگاکە.", "", False),
        (
            "لێژاییەکە لە هەینییەوە دوو جار جووڵاوە، بەپێی بەڕێوەبەرایەتی ڕێگاوبان.",
            "بەپێی بەڕێوەبەرایەتی",
            False,
        ),
        ("«یەک پاسیش ناخەینە مەترسییەوە»، کەریم ساڵح بە ڕۆژنامەنووسانی وت.", "کەریم ساڵح", False),
        ("ئەو وتی بەردەکان جێگیر نین.", "ئەو وتی", True),
        ("بەڵام پێش سێشەممە ناکرێتەوە.", "", True),
        ("«کەس نابێت بەوێدا بڕوات. هیچ کەسێک.", "", False),
        ("بەپێی نەخۆشخانەکە لە دوو داڕمانەکەدا کەس زیانی پێنەگەیشت.", "بەپێی نەخۆشخانەکە", False),
        ("ڕۆژانە نزیکەی ٩٠٠٠ ئۆتۆمبێل لە نێوان سلێمانی و شارباژێڕ بەم ڕێگایەدا تێدەپەڕن", "", False),
        ("زیاتر لەسەر ئەمە", "", False),
    ),
}
STOPS = tuple(".!?؟…”»")


@st.composite
def articles(draw: st.DrawFn) -> Article:
    language = draw(st.sampled_from(["en", "ar", "ckb"]))
    chosen = draw(st.lists(st.sampled_from(PIECES[language]), min_size=1, max_size=9, unique=True))
    body, paragraph = [], ""
    for said, _, _ in chosen:
        paragraph = f"{paragraph} {said}".strip()
        if not said.endswith(STOPS) or draw(st.booleans()):
            body.append(paragraph)
            paragraph = ""
    return article(language, (*body, *filter(None, [paragraph])))


def taken(summary: str, told: Article) -> list[tuple[int, str]]:
    """The article's sentences that the summary is made of, with their places; fails where anything else is in it."""
    said = [sentence for paragraph in told.body for sentence in split(paragraph, told.language)]
    found, rest = [], summary
    for number, sentence in enumerate(said):
        whole = sentence if sentence.endswith(STOPS) else f"{sentence}."
        if f"{rest} ".startswith(f"{whole} "):
            found.append((number, sentence))
            rest = rest[len(whole) :].lstrip()
    if rest:
        kept = rest.removesuffix("…")
        assert kept != rest and not found
        found = [(n, kept) for n, one in enumerate(said) if one.startswith(kept) and one[len(kept)] in ",،"]
        assert found
    return found


@given(articles(), st.integers(0, 400), st.sampled_from(sorted(UNITS)))
@settings(deadline=None, max_examples=300)
def test_it_is_made_of_the_articles_sentences_within_the_budget(
    told: Article, budget: int, unit: str
) -> None:
    summary = SUMMARISER.summarise(told, budget, UNITS[unit]).text
    assert UNITS[unit](summary) <= budget
    places = [number for number, _ in taken(summary, told)]
    assert places == sorted(places)


@given(articles(), st.integers(30, 400))
@settings(deadline=None, max_examples=300)
def test_none_opens_with_a_pronoun_whose_name_was_left_out(told: Article, budget: int) -> None:
    leaning = {said for said, _, leans in PIECES[told.language] if leans}
    found = taken(SUMMARISER.summarise(told, budget, len).text, told)
    places = {number for number, _ in found}
    assert all(number - 1 in places for number, sentence in found if sentence in leaning)


@given(articles(), st.integers(30, 400))
@settings(deadline=None, max_examples=300)
def test_who_says_it_stays_and_no_quotation_is_torn(told: Article, budget: int) -> None:
    summary = SUMMARISER.summarise(told, budget, len).text
    for said, who, _ in PIECES[told.language]:
        beginning = said[:25]
        assert beginning not in summary or who in summary
    assert summary.count("“") == summary.count("”")
    assert summary.count("«") == summary.count("»")


@given(articles(), st.integers(30, 400))
@settings(deadline=None, max_examples=300)
def test_each_sentence_ends_before_the_next_begins(told: Article, budget: int) -> None:
    summary = SUMMARISER.summarise(told, budget, len).text
    assert not summary or summary.endswith(STOPS)
    for said, _, _ in PIECES[told.language]:
        before, found, _ = summary.partition(said)
        assert not found or not before or before.rstrip().endswith(STOPS)


@pytest.mark.parametrize("language", ["en", "ar", "ckb"])
def test_where_no_sentence_fits_what_only_adds_is_left_out(language: str) -> None:
    said = PIECES[language][0][0]
    summary = SUMMARISER.summarise(article(language, (said,)), len(said) - 10, len).text
    assert summary.endswith("…")
    assert said.startswith(summary[:-1])
    who = PIECES[language][1][0]
    assert SUMMARISER.summarise(article(language, (who,)), len(who) - 5, len).text == ""


def test_a_heading_is_no_sentence_and_a_sentence_without_its_stop_gets_one() -> None:
    body = (
        "More on this story",
        "The road carries some 9,000 cars a day between two towns",
        "Why it is closed:",
    )
    assert SUMMARISER.summarise(article("en", body), 300, len).text == f"{body[1]}."


def test_what_was_said_is_not_said_again() -> None:
    first = "Police closed the Azmar road on Sunday because of the heavy rain."
    again = "The Azmar road was closed on Sunday by police because of heavy rain."
    other = "Schools in Sharbazher send their pupils home until the weekend."
    one = ExtractiveSummariser(ExtractiveSummariser.Settings(sentences=2), WORLD)
    assert one.summarise(article("en", (first, again, other)), 500, len).text == f"{first} {other}"


def test_the_headline_says_what_a_story_is_about() -> None:
    body = (
        "The council of the province met on Monday in the old hall.",
        "Rain closes many roads each autumn in the hills.",
    )
    told = replace(article("en", body[::-1] + body), headline="Rain closes the Azmar road each autumn")
    assert SUMMARISER.summarise(told, 60, len).text == body[1]
