"""Every verb by the bot: what it takes from words, what it answers in words, and that it is done once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from babel.support import Translations
from hypothesis import given
from hypothesis import strategies as st

from syndicator.bot.orders import ORDERS, offered, written
from syndicator.bot.plainly import TEXT_MAX, plainly
from syndicator.bot.told import understood
from syndicator.bot.words import Words
from syndicator.model import Role
from syndicator.verbs import VERBS

from .house import NOON, House, house

NOW = datetime(2026, 3, 1, 15, tzinfo=ZoneInfo("Asia/Baghdad"))


@pytest.fixture
def newsroom(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path) as made:
        made.publish(3)
        yield made


@pytest.mark.parametrize(
    ("verb", "words", "meant"),
    [
        ("hold", "3f9a the ministry denies it", {"article": "3f9a", "why": "the ministry denies it"}),
        ("settle", "5 sent saw it there", {"number": "5", "verdict": "sent", "why": "saw it there"}),
        ("preview", "3f9a tg-en x", {"article": "3f9a", "to": ["tg-en", "x"]}),
        ("preview", "3f9a tg-en,x again", {"article": "3f9a", "to": ["tg-en", "x"], "again": True}),
        ("embargo", "3f9a 18:00", {"article": "3f9a", "until": "2026-03-01T18:00:00+03:00"}),
        ("embargo", "3f9a 7:30", {"article": "3f9a", "until": "2026-03-02T07:30:00+03:00"}),
        ("embargo", "3f9a 2026-03-04 09:00", {"article": "3f9a", "until": "2026-03-04T09:00:00+03:00"}),
        ("summarise", "3f9a accept", {"article": "3f9a", "accept": True}),
        ("summarise", "3f9a It rained.", {"article": "3f9a", "text": "It rained."}),
        ("newsletter compose", "noon lead=3f9a drop=7,b2", {"name": "noon", "lead": ["3f9a"], "drop": ["7", "b2"]}),
        ("correct", "3f9a note=“the sum”", {"article": "3f9a", "note": "the sum"}),
        ("correct", "3f9a note=«المبلغ الصحيح» tg-ar", {"article": "3f9a", "note": "المبلغ الصحيح", "to": ["tg-ar"]}),
        ("audit", "who=ara", {"who": "ara"}),
        ("articles", "ckb limit=3", {"language": "ckb", "limit": "3"}),
        ("retract", "3f9a 2+2=5", {"article": "3f9a", "why": "2+2=5"}),
        ("pause", "colour=red", {"colour": "red"}),
    ],
)  # fmt: skip
def test_words_are_understood(verb: str, words: str, meant: dict[str, Any]) -> None:
    assert understood(VERBS[verb].takes, words, NOW) == meant


@given(st.sampled_from(sorted(VERBS)), st.text(max_size=200))
def test_whatever_is_written_is_understood_or_refused(name: str, words: str) -> None:
    takes = VERBS[name].takes
    told = understood(takes, words, NOW)
    assert all(isinstance(one, str | list | bool | dict | int | float | None) for one in told.values())


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.text(max_size=300)
        | st.datetimes(timezones=st.just(NOW.tzinfo)),
        lambda inner: (
            st.lists(inner, max_size=30) | st.dictionaries(st.text(max_size=20), inner, max_size=30)
        ),
        max_leaves=60,
    )
)
def test_whatever_comes_of_it_is_a_message(told: Any) -> None:
    words = Words("ckb", Translations(), ZoneInfo("Asia/Baghdad"), NOON)
    lines = plainly(words, told)
    assert sum(map(len, lines)) <= TEXT_MAX + 1
    assert not any("<" in line for line in lines)


def test_every_verb_is_an_order_of_the_same_name() -> None:
    words = Words("en", Translations(), ZoneInfo("UTC"), NOON)
    told = dict(offered(words, Role.ADMIN))
    assert {written(one) for one in VERBS.values()} <= set(told)
    assert len(told) <= 100 and all(len(says) <= 256 for says in told.values())
    assert set(dict(offered(words, Role.VIEWER))) < set(told)
    assert {"today", "latest", "story", "push", "doubts", "pause", "resume", "help"} <= set(ORDERS)


def test_what_looks_answers_in_words(newsroom: House) -> None:
    ara = newsroom.joins(41, "ara", Role.ADMIN)
    story = newsroom.app.ledger.articles(language="en").articles[0]
    needs = {"show": story.id, "preview": f"{story.id} tg-en", "newsletter preview": "evening", "delivery": "1",
             "newsletter clicks": "push:1", "webhooks history": "crm"}  # fmt: skip
    for verb in VERBS.values():
        if verb.reads and written(verb) not in ORDERS:
            told = newsroom.asks(ara, f"/{written(verb)} {needs.get(verb.name, '')}")
            assert "nobody foresaw" not in told.text, verb.name
            assert told.text
    assert story.headline in newsroom.asks(ara, "/articles en").text


def test_what_does_not_fit_says_which_field(newsroom: House) -> None:
    noor = newsroom.joins(41, "noor", Role.EDITOR)
    told = newsroom.asks(noor, "/hold").text
    assert "article: Field required" in told and "/hold article why" in told
    assert "limit" in newsroom.asks(noor, "/articles limit=many").text
    assert "colour" in newsroom.asks(noor, "/articles colour=red").text
    assert "There is no order /frobnicate" in newsroom.asks(noor, "/frobnicate").text
    assert "no article begins" in newsroom.asks(noor, "/hold 0000 because").text


def test_an_editors_word_is_done_at_once_and_once(newsroom: House) -> None:
    noor = newsroom.joins(41, "noor", Role.EDITOR)
    story = newsroom.app.ledger.articles(language="en").articles[0].id
    told = newsroom.asks(noor, f"/hold {story} the ministry denies it")
    assert "● hold · noor, 15:00" in told.text
    (held,) = newsroom.app.holds.standing()
    assert (held.by, held.why) == ("noor", "the ministry denies it")
    assert "lift" in newsroom.asks(noor, "/lift", reply_to=newsroom.asks(noor, f"/story {story}").id).text
    assert newsroom.app.holds.standing() == []


def test_a_publishers_word_is_asked_for_first(newsroom: House) -> None:
    ara = newsroom.joins(41, "ara", Role.PUBLISHER)
    story = newsroom.app.ledger.articles(language="en").articles[0]
    question = newsroom.asks(ara, f"/retract {story.id} it is not so")
    assert story.headline in question.text and "it is not so" in question.text
    assert newsroom.app.circulation.retractions is not None
    newsroom.press(ara, "Cancel", question)
    assert "Nothing was done." in ara.heard[-1].text
    newsroom.asks(ara, f"/retract {story.id} it is not so")
    newsroom.press(ara, "Do it")
    assert "● retract · ara, 15:00" in ara.heard[-1].text
    assert "retract" in [one.what for one in newsroom.app.trail.newest()]
    noor = newsroom.joins(42, "noor", Role.EDITOR)
    assert "retract is for a publisher" in newsroom.asks(noor, f"/retract {story.id}").text


def test_readers_are_spoken_of_in_private_only(newsroom: House) -> None:
    from syndicator.sandbox.telegram import Chat

    from .house import GROUP

    ara = newsroom.joins(41, "ara", Role.ADMIN)
    newsroom.telegram.let_in(Chat(GROUP, str(GROUP), "The desk", kind="supergroup"))
    ara.says("/subscribers_list@courier_bot", to=str(GROUP))
    ara.says("/today", to=str(GROUP))
    newsroom.hears()
    told = [one.text for one in newsroom.telegram.messages(str(GROUP)) if one.by is None]
    assert "in private only" in told[0]
    assert "Nothing needs you" in told[1]
    other = Chat(-1_007, "-1007", "Another group", kind="supergroup")
    newsroom.telegram.let_in(other)
    ara.says("/today", to="-1007")
    newsroom.hears()
    assert len(newsroom.telegram.messages("-1007")) == 1
