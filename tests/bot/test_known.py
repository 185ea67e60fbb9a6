"""The newsroom's people as the database knows them: by a code from the console, or by their number; two at once."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from threading import Barrier, Event, Thread

import pytest
from typer.testing import CliRunner

from syndicator.app import App
from syndicator.bot import Bot, beside, probe
from syndicator.bot.wire import Wire
from syndicator.cli import app as command_line
from syndicator.model import Role
from syndicator.sandbox.people import User
from syndicator.sandbox.telegram import TOKEN, Chat
from syndicator.services.people import person
from syndicator.storage.database import Database

from .house import GROUP, House, house


@pytest.fixture
def newsroom(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path) as made:
        yield made


def answered(newsroom: House, who: User, number: int) -> None:
    """Until so many messages have come from the bot in its thread."""
    taken = Event()
    newsroom.telegram.faults.watch = lambda stage: taken.set() if stage == "taken" else None
    while len(who.heard) < number:
        assert taken.wait(60)
        taken.clear()


def test_who_sends_the_code_of_their_console_is_known(newsroom: House) -> None:
    people = newsroom.app.people
    people.add(person("ara", "publisher", "ckb"), "nine plain words that nobody else knows", by="zana")
    ara = newsroom.stranger(41)
    with beside(newsroom.app) as bot:
        assert bot
        ara.says("/start nonsense")
        answered(newsroom, ara, 1)
        assert "https://t.me/courier_en" in ara.heard[-1].text
        newsroom.later(minutes=2)
        ara.says(f"/start {people.telegram_code('ara')}")
        ara.says("/today")
        while "هیچ شتێک پێویستی بە تۆ نییە" not in ara.heard[-1].text:  # the answer to /today
            answered(newsroom, ara, len(ara.heard) + 1)
        assert "سڵاو" in ara.heard[1].text
        people.end("ara", by="zana", why="left")
        told = len(ara.heard)
        ara.says("/today")
    assert len(ara.heard) == told


def test_the_worker_warns_admins_who_asked(newsroom: House) -> None:
    ara = newsroom.joins(41, "ara", Role.ADMIN)
    noor = newsroom.joins(42, "noor", Role.EDITOR)
    for one in (ara, noor):
        newsroom.asks(one, "/alerts")
    assert newsroom.bot.desk.warn("source en: it does not answer; `syndicator doctor` says more")
    assert ara.heard[-1].text == "✕ source en: it does not answer; `syndicator doctor` says more"
    assert len(noor.heard) == 1
    newsroom.telegram.chats["41"].shut = True
    assert not newsroom.bot.desk.warn("again")


def test_the_doctor_looks_at_the_bot(newsroom: House, monkeypatch: pytest.MonkeyPatch) -> None:
    assert probe(newsroom.app) == ("bot", False, "Chat not found")
    newsroom.telegram.let_in(Chat(GROUP, str(GROUP), "The desk", kind="supergroup"))
    assert probe(newsroom.app) == ("bot", True, "@courier_bot, by polling, in The desk")
    monkeypatch.setenv("SYNDICATOR_BOT_TOKEN", "1:wrong")
    told = CliRunner().invoke(command_line, ["doctor", "-c", str(newsroom.path), "--json"])
    found = {one["name"]: one for one in json.loads(told.stdout)["found"]}
    assert not found["bot"]["ok"]


def test_without_a_token_there_is_no_bot(newsroom: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with App.opened(newsroom.path, {}, now=newsroom.clock) as app:
        assert probe(app) is None
        with beside(app) as bot:
            assert bot is None


def test_two_presses_at_once_on_two_machines_act_once(tmp_path: Path, database: Database) -> None:
    with house(tmp_path, database.url) as newsroom:
        newsroom.publish(3)
        ara = newsroom.joins(41, "ara", Role.PUBLISHER)
        story = newsroom.app.ledger.articles(language="en").articles[0].id
        for _ in range(3):
            question = newsroom.asks(ara, f"/push {story} tg-en")
            newsroom.hears()
            ara.presses(question, "Push now")
            ara.presses(question, "Push now")
            raws = newsroom.telegram.updates.waiting
            with Wire(TOKEN, newsroom.telegram.base_url, timeout=5.0) as wire:
                other = Bot(newsroom.app, wire, newsroom.people.get)
                start = Barrier(2)

                def press(bot: Bot, raw: dict[str, object], start: Barrier = start) -> None:
                    start.wait()
                    bot._take(raw)

                threads = [
                    Thread(target=press, args=(bot, raw))
                    for bot, raw in zip((newsroom.bot, other), raws, strict=True)
                ]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join(60)
            newsroom.hears()
            newsroom.hears()
        found = newsroom.app.ledger.deliveries(state=None, channel=None, edition=None, limit=99)
        assert len(found) == 3
