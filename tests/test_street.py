"""The whole street on each kind of database: from a published story to a mailbox, a chat and a timeline, once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from syndicator.app import App
from syndicator.sandbox.world import CHATS, Sandbox
from syndicator.services.audience import Wish
from syndicator.storage import ledger
from syndicator.storage.database import Database

READERS = [
    Wish(address=f"{name}@readers.example", name=name, language=language, newsletter="evening", proof="p")
    for name, language in (("sara", "ckb"), ("noor", "ar"), ("alan", "en"))
]


@dataclass
class Clock:
    time: datetime = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time


def test_a_story_reaches_everybody_once(tmp_path: Path, database: Database) -> None:
    clock = Clock()
    with Sandbox(now=clock.now) as sandbox:
        path = sandbox.configure(tmp_path)
        with App.opened(path, {"SYNDICATOR_DATABASE_URL": database.url}, now=clock.now) as app:
            app.subscribe(READERS, "evening")
            app.look()
            assert app.compile().deliveries == 0  # first sight sends nothing old; the timetable begins now
            sandbox.newsroom.publish()
            for minutes in range(0, 400, 20):  # 12:00 to 18:40 in London, 15:00 to 21:40 in Sulaimani
                clock.time = datetime(2026, 3, 1, 12, tzinfo=UTC) + timedelta(minutes=minutes)
                app.look()
                app.compile()
                app.deliver_due()
                app.reconcile()
            with app.database.read() as connection:
                assert ledger.by_channel(connection) == {
                    "letters": {"sent": 3},
                    "tg-en": {"sent": 3},
                    "tg-ckb": {"sent": 3},
                    "tg-ar": {"sent": 3},
                    "x": {"sent": 3},
                }
                (digest,) = [name for name in ledger.latest(connection, 99) if name.startswith("digest")]
                report = ledger.report(connection, digest)
        assert digest == "digest:evening:2026-03-01T15:00:00+00:00"  # six in the evening in Sulaimani
        assert report.finished
        assert {
            mail.recipient: mail.message["Subject"].partition(":")[0].lstrip("\u200f")
            for mail in sandbox.smtp.mails
        } == {
            "sara@readers.example": "پوختەی ئێوارە",
            "noor@readers.example": "نشرة المساء",
            "alan@readers.example": "Evening digest",
        }
        for chat in CHATS:
            assert len({message.text for message in sandbox.telegram.messages(chat)}) == 3
        assert len({tweet.text for tweet in sandbox.x.tweets()}) == 3


def test_a_digest_that_was_missed_runs_late_and_once(tmp_path: Path, database: Database) -> None:
    clock = Clock()
    with Sandbox(now=clock.now) as sandbox:
        path = sandbox.configure(tmp_path)
        for hours in (0, 0, 5, 6):  # started at 15:00 local, then away until 20:00
            clock.time = datetime(2026, 3, 1, 12, tzinfo=UTC) + timedelta(hours=hours)
            with App.opened(path, {"SYNDICATOR_DATABASE_URL": database.url}, now=clock.now) as app:
                app.subscribe(READERS, "evening")
                app.look()
                app.compile()
                app.deliver("letters")
                sandbox.newsroom.publish()
                app.look()
        assert len(sandbox.smtp.mails) == 3
