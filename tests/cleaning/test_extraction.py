"""The story and nothing else, out of pages of many builds. The pages here are our own writing."""

from __future__ import annotations

import gzip
import json

import pytest
from lxml import html

from bench import pieces
from bench.contenders.extraction import CORPUS, EXTRACTORS
from syndicator.cleaning import extraction
from syndicator.cleaning.blocks import blocks

LINES = {
    "en": (
        "The road over Azmar was closed on Sunday after a night of heavy rain, the traffic police said.",
        "Engineers will look at the slope on Monday and decide whether cars may pass again this week.",
        "Nobody was hurt, the mayor's office said, and two buses turned round before the barrier in time.",
        "The road was last closed for eleven days in the winter of 2019, when snow lay two metres deep.",
    ),
    "ckb": (
        "ڕێگای ئەزمەڕ ڕۆژی یەکشەممە دوای شەوێکی باراناوی داخرا، پۆلیسی هاتوچۆ ئەمەی ڕاگەیاند لە سلێمانی.",
        "ئەندازیاران ڕۆژی دووشەممە سەیری لێژاییەکە دەکەن و بڕیار دەدەن کە ئۆتۆمبێل دەتوانێت تێپەڕێت یان نا.",
        "کەس بریندار نەبوو، نووسینگەی سەرۆکی شارەوانی وتی، و دوو پاس پێش بەربەستەکە گەڕانەوە بە سەلامەتی.",
        "دوا جار ڕێگاکە بۆ ماوەی یازدە ڕۆژ داخرا لە زستانی ٢٠١٩، کاتێک بەفر دوو مەتر بەرز بوو لە شاخەکە.",
    ),
    "ar": (
        "أغلق طريق أزمر يوم الأحد بعد ليلة من الأمطار الغزيرة، بحسب ما أعلنت شرطة المرور في السليمانية.",
        "وسيفحص المهندسون المنحدر يوم الاثنين ويقررون ما إذا كان بإمكان السيارات المرور مجددا هذا الأسبوع.",
        "ولم يصب أحد بأذى، وفق ما قال مكتب رئيس البلدية، وعادت حافلتان أدراجهما قبل الحاجز في الوقت المناسب.",
        "وكان الطريق قد أغلق آخر مرة لأحد عشر يوما في شتاء عام 2019، حين بلغ ارتفاع الثلوج مترين فوق الجبل.",
    ),
}
LANGUAGES = list(LINES)


def paragraphs(body: str, title: str = "Rain closes the Azmar road") -> tuple[str, ...]:
    page = f"<html><head><title>{title}</title></head><body>{body}</body></html>"
    return extraction.paragraphs(html.document_fromstring(page), [title])


def p(*lines: str) -> str:
    return "".join(f"<p>{line}</p>" for line in lines)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_story_in_two_parts_round_an_advertisement(language: str) -> None:
    one, two, three, four = LINES[language]
    advertisement = "<div class='ad-slot'><p>Buy</p></div>"
    parts = f"<div>{p(one, two)}</div>{advertisement}<div>{p(three, four)}</div>"
    assert paragraphs(f"<article><h1>Rain closes the Azmar road</h1>{parts}</article>") == LINES[language]


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_page_itself_calls_furniture_is_none_of_the_story(language: str) -> None:
    one, two, three, four = LINES[language]
    form = (
        "<div class='newsletter-box'><h4>Stay with us</h4><p>Our best stories, every morning, free.</p></div>"
    )
    links = "<ul class='related'><li><a href='/a'>Snow on Goizha, and what it did to the roads there</a></li></ul>"
    assert paragraphs(f"<main>{p(one, two)}{form}{p(three)}{links}{p(four)}</main>") == LINES[language]


def test_a_theme_may_call_the_whole_story_by_a_furnitures_name() -> None:
    assert paragraphs(f"<div class='related-content share'>{p(*LINES['en'])}</div>") == LINES["en"]


def test_a_page_of_divs_and_breaks() -> None:
    lines = "<br><br>".join(LINES["en"])
    assert paragraphs(f"<div><div>Menu</div><div>{lines}</div></div>") == LINES["en"]


def test_where_the_extractor_finds_a_notice_the_densest_part_is_taken() -> None:
    """What stands in forms, in tables of tables, under names an extractor avoids."""
    notice = "<p>This copy is for your own use.</p>"
    body = f"<form><div id='comments-main'><div>{p(*LINES['en'])}</div></div></form>"
    assert paragraphs(f"{notice}{body}<div class='footer'>{notice}</div>") == LINES["en"]


