"""Leaving with one click, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from syndicator.app import App
from syndicator.errors import ConfigError
from syndicator.sandbox.world import Sandbox
from syndicator.services.audience import Wish
from syndicator.storage import ledger, readers
from syndicator.web.pages import serving


@dataclass
class Clock:
    time: datetime = datetime(2026, 3, 1, 9, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time


@dataclass
class Site:
    sandbox: Sandbox
    app: App
    clock: Clock
    path: Path

    def digest(self, most: int | None = None) -> str:
        """Sends the digest; the first reader's leave address."""
        self.app.look()
        self.sandbox.newsroom.publish(most)
        self.app.look()
        self.app.compile(["evening"])
        self.app.deliver("letters")
        header = str(self.sandbox.smtp.mails[0].message["List-Unsubscribe"])
        return header.strip().strip("<>")

    def consents(self) -> list[object]:
        with self.app.database.read() as connection:
            return [
                one["subscriptions"][0]["consent"]
                for one in readers.page(connection, "evening", None, after=0, limit=9)
            ]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    clock = Clock()
    with Sandbox(now=clock.now) as sandbox:
        path = sandbox.configure(tmp_path)
        with App.opened(path, {}, now=clock.now) as app, serving(app):
            app.subscribe(
                [Wish(address="sara@readers.example", language="ckb", newsletter="evening", proof="p")],
                "evening",
            )
            yield Site(sandbox, app, clock, path)


def test_one_click_in_a_mail_program_ends_it_and_a_look_does_not(site: Site) -> None:
    url = site.digest()
    asked = httpx.get(url)
    assert asked.status_code == 200
    assert '<html lang="ckb" dir="rtl">' in asked.text
    assert "پوختەی ئێوارە" in asked.text
    assert site.consents() == ["given"]  # a scanner that opens links ends nothing
    for _ in range(2):
        left = httpx.post(url, data={"List-Unsubscribe": "One-Click"})
        assert left.status_code == 200
        assert site.consents() == ["withdrawn"]
    assert "هەڵوەشێنرایەوە" in left.text


def test_who_left_gets_nothing_more_though_it_was_planned(site: Site) -> None:
    url = site.digest(5)
    site.sandbox.newsroom.publish()
    site.app.look()
    site.clock.time += timedelta(hours=1)
    assert "digest:evening:2026-03-01T10:00:00+00:00" in site.app.compile(["evening"]).editions
    httpx.post(url)
    site.app.deliver("letters")
    assert len(site.sandbox.smtp.mails) == 1
    with site.app.database.read() as connection:
        assert ledger.by_channel(connection)["letters"] == {"sent": 1, "excluded": 1}


@pytest.mark.parametrize("token", ["x", "1.MQ.ZXZlbmluZw.AAAA", "1.%00.x.y"])
def test_a_link_that_is_not_ours(site: Site, token: str) -> None:
    answer = httpx.post(f"{site.app.settings.newsroom.public_url}/leave/{token}")
    assert answer.status_code == 404
    assert "not one of ours" in answer.text


def test_pages_say_what_a_browser_may_do(site: Site) -> None:
    headers = httpx.get(site.digest()).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["referrer-policy"] == "no-referrer"
    assert "server" not in headers


def test_health(site: Site) -> None:
    url = f"{site.app.settings.newsroom.public_url}/healthz"
    assert httpx.get(url).text == "ok\n"
    site.app._beat = site.clock.now()
    site.clock.time += timedelta(minutes=11)
    still = httpx.get(url)
    assert still.status_code == 503
    assert "stands still since 2026-03-01 09:00" in still.text


def test_a_port_that_is_taken_is_said(site: Site) -> None:
    with pytest.raises(ConfigError, match=r"web\.listen: 127\.0\.0\.1:\d+ cannot be used"), serving(site.app):
        pass
