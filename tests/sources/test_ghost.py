"""A Ghost over real HTTP: published, edited, taken back; members' stories stay the members'."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from syndicator.cleaning import clean
from syndicator.errors import SourceError
from syndicator.ports import World
from syndicator.sandbox.ghost import GhostStandIn
from syndicator.sandbox.serving import Response
from syndicator.sources.ghost import GhostSource
from tests.outside import Clock, outside

LONG = "<p>" + "The road over Azmar was closed after a night of rain. " * 15 + "</p>"
PICTURE = {"url": "https://courier.example/rain.jpg", "alt": "A wet road", "caption": "The <b>road</b>"}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def site(clock: Clock) -> Iterator[GhostStandIn]:
    with GhostStandIn(now=clock.now) as opened:
        yield opened


@pytest.fixture
def world(site: GhostStandIn, clock: Clock) -> Iterator[World]:
    with outside(clock, site.url) as opened:
        yield opened


def source(site: GhostStandIn, world: World, **settings: object) -> GhostSource:
    told = {"url": site.url, "language": "en", "key": site.key} | settings
    return GhostSource(GhostSource.Settings.model_validate(told), world, name="site")


def test_a_post_with_all_that_belongs_to_it(site: GhostStandIn, world: World) -> None:
    post = site.publish("Rain & <roads>", LONG, tags=("#internal", "City", "Azmar"), image=PICTURE)
    (item,) = source(site, world).fetch(None).items
    article = clean(item, languages=["en", "ckb"], now=world.now())
    assert (item.key, article.url, article.headline) == (post.id, f"{site.url}/{post.id}/", "Rain & <roads>")
    assert (article.section, article.topics, article.author) == ("City", {"City", "Azmar"}, "Sara")
    assert (article.image, article.image_alt, article.caption) == (PICTURE["url"], "A wet road", "The road")
    assert article.published_at == post.published_at


def test_changes_and_what_is_taken_back(site: GhostStandIn, world: World, clock: Clock) -> None:
    rain, snow = site.publish("Rain", LONG), site.publish("Snow", LONG)
    first = source(site, world).fetch(None)
    assert [item.headline for item in first.items] == ["Rain", "Snow"]
    clock.on(hours=1)
    assert source(site, world).fetch(first.checkpoint).items == ()
    site.edit(rain, title="Rain again")
    site.edit(snow, status="draft")
    found = source(site, world).fetch(first.checkpoint)
    assert ([item.headline for item in found.items], found.withdrawn) == (["Rain again"], (snow.id,))
    clock.on(hours=1)
    site.edit(snow, status="published")
    site.edit(rain, visibility="paid")
    found = source(site, world).fetch(found.checkpoint)
    assert ([item.headline for item in found.items], found.withdrawn) == (["Snow"], (rain.id,))


def test_members_stories_stay_the_members(site: GhostStandIn, world: World) -> None:
    site.publish("For everybody", LONG)
    site.publish("For those who pay", LONG, visibility="paid")
    assert [item.headline for item in source(site, world).fetch(None).items] == ["For everybody"]


def test_many_changes_and_a_filter(site: GhostStandIn, world: World, clock: Clock) -> None:
    site.publish("Rain", LONG, tags=("news",))
    first = source(site, world, filter="tag:news").fetch(None)
    clock.on(hours=1)
    for number in range(120):
        at = clock.now() + timedelta(seconds=number)
        site.publish(f"Story {number}", LONG, published_at=at, tags=("news",) if number else ())
    clock.on(hours=1)
    found = source(site, world, filter="tag:news").fetch(first.checkpoint)
    assert [item.headline for item in found.items] == [f"Story {number}" for number in range(1, 120)]
    assert source(site, world, filter="tag:news").fetch(found.checkpoint).items == ()


def test_an_old_post_that_is_edited_is_no_news(site: GhostStandIn, world: World, clock: Clock) -> None:
    old = site.publish("Long ago", LONG, published_at=clock.now() - timedelta(days=900))
    for _ in range(100):
        site.publish("Rain", LONG)
    first = source(site, world).fetch(None)
    clock.on(hours=1)
    site.edit(old, html=LONG * 2)
    assert source(site, world).fetch(first.checkpoint).old == {old.id}


def test_the_key_is_never_told(site: GhostStandIn, world: World) -> None:
    site.publish("Rain", LONG)
    with pytest.raises(
        SourceError, match="HTTP 401; Unknown Content API Key; the secret key is not one"
    ) as told:
        source(site, world, key="wrong-key").fetch(None)
    assert "wrong-key" not in str(told.value)
    with pytest.raises(SourceError, match="not a public address") as told:
        source(site, world, url="http://127.0.0.1:9").fetch(None)
    assert site.key not in str(told.value)
    site.before = lambda _: (
        None or Response(status=302, headers={"location": f"http://127.0.0.1:9/?key={site.key}"})
    )
    with pytest.raises(SourceError, match="not a public address") as told:
        source(site, world).fetch(None)
    assert site.key not in str(told.value)


@pytest.mark.parametrize(
    "body", [b"{}", b"[]", b'{"posts": [{"id": 7}, 3], "meta": {"pagination": {"pages": "x"}}}']
)
def test_an_answer_with_holes(site: GhostStandIn, world: World, body: bytes) -> None:
    site.before = lambda _: Response(body=body)
    assert source(site, world).fetch(None).items == ()