def test_where_the_extractor_takes_the_page_for_the_story() -> None:
    menu = "".join(f"<ul><li>Council {n}</li><li>Board {n}</li></ul>" for n in range(60))
    body = (
        f"<div>{menu}</div><div><div>{LINES['en'][0]}</div><div>{LINES['en'][1]}</div></div><div>{menu}</div>"
    )
    assert paragraphs(body) == LINES["en"][:2]


def test_the_headline_and_what_is_set_like_one_are_before_the_story_not_in_it() -> None:
    head = "<h1>Rain closes the Azmar road</h1><h2>Two buses had to turn round before the barrier, police said.</h2>"
    again = "<h3>Rain closes the Azmar road</h3>"
    assert (
        paragraphs(f"<article>{head}{p(*LINES['en'][:3])}{again}{p(LINES['en'][3])}</article>") == LINES["en"]
    )


def test_a_paragraph_that_is_but_a_link_is_none_and_a_heading_between_paragraphs_stays() -> None:
    link = "<p><a href='/x'>WHAT THE ROAD LOOKED LIKE IN THE WINTER OF 2019, IN PICTURES</a></p>"
    one, two, three, four = LINES["en"]
    told = paragraphs(f"<article>{p(one, two)}{link}<h2>No one hurt</h2>{p(three, four)}</article>")
    assert told == (one, two, "No one hurt", three, four)


def test_a_table_is_told_row_by_row() -> None:
    rows = "".join(f"<tr><td>Azmar {n}</td><td>{n} days, {n} hours closed</td></tr>" for n in range(2, 5))
    told = paragraphs(f"<article>{p(*LINES['en'])}<table>{rows}</table></article>")
    assert told[:4] == LINES["en"]
    assert "Azmar 2 2 days, 2 hours closed" in told


def test_a_line_that_comes_again_is_told_once() -> None:
    one, two, three, four = LINES["en"]
    assert paragraphs(f"<article>{p(one, two, three, one, four)}</article>") == LINES["en"]


def test_a_story_of_one_short_line() -> None:
    assert paragraphs("<article><p>It rained.</p></article>") == ("It rained.",)
    assert (
        paragraphs("<title>T</title><h1>T</h1><p>It rained.</p><p>It rained.</p><p><a>More</a></p>")[0]
        == "It rained."
    )
    assert paragraphs("<div></div>") == ()


def test_blocks_know_their_share_of_links_and_keep_the_text_behind_what_is_silent() -> None:
    found = blocks(html.document_fromstring("<p>One <a>two</a> <script>x</script>three</p><nav>No</nav>tail"))
    assert [(block.text, block.tag) for block in found] == [("One two three", "p"), ("tail", "body")]
    assert found[0].linked == pytest.approx(3 / 13, abs=0.03)


def test_a_deep_page_is_read_without_falling() -> None:
    assert paragraphs("<div>" * 200 + p(*LINES["en"]) + "</div>" * 200) == LINES["en"]
    assert paragraphs("<div>" * 5000 + p(*LINES["en"])) == ()  # libxml2 goes no deeper than 256


def test_the_measure_counts_pieces_of_four_words() -> None:
    same = pieces.compared("a b c d e", "a b c d e")
    assert (same.precision, same.recall) == (1.0, 1.0)
    half = pieces.compared("a b c d e", "a b c d x y")
    assert (half.precision, half.recall) == (pytest.approx(1 / 3), pytest.approx(1 / 2))
    nothing = pieces.compared("a b c d", "")
    assert (nothing.precision, nothing.recall) == (0.0, 0.0)
    told = pieces.score([same, half, nothing])
    assert told.precision == pytest.approx((1 + 1 / 3) / 2)  # a page where nothing was told has none
    assert told.recall == pytest.approx((1 + 1 / 2 + 0) / 3)
    assert pieces.interval([same, half, nothing]) > 0
    assert pieces.compared("", "") == (0.0, 0.0, 0.0)


def test_pages_of_others_are_told_truer_than_by_trafilatura() -> None:
    if not CORPUS.is_dir():
        pytest.skip("needs the pages beside the project")
    gold = json.loads((CORPUS / "ground-truth.json").read_text("utf-8"))
    found = {}
    for name in ("syndicator", "trafilatura, favor_precision"):
        extract = EXTRACTORS[name]()
        shares = []
        for page in sorted(gold)[1::2]:  # the half it was not developed on
            text = gzip.decompress((CORPUS / "html" / f"{page}.html.gz").read_bytes()).decode()
            shares.append(pieces.compared(gold[page]["articleBody"], extract(text)))
        found[name] = pieces.score(shares).f1
    assert found["syndicator"] > 0.97
    assert found["trafilatura, favor_precision"] > 0.95
