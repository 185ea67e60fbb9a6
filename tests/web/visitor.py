"""A person with a browser and a mailbox, at the pages of the sample newsroom."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx

from syndicator.app import App
from syndicator.model import Consent
from syndicator.sandbox.world import Sandbox
from syndicator.storage import readers

SARA = "sara@readers.example"
TOPICS = """
[newsletters.evening.topics.breaking]
titles = { en = "Breaking", ckb = "بەپەلە", ar = "عاجل" }
stories = { sections = ["Breaking", "بەپەلە", "عاجل"] }

[newsletters.evening.topics.business]
titles = { en = "Business", ckb = "ئابووری", ar = "اقتصاد" }
stories = { sections = ["Business", "ئابووری", "اقتصاد"] }

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
        self.app.gate.preflight.look()
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


def own(visitor: Visitor, address: str = SARA) -> str:
    """The address of a reader's preferences page, as each mail has it."""
    with visitor.app.database.read() as connection:
        reader = readers.find(connection, address)
    assert reader
    return f"/preferences/{visitor.app.circulation.front.preferences_token(reader)}"
