"""What pages say of their stories, in the ways of many themes and in three languages."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from time import perf_counter

import pytest

from syndicator.cleaning import clean
from syndicator.errors import SourceError
from syndicator.model import Article, Item
from syndicator.tables import RecipeTable
from syndicator.text.chrome import authors, bare_credit, is_byline, split_picture_credit, worked_on_it
from tests.cleaning.test_extraction import LANGUAGES, LINES, p

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
URL = "https://courier.example/rain"


def read(head: str, body: str, sites: dict[str, RecipeTable] | None = None, url: str = URL) -> Article:
    html = f"<!doctype html><html><head><meta charset=utf-8>{head}</head><body>{body}</body></html>"
    item = Item(source="s", key="k", url=url, html=html, whole_page=True)
    return clean(item, languages=["en", "ckb", "ar"], now=NOW, sites=sites)


def story(language: str = "en") -> str:
    return f"<article><h1>Rain closes the road</h1>{p(*LINES[language])}</article>"


def data(*nodes: object) -> str:
    return f'<script type="application/ld+json">{json.dumps({"@graph": nodes}, ensure_ascii=False)}</script>'


@pytest.mark.parametrize("language", LANGUAGES)
def test_structured_data_is_read_with_what_it_refers_to(language: str) -> None:
    name, section, tag, caption = {
        "en": ("Sara Ahmed", "City", "Roads", "The road over Azmar"),
        "ckb": ("سارا ئەحمەد", "شار", "ڕێگاکان", "ڕێگای ئەزمەڕ"),
        "ar": ("سارة أحمد", "محليات", "الطرق", "طريق أزمر"),
    }[language]
    node = {
        "@type": ["NewsArticle", "Article"],
        "headline": "Rain &amp; roads",
        "datePublished": "2026-03-01T08:30:00+03:00",
        "dateModified": "2026-03-01T05:45:00Z",
        "author": [{"@id": "#sara"}, {"@type": "Person", "name": "Noor Ali"}],
        "articleSection": [section],
        "keywords": [tag, "Azmar"],
        "inLanguage": language,
        "image": {"@id": "#picture"},
        "workTranslation": {"@type": "NewsArticle", "inLanguage": "fr", "url": "/fr/pluie"},
    }
    picture = {
        "@id": "#picture",
        "@type": "ImageObject",
        "url": "/azmar.jpg",
        "caption": caption,
        "creditText": "AFP",
    }
    found = read(data(node, {"@id": "#sara", "@type": "Person", "name": name}, picture), story(language))
    assert (found.headline, found.language, found.section) == ("Rain & roads", language, section)
    assert (found.author, found.authors) == (f"{name}, Noor Ali", (name, "Noor Ali"))
    assert found.topics == {tag, "Azmar"}
    assert found.published_at == datetime(2026, 3, 1, 5, 30, tzinfo=UTC)
    assert found.updated_at == datetime(2026, 3, 1, 5, 45, tzinfo=UTC)
    assert (found.image, found.caption) == ("https://courier.example/azmar.jpg", caption)
    assert found.image_credit == "AFP"
    assert found.versions == (("fr", "https://courier.example/fr/pluie"),)
    assert found.body == LINES[language]


def test_tags_of_the_head_where_there_is_no_structured_data() -> None:
    head = (
        '<meta property="og:title" content="Rain"><meta name="author" content="By Sara Ahmed and Noor Ali">'
        '<meta property="article:published_time" content="2026-03-01T08:30:00+03:00">'
        '<meta property="article:modified_time" content="2026-03-01T09:00:00+03:00">'
        '<meta property="article:tag" content="Roads"><meta property="article:tag" content="Azmar">'
        '<meta property="og:image" content="/a.jpg"><meta name="twitter:image:alt" content="A road">'
        '<meta property="og:url" content="https://courier.example/rain?utm_source=x">'
        '<meta property="article:author" content="https://facebook.example/sara">'
        '<link rel="alternate" hreflang="ckb" href="/ckb/baran"><link rel="alternate" hreflang="x-default" href="/">'
    )
    found = read(head, story())
    assert (found.headline, found.authors) == ("Rain", ("Sara Ahmed", "Noor Ali"))
    assert found.topics == {"Roads", "Azmar"}
    assert (found.image, found.image_alt) == ("https://courier.example/a.jpg", "A road")
    assert (found.url, found.updated_at) == (URL, datetime(2026, 3, 1, 6, tzinfo=UTC))
    assert found.versions == (("ckb", "https://courier.example/ckb/baran"),)


def test_microdata_and_what_is_seen() -> None:
    body = (
        "<article><h1 itemprop=headline>Rain closes the road</h1><span itemprop=author>Sara Ahmed</span>"
        '<time itemprop=datePublished datetime="2026-03-01T08:30:00+03:00">today</time>'
        '<span itemprop=articleSection>City</span><figure><img src="/other.jpg" alt="x"></figure>'
        '<figure><img src="/azmar.jpg?w=300" alt="The closed road"><figcaption>The road on Sunday '
        '<span class="credit">Photo by Noor Ali</span></figcaption></figure>'
        f"{p(*LINES['en'])}</article>"
    )
    found = read('<meta property="og:image" content="https://cdn.example/azmar.jpg?w=1200">', body)
    assert (found.author, found.section) == ("Sara Ahmed", "City")
    assert found.published_at == datetime(2026, 3, 1, 5, 30, tzinfo=UTC)
    assert (found.caption, found.image_credit, found.image_alt) == (
        "The road on Sunday",
        "Noor Ali",
        "The closed road",
    )
    assert found.body == LINES["en"]


@pytest.mark.parametrize(
    ("language", "byline", "names"),
    [
        ("en", "By Sara Ahmed and Noor Ali", ("Sara Ahmed", "Noor Ali")),
        ("ar", "بقلم: سارة أحمد و نور علي", ("سارة أحمد", "نور علي")),
        ("ckb", "نووسینی: سارا ئەحمەد", ("سارا ئەحمەد",)),
    ],
)
def test_a_byline_in_the_text_is_no_text(language: str, byline: str, names: tuple[str, ...]) -> None:
    assert is_byline(byline)
    html = p(byline, *LINES[language])
    found = clean(
        Item(source="s", key="k", url=URL, html=html, headline="Rain"),
        languages=["en", "ckb", "ar"],
        now=NOW,
    )
    assert found.authors == names
    assert found.body == LINES[language]


def test_who_else_worked_on_it_is_told_apart() -> None:
    line = "(Reporting by Sara Ahmed in Erbil; editing by Noor Ali)"
    html = p(*LINES["en"], line)
    found = clean(Item(source="s", key="k", url=URL, html=html, headline="Rain"), languages=["en"], now=NOW)
    assert found.contributors == "Reporting by Sara Ahmed in Erbil; editing by Noor Ali"
    assert found.body == LINES["en"]
    assert not worked_on_it("Reporting is a trade, she said.")


def test_bylines_that_name_nobody() -> None:
    assert authors(["admin", "https://x.example/sara", "sara@courier.example", "", "By "]) == ()
    assert not is_byline("By Sunday the road was open.")
    assert not is_byline(
        "By nightfall nobody had come to look at the road over the mountain any more, she said"
    )


@pytest.mark.parametrize(
    ("caption", "bare", "credit"),
    [
        ("The road over Azmar (Photo: AFP)", "The road over Azmar", "AFP"),
        ("The road over Azmar. Photo by Sara Ahmed", "The road over Azmar", "Sara Ahmed"),
        ("طريق أزمر – تصوير: نور علي", "طريق أزمر", "نور علي"),
        ("ڕێگای ئەزمەڕ. وێنە: سارا", "ڕێگای ئەزمەڕ", "سارا"),
        ("File – The road", "File – The road", None),
        ("وێنە: ڕێگاکە", "وێنە: ڕێگاکە", None),
    ],
)
def test_whose_picture_it_is_is_no_caption(caption: str, bare: str, credit: str | None) -> None:
    assert split_picture_credit(caption) == (bare, credit)
    assert bare_credit("(Photo by Sara Ahmed)") == "Sara Ahmed"


@pytest.mark.parametrize(
    "url", ["http://[", "https://x.example:99999999/", "http://a b/", "javascript:alert(1)"]
)
def test_addresses_that_are_none_stop_nothing(url: str) -> None:
    head = (
        f'<link rel="canonical" href="{url}"><link rel="alternate" hreflang="ar" href="{url}">'
        f'<meta property="og:image" content="{url}">'
    )
    found = read(head, story())
    assert found.body == LINES["en"]
    assert found.url.startswith(("https://courier.example", "http://a b"))


def test_a_source_that_gives_no_address_is_told_so_and_what_it_says_of_versions_is_looked_at() -> None:
    item = Item(
        source="s", key="k", url="https://x.example:99999999/a", html=p(*LINES["en"]), headline="Rain"
    )
    with pytest.raises(SourceError, match="this is no address"):
        clean(item, languages=["en"], now=NOW)
    versions = (("ckb", "/ckb/baran?utm_source=x"), ("ar", "http://["), ("fr", "https://x.example:99999999/"))
    found = clean(replace(item, url=URL, versions=versions), languages=["en"], now=NOW)
    assert found.versions == (("ckb", "https://courier.example/ckb/baran"),)


@pytest.mark.parametrize("filling", [" ", "x", ".", "(photo: ", " - ", "by "])
def test_words_without_end_are_read_in_no_time(filling: str) -> None:
    long = filling * (300_000 // len(filling))
    head = f'<meta name="author" content="{long}"><title>{long}</title><meta name="news_keywords" content="{long}">'
    body = story().replace(
        "<article>", f"<article><figure><img src=/a.jpg><figcaption>{long}</figcaption></figure>"
    )
    started = perf_counter()
    assert read(head, body + f"<p>{long}</p>").body[:4] == LINES["en"]
    assert perf_counter() - started < 5


def test_structured_data_that_is_nonsense_says_nothing() -> None:
    node: dict[str, object] = {
        "@type": "NewsArticle",
        "headline": 7,
        "author": {"a": []},
        "keywords": [1, None],
    }
    deep: object = node
    for _ in range(50):
        deep = {"@graph": [deep]}
    for said in (node, {**node, "image": [], "datePublished": ["x"]}, deep, {"@id": {}}, [[]]):
        assert read(data(said), story()).headline == "Rain closes the road"


RECIPE = RecipeTable(
    body="div.text",
    drop=".quiz, p.promo",
    title="h2.top",
    byline=".by b",
    date="span.when",
    timezone="Asia/Baghdad",
    section=".where",
    tags=".about i",
    image="img.lead",
    caption=".under",
)
PAGE = (
    "<h2 class=top>Rain, again</h2><p class=by>From our desk: <b>Sara Ahmed</b><b>Noor Ali</b></p>"
    "<span class=when>٢٠٢٦-٠٣-٠١T٠٨:٣٠</span><p class=where>City</p><p class=about><i>Roads</i><i>Azmar</i></p>"
    "<img class=lead data-src='/lead.jpg' alt='A road'><p class=under>The road</p>"
    "<div class=text><p>It rained.</p><div class=quiz>What fell?</div><p class=promo>Buy.</p><p>It poured.</p></div>"
    f"<div>{p(*LINES['en'])}</div>"
)


def test_a_recipe_says_where_things_stand_on_a_sites_pages() -> None:
    head = '<meta property="og:title" content="The Courier"><meta name="author" content="The Courier">'
    found = read(head, PAGE, {"courier.example": RECIPE}, "https://www.courier.example/rain")
    assert (found.headline, found.body) == ("Rain, again", ("It rained.", "It poured."))
    assert (found.authors, found.section) == (("Sara Ahmed", "Noor Ali"), "City")
    assert found.published_at == datetime(2026, 3, 1, 5, 30, tzinfo=UTC)
    assert found.topics == {"Roads", "Azmar"}
    assert (found.image, found.image_alt, found.caption) == (
        "https://www.courier.example/lead.jpg",
        "A road",
        "The road",
    )


def test_the_nearest_recipe_counts_and_other_sites_are_read_without() -> None:
    near = replace_body(RECIPE, "div.text p.promo")
    sites = {"courier.example": RECIPE, "sport.courier.example": near}
    title = "<title>Rain | The Courier</title>"
    other = read(title, PAGE, sites, "https://notcourier.example/rain")
    assert (other.headline, other.body) == ("Rain", LINES["en"])
    with pytest.raises(
        SourceError, match=r"nothing on the page is 'div.text p.promo'; mend body in \[recipes"
    ):
        read("", PAGE, sites, "https://sport.courier.example/rain")  # its own drop took it away


def test_a_recipe_may_only_drop() -> None:
    body = story().replace(
        "</article>",
        "<p class=deal>Buy the Courier today, for it costs but a thousand dinars.</p></article>",
    )
    assert len(read("", body).body) == 5
    assert read("", body, {"courier.example": RecipeTable(drop=".deal")}).body == LINES["en"]


def replace_body(recipe: RecipeTable, body: str) -> RecipeTable:
    return recipe.model_copy(update={"body": body})


def test_an_item_of_a_feed_wins_over_its_page() -> None:
    item = Item(
        source="s",
        key="k",
        url=URL,
        html=f"<html><head>{data({'@type': 'Article', 'author': 'A Page'})}</head><body>{story()}</body></html>",
        whole_page=True,
        author="Sara Ahmed",
    )
    found = clean(item, languages=["en"], now=NOW)
    assert (found.author, found.authors) == ("Sara Ahmed", ("Sara Ahmed",))
    assert clean(replace(item, author=None), languages=["en"], now=NOW).author == "A Page"
