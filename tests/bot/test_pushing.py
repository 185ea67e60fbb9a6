"""A push by the bot: channels, previews, one order. Buttons act once, for whom they are, and not for ever."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from syndicator.bot.nouns import Away
from syndicator.model import Role
from syndicator.sandbox.faults import Fault
from syndicator.sandbox.people import User
from syndicator.sandbox.telegram import Message
from syndicator.storage.database import Database

from .house import House, house


@pytest.fixture
def newsroom(tmp_path: Path, database: Database) -> Iterator[House]:
    with house(tmp_path, database.url) as made:
        made.publish(3)
        yield made


def story(newsroom: House, language: str = "en") -> str:
    return newsroom.app.ledger.articles(language=language).articles[0].id


def asked(newsroom: House, who: User) -> Message:
    """The question after the preview of a push to the English channel."""
    return newsroom.asks(who, f"/push {story(newsroom)} tg-en")


def deliveries(newsroom: House) -> list[tuple[object, object]]:
    return [(one["channel"], one["state"]) for one in newsroom.app.ledger.deliveries(
        state=None, channel=None, edition=None, limit=99)]  # fmt: skip


def test_a_story_is_pushed_as_it_was_shown(newsroom: House) -> None:
    ara = newsroom.joins(41, "ara", Role.PUBLISHER)
    newsroom.asks(ara, f"/story {story(newsroom)}")
    newsroom.press(ara, "Push…")
    choice = ara.heard[-1]
    assert {label for row in choice.buttons for label, _ in row} == {"☐ tg-en", "☐ x", "Cancel"}
    newsroom.press(ara, "tg-en", choice)
    choice = ara.heard[-1]
    newsroom.press(ara, "Preview", choice)
    preview, question = ara.heard[-2:]
    assert "tg-en" in question.text and "/ 4096" in question.text
    assert deliveries(newsroom) == []
    newsroom.press(ara, "Push now", question)
    assert "Pushed by ara, 15:00." in ara.heard[-1].text
    assert [label for row in ara.heard[-1].buttons for label, _ in row] == ["Call it off"]
    assert deliveries(newsroom) == [("tg-en", "pending")]
    newsroom.app.deliver_due()
    (post,) = newsroom.telegram.messages("@courier_en")
    assert (post.text, post.entities) == (preview.text, preview.entities)


def test_a_button_acts_once_and_says_who_pressed(newsroom: House) -> None:
    ara = newsroom.joins(41, "ara", Role.PUBLISHER)
    question = asked(newsroom, ara)
    ara.presses(question, "Push now")
    ara.presses(question, "Push now")  # a nervous thumb
    newsroom.hears()
    newsroom.again()
    assert newsroom.press(ara, "Push now", question) == "ara pressed it, 15:00."
    assert deliveries(newsroom) == [("tg-en", "pending")]


def test_what_broke_off_between_acting_and_answering_is_told_and_not_done_again(newsroom: House) -> None:
    ara = newsroom.joins(41, "ara", Role.PUBLISHER)
    question = asked(newsroom, ara)
    newsroom.hears()  # acknowledges the order itself
    ara.presses(question, "Push now")
    (raw,) = newsroom.telegram.updates.waiting
    newsroom.telegram.faults.coming(Fault.DROP_BEFORE_ACCEPT)  # of the answer
    with pytest.raises(Away):
        newsroom.bot._take(raw)
    newsroom.again()
    newsroom.hears()  # it was never acknowledged: here it is again
    assert "Pushed by ara" in ara.heard[-1].text
    assert deliveries(newsroom) == [("tg-en", "pending")]


def test_a_press_that_stopped_in_the_middle_is_not_taken_for_done(newsroom: House) -> None:
    ara = newsroom.joins(41, "ara", Role.PUBLISHER)
    question = asked(newsroom, ara)
    found = newsroom.bot.cards.of(question.buttons[0][0][1])
    assert found and newsroom.bot.cards.press(found[0], "now", "ara")  # and then the process died
    newsroom.again()
    newsroom.later(minutes=5)
    assert "stopped in the middle" in newsroom.press(ara, "Push now", question)
    assert deliveries(newsroom) == []


def test_a_button_is_over_after_a_quarter_of_an_hour(newsroom: House) -> None:
    ara = newsroom.joins(41, "ara", Role.PUBLISHER)
    question = asked(newsroom, ara)
    newsroom.later(minutes=16)
    assert newsroom.press(ara, "Push now", question) == "This is over; ask again."
    assert deliveries(newsroom) == []


def test_a_button_is_for_who_asked(newsroom: House) -> None:
    ara = newsroom.joins(41, "ara", Role.PUBLISHER)
    zana = newsroom.joins(42, "zana", Role.PUBLISHER)
    question = asked(newsroom, ara)
    assert newsroom.press(zana, "Push now", question) == "This is for somebody else to press."
    assert newsroom.press(newsroom.stranger(66), "Push now", question) == "(nothing)"
    assert deliveries(newsroom) == []


def test_a_forged_button_does_nothing(newsroom: House) -> None:
    ara = newsroom.joins(41, "ara", Role.PUBLISHER)
    question = asked(newsroom, ara)
    data = question.buttons[0][0][1]
    assert len(data.encode()) <= 64
    key, choice, signature = data.split(".")
    for forged in (
        f"{key}.cancel.{signature}",
        f"{key[::-1]}.{choice}.{signature}",
        "now",
        f"{key}..",
        "ئە.ب.ج",
    ):
        query = ara.sends_data(question, forged)
        newsroom.hears()
        assert query not in newsroom.telegram.answers
    other = newsroom.asks(ara, "/latest en")
    ara.sends_data(other, data)  # on another message
    newsroom.hears()
    assert deliveries(newsroom) == []
    assert newsroom.bot.cards.find(key).pressed_at is None  # type: ignore[union-attr]


def test_whoever_may_not_push_is_told_so(newsroom: House) -> None:
    noor = newsroom.joins(43, "noor", Role.EDITOR)
    question = asked(newsroom, noor)
    newsroom.press(noor, "Push now", question)
    assert "push is for a publisher" in noor.heard[-1].text
    assert deliveries(newsroom) == []
    assert (
        "No channel of yours"
        in newsroom.asks(
            newsroom.joins(44, "sara", Role.PUBLISHER, "en", "tg-ckb"), f"/push {story(newsroom)}"
        ).text
    )


def test_what_changed_since_it_was_shown_is_shown_again(newsroom: House) -> None:
    ara = newsroom.joins(41, "ara", Role.PUBLISHER)
    question = asked(newsroom, ara)
    newsroom.app.summaries.write(story(newsroom), "Other words for the same thing.", by="zana")
    newsroom.press(ara, "Push now", question)
    assert deliveries(newsroom) == []
    newsroom.press(ara, "Push now")
    assert deliveries(newsroom) == [("tg-en", "pending")]
    assert "Other words for the same thing." in ara.heard[-2].text


def test_a_doubt_is_settled_by_whoever_may(newsroom: House) -> None:
    ara = newsroom.joins(41, "ara", Role.PUBLISHER)
    noor = newsroom.joins(43, "noor", Role.EDITOR)
    newsroom.press(ara, "Push now", asked(newsroom, ara))
    newsroom.telegram.faults.coming(Fault.DROP_AFTER_ACCEPT)
    newsroom.app.deliver_due()
    newsroom.asks(noor, "/doubts")
    newsroom.press(noor, "It is there")
    assert "settle is for a publisher" in noor.heard[-1].text
    newsroom.press(ara, "It is there", noor.heard[-2])
    assert "It is there, says ara, 15:00." in newsroom.telegram.messages("43")[-2].text
    assert deliveries(newsroom) == [("tg-en", "sent")]
    assert "Nothing is in doubt" in newsroom.asks(ara, "/doubts").text


def test_everything_is_stopped_and_goes_on(newsroom: House) -> None:
    ara = newsroom.joins(41, "ara", Role.PUBLISHER)
    noor = newsroom.joins(43, "noor", Role.EDITOR)
    assert "pause is for a publisher" in newsroom.asks(noor, "/pause").text
    assert "Paused by ara, 15:00." in newsroom.asks(ara, "/pause the tower burns").text
    assert newsroom.app.ledger.standing()["paused"] == ["everything"]
    newsroom.press(ara, "Let it go on")
    assert newsroom.app.ledger.standing()["paused"] == []
    assert "Paused by ara" in newsroom.asks(ara, "/pause x").text
    assert newsroom.app.ledger.standing()["paused"] == ["x"]
    assert "Goes on, says ara" in newsroom.asks(ara, "/resume x").text
    assert "is not paused" in newsroom.asks(ara, "/resume x").text


def test_an_order_that_comes_again_is_not_obeyed_again(newsroom: House) -> None:
    ara = newsroom.joins(41, "ara", Role.PUBLISHER)
    ara.says("/pause x")
    (raw,) = newsroom.telegram.updates.waiting
    newsroom.hears()
    newsroom.app.resume("x", by="zana")
    newsroom.bot._take(raw)
    assert newsroom.app.ledger.standing()["paused"] == []
    assert ara.heard[-1].text == ara.heard[-2].text
