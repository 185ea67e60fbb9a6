"""A reader's own way through the pages, over real HTTP: ask, confirm, choose, move, take along, go."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from syndicator.app import App
from syndicator.model import Consent
from syndicator.sandbox.world import Sandbox
from syndicator.services.audience import Wish
from syndicator.storage import ledger, readers
from syndicator.web.pages import serving

SARA = "sara@readers.example"
TOPICS = """
[newsletters.evening.topics.breaking]
titles = { en = "Breaking", ckb = "بەپەلە", ar = "عاجل" }
stories = { sections = ["Breaking", "بەپەلە", "عاجل"] }

[newsletters.evening.topics.culture]
titles = { en = "Culture", ckb = "کلتوور", ar = "ثقافة" }
stories = { sections = ["Culture", "کلتوور", "ثقافة"] }

[newsletters.noon]
channel = "letters"
timetable = "0 12 * * *"
titles = { en = "Noon digest", ckb = "پوختەی نیوەڕۆ", ar = "نشرة الظهر" }
"""


@dataclass
class Clock:
    time: datetime = datetime(2026, 3, 1, 9, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time


class Visitor:
    """A person with a browser and a mailbox."""

    def __init__(self, sandbox: Sandbox, app: App, clock: Clock, base: str) -> None:
        self.sandbox, self.app, self.clock, self.base = sandbox, app, clock, base
        self.http = httpx.Client(base_url=base)

    def fields(self, **more: object) -> dict[str, object]:
        """The form as it was shown, filled in by hand a little later."""
        shown = self.http.get("/subscribe", params={"language": more.get("language", "en")}).text
        told = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', shown))
        self.clock.time += timedelta(seconds=5)
        return {**told, "address": SARA, "newsletter": "evening", **more}

    def ask(self, **more: object) -> httpx.Response:
        return self.http.post("/subscribe", data=self.fields(**more))

    def mails(self) -> list[str]:
        """Delivers what waits; who got something."""
        self.app.deliver("letters")
        return [mail.recipient for mail in self.sandbox.smtp.mails]

    def link(self, purpose: str) -> str:
        """The path of the newest link of this purpose in a mail."""
        self.mails()
        for mail in reversed(self.sandbox.smtp.mails):
            if found := re.search(rf"{self.base}(/{purpose}/\S+)", mail.part("plain")):
                return found[1]
        raise AssertionError(purpose)

    def join(self, **more: object) -> None:
        self.ask(**more)
        assert self.http.post(self.link("confirm")).status_code == 200

    def stands(self, address: str = SARA, newsletter: str = "evening") -> Consent | None:
        with self.app.database.read() as connection:
            who = readers.find(connection, address)
            return readers.standing_of(connection, who.id, newsletter) if who else None

    def digest(self) -> str:
        """Sends a digest; its edition."""
        self.clock.time += timedelta(hours=1)
        self.app.look()
        self.sandbox.newsroom.publish()
        self.app.look()
        (edition,) = self.app.compile(["evening"]).editions[-1:]
        self.app.deliver("letters")
        return edition


@pytest.fixture
def visitor(tmp_path: Path) -> Iterator[Visitor]:
    clock = Clock()
    with Sandbox(now=clock.now) as sandbox:
        path = sandbox.configure(tmp_path)
        path.write_text(path.read_text("utf-8") + TOPICS, "utf-8")
        with App.opened(path, {}, now=clock.now) as app, serving(app) as base:
            visitor = Visitor(sandbox, app, clock, base)
            with visitor.http:
                yield visitor


def test_nobody_is_a_reader_before_the_button_in_the_mail_is_pressed(visitor: Visitor) -> None:
    assert visitor.ask(language="ckb").status_code == 200
    assert visitor.stands() is Consent.ASKED
    link = visitor.link("confirm")
    (mail,) = visitor.sandbox.smtp.mails
    assert mail.message["Auto-Submitted"] == "auto-generated"
    assert mail.message["List-Unsubscribe"] is None
    assert "پشتڕاستی بکەرەوە" in str(mail.message["Subject"])
    done = visitor.http.post(link)
    assert "بەخێربێیت" in done.text
    assert visitor.stands() is Consent.GIVEN
    with visitor.app.database.read() as connection:
        (letter,) = ledger.listed(connection, state=None, channel="letters", edition=None, limit=9)
        found = ledger.report(connection, str(letter["edition"]))
    assert (found.states, found.faults) == ({"sent": 1}, ())


def test_100_scanners_that_open_a_confirmation_change_nothing_and_one_press_does(visitor: Visitor) -> None:
    visitor.ask()
    link = visitor.link("confirm")
    for _ in range(50):
        assert visitor.http.get(link).status_code == 200
        visitor.http.head(link)
    assert visitor.stands() is Consent.ASKED
    visitor.http.post(link)
    assert visitor.stands() is Consent.GIVEN


def test_100_scanners_that_open_an_unsubscribe_link_change_nothing_and_one_press_does(
    visitor: Visitor,
) -> None:
    visitor.join()
    link = visitor.digest() and visitor.link("unsubscribe")
    for _ in range(50):
        assert visitor.http.get(link).status_code == 200
        visitor.http.head(link)
    assert visitor.stands() is Consent.GIVEN
    assert httpx.post(visitor.base + link, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert visitor.stands() is Consent.WITHDRAWN


def test_the_links_of_earlier_versions_still_work(visitor: Visitor) -> None:
    visitor.join()
    link = visitor.digest() and visitor.link("unsubscribe")
    assert visitor.http.post(link.replace("/unsubscribe/", "/leave/")).status_code == 200
    assert visitor.stands() is Consent.WITHDRAWN


def test_a_confirmation_works_once_and_for_two_days(visitor: Visitor) -> None:
    visitor.ask()
    link = visitor.link("confirm")
    visitor.http.post(link)
    again = visitor.http.post(link)
    assert (again.status_code, "used up" in again.text) == (404, True)
    visitor.ask(address="noor@readers.example")
    late = visitor.link("confirm")
    visitor.clock.time += timedelta(hours=49)
    assert visitor.http.post(late).status_code == 404
    assert visitor.stands("noor@readers.example") is Consent.ASKED


def test_proof_says_when_from_where_and_which_words(visitor: Visitor) -> None:
    visitor.join()
    from sqlalchemy import text

    with visitor.app.database.read() as connection:
        proof = connection.execute(text("SELECT proof FROM subscriptions")).scalar_one()
        version, words = connection.execute(text("SELECT version, text FROM wordings")).one()
    assert re.fullmatch(
        rf"asked 2026-03-01 09:00 UTC from 127\.0\.0\.0/24; words {version}; "
        r"confirmed 2026-03-01 09:00 UTC from 127\.0\.0\.0/24",
        proof,
    )
    assert words in visitor.http.get("/subscribe?language=en").text


def test_known_and_unknown_addresses_get_the_same_answer(visitor: Visitor) -> None:
    visitor.app.subscribe([Wish(address=SARA, language="en", newsletter="evening", proof="p")], "evening")
    visitor.app.suppress("gone@readers.example", "bounced", by="t")
    answers = set()
    for address in (SARA, "new@readers.example", "gone@readers.example", SARA):
        told = visitor.ask(address=address)
        answers.add((told.status_code, told.text.replace(address, "ADDRESS")))
    assert len(answers) == 1
    assert sorted(visitor.mails()) == ["new@readers.example", SARA]  # once, and that it comes already
    assert visitor.stands() is Consent.GIVEN
    assert "/preferences/" in visitor.link("preferences")
