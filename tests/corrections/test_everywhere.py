"""A revision, and the end of a story, by the command line: every channel hears of it in one pass; and after deaths."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest

from syndicator.sandbox.bluesky import BlueskyStandIn
from syndicator.sandbox.mastodon import MastodonStandIn
from syndicator.sandbox.world import Sandbox
from syndicator.storage import ledger
from syndicator.storage.database import Database
from syndicator.web.pages import serving
from syndicator.wiring import utc_now

from .house import READERS, House, told

SOCIAL = """
[channels.mastodon]
kind = "mastodon"
base_url = "{mastodon}"
flash = {{ sections = ["Breaking"] }}
corrections = {{ approve = false }}

[channels.bluesky]
kind = "bluesky"
handle = "courier.example"
base_url = "{bluesky}"
flash = {{ sections = ["Breaking"] }}
corrections = {{ approve = false, facts = "replace" }}
"""
AFTER = " in 1987"


class Everywhere(House):
    mastodon: MastodonStandIn
    bluesky: BlueskyStandIn

    def standing(self) -> dict[str, list[str]]:
        """What followers see of the story, by channel."""
        wanted = self.story.headline.split()[0]
        found = {
            "telegram": [one.text for one in self.sandbox.telegram.messages("@courier_en")],
            "x": [one.text for one in self.sandbox.x.tweets()],
            "mastodon": [one.text for one in self.mastodon.statuses()],
            "bluesky": [one.text for one in self.bluesky.posts()],
        }
        return {name: [text for text in texts if wanted in text] for name, texts in found.items()}


@pytest.fixture
def house(tmp_path: Path, database: Database) -> Iterator[Everywhere]:
    clock: list[Everywhere] = []

    def now() -> datetime:
        return clock[0].now() if clock else utc_now()

    with ExitStack() as open_:
        sandbox = open_.enter_context(Sandbox(now=now))
        found = Everywhere(sandbox, sandbox.configure(tmp_path), database.url, utc_now())
        clock.append(found)
        found.mastodon = open_.enter_context(MastodonStandIn(now=now))
        found.bluesky = open_.enter_context(BlueskyStandIn(now=now))
        for name in ("channels.tg-en", "channels.x"):
            found.set(name, corrections="{ approve = false }")
        more = SOCIAL.format(mastodon=found.mastodon.url, bluesky=found.bluesky.url)
        found.path.write_text(found.path.read_text("utf-8") + more, "utf-8")
        for name, value in (
            ("MASTODON_ACCESS_TOKEN", found.mastodon.token),
            ("BLUESKY_APP_PASSWORD", found.bluesky.password),
        ):
            (tmp_path / "secrets" / f"SYNDICATOR_CHANNELS_{name}").write_text(value, "utf-8")
        yield found


def out(house: Everywhere) -> str:
    """The story stands everywhere, and waits in a digest; its id."""
    with house.opened() as app:
        app.subscribe(READERS, "evening")
        house.publish(app)
        app.pause("letters", by="leyla", why="lunch")
        app.compile(["evening"])
        article = house.article(app)
    assert {name: len(texts) for name, texts in house.standing().items()} == dict.fromkeys(
        ("telegram", "x", "mastodon", "bluesky"), 1
    )
    return article


def one_pass(house: House) -> None:
    for command in ("ingest", "compile", "deliver"):
        told(command, house)


def test_a_revision_reaches_every_channel_in_one_pass(house: Everywhere) -> None:
    house.time -= timedelta(minutes=30)
    article = out(house)
    house.revise(headline=house.story.headline + AFTER)
    one_pass(house)
    house.time = utc_now()
    stands = house.standing()
    assert [AFTER in text for text in stands["telegram"]] == [True]
    assert [AFTER in text for text in stands["mastodon"]] == [True]
    assert [AFTER in text for text in stands["bluesky"]] == [True]  # a new one, and the old one is gone
    assert [AFTER in text for text in stands["x"]] == [False, True]  # an answer
    one_pass(house)
    assert house.standing() == stands
    with house.opened() as app:
        app.resume("letters", by="leyla")
    one_pass(house)
    assert len(house.sandbox.smtp.mails) == 2
    for mail in house.sandbox.smtp.mails:
        assert AFTER in mail.message.get_body(("plain",)).get_content()
    with house.opened() as app, serving(app) as base, httpx.Client(base_url=base) as browser:
        shelf = browser.get("/archive/evening/").text
        path = next(part.split('"')[0] for part in shelf.split('href="')[1:] if "/archive/evening/2" in part)
        assert AFTER in browser.get(path, params={"language": "en"}).text
    assert article


def test_an_end_reaches_every_channel_in_one_pass(house: Everywhere) -> None:
    house.time -= timedelta(minutes=30)
    article = out(house)
    told("retract", house, article, "--why", "it is not true")
    one_pass(house)
    assert house.standing() == {"telegram": [], "x": [], "mastodon": [], "bluesky": []}
    with house.opened() as app, app.database.read() as connection:
        held = ledger.by_channel(connection)["letters"]
    assert "sent" not in held


@pytest.mark.parametrize("stage", ["asked", "taken", "answered"])
def test_a_worker_that_dies_in_the_middle_leaves_nothing_undone_and_nothing_twice(
    house: Everywhere, stage: str
) -> None:
    house.time -= timedelta(minutes=30)
    out(house)
    house.revise(headline=house.story.headline + AFTER)
    told("ingest", house)
    told("compile", house)
    command = [sys.executable, "-m", "syndicator", "deliver", "mastodon", "--config", str(house.path)]
    dying = subprocess.Popen(command, env=os.environ | {"SYNDICATOR_DATABASE_URL": house.url})
    house.mastodon.faults.watch = lambda now: dying.kill() if now == stage else None
    dying.wait(60)
    house.mastodon.faults.watch = lambda now: None
    house.time = utc_now()
    with house.opened() as app:
        for _ in range(4):
            house.round(app)
        with app.database.read() as connection:
            assert set(ledger.by_channel(connection)["mastodon"]) == {"sent"}
    stands = house.standing()
    assert [AFTER in text for text in stands["mastodon"]] == [True]
    assert [AFTER in text for text in stands["bluesky"]] == [True]
    assert [AFTER in text for text in stands["telegram"]] == [True]
