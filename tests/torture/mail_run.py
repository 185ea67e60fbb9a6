"""A large mail run on SQLite whose worker is killed again and again; sink and ledger are compared at the end.

python -m tests.torture.mail_run 100000 50
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from threading import Event
from typing import Self
from urllib.parse import urlsplit

from syndicator.app import App
from syndicator.model import ChannelId, Edition, EditionId, EditionKind, Language, Post, blank
from syndicator.services.audience import Wish
from syndicator.storage import ledger, planning
from syndicator.tokens import message_id

from .sink import CountingSink

CONNECTIONS = 30
LETTERS = ChannelId("letters")
CONFIGURATION = """
[newsroom]
name = "The Courier"
url = "https://courier.example"
languages = ["en"]
timezone = "UTC"
[channels.letters]
kind = "email"
host = "127.0.0.1"
port = {port}
tls = "none"
sender = "news@courier.example"
connections = {connections}
batch = 500
[newsletters.morning]
channel = "letters"
timetable = "0 7 * * *"
"""


@dataclass
class Ran:
    """What came of it; ``well`` when sink and ledger say the same."""

    deliveries: int
    in_doubt: list[int] = field(default_factory=list)  # after each kill
    states: Mapping[str, int] = field(default_factory=dict)
    lost: int = 0  # sent in the ledger, unknown to the sink
    twice: int = 0
    stray: int = 0  # in the sink, and neither sent nor held in the ledger

    @property
    def well(self) -> bool:
        ended = self.states.get("sent", 0) + self.states.get("held", 0)
        few = max(self.in_doubt, default=0) <= CONNECTIONS
        return few and ended == self.deliveries and not (self.lost or self.twice or self.stray)


class MailRun:
    """``with MailRun(1000) as run: run.killed(3, Random(1))``."""

    def __init__(self, deliveries: int) -> None:
        self._deliveries = deliveries
        self._later = timedelta(0)
        self._open = ExitStack()

    def __enter__(self) -> Self:
        self._sink = self._open.enter_context(CountingSink())
        folder = Path(self._open.enter_context(TemporaryDirectory(prefix="syndicator-run-")))
        self._path = folder / "syndicator.toml"
        self._path.write_text(CONFIGURATION.format(port=self._sink.port, connections=CONNECTIONS), "utf-8")
        self._environ = {"SYNDICATOR_SECRET_KEY": "k" * 40}
        self._plan()
        return self

    def __exit__(self, *exc: object) -> None:
        self._open.close()

    def killed(self, kills: int, rng: Random) -> Ran:
        """SIGKILL at so many moments by chance, then to the end, then what is in doubt is looked at."""
        found = Ran(self._deliveries)
        share = self._deliveries // (kills + 1)
        for _ in range(kills):
            self._run(until=self._sink.taken + rng.randint(1, 2 * share - 1))
            found.in_doubt.append(self._states().get("sending", 0) - sum(found.in_doubt))
        self._run(until=None)
        for hours in (1, 2):  # every lease is over, then every quarantine
            self._later = timedelta(hours=hours)
            with self._app() as app:
                app.reconcile()
        self._judge(found)
        return found

    def _plan(self) -> None:
        edition = Edition(
            id=EditionId("digest:morning:2026-03-01"),
            kind=EditionKind.DIGEST,
            language=Language("en"),
            due_at=datetime.now(UTC),
            stories=(),
            title="Morning",
        )
        post = Post(
            id=f"{edition.id}:letters:en",
            edition=edition.id,
            channel=LETTERS,
            language=edition.language,
            subject="Morning",
            text=f"Dear {blank('name')}\n{'The road is closed. ' * 300}\n{blank('leave_url')}\n",
        )
        wishes = (
            Wish(address=f"r{n}@readers.example", language="en", newsletter="morning", proof="p")
            for n in range(self._deliveries)
        )
        with self._app() as app:
            app.subscribe(wishes, "morning")
            with app.database.write() as connection:
                planning.add_edition(connection, edition, newsletter="morning", now=edition.due_at, by="test")
                planning.add_posts(connection, [post])
                planning.add_readers(
                    connection,
                    edition.id,
                    LETTERS,
                    "morning",
                    planning.Audience(posts={edition.language: post.id}),
                    due_at=edition.due_at,
                    not_after=edition.due_at + timedelta(days=1),
                    urgency=2,
                )

    def _run(self, until: int | None) -> None:
        """A worker of its own, killed when the sink has taken so many; None: until it comes to its end."""
        command = [sys.executable, "-m", "syndicator", "deliver", "letters", "-c", str(self._path)]
        with subprocess.Popen(
            command, env={**os.environ, **self._environ}, stdout=subprocess.DEVNULL
        ) as worker:
            waiting = Event()
            while worker.poll() is None:
                if until is not None and self._sink.taken >= until:
                    worker.kill()
                waiting.wait(0.002)
        if worker.returncode not in ({0} if until is None else {0, -9}):
            raise AssertionError(f"the worker ended with {worker.returncode}")

    def _judge(self, found: Ran) -> None:
        with self._app() as app, app.database.read() as connection:
            found.states = ledger.by_channel(connection)["letters"]
            rows = ledger.listed(connection, state=None, channel="letters", edition=None, limit=10**9)
            host = urlsplit(app.settings.newsroom.url).hostname or "localhost"
            names = {
                message_id(app.wiring.keys, str(row["key"]), host).strip("<>"): row["state"] for row in rows
            }
        taken = self._sink.names
        found.twice = sum(1 for times in taken.values() if times > 1)
        found.lost = sum(1 for name, state in names.items() if state == "sent" and not taken[name])
        found.stray = sum(1 for name in +taken if names.get(name) not in {"sent", "held"})

    def _states(self) -> Mapping[str, int]:
        with self._app() as app, app.database.read() as connection:
            return ledger.by_channel(connection)["letters"]

    def _app(self) -> App:
        return App.opened(self._path, self._environ, now=lambda: datetime.now(UTC) + self._later)


def run(
    deliveries: int, kills: int, *, seed: int = 1, tell: Callable[[str], object] = lambda text: None
) -> Ran:
    with MailRun(deliveries) as one:
        found = one.killed(kills, Random(seed))
    most, all_ = max(found.in_doubt), sum(found.in_doubt)
    tell(
        f"{deliveries} mails over {CONNECTIONS} lines, {kills} kills: {most} in doubt at most, {all_} in all; "
        f"{dict(found.states)}, {found.lost} lost, {found.twice} twice, {found.stray} stray\n"
    )
    return found


if __name__ == "__main__":
    sys.exit(not run(int(sys.argv[1]), int(sys.argv[2]), tell=sys.stdout.write).well)
