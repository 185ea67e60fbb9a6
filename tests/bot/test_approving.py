"""What is asked in writing, planned for later, called off, and approved by a second person."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from syndicator.model import Role
from syndicator.storage.database import Database

from .house import House, house


@pytest.fixture
def newsroom(tmp_path: Path, database: Database) -> Iterator[House]:
    with house(tmp_path, database.url, approved="x") as made:
        made.publish(3)
        yield made


def story(newsroom: House) -> str:
    return newsroom.app.ledger.articles(language="en").articles[0].id


def states(newsroom: House) -> list[tuple[object, object]]:
    found = newsroom.app.ledger.deliveries(state=None, channel=None, edition=None, limit=99)
    return [(one["channel"], one["state"]) for one in found]


def test_a_second_person_approves_what_both_saw(newsroom: House) -> None:
    ara = newsroom.joins(41, "ara", Role.PUBLISHER)
    zana = newsroom.joins(42, "zana", Role.PUBLISHER)
    newsroom.asks(zana, "/alerts")
    newsroom.asks(ara, "/alerts")
    newsroom.asks(ara, f"/push {story(newsroom)} x")
    preview = ara.heard[-2].text
    newsroom.press(ara, "Push now")
    assert "It waits for a second person" in ara.heard[-1].text
    assert newsroom.bot.desk.tell() == 1  # ara knows
    shown, question = zana.heard[-2:]
    assert shown.text == preview and "Asked for by ara" in question.text
    newsroom.app.deliver_due()
    assert newsroom.sandbox.x.tweets() == []
    newsroom.asks(ara, "/approvals")
    newsroom.press(ara, "Approve")
    assert "somebody else has to approve it" in ara.heard[-1].text
    newsroom.press(zana, "Approve", question)
    assert "Approved by zana, 15:00." in zana.heard[-1].text
    newsroom.app.deliver_due()
    assert len(newsroom.sandbox.x.tweets()) == 1
    assert newsroom.press(zana, "Approve", question) == "zana pressed it, 15:00."


def test_what_changed_since_is_not_approved(newsroom: House) -> None:
    ara = newsroom.joins(41, "ara", Role.PUBLISHER)
    zana = newsroom.joins(42, "zana", Role.PUBLISHER)
    newsroom.asks(ara, f"/push {story(newsroom)} x")
    newsroom.press(ara, "Push now")
    question = newsroom.asks(zana, "/approvals")
    newsroom.app.edits.headline(story(newsroom), "Another headline altogether", by="noor")
    newsroom.press(zana, "Approve", question)
    assert "is not what you saw" in zana.heard[-1].text
    newsroom.app.deliver_due()
    assert newsroom.sandbox.x.tweets() == []
    newsroom.asks(zana, "/approvals")
    assert "Another headline altogether" in zana.heard[-2].text
    newsroom.press(zana, "Approve")
    newsroom.app.deliver_due()
    assert len(newsroom.sandbox.x.tweets()) == 1


def test_who_declines_says_why(newsroom: House) -> None:
    ara = newsroom.joins(41, "ara", Role.PUBLISHER)
    zana = newsroom.joins(42, "zana", Role.PUBLISHER)
    newsroom.asks(ara, f"/push {story(newsroom)} x")
    newsroom.press(ara, "Push now")
    question = newsroom.asks(zana, "/approvals")
    newsroom.press(zana, "Decline…", question)
    asked = zana.heard[-1]
    assert "Why does it not go out?" in asked.text
    assert "● decline · zana" in newsroom.asks(zana, "it is not true", reply_to=asked.id).text
    assert states(newsroom) == [("x", "cancelled")]
    newsroom.asks(zana, "it is not true", reply_to=asked.id)
    assert zana.heard[-2].text == "zana pressed it, 15:00."
    assert "Nothing waits for a second person" in newsroom.asks(zana, "/approvals").text


def test_a_push_is_planned_for_later_and_called_off(newsroom: House) -> None:
    ara = newsroom.joins(41, "ara", Role.PUBLISHER)
    question = newsroom.asks(ara, f"/push {story(newsroom)} tg-en")
    newsroom.press(ara, "Later…", question)
    asked = ara.heard[-1]
    assert "is no moment" in newsroom.asks(ara, "soon", reply_to=asked.id).text
    newsroom.asks(ara, "18:30", reply_to=asked.id)
    planned = ara.heard[-1]
    assert "It goes out 18:30." in planned.text and "Planned by ara, 15:00." in planned.text
    newsroom.app.deliver_due()
    assert newsroom.telegram.messages("@courier_en") == []
    newsroom.press(ara, "Call it off", planned)
    assert "Called off by ara, 15:00." in ara.heard[-1].text
    newsroom.later(hours=4)
    newsroom.app.deliver_due()
    assert newsroom.telegram.messages("@courier_en") == []
    assert states(newsroom) == [("tg-en", "cancelled")]


def test_a_planned_push_goes_out_at_its_hour_once(newsroom: House) -> None:
    ara = newsroom.joins(41, "ara", Role.PUBLISHER)
    question = newsroom.asks(ara, f"/push {story(newsroom)} tg-en")
    newsroom.press(ara, "Later…", question)
    asked = ara.heard[-1]
    newsroom.asks(ara, "15:30", reply_to=asked.id)
    newsroom.press(ara, "Push now", question)  # the message is as it was on a phone that was away
    newsroom.later(minutes=31)
    newsroom.app.deliver_due()
    assert states(newsroom) == [("tg-en", "sent")]


@pytest.mark.parametrize(
    ("button", "question", "answer", "told"),
    [
        ("Hold…", "Why is it held?", "the ministry denies it", "● hold · ara"),
        ("Summary…", "What shall be said of it?", "Other words.", "● summarise · ara"),
        ("Headline…", "Which headline", "Another headline", "● edit · ara"),
        ("Retract…", "It is taken back everywhere.", "it is not so", "● retract · ara"),
    ],
)
def test_a_storys_buttons_ask_for_what_has_to_be_written(
    newsroom: House, button: str, question: str, answer: str, told: str
) -> None:
    ara = newsroom.joins(41, "ara", Role.PUBLISHER)
    shown = newsroom.asks(ara, f"/story {story(newsroom)}")
    newsroom.press(ara, button, shown)
    asked = ara.heard[-1]
    assert question in asked.text
    ara.says(answer)  # not an answer to it
    newsroom.hears()
    assert ara.heard[-1] == asked
    assert told in newsroom.asks(ara, answer, reply_to=asked.id).text
    (line, *_) = newsroom.app.trail.newest()
    assert line.who == "ara"
    if button == "Hold…":
        newsroom.press(ara, "Lift", newsroom.asks(ara, f"/story {story(newsroom)}"))
        assert newsroom.app.holds.standing() == []


def test_an_answer_is_for_who_was_asked_and_not_for_ever(newsroom: House) -> None:
    ara = newsroom.joins(41, "ara", Role.PUBLISHER)
    newsroom.press(ara, "Hold…", newsroom.asks(ara, f"/story {story(newsroom)}"))
    asked = ara.heard[-1]
    newsroom.later(minutes=31)
    assert "This is over" in newsroom.asks(ara, "because", reply_to=asked.id).text
    assert newsroom.app.holds.standing() == []


def test_a_correction_is_asked_for_with_where_the_story_stands(newsroom: House) -> None:
    ara = newsroom.joins(41, "ara", Role.PUBLISHER)
    newsroom.asks(ara, f"/push {story(newsroom)} tg-en")
    newsroom.press(ara, "Push now")
    newsroom.app.deliver_due()
    newsroom.press(ara, "Correct…", newsroom.asks(ara, f"/story {story(newsroom)}"))
    assert "● tg-en" in ara.heard[-1].text
    newsroom.press(ara, "Do it")
    assert "✕ Not done." in ara.heard[-1].text  # nothing was revised
