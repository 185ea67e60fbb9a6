"""Looking round by the bot: the newest stories, one of them, how the newsroom stands. And who gets no answer."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from syndicator.model import Role

from .house import House, house


@pytest.fixture
def newsroom(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path) as made:
        made.publish(6)
        yield made


def test_the_newest_stories_can_be_leafed_through(newsroom: House) -> None:
    ara = newsroom.joins(41, "ara", Role.EDITOR)
    told = newsroom.asks(ara, "/latest en")
    headline = newsroom.app.ledger.articles(language="en").articles[0].headline
    assert told.text.startswith("1. ") and headline in told.text
    newsroom.press(ara, "1", told)
    shown = ara.heard[-1]
    assert headline in shown.text and "It went nowhere yet." in shown.text
    assert not any("Push" in label for row in shown.buttons for label, _ in row)  # an editor does not push


def test_a_story_is_found_by_number_words_and_answer(newsroom: House) -> None:
    ara = newsroom.joins(41, "ara", Role.PUBLISHER)
    story = newsroom.app.ledger.articles(language="en").articles[0]
    assert story.headline in newsroom.asks(ara, f"/story {story.id}").text
    by_words = newsroom.asks(ara, f"/story {story.headline.upper()}")
    assert story.headline in by_words.text
    assert newsroom.asks(ara, "/story", reply_to=by_words.id).text == by_words.text
    assert "No story is like that" in newsroom.asks(ara, "/story zeppelins").text
    assert "Which story?" in newsroom.asks(ara, "/story").text


def test_today_says_first_what_needs_somebody(newsroom: House) -> None:
    ara = newsroom.joins(41, "ara", Role.VIEWER)
    assert newsroom.asks(ara, "/today").text.startswith("● Nothing needs you.")
    newsroom.app.pause("everything", by="zana", why="a fire")
    assert "everything is paused" in newsroom.asks(ara, "/today").text


def test_a_stranger_hears_where_the_channels_are_and_nothing_else(
    newsroom: House, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "syndicator")
    stranger = newsroom.stranger(66)
    for text in ("/today", "/latest", "/pause everything", "hello"):
        stranger.says(text)
        newsroom.hears()
    assert stranger.heard == []
    assert caplog.text.count("bot: 66") == 1  # once in a minute
    newsroom.later(minutes=2)
    told = newsroom.asks(stranger, "/start").text
    assert "https://t.me/courier_en" in told and "Evening digest" in told
    stranger.says("/start")
    newsroom.hears()
    assert len(stranger.heard) == 1


def test_forwarded_edited_and_foreign_orders_get_nothing(newsroom: House) -> None:
    ara = newsroom.joins(41, "ara", Role.ADMIN)
    ara.forwards("/pause everything", by=newsroom.stranger(66))
    ara.edits("/pause everything")
    ara.says("/pause everything", sender_chat={"id": -5, "type": "channel", "title": "c"})
    ara.says("/pause@other_bot everything")
    newsroom.telegram.updates.put(channel_post=ara._message("/pause everything", "@courier_en", None))
    assert newsroom.hears() == 5
    assert ara.heard == []
    assert newsroom.app.ledger.standing()["paused"] == []
