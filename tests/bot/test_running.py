"""The bot at work: it waits for updates, alone, whatever happens on the line; or it is called by webhook."""

from __future__ import annotations

import json
import logging
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from urllib.error import HTTPError

import pytest

from syndicator.bot import Bot
from syndicator.bot.nouns import Away, Taken
from syndicator.bot.wire import Wire
from syndicator.model import Role
from syndicator.sandbox.faults import Fault
from syndicator.sandbox.telegram import TOKEN
from syndicator.storage.database import Database
from syndicator.web.pages import serving

from .house import House, house


@pytest.fixture
def newsroom(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path) as made:
        yield made


@pytest.mark.parametrize("cut", [False, True])
def test_it_waits_for_updates_and_stops_at_once(newsroom: House, *, cut: bool) -> None:
    ara = newsroom.joins(41, "ara", Role.VIEWER)
    taken = Event()
    newsroom.telegram.faults.watch = lambda stage: taken.set() if stage == "taken" else None
    if cut:  # at its first word: it comes again after a second
        newsroom.telegram.faults.coming(Fault.DROP_BEFORE_ACCEPT)
    thread = Thread(target=newsroom.bot.run)
    thread.start()
    ara.says("/today")
    while not ara.heard:
        assert taken.wait(60)
        taken.clear()
    newsroom.bot.stop()
    thread.join(30)
    assert not thread.is_alive()
    newsroom.bot.end()
    assert newsroom.telegram.updates.waiting == []


def test_one_polls_at_a_time(tmp_path: Path, database: Database) -> None:
    with house(tmp_path, database.url) as newsroom:
        other = Database(database.url)
        theirs = Bot(newsroom.app, newsroom.bot._wire, newsroom.people.get).cards
        theirs._database = other
        with newsroom.bot.cards.alone() as ours:
            with theirs.alone() as free:
                assert (ours, free) == (True, False)
        with theirs.alone() as free:
            assert free
        other.close()


@pytest.mark.parametrize(
    "fault",
    [
        Fault.SERVER_ERROR_HTML,
        Fault.RATE_LIMITED,
        Fault.RATE_LIMITED_BARE,
        Fault.DROP_BEFORE_ACCEPT,
        Fault.GARBAGE_200,
        Fault.UNAUTHORIZED,
    ],
)
def test_what_happens_on_the_line_loses_nothing(newsroom: House, fault: Fault) -> None:
    ara = newsroom.joins(41, "ara", Role.VIEWER)
    ara.says("/today")
    newsroom.telegram.faults.coming(fault)  # of the question
    with pytest.raises(Away):
        newsroom.hears()
    ara.says("/doubts")
    (raw, _) = newsroom.telegram.updates.waiting
    newsroom.telegram.faults.coming(fault)  # of the answer
    with pytest.raises(Away):
        newsroom.bot._take(raw)
    assert newsroom.hears() == 2
    assert {one.text.partition("\n")[0].lstrip("\u200e") for one in ara.heard} == {
        "● Nothing needs you.",
        "● Nothing is in doubt.",
    }


def test_it_waits_as_long_as_telegram_says(newsroom: House) -> None:
    newsroom.telegram.faults.coming(Fault.RATE_LIMITED)
    with pytest.raises(Away) as caught:
        newsroom.hears()
    assert caught.value.seconds == 7


def test_another_program_with_the_same_token_is_told_of(
    newsroom: House, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "syndicator")
    newsroom.telegram.faults.coming(Fault.CONFLICT)
    with pytest.raises(Taken):
        newsroom.hears()
    with Wire(TOKEN, newsroom.telegram.base_url) as other:

        def wait() -> None:
            with pytest.raises(Taken):
                other.hear(0, 20)

        waiting = Thread(target=wait)
        waiting.start()
        while waiting.is_alive():
            newsroom.hears()  # whoever asked before is sent away
            waiting.join(0.1)


def test_an_answer_that_nobody_takes_keeps_no_other_back(newsroom: House) -> None:
    ara = newsroom.joins(41, "ara", Role.VIEWER)
    zana = newsroom.joins(42, "zana", Role.VIEWER)
    ara.says("/today")
    zana.says("/today")
    newsroom.telegram.chats["41"].shut = True  # she blocked the bot
    assert newsroom.hears() == 2
    assert ara.heard == [] and len(zana.heard) == 1


def test_an_update_that_fails_again_and_again_is_passed_over(newsroom: House) -> None:
    ara = newsroom.joins(41, "ara", Role.VIEWER)
    ara.says("/today")
    newsroom.telegram.updates.put(message={"nobody": "understands this"})
    (raw, strange) = newsroom.telegram.updates.waiting
    for _ in range(4):
        newsroom.telegram.faults.coming(Fault.SERVER_ERROR_HTML)
        with pytest.raises(Away):
            newsroom.bot._take(raw)
    newsroom.telegram.faults.coming(Fault.SERVER_ERROR_HTML)
    newsroom.bot._take(raw)
    newsroom.bot._take(strange)
    assert ara.heard == []


def test_telegram_calls_and_is_believed_by_its_secret_only(newsroom: House) -> None:
    ara = newsroom.joins(41, "ara", Role.VIEWER)
    bot = newsroom.bot
    with serving(newsroom.app, bot.called) as address:
        newsroom.bot._wire.be_called(address + bot.path, bot.secret)
        ara.says("/today")
        assert newsroom.telegram.updates.waiting == []
        assert "Nothing needs you" in ara.heard[-1].text
        newsroom.telegram.updates.hook = {"url": address + bot.path, "secret_token": "guessed"}
        ara.says("/today")
        assert newsroom.telegram.updates.call() == [403]
        newsroom.telegram.updates.hook = {"url": f"{address}/bot/guessed", "secret_token": bot.secret}
        assert newsroom.telegram.updates.call() == [404]
        newsroom.telegram.updates.hook = {"url": address + bot.path, "secret_token": bot.secret}
        newsroom.telegram.faults.coming(Fault.SERVER_ERROR_HTML)
        assert newsroom.telegram.updates.call() == [503]  # it comes again
        assert newsroom.telegram.updates.call() == [200]
        assert len(ara.heard) == 2
        with pytest.raises(HTTPError) as caught:
            head = {"X-Telegram-Bot-Api-Secret-Token": bot.secret}
            urllib.request.urlopen(urllib.request.Request(address + bot.path, b"[]", head))  # noqa: S310
        caught.value.close()
        assert caught.value.code == 400


def test_the_list_of_orders_is_each_persons_own(newsroom: House) -> None:
    newsroom.asks(newsroom.joins(41, "ara", Role.PUBLISHER, "ckb"), "/today")
    newsroom.asks(newsroom.joins(42, "zana", Role.VIEWER), "/today")
    told = {where: dict(told) for (where, _), told in newsroom.telegram.commands.items()}
    assert "push" in told["41"] and "push" not in told["42"]
    assert told["41"]["latest"] == "نوێترین هەواڵەکان."
    assert json.dumps(told)
