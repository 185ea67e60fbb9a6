"""Links that are counted: in a whole newsroom, over HTTP."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from syndicator.app import App
from syndicator.errors import NotFound
from syndicator.sandbox.world import Sandbox
from syndicator.services.audience import Wish
from syndicator.storage import ledger, specimens
from syndicator.storage.schema import articles
from syndicator.tokens import click_token, open_token, sign
from syndicator.web.pages import serving

PERSON = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}


@dataclass
class Clock:
    time: datetime = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time


@dataclass
class Room:
    app: App
    sandbox: Sandbox
    clock: Clock
    edition: str
    html: str
    plain: str
    http: httpx.Client

    @property
    def links(self) -> list[str]:
        base = self.app.settings.newsroom.public_url
        return list(dict.fromkeys(re.findall(rf'href="({re.escape(base)}/r/[^"]+)"', self.html)))

    def counts(self) -> tuple[int, int]:
        found = self.app.gate.clicks.counts(self.edition)
        return (
            sum(int(str(one["people"])) for one in found),
            sum(int(str(one["machines"])) for one in found),
        )


def opened(folder: Path, settings: str, channel: str = "") -> Iterator[Room]:
    clock = Clock()
    with Sandbox(now=clock.now) as sandbox:
        path = sandbox.configure(folder)
        text = path.read_text("utf-8").replace("[newsletters.evening]", f"[newsletters.evening]\n{settings}")
        path.write_text(text.replace("[channels.letters]", f"[channels.letters]\n{channel}"), "utf-8")
        with App.opened(path, {}, now=clock.now) as app, serving(app), httpx.Client() as http:
            app.subscribe(
                [Wish(address="a@readers.example", language="en", newsletter="evening", proof="p")], "evening"
            )
            for _ in range(4):
                app.look()
                sandbox.newsroom.publish()
            app.look()
            planned = app.compile(["evening"])
            app.deliver("letters")
            (mail,) = sandbox.smtp.mails
            edition = next(name for name in planned.editions if name.startswith("digest"))
            clock.time += timedelta(minutes=5)
            yield Room(app, sandbox, clock, edition, mail.part("html"), mail.part("plain"), http)


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    yield from opened(tmp_path, "clicks = true", 'utm = { source = "mail", medium = "email" }')


def test_a_link_leads_to_its_story_with_the_channels_marks_and_is_counted_once(room: Room) -> None:
    answer = room.http.get(room.links[0], headers=PERSON)
    assert answer.status_code == 302
    target = answer.headers["location"]
    assert target.startswith(f"{room.sandbox.newsroom.url}/en/")
    assert target.endswith("?utm_source=mail&utm_medium=email")
    assert room.http.get(target).status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers
    room.http.get(room.links[0], headers=PERSON)
    assert room.counts() == (1, 0)


def test_the_plain_text_has_the_stories_own_addresses(room: Room) -> None:
    assert "/r/" not in room.plain
    assert f"{room.sandbox.newsroom.url}/en/" in room.plain
    assert "utm_source=mail" in room.plain


def test_all_readers_have_the_same_link(room: Room) -> None:
    assert "\ue000" not in "".join(room.links)
    with room.app.database.read() as connection:
        assert ledger.report(connection, room.edition).states == {"sent": 1}
    edition, channel, article = room.app.gate.clicks._facts("click", room.links[0].rsplit("/", 1)[1], 3)
    assert (edition, channel) == (room.edition, "letters")
    assert click_token(room.app.wiring.keys, edition, channel, article) in room.links[0]


def test_head_and_machines_that_say_so_are_no_people(room: Room) -> None:
    assert room.http.head(room.links[0], headers=PERSON).status_code == 302
    assert room.counts() == (0, 0)
    for agent in (
        "curl/8.0",
        "Mozilla/5.0 (compatible; Barracuda Sentinel)",
        "GoogleImageProxy",
        "SafeLinks scan",
    ):
        room.http.get(room.links[0], headers={"user-agent": agent})
    room.http.get(room.links[0], headers={"user-agent": ""})
    assert room.counts() == (0, 5)


def test_who_opens_everything_at_once_is_a_machine_also_for_what_was_counted_before(room: Room) -> None:
    first, second, third = room.links
    for link in (first, second):
        room.http.get(link, headers=PERSON)
    assert room.counts() == (2, 0)
    room.http.get(third, headers=PERSON)
    assert room.counts() == (0, 3)


def test_who_reads_one_after_the_other_is_a_person(room: Room) -> None:
    for link in room.links:
        room.http.get(link, headers=PERSON)
        room.clock.time += timedelta(seconds=6)
    assert room.counts() == (3, 0)


def test_who_clicks_is_forgotten(room: Room) -> None:
    room.http.get(room.links[0], headers=PERSON)
    assert len(room.app.gate.clicks._visits) == 1
    assert "127.0.0.1" not in repr(room.app.gate.clicks._visits)
    room.clock.time += timedelta(minutes=2)
    room.http.get(room.links[1], headers={"user-agent": "Mozilla/5.0 another"})
    assert len(room.app.gate.clicks._visits) == 1


def test_nobody_reads_within_seconds_of_the_edition(room: Room) -> None:
    room.clock.time -= timedelta(minutes=5, seconds=-3)
    room.http.get(room.links[0], headers=PERSON)
    assert room.counts() == (0, 1)


def test_a_link_that_is_not_ours_leads_nowhere(room: Room) -> None:
    keys, base = room.app.wiring.keys, room.app.settings.newsroom.public_url
    forged = [
        "x",
        room.links[0].rsplit("/", 1)[1][:-2],
        sign(keys, "click", room.edition, "letters", "https://evil.example/"),
        sign(keys, "leave", room.edition, "letters", "a"),
        sign(keys, "click", room.edition, "letters"),
        open_token(keys, room.edition),
    ]
    for token in forged:
        answer = room.http.get(f"{base}/r/{token}", headers=PERSON)
        assert answer.status_code == 404, token
        assert "location" not in answer.headers
    assert room.http.get(f"{base}/r/{forged[0]}?url=https://evil.example/").status_code == 404
    assert room.http.post(room.links[0]).status_code == 405


def test_an_edition_that_is_none_counts_nothing(room: Room) -> None:
    token = room.links[0].rsplit("/", 1)[1]
    _, channel, article = room.app.gate.clicks._facts("click", token, 3)
    test_mail = click_token(room.app.wiring.keys, "digest:evening:none", channel, article)
    assert room.http.get(f"{room.app.settings.newsroom.public_url}/r/{test_mail}").status_code == 302
    with pytest.raises(NotFound):
        room.app.gate.clicks.counts("digest:evening:none")


def test_a_dead_story_is_found_behind_a_counted_link(room: Room) -> None:
    room.sandbox.newsroom._out.clear()
    room.clock.time += timedelta(minutes=31)
    with room.app.database.read() as connection:
        posts = specimens.of_edition(connection, room.edition)
    found = list(room.app.gate.preflight._inspect("evening", posts))
    assert "dead-links" in {one.check for one in found}


def test_nothing_is_counted_unless_a_newsletter_says_so(tmp_path: Path) -> None:
    for room in opened(tmp_path, ""):
        assert room.links == []
        assert "/o/" not in room.html
        assert "utm_" not in room.html


def test_a_picture_only_where_it_is_switched_on_by_itself(tmp_path: Path) -> None:
    for room in opened(tmp_path, "opens = true"):
        assert room.links == []
        found = re.findall(r'<img src="([^"]+/o/[^"]+)"', room.html)
        assert len(found) == 1
        answer = room.http.get(found[0], headers=PERSON)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/gif")
        assert room.app.gate.clicks.counts(room.edition)[0]["people"] == 1


def test_posts_to_x_keep_their_length_and_telegram_its_links(tmp_path: Path) -> None:
    clock = Clock()
    with Sandbox(now=clock.now) as sandbox:
        path = sandbox.configure(tmp_path)
        text = path.read_text("utf-8")
        for name in ("x", "tg-en"):
            text = text.replace(
                f"[channels.{name}]", f'[channels.{name}]\nutm = {{ source = "{name}", medium = "social" }}'
            )
        path.write_text(text, "utf-8")
        with App.opened(path, {}, now=clock.now) as app:
            app.look()
            sandbox.newsroom.publish()
            app.look()
            app.compile()
            app.deliver_due()
            with app.database.read() as connection:
                assert ledger.by_channel(connection)["x"].keys() == {"sent"}
            assert all("utm_source=x&utm_medium=social" in tweet.text for tweet in sandbox.x.tweets())
            assert sandbox.x.tweets()
            told = app.preview([next(iter(_articles(app)))], ["x", "tg-en"], again=True)
            assert all(
                one["limit"] is None or int(str(one["count"])) <= int(str(one["limit"])) for one in told
            )
            assert "utm_source=tg-en&amp;utm_medium=social" in str(told[1]["text"])


def _articles(app: App) -> list[str]:
    with app.database.read() as connection:
        return list(connection.execute(select(articles.c.id).where(articles.c.language == "en")).scalars())
