"""News sitemaps over real HTTP: plain, packed, in an index; and what is no sitemap."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from syndicator.cleaning import clean
from syndicator.errors import SourceError, SourceGone
from syndicator.ports import Harvest, World
from syndicator.sandbox.serving import Response
from syndicator.sandbox.sitemap import SitemapStandIn
from syndicator.sources.sitemap import SitemapSource
from tests.outside import Clock, outside

EMPTY = '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{}</urlset>'


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def site(clock: Clock) -> Iterator[SitemapStandIn]:
    with SitemapStandIn(now=clock.now) as opened:
        yield opened


@pytest.fixture
def world(site: SitemapStandIn, clock: Clock) -> Iterator[World]:
    with outside(clock, site.url) as opened:
        yield opened


def look(
    site: SitemapStandIn, world: World, name: str = "sitemap.xml", checkpoint: str | None = None
) -> Harvest:
    settings = SitemapSource.Settings(url=f"{site.url}/{name}")
    return SitemapSource(settings, world, name="site").fetch(checkpoint)


@pytest.mark.parametrize("name", ["sitemap.xml", "sitemap.xml.gz", "index.xml"])
def test_a_story_is_read_from_its_page(site: SitemapStandIn, world: World, name: str) -> None:
    site.publish("rain", "Rain & roads", image="https://courier.example/r.jpg", language="en-GB")
    (item,) = look(site, world, name).items
    article = clean(item, languages=["en", "ckb"], now=world.now())
    assert (article.headline, article.url, article.language) == ("Rain & roads", f"{site.url}/rain", "en")
    assert article.body[0].startswith("The road over Azmar was closed")
    assert article.published_at == datetime(2026, 3, 1, 9, tzinfo=UTC)
    assert (article.topics, article.image) == ({"Azmar", "roads"}, "https://courier.example/r.jpg")


@pytest.mark.parametrize("name", ["sitemap.xml", "index.xml"])
def test_only_what_changed_is_read_again(site: SitemapStandIn, world: World, clock: Clock, name: str) -> None:
    rain = site.publish("rain")
    first = look(site, world, name)
    site.asked.clear()
    again = look(site, world, name, first.checkpoint)
    assert (again.items, [one for one in site.asked if one == "/rain"]) == ((), [])
    clock.on(hours=1)
    rain.changed_at = clock.now()
    site.publish("snow", part="more")
    found = look(site, world, name, again.checkpoint)
    assert [item.key for item in found.items] == [f"{site.url}/rain", f"{site.url}/snow"]
    assert look(site, world, name, found.checkpoint).items == ()


def test_at_first_sight_the_newest_are_enough(site: SitemapStandIn, world: World, clock: Clock) -> None:
    for number in range(100):
        site.publish(f"s{number}", published_at=clock.now() - timedelta(minutes=number))
    first = look(site, world)
    assert {item.key.rpartition("/")[2] for item in first.items} == {f"s{number}" for number in range(20)}
    assert look(site, world, checkpoint=first.checkpoint).items == ()
    for number in range(100, 150):
        site.publish(f"s{number}", published_at=clock.now() + timedelta(minutes=number))
    second = look(site, world, checkpoint=first.checkpoint)
    third = look(site, world, checkpoint=second.checkpoint)
    assert [item.key.rpartition("/")[2] for item in (*second.items, *third.items)] == [
        f"s{number}" for number in range(100, 150)
    ]


def test_a_page_that_cannot_be_had_is_asked_for_again(site: SitemapStandIn, world: World) -> None:
    site.publish("rain")
    site.instead["/rain"] = Response.page("", 500)
    found = look(site, world)
    assert (found.items, found.faults) == ((), (f"{site.url}/rain: the story's page answers HTTP 500",))
    del site.instead["/rain"]
    assert len(look(site, world, checkpoint=found.checkpoint).items) == 1


def test_one_sitemap_of_an_index_that_fails_stops_no_other(site: SitemapStandIn, world: World) -> None:
    site.publish("rain", part="a")
    site.publish("snow", part="b")
    site.instead["/a.xml"] = Response.page("", 500)
    found = look(site, world, "index.xml")
    assert ([item.key for item in found.items], len(found.faults)) == ([f"{site.url}/snow"], 1)
    index = '<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><sitemap><loc>{}</loc></sitemap></sitemapindex>'
    site.instead["/a.xml"] = Response(body=index.format(f"{site.url}/b.xml").encode())
    assert "an index inside of an index" in look(site, world, "index.xml").faults[0]
    site.instead["/index.xml"] = Response(body=index.format("http://169.254.169.254/x.xml").encode())
    assert "is on another host" in look(site, world, "index.xml").faults[0]


def test_an_empty_night_is_no_fault(site: SitemapStandIn, world: World) -> None:
    site.instead["/sitemap.xml"] = Response(body=EMPTY.format("").encode())
    assert look(site, world).items == ()


BOMB = '<!DOCTYPE x [<!ENTITY a "ha">{}]>'.format(
    "".join(f'<!ENTITY {chr(97 + n)} "{f"&{chr(96 + n)};" * 10}">' for n in range(1, 12))
)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"<html><body>Home</body></html>", "this is no sitemap; give the address"),
        (b"{}", "this is no sitemap"),
        (b"", "this is no sitemap"),
        (b"\x1f\x8bnonsense", "not the gzip it says it is"),
        (gzip.compress(b"x" * 60_000_000), "inflated it is larger than 50000000 bytes"),
        (EMPTY.format("<url><loc>https://a.example/</loc></url>").encode(), "no address in it has news:news"),
        ((BOMB + EMPTY.format("<url><loc>&l;</loc></url>")).encode(), "declares entities|this is no sitemap"),
        (
            b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
            + EMPTY.format("<url>&a;</url>").encode(),
            "declares entities",
        ),
        (b"<urlset>" * 100_000, "this is no sitemap"),
    ],
)
def test_what_is_no_sitemap(site: SitemapStandIn, world: World, body: bytes, said: str) -> None:
    site.instead["/sitemap.xml"] = Response(body=body)
    with pytest.raises(SourceError, match=said):
        look(site, world)


@pytest.mark.parametrize("name", ["sitemap.xml", "index.xml"])
def test_a_site_that_asks_for_time_gets_it(
    site: SitemapStandIn, world: World, clock: Clock, name: str
) -> None:
    site.publish("rain", part="a")
    first = look(site, world, name)
    site.instead[f"/{name}"] = Response.page("", 503, retry_after="60")
    found = look(site, world, name, first.checkpoint)
    assert (found.items, found.checkpoint) == ((), first.checkpoint)
    assert found.again_at == clock.now() + timedelta(minutes=1)


def test_a_sitemap_that_is_gone(site: SitemapStandIn, world: World) -> None:
    site.instead["/sitemap.xml"] = Response.page("", 410)
    with pytest.raises(SourceGone, match="take the source out"):
        look(site, world)
    with pytest.raises(SourceError, match="HTTP 404"):
        look(site, world, "nothing.xml")
