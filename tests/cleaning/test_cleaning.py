"""From pages and feed bodies to articles. The pages here are our own writing."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from syndicator.cleaning import canonical, clean, fingerprint
from syndicator.cleaning.told import moment
from syndicator.errors import SourceError
from syndicator.model import Article, Item, Language

SAMPLES = Path(__file__).parents[2].parent / "shared/samples"
NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
NEWSROOM = ["en", "ckb", "ar"]
URL = "https://courier.example/rain"

PAGE = """<!doctype html><html lang="ckb-IQ" dir="rtl"><head>
<meta property="og:title" content="Rain closes the Azmar road">
<meta property="og:image" content="/rain.jpg"><meta property="og:image:alt" content="A closed road">
<meta property="article:section" content="City">
<script type="application/ld+json">{broken</script>
<script type="application/ld+json">{"@graph": [{"@type": "NewsArticle",
  "headline": "Rain closes the Azmar road", "datePublished": "2026-03-01T08:30:00+03:00"}]}</script>
<link rel="canonical" href="/rain?utm_source=feed&amp;id=7#top"></head><body>
<nav><a href="/">Home</a></nav><main><article><h1>Rain closes the Azmar road</h1>
<div class="share-box"><b>Total</b><i>0</i><a>Share</a></div>
<figure><img src="/rain.jpg" alt=""><figcaption>File – The Azmar road in March</figcaption></figure>
<p>SULAIMANI (COURIER) — The road over Azmar was closed on Sunday after a night of heavy rain, police said.</p>
<p>Engineers will look at the slope on Monday, according to Reuters, and decide whether cars may pass again.</p>
<p>Read also: <a href="/snow">Snow on Goizha</a></p>
<blockquote class="twitter-tweet"><p>Breaking: road closed</p></blockquote>
<p>Nobody was hurt, the mayor's office said, and two buses turned round before the barrier in good time.</p>
</article><section class="related-posts"><h5>Related Posts</h5><p>Snow falls on Goizha mountain</p></section>
<div class="comments"><p>First!</p></div></main></body></html>"""


def page(html: str = PAGE, **changes: object) -> Article:
    item = Item(source="s", key="k", url=URL, html=html, whole_page=True)
    return clean(replace(item, **changes), languages=NEWSROOM, now=NOW)


def feed(html: str, headline: str | None = "Rain", **changes: object) -> Article:
    item = Item(source="s", key="k", url=URL, html=html, headline=headline)
    return clean(replace(item, **changes), languages=NEWSROOM, now=NOW)


def test_a_page_gives_its_story_and_nothing_else() -> None:
    article = page()
    assert article.headline == "Rain closes the Azmar road"
    assert article.dateline == "SULAIMANI (COURIER)"
    assert article.caption == "File – The Azmar road in March"
    assert article.credits == ("Reuters",)
    assert article.section == "City"
    assert article.image == "https://courier.example/rain.jpg"
    assert article.image_alt == "A closed road"
    assert article.url == "https://courier.example/rain?id=7"
    assert article.published_at == datetime(2026, 3, 1, 5, 30, tzinfo=UTC)
    assert [paragraph.split()[0] for paragraph in article.body] == ["The", "Engineers", "Nobody"]


def test_the_declared_language_wins_over_the_letters() -> None:
    assert page().language == "ckb"
    assert page(language=Language("en")).language == "en"
    assert page(PAGE.replace('lang="ckb-IQ"', "")).language == "en"


def test_what_the_feed_says_wins_over_the_page() -> None:
    article = page(headline="Rain", author="Sara", topics=("Weather", ""), published_at=NOW)
    assert (article.headline, article.author, article.topics) == ("Rain", "Sara", {"Weather"})
    assert article.published_at == NOW


def test_a_feed_body_is_cleaned_too() -> None:
    article = feed(
        "<p>SULAIMANI (COURIER) — Rain &amp; snow fell.</p><p>Share</p><p>Related Posts</p><p>Other</p>"
    )
    assert article.body == ("Rain & snow fell.",)
    assert article.published_at == NOW


def test_a_feed_without_a_headline_as_plain_text() -> None:
    article = feed("Rain closes the road\n\nFile – The road\n\nIt rained.\nTotal\n0\nShare", headline=None)
    assert (article.headline, article.caption, article.body) == (
        "Rain closes the road",
        "File – The road",
        ("It rained.",),
    )


def test_the_headline_is_not_repeated_in_the_body() -> None:
    assert feed("<h2>Rain</h2><p>It rained.</p>").body == ("It rained.",)


@pytest.mark.parametrize("html", ["", "<p></p>", "<!-- -->", "<div><script>x</script></div>"])
def test_page_without_a_story(html: str) -> None:
    for whole in (True, False):
        with pytest.raises(SourceError, match=URL):
            feed(html, whole_page=whole)


def test_a_headline_is_needed() -> None:
    with pytest.raises(SourceError, match="no headline"):
        feed("<p>It rained.</p>", headline=" ")


def test_a_language_that_is_none_of_ours() -> None:
    with pytest.raises(SourceError, match="none of the newsroom's"):
        feed("12 34", headline="567")


def test_a_page_that_is_far_too_long() -> None:
    with pytest.raises(SourceError, match="more than 4000000"):
        page("x" * 4_000_001)


@pytest.mark.parametrize(
    ("url", "bare"),
    [
        ("HTTPS://Courier.example:443/a?utm_source=x&b=1&fbclid=2#c", "https://courier.example/a?b=1"),
        ("http://courier.example:8080", "http://courier.example:8080/"),
    ],
)
def test_a_url_is_compared_without_what_follows_readers(url: str, bare: str) -> None:
    assert canonical(url) == bare


def test_a_moment_without_an_offset_is_nobodys() -> None:
    assert moment("2026-03-01T08:30:00") is None
    assert moment("yesterday") is None
    assert moment(None) is None


def test_the_same_words_have_the_same_fingerprint() -> None:
    assert fingerprint("Rain, at last!") == fingerprint("rain  at LAST")
    assert fingerprint("Rain") != fingerprint("Snow")


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
@example("ɐɐɐͰΆҊҊҊҊҊҊҊҊҊҊҊҊҊҊҊؠؠؠؠ")
def test_cleaning_is_idempotent(text: str) -> None:
    try:
        once = feed(f"<p>It rained. {text}</p>", headline="Rain in Sulaimani")
    except SourceError as error:  # so much of another script that it is in none of the newsroom's languages
        assert "its language is none of the newsroom's" in str(error)
        return
    escaped = "".join(f"<p>{line.replace('&', '&amp;').replace('<', '&lt;')}</p>" for line in once.body)
    again = feed(escaped, headline=once.headline)
    assert again.body == once.body
    assert not any(mark in "".join(once.body) for mark in "\ue000\ue001\u202e")


def gold() -> tuple[str, ...]:
    path = SAMPLES / "lavrov.gold.txt"
    if not path.exists():
        pytest.skip("the page this project began from is not here")
    first, *others = path.read_text().strip().splitlines()
    return first.partition(" — ")[2], *others


@pytest.mark.parametrize("form", ["html", "txt"])
def test_the_page_this_project_began_from(form: str) -> None:
    body = gold()
    text = (SAMPLES / f"lavrov.{form}").read_text()
    article = page(text) if form == "html" else feed(text, headline=None)
    assert article.headline == "Lavrov says Russia aims to stop Ukraine from joining NATO"
    assert article.caption == "File – Russian foreign minister Sergei Lavrov"
    assert article.dateline == "SULAIMANI (ESTA)"
    assert article.credits == ("Reuters",)
    assert article.body == body


def test_a_feeds_own_picture_with_its_caption_and_no_counting_pixel() -> None:
    article = feed(
        '<img src="/p.gif" width="1"><figure><img src="/a.jpg" alt="Rain"><figcaption>Rain again.</figcaption>'
        "</figure><p>Rain closed the road.</p>"
    )
    assert article.image == "https://courier.example/a.jpg"
    assert (article.image_alt, article.caption) == ("Rain", "Rain again.")
    assert feed('<img src="/p.gif" height="1"><p>Rain closed the road.</p>').image is None


def test_a_theme_that_calls_its_whole_page_related() -> None:
    assert (
        page(PAGE.replace('<html lang="ckb-IQ"', '<html class="has-related" lang="ckb-IQ"')).body
        == page().body
    )


def test_structured_data_of_other_shapes_is_passed_over() -> None:
    for said in ('"a word"', "[1, 2]", '{"@graph": "none"}', '[{"@type": "Person"}]'):
        assert page(PAGE.replace("{broken", said)).headline == page().headline
