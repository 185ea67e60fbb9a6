"""Where feeds name their hub."""

from __future__ import annotations

import pytest

from syndicator.ports import Announcement, Answer
from syndicator.sources.websub import announced

FEED = "https://courier.example/feed"
HUB = Announcement(hub="https://hub.example/", topic="https://courier.example/rss")
SELF = '<atom:link href="https://courier.example/rss" rel="self"/>'
RSS = "<rss><channel><title>x</title>{}<item><title>y</title>{}</item></channel></rss>"


def answer(body: str, link: str = "") -> Answer:
    return Answer(status=200, url=FEED, headers={"link": link} if link else {}, body=body.encode())


@pytest.mark.parametrize(
    "told",
    [
        answer(RSS.format(SELF + '<atom:link rel="hub" href="https://hub.example/"/>', "")),
        answer(RSS.format("<atom10:link href='https://hub.example/' rel='hub'/>" + SELF, "")),
        answer('<feed><link rel="self" href="/rss"/><LINK\n rel="hub"\n href="https://hub.example/"/><entry/></feed>'),
        answer("", '<https://hub.example/>; rel="hub", <https://courier.example/rss>; rel="self"'),
        answer("", "<https://hub.example/>;rel=hub, </rss>;title=\"a, b\";rel='self alternate'"),
        answer(RSS.format('<atom:link rel="hub" href="https://other.example/"/>', ""),
               '<https://hub.example/>; rel="hub", <https://courier.example/rss>; rel="self"'),
        answer('{"version": "https://jsonfeed.org/version/1.1", "feed_url": "https://courier.example/rss",'
               ' "hubs": [{"type": "rssCloud", "url": "x"}, {"type": "WebSub", "url": "https://hub.example/"}]}'),
    ],
)  # fmt: skip
def test_a_hub(told: Answer) -> None:
    assert announced(told) == HUB


def test_without_a_word_of_its_own_the_feed_is_called_as_it_was_asked_for() -> None:
    told = answer(RSS.format('<link rel="hub" href="https://hub.example/?a=1&amp;b=2"/>', ""))
    assert announced(told) == Announcement(hub="https://hub.example/?a=1&b=2", topic=FEED)


@pytest.mark.parametrize(
    "told",
    [
        answer(
            RSS.format(SELF, '<atom:link rel="hub" href="https://hub.example/"/>')
        ),  # a story's, not the feed's
        answer(RSS.format('<atom:link rel="hub" href="ftp://hub.example/"/>', "")),
        answer(RSS.format('<atom:link rel="hub" href="javascript:alert(1)"/>', "")),
        answer("", "<<<>>>; rel=hub"),
        answer("{" * 100_000),
        answer("<link " * 50_000),
        answer("x" * 70_000 + '<link rel="hub" href="https://hub.example/"/>'),
    ],
)
def test_no_hub(told: Answer) -> None:
    assert announced(told) is None
