"""A hub tells us of a feed, over real HTTP: asked, proven, believed by its signature, renewed; polling goes on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from time import monotonic

import httpx
import pytest

from syndicator.app import App
from syndicator.sandbox.hub import HubStandIn
from syndicator.sandbox.newsroom import SampleNewsroom
from syndicator.sandbox.serving import Response
from syndicator.sandbox.world import Sandbox
from syndicator.storage import archive, hubs
from syndicator.storage.database import Database
from syndicator.storage.hubs import Hub
from syndicator.web.pages import serving
from syndicator.wiring import utc_now
from tests.outside import Clock


@dataclass
class Town:
    """A newsroom whose English feed has a hub."""

    app: App
    url: str
    site: SampleNewsroom
    hub: HubStandIn
    clock: Clock

    def tick(self) -> list[str]:
        return [look.source for look in self.app.switchboard.look(self.app.look)]

    def stands(self) -> Hub:
        with self.app.database.read() as connection:
            found = hubs.of(connection, "en")
        assert found
        return found

    def count(self) -> int:
        with self.app.database.read() as connection:
            return archive.count(connection)


@contextmanager
def town(folder: Path, clock: Clock, *, without: str = "", **environ: str) -> Iterator[Town]:
    with Sandbox(now=clock.now) as sandbox, HubStandIn() as hub:
        sandbox.newsroom.hub = hub.url
        path = sandbox.configure(folder)
        text = path.read_text("utf-8").replace("private_allowed = [", f'private_allowed = ["{hub.url[7:]}", ')
        path.write_text(
            "".join(line for line in text.splitlines(keepends=True) if not without or without not in line)
        )
        with App.opened(path, environ, now=clock.now) as app, serving(app) as url:
            yield Town(app, url, sandbox.newsroom, hub, clock)


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Town]:
    with town(tmp_path, Clock()) as opened:
        yield opened


def subscribed(there: Town) -> None:
    there.app.look(["en"])
    there.tick()
    assert there.hub.prove() == [200]


def test_a_hub_is_asked_proves_it_and_tells_us(tmp_path: Path, database: Database) -> None:
    with town(tmp_path, Clock(), SYNDICATOR_DATABASE_URL=database.url) as there:
        there.app.look(["en"])
        there.tick()
        there.tick()
        (asked,) = there.hub.asked  # once
        assert (asked.topic, asked.lease) == (there.site.feed("en"), 864_000)
        assert asked.callback.startswith(f"{there.url}/hooks/websub/en/")
        assert there.hub.prove() == [200]
        assert there.stands().until == there.clock.now() + timedelta(days=10)
        before = there.count()
        there.site.publish()
        assert there.hub.distribute(b"<rss>1</rss>") == [202]
        assert there.tick() == ["en"]
        assert there.count() > before
        assert there.tick() == []
        there.clock.on(seconds=61)
        assert there.tick() == ["en"]  # once more, for what lay in a cache
        assert there.tick() == []


def test_a_hub_may_prove_it_while_it_answers(there: Town) -> None:
    there.hub.at_once = True
    there.app.look(["en"])
    there.tick()
    assert len(there.hub.proven) == 1
    assert there.stands().until


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
def test_each_signature_that_websub_names(there: Town, method: str) -> None:
    subscribed(there)
    there.hub.method = method
    there.hub.distribute(b"<rss/>")
    assert there.tick() == ["en"]


def test_what_is_not_signed_makes_no_look(there: Town) -> None:
    subscribed(there)
    assert there.hub.distribute(b"<rss/>", secret="guess") == [202]  # who guesses is not told
    (one,) = there.hub.proven
    assert httpx.post(one.callback, content=b"<rss/>").status_code == 202
    for signature in ("md5=0", "sha256=", "sha256=é".encode("latin-1").decode("latin-1"), "=", "none"):
        headers = {"x-hub-signature": signature.encode("latin-1")}
        assert httpx.post(one.callback, content=b"<rss/>", headers=headers).status_code == 202
    assert there.tick() == []


def test_what_is_played_again_makes_no_look(there: Town) -> None:
    subscribed(there)
    there.hub.distribute(b"<rss/>")
    assert there.tick() == ["en"]
    there.clock.on(minutes=2)
    there.tick()
    there.hub.distribute(b"<rss/>")
    assert there.tick() == []


def test_nobody_subscribes_us_to_anything(there: Town) -> None:
    there.app.look(["en"])
    there.tick()
    (asked,) = there.hub.asked
    good = {"hub.mode": "subscribe", "hub.topic": asked.topic, "hub.challenge": "c"}
    for url, query in (
        (asked.callback + "x", good),
        (asked.callback.replace("/en/", "/ckb/"), good),
        (asked.callback, good | {"hub.topic": "https://evil.example/feed"}),
        (asked.callback, good | {"hub.mode": "unsubscribe"}),
        (asked.callback, {"hub.mode": "subscribe", "hub.topic": asked.topic}),
    ):
        assert httpx.get(url, params=query).status_code == 404
    assert there.stands().until is None
    assert httpx.post(asked.callback + "x", content=b"").status_code == 410
    assert httpx.post(asked.callback, content=b"x" * 2_000_001).status_code == 413
    answer = httpx.get(asked.callback, params=good | {"hub.lease_seconds": "9" * 50})
    assert (answer.status_code, answer.text) == (200, "c")
    assert answer.headers["content-type"].startswith("text/plain")
    assert there.stands().until == there.clock.now() + timedelta(days=30)


def test_a_lease_is_renewed_before_it_ends(there: Town) -> None:
    there.hub.longest = 100_000
    subscribed(there)
    there.clock.on(seconds=79_000)
    there.tick()
    assert there.hub.asked == []
    there.clock.on(seconds=2000)
    there.tick()
    there.tick()
    assert len(there.hub.asked) == 1
    assert there.hub.prove() == [200]
    assert len(there.hub.proven) == 1
    assert there.stands().until == there.clock.now() + timedelta(seconds=100_000)
    there.hub.distribute(b"<rss>after</rss>")
    assert there.tick() == ["en"]


def test_a_hub_that_does_not_answer_is_asked_again_later(there: Town) -> None:
    there.hub.instead = lambda _: Response.page("busy", 503)
    there.app.look(["en"])
    there.tick()
    assert there.stands().fault == "it answers HTTP 503"
    ((name, well, said),) = list(there.app.switchboard.doctor())
    assert (name, well) == ("sources.en", False)
    assert "does not tell us yet: it answers HTTP 503" in said
    there.hub.instead = lambda _: None
    there.tick()
    assert there.hub.asked == []
    there.clock.on(hours=6)
    there.tick()
    assert there.hub.prove() == [200]
    ((_, well, said),) = list(there.app.switchboard.doctor())
    assert (well, "tells us until 2026-03-11" in said) == (True, True)


def test_a_hub_that_refuses(there: Town) -> None:
    subscribed(there)
    assert there.hub.tell(there.hub.proven[0], mode="denied", reason="too many") == 200
    assert (there.stands().until, there.stands().fault) == (None, "it refuses: too many")


def test_a_source_of_which_a_hub_tells_us_is_polled_less_often(there: Town) -> None:
    def due_in() -> timedelta:
        there.app.look(["en"])
        with there.app.database.read() as connection:
            due = archive.sources_known(connection)["en"].due_at
        assert due
        return due - there.clock.now()

    every = there.app.settings.schedule.ingest
    assert due_in() < 2 * every
    subscribed(there)
    assert 5 * every < due_in() < 7 * every
    there.clock.on(days=11)
    assert due_in() < 2 * every


def test_without_a_public_url_no_hub_is_asked(tmp_path: Path) -> None:
    with town(tmp_path, Clock(), without="public_url") as there:
        there.app.look(["en"])
        there.tick()
        assert there.hub.asked == []
        ((_, well, said),) = list(there.app.switchboard.doctor())
        assert (well, "say newsroom.public_url" in said) == (True, True)


def test_a_feed_that_changes_its_hub_or_has_none_any_more(there: Town) -> None:
    subscribed(there)
    with HubStandIn() as other:
        there.site.hub = other.url
        there.clock.on(minutes=1)
        there.site.publish(1)
        there.app.look(["en"])
        assert (there.stands().hub, there.stands().until) == (other.url, None)
        assert there.hub.distribute(b"<rss>late</rss>") == [202]  # the secret is another one now
        assert there.tick() == []
    there.site.hub = ""
    there.clock.on(minutes=1)
    there.site.publish()
    there.app.look(["en"])
    assert there.hub.distribute(b"<rss>later</rss>") == [410]


def test_a_worker_reads_the_feed_at_once(tmp_path: Path) -> None:
    with Sandbox(now=utc_now) as sandbox, HubStandIn(at_once=True) as hub:
        sandbox.newsroom.hub = hub.url
        path = sandbox.configure(tmp_path)
        text = path.read_text("utf-8").replace('ingest = "2s"', 'ingest = "1h"').replace('"1s"', '"1h"')
        path.write_text(text.replace("private_allowed = [", f'private_allowed = ["{hub.url[7:]}", '))
        with App.opened(path, {}) as app, serving(app), app.alone():
            app.look()
            app.switchboard.look(app.look)
            assert len(hub.proven) == 3
            sent, worker = Event(), Thread(target=app.work)
            sandbox.telegram.faults.watch = lambda stage: sent.set() if stage == "taken" else None
            worker.start()
            try:
                waited = []
                for number in range(3):
                    sent.clear()
                    begun = monotonic()
                    sandbox.newsroom.publish(3)
                    hub.distribute(f"<rss>{number}</rss>".encode())
                    if not sent.wait(30 if number == 0 else 5):
                        break
                    waited.append(monotonic() - begun)
            finally:
                app.stop()
                worker.join()
        assert waited
        assert min(waited) < 2
