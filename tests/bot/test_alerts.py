"""Those who asked are told at once what fails, is in doubt, stops or waits; each thing once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from syndicator.bot.nouns import Away
from syndicator.model import Role
from syndicator.sandbox.faults import Fault
from syndicator.sandbox.people import User
from syndicator.storage.database import Database

from .house import House, house


@pytest.fixture
def newsroom(tmp_path: Path, database: Database) -> Iterator[House]:
    with house(tmp_path, database.url) as made:
        made.publish(3)
        yield made


def push(newsroom: House, *channels: str) -> None:
    story = newsroom.app.ledger.articles(language="en").articles[0]
    newsroom.app.push([story.id], channels, editor="zana", again=False, note="")


def listening(newsroom: House, role: Role = Role.PUBLISHER, number: int = 41, *channels: str) -> User:
    ara = newsroom.joins(number, f"ara{number}", role, "en", *channels)
    assert "You are told at once" in newsroom.asks(ara, "/alerts").text
    return ara


def test_a_pause_is_told_once_and_can_be_let_go(newsroom: House) -> None:
    ara = listening(newsroom)
    noor = newsroom.joins(42, "noor", Role.EDITOR)
    newsroom.app.pause("everything", by="zana", why="a fire")
    assert newsroom.bot.desk.tell() == 1
    newsroom.again()
    assert newsroom.bot.desk.tell() == 0
    assert "Everything is paused by zana: a fire" in ara.heard[-1].text
    assert noor.heard == []
    newsroom.press(ara, "Let it go on")
    assert newsroom.app.ledger.standing()["paused"] == []
    newsroom.app.pause("everything", by="zana", why="another fire")
    assert newsroom.bot.desk.tell() == 1


def test_who_did_it_knows(newsroom: House) -> None:
    ara = listening(newsroom)
    newsroom.asks(ara, "/pause x")
    assert newsroom.bot.desk.tell() == 0


def test_what_stands_already_is_not_told(newsroom: House) -> None:
    newsroom.app.pause("x", by="zana", why="")
    listening(newsroom)
    assert newsroom.bot.desk.tell() == 0


def test_a_doubt_comes_with_its_buttons_where_nobody_could_settle_it(newsroom: House) -> None:
    ara = listening(newsroom)
    elsewhere = listening(newsroom, Role.PUBLISHER, 42, "tg-ckb")
    push(newsroom, "x")
    newsroom.sandbox.x.faults.coming(Fault.DROP_BEFORE_ACCEPT)
    newsroom.app.deliver_due()
    assert newsroom.bot.desk.tell() == 0  # it may yet be read back
    newsroom.later(minutes=11)
    assert newsroom.bot.desk.tell() == 1
    newsroom.press(ara, "Drop")
    assert "dropped by ara41" in ara.heard[-1].text
    assert len(elsewhere.heard) == 1


def test_what_a_channel_refused_for_good_is_told(newsroom: House) -> None:
    ara = listening(newsroom)
    push(newsroom, "tg-en")
    newsroom.telegram.chats["@courier_en"].refuses = "TOPIC_CLOSED"
    newsroom.app.deliver_due()
    assert newsroom.bot.desk.tell() == 1
    assert "tg-en did not take push:" in ara.heard[-1].text


def test_an_alert_that_telegram_puts_off_comes_later(newsroom: House) -> None:
    ara = listening(newsroom)
    newsroom.app.pause("x", by="zana", why="")
    newsroom.telegram.faults.coming(Fault.RATE_LIMITED)
    with pytest.raises(Away):
        newsroom.bot.desk.tell()
    assert newsroom.bot.desk.tell() == 1
    assert "x is paused by zana" in ara.heard[-1].text


def test_alerts_end_when_they_are_not_wanted_or_the_person_leaves(newsroom: House) -> None:
    ara = listening(newsroom)
    listening(newsroom, Role.EDITOR, 42)
    newsroom.asks(ara, "/alerts off")
    del newsroom.people[42]
    newsroom.app.pause("x", by="zana", why="")
    assert newsroom.bot.desk.tell() == 0


@pytest.mark.parametrize(("button", "left"), [("Correct it", False), ("Leave it", True)])
def test_a_correction_is_put_to_a_publisher(newsroom: House, button: str, *, left: bool) -> None:
    ara = listening(newsroom)
    listening(newsroom, Role.EDITOR, 42)
    push(newsroom, "tg-en")
    newsroom.app.deliver_due()
    story = newsroom.app.ledger.articles(language="en").articles[0]
    newsroom.later(minutes=10)
    newsroom.sandbox.newsroom.revise(
        story.url.rpartition("/")[2], headline="Rain closes two roads near Azmar"
    )
    newsroom.app.look()
    newsroom.app.compile()
    assert newsroom.bot.desk.tell() == 1
    assert "was revised after it went out. Correct it?" in ara.heard[-1].text
    newsroom.press(ara, button)
    assert "● correct · ara41" in ara.heard[-1].text
    assert newsroom.app.corrections.waiting() == []
    newsroom.app.deliver_due()
    (post, *_) = newsroom.telegram.messages("@courier_en")
    assert ("two roads" in post.text) is not left
    assert newsroom.bot.desk.tell() == 0
