"""What is read from the sample site is what its reporters wrote, in all three languages."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from syndicator.cleaning import clean
from syndicator.model import Article
from syndicator.net.web import GuardedWeb
from syndicator.ports import World
from syndicator.sandbox.newsroom import LANGUAGES, SampleNewsroom
from syndicator.sources.feed import FeedSource
from syndicator.sources.page import PageSource
from tests.lanes import NOW, WORLD


@pytest.fixture
def site() -> Iterator[SampleNewsroom]:
    with SampleNewsroom(now=lambda: NOW) as there:
        yield there


@pytest.fixture
def world(site: SampleNewsroom) -> Iterator[World]:
    host = site.url.removeprefix("http://")
    with GuardedWeb(private_allowed=[host]) as web:
        yield World(now=lambda: NOW, rng=WORLD.rng, wait=WORLD.wait, web=web)


def read(
    site: SampleNewsroom, world: World, language: str, checkpoint: str | None = None
) -> tuple[list[Article], str]:
    source = FeedSource(FeedSource.Settings(url=site.feed(language)), world, name=language)
    harvest = source.fetch(checkpoint)
    assert harvest.faults == ()
    return [clean(item, languages=LANGUAGES, now=NOW) for item in harvest.items], harvest.checkpoint


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_feed_gives_the_story_and_nothing_else(site: SampleNewsroom, world: World, language: str) -> None:
    told = {story.headline: story for story in site.publish() if story.language == language}
    articles, _ = read(site, world, language)
    assert len(articles) == 4
    for article in articles:
        if article.headline not in told:
            continue
        story = told.pop(article.headline)
        assert article.body == story.body
        assert article.dateline == story.dateline
        assert article.caption == story.caption
        assert article.language == language
        assert article.section == story.section
        assert article.author == story.author
        assert article.image == f"{site.url}/media/{story.slug}.png"
        assert article.credits == (("Reuters",) if "azmar" in story.slug else ())
    assert not told


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_gives_the_same_story_as_the_feed(site: SampleNewsroom, world: World, language: str) -> None:
    story = next(one for one in site.publish() if one.language == language)
    source = PageSource(PageSource.Settings(url=f"{site.url}/{language}/{story.slug}"), world, name="page")
    (item,) = source.fetch(None).items
    article = clean(item, languages=LANGUAGES, now=NOW)
    assert (article.headline, article.body) == (story.headline, story.body)
    assert (article.dateline, article.caption) == (story.dateline, story.caption)


def test_what_did_not_change_is_not_sent_again(site: SampleNewsroom, world: World) -> None:
    _, checkpoint = read(site, world, "en")
    assert read(site, world, "en", checkpoint)[0] == []
    site.publish(1)
    (new,), checkpoint = read(site, world, "en", checkpoint)
    assert new.published_at == NOW
    site.revise("rain-closes-the-azmar-road", headline="Rain closes the Azmar road for a third day")
    (revised,), _ = read(site, world, "en", checkpoint)
    assert (revised.id, revised.headline) == (new.id, "Rain closes the Azmar road for a third day")


def test_old_stories_are_a_day_old(site: SampleNewsroom, world: World) -> None:
    articles, _ = read(site, world, "ar")
    assert [one.published_at for one in articles] == [NOW - timedelta(days=1)]
    assert isinstance(articles[0].published_at, datetime)


def test_there_is_a_front_page_a_picture_and_nothing_else(site: SampleNewsroom, world: World) -> None:
    assert b"Dukan" in world.web.get(site.url).body
    assert world.web.get(f"{site.url}/media/x.png").body.startswith(b"\x89PNG")
    assert world.web.get(f"{site.url}/en/nothing").status == 404
