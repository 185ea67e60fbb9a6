"""Editions that wait before their gate: in a whole newsroom, with its faults outside and inside."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from syndicator.app import App
from syndicator.errors import NotFound, Refused, SourceError
from syndicator.ports import Answer
from syndicator.sandbox.world import Sandbox
from syndicator.services.audience import Wish
from syndicator.storage import brakes, ledger, readers
from syndicator.storage.schema import audit
from syndicator.tokens import sign
from syndicator.web.pages import serving
from tests.inspection.test_domains import Zone
from tests.steps import SteppedDatabase
from tests.test_cli import syndicator, told

READER = Wish(address="alan@readers.example", language="en", newsletter="evening", proof="p")
REAL = "courier.org"  # no name for trying things out: what is wrong outside counts
RECORDS = {
    REAL: ["v=spf1 mx -all"],
    f"_dmarc.{REAL}": ["v=DMARC1; p=none"],
}


@dataclass
class Clock:
    time: datetime = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time


@dataclass
class Newsroom:
    sandbox: Sandbox
    app: App
    clock: Clock
    path: Path
    names: Zone

    def edition(self) -> str:
        """Plan an edition; nobody looks at it yet."""
        self.app.look()
        self.sandbox.newsroom.publish(3)
        self.app.look()
        planned = self.app.plan(["evening"]).editions
        return next(name for name in planned if name.startswith("digest"))

    def states(self, edition: str) -> dict[str, int]:
        with self.app.database.read() as connection:
            return dict(ledger.report(connection, edition).states)

    def waiting(self) -> dict[str, object]:
        with self.app.database.read() as connection:
            return dict(brakes.gates(connection))

    def deliver(self) -> None:
        self.app.deliver("letters")

    def trail(self) -> list[tuple[str, str, str]]:
        with self.app.database.read() as connection:
            return [(row.who, row.what, row.why) for row in connection.execute(select(audit))]


def opened(folder: Path, *, sender: str = REAL, more: str = "") -> Iterator[Newsroom]:
    clock, names = Clock(), Zone(dict(RECORDS))
    with Sandbox(now=clock.now) as sandbox:
        path = sandbox.configure(folder)
        text = path.read_text("utf-8").replace("courier.example", sender)
        text = text.replace("[newsletters.evening]", f"[newsletters.evening]\n{more}")
        # The pages are on loopback, and without TLS: all else is as it is out in the world.
        path.write_text(f'{text}\n[preflight]\ndespite = ["public-url"]\n', "utf-8")
        with App.opened(path, {}, now=clock.now, names=names) as app, serving(app):
            app.subscribe([READER], "evening")
            yield Newsroom(sandbox, app, clock, path, names)


@pytest.fixture
def newsroom(tmp_path: Path) -> Iterator[Newsroom]:
    yield from opened(tmp_path)


def test_nothing_of_an_edition_is_claimed_before_it_was_looked_at(newsroom: Newsroom) -> None:
    edition = newsroom.edition()
    newsroom.deliver()
    assert newsroom.states(edition) == {"pending": 1}
    assert newsroom.app.gate.preflight.look().through == (edition,)
    newsroom.deliver()
    assert newsroom.states(edition) == {"sent": 1}
    assert newsroom.waiting() == {}


def test_a_fault_in_the_dns_holds_it_until_it_is_mended(newsroom: Newsroom) -> None:
    edition = newsroom.edition()
    newsroom.names.records[f"_dmarc.{REAL}"] = []
    looked = newsroom.app.gate.preflight.look()
    assert [one.check for one in looked.held[edition]] == ["dmarc"]
    newsroom.deliver()
    assert newsroom.states(edition) == {"pending": 1}
    assert [what for _, what, _ in newsroom.trail()] == ["hold"]
    newsroom.names.records[f"_dmarc.{REAL}"] = ["v=DMARC1; p=none"]
    assert newsroom.app.gate.preflight.look().through == ()  # not at each tick
    newsroom.clock.time += timedelta(minutes=6)
    assert newsroom.app.gate.preflight.look().through == (edition,)
    newsroom.deliver()
    assert newsroom.states(edition) == {"sent": 1}


def test_a_dns_that_does_not_answer_holds_nothing(newsroom: Newsroom) -> None:
    edition = newsroom.edition()
    newsroom.names.silent = True
    assert newsroom.app.gate.preflight.look().through == (edition,)


def test_an_editor_sends_it_despite_what_they_name_and_the_trail_says_so(newsroom: Newsroom) -> None:
    edition = newsroom.edition()
    newsroom.names.records |= {f"_dmarc.{REAL}": [], REAL: []}
    preflight = newsroom.app.gate.preflight
    preflight.look()
    assert [one.check for one in preflight.send("evening", ["spf"], by="dana").held[edition]] == ["dmarc"]
    assert preflight.send("evening", ["spf", "dmarc"], by="dana").through == (edition,)
    who, what, why = newsroom.trail()[-1]
    assert (who, what) == ("dana", "let through despite")
    assert "spf: courier.org" in why
    newsroom.deliver()
    assert newsroom.states(edition) == {"sent": 1}
    with pytest.raises(NotFound, match="no edition of evening waits"):
        preflight.send("evening", [], by="dana")


def test_a_brake_of_an_editor_stays_on_when_the_gate_opens(newsroom: Newsroom) -> None:
    edition = newsroom.edition()
    newsroom.app.pause(edition, by="dana", why="wrong headline")
    newsroom.app.gate.preflight.look()
    newsroom.deliver()
    assert newsroom.states(edition) == {"pending": 1}
    newsroom.app.resume(edition, by="dana")
    newsroom.deliver()
    assert newsroom.states(edition) == {"sent": 1}


def test_taking_a_brake_off_does_not_open_the_gate(newsroom: Newsroom) -> None:
    edition = newsroom.edition()
    newsroom.names.records[REAL] = []
    newsroom.app.gate.preflight.look()
    newsroom.app.resume(edition, by="dana")
    newsroom.deliver()
    assert newsroom.states(edition) == {"pending": 1}


def test_a_dead_link_holds_it_and_is_asked_for_once(newsroom: Newsroom) -> None:
    edition = newsroom.edition()
    newsroom.sandbox.newsroom._out.clear()  # the stories are gone from the site
    looked = newsroom.app.gate.preflight.look()
    assert {one.check for one in looked.held[edition]} == {"dead-links"}
    newsroom.clock.time += timedelta(minutes=6)
    web = newsroom.app.gate.preflight._outside.links
    asked: list[str] = []

    def ask(method: str, url: str, **more: object) -> Answer:
        asked.append(url)
        return web.ask(method, url, **more)  # type: ignore[arg-type]

    caller = type("Counting", (), {"ask": staticmethod(ask)})()
    newsroom.app.gate.preflight._outside = replace(newsroom.app.gate.preflight._outside, links=caller)
    newsroom.app.gate.preflight.look()
    assert asked == []
    newsroom.clock.time += timedelta(minutes=40)
    newsroom.app.gate.preflight.look()
    assert asked


def test_an_edition_whose_time_is_over_leaves_its_gate(newsroom: Newsroom) -> None:
    edition = newsroom.edition()
    newsroom.names.records[REAL] = []
    newsroom.app.gate.preflight.look()
    newsroom.clock.time += timedelta(hours=13)
    newsroom.app.reconcile()
    newsroom.app.gate.preflight.look()
    assert newsroom.states(edition) == {"expired": 1}
    assert newsroom.waiting() == {}


def test_one_click_is_tried_and_changes_nothing(newsroom: Newsroom) -> None:
    token = sign(newsroom.app.wiring.keys, "leave", "0", "evening")
    url = f"{newsroom.app.settings.newsroom.public_url}/unsubscribe/{token}"
    with newsroom.app.database.read() as connection:
        before = readers.standing(connection)
    with httpx.Client() as http:
        assert http.get(url).headers["x-one-click"] == "asked"
        answer = http.post(url, content="List-Unsubscribe=One-Click")
    assert (answer.status_code, answer.headers["x-one-click"]) == (200, "left")
    assert "set-cookie" not in answer.headers
    with newsroom.app.database.read() as connection:
        assert readers.standing(connection) == before


ANSWERS = {
    "a proxy that redirects": Answer(status=301, url="", headers={"location": "/x"}, body=b""),
    "a page that does not know the link": Answer(status=404, url="", headers={}, body=b""),
    "a login in between": Answer(status=200, url="", headers={}, body=b""),
    "a cookie": Answer(status=200, url="", headers={"x-one-click": "left", "set-cookie": "a=b"}, body=b""),
    "a POST that was taken for a GET": Answer(status=200, url="", headers={"x-one-click": "asked"}, body=b""),
    "nobody": None,
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_one_click_that_does_not_work_holds_it(newsroom: Newsroom, answer: Answer | None) -> None:
    edition = newsroom.edition()
    outside = newsroom.app.gate.preflight._outside

    def ask(method: str, url: str, **more: object) -> Answer:
        if method == "GET":
            return outside.own.ask(method, url)
        if answer is None:
            raise SourceError("no connection")
        return answer

    own = type("Proxy", (), {"ask": staticmethod(ask)})()
    newsroom.app.gate.preflight._outside = replace(outside, own=own)
    looked = newsroom.app.gate.preflight.look()
    assert {one.check for one in looked.held[edition]} == {"one-click"}
    newsroom.deliver()
    assert newsroom.states(edition) == {"pending": 1}


def test_a_look_changes_nothing(newsroom: Newsroom) -> None:
    newsroom.edition()
    newsroom.app.gate.preflight.look()
    newsroom.sandbox.newsroom.publish(2)
    newsroom.app.look()
    before = newsroom.trail()
    found = newsroom.app.gate.preflight.check("evening")
    assert {one.check for one in found} == {
        "public-url",
        "dkim",
    }  # no https, no signature
    assert newsroom.trail() == before


def test_a_newsroom_for_trying_things_out_is_told_and_not_held(tmp_path: Path) -> None:
    for newsroom in opened(tmp_path, sender="courier.example"):
        newsroom.edition()
        assert newsroom.app.gate.preflight.look().through
        assert newsroom.names.asked == []


def test_there_is_nothing_to_look_at_without_stories(newsroom: Newsroom) -> None:
    with pytest.raises(Refused, match="no stories now"):
        newsroom.app.gate.preflight.check("evening")


def test_the_commands(tmp_path: Path) -> None:
    with Sandbox(now=lambda: datetime.now(UTC)) as sandbox:
        path = sandbox.configure(tmp_path)
        own = tmp_path / "templates" / "email"
        own.mkdir(parents=True)
        shipped = (Path(__file__).parents[2] / "templates" / "email" / "digest.txt").read_text("utf-8")
        (own / "digest.txt").write_text(shipped.replace("{{ newsroom.postal_address }}", ""), "utf-8")
        c = ("-c", str(path))
        wish = ("--to", "evening", "--language", "en", "--proof", "by letter")
        assert syndicator("subscribers", "add", "sara@readers.example", *wish, *c).returncode == 0
        syndicator("ingest", *c)
        sandbox.newsroom.publish(3)
        syndicator("ingest", *c)
        checked = syndicator("newsletter", "check", "evening", "--json", *c)
        assert checked.returncode == 1
        found = json.loads(checked.stdout)["findings"]
        assert "postal-address" in {one["check"] for one in found if one["severity"] == "error"}
        syndicator("compile", "--now", "evening", *c)
        assert told("deliver", "letters", *c)["letters"]["accepted"] == 0
        said = syndicator("status", *c).stdout
        assert "`syndicator newsletter send evening --despite postal-address`" in said
        assert "leaves it out" in said
        assert syndicator("newsletter", "send", "evening", "--despite", "nothing", *c).returncode == 1
        held = syndicator("newsletter", "send", "evening", *c)
        assert held.returncode == 1
        assert "✕ postal-address" in held.stdout
        syndicator("newsletter", "send", "evening", "--despite", "postal-address", "--by", "dana", *c)
        assert told("deliver", "letters", *c)["letters"]["accepted"] == 1


def test_the_doctor_asks_the_dns_in_the_same_words(newsroom: Newsroom) -> None:
    newsroom.names.records[REAL] = ["v=spf1 +all"]
    found = [(well, said) for name, well, said in newsroom.app.doctor() if name == "channels.letters"]
    (bad,) = [said for well, said in found if not well]
    assert bad.startswith("spf: courier.org: it lets everybody send for you")
    assert [one.check for one in newsroom.app.gate.preflight.doctor("letters")] == ["spf", "dkim"]


class Killed(Exception):
    """The process is no more."""


@pytest.mark.parametrize("stage", ["after BEGIN", "before COMMIT", "after COMMIT"])
@pytest.mark.parametrize("write", [1, 2, 3])
def test_who_dies_while_looking_leaves_an_edition_that_goes_out_once(
    tmp_path: Path, stage: str, write: int
) -> None:
    """Behind its gate or through it, with turns or without: the next look carries on."""
    seen = Counter[str]()

    def step(name: str) -> None:
        seen[name] += 1
        if (name, seen[name]) == (stage, write):
            raise Killed

    for newsroom in opened(tmp_path, more='spread_until = "15:30"'):
        edition = newsroom.edition()
        dying = SteppedDatabase(newsroom.app.database.url)
        dying.step = step
        look = newsroom.app.gate.preflight
        alive, look._database = look._database, dying
        pacer = look._opened.__self__  # type: ignore[attr-defined]
        pacer._database = dying
        with pytest.raises(Killed) if write < 3 else nullcontext():
            look.look()
        dying.close()
        look._database = pacer._database = alive
        look.look()
        for _ in range(40):
            newsroom.deliver()
            newsroom.clock.time += timedelta(minutes=1)
        assert newsroom.waiting() == {}
        assert newsroom.states(edition) == {"sent": 1}
        assert list(newsroom.sandbox.smtp.received().values()) == [1]
