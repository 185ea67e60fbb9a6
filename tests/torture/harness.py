"""Workers and a database server that are killed again and again, while many deliveries are due.

    python -m tests.torture.harness [deliveries]

Real ``syndicator worker`` processes on a PostgreSQL of our own, with fsync on. At the end what the mail server took is
compared with the ledger, delivery by delivery.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from threading import Event
from time import monotonic
from urllib.parse import urlsplit

from aiosmtpd.smtp import SMTP, Envelope, Session

from syndicator.app import App
from syndicator.sandbox.smtp import SmtpStandIn
from syndicator.sandbox.world import Sandbox
from syndicator.services.audience import Wish
from syndicator.storage import ledger
from syndicator.tokens import message_id
from tests.postgres import DURABLE, Server

NAME = re.compile(rb"(?mi)^Message-ID:\s*(<[^>]+>)")


class CountingSmtp(SmtpStandIn):
    """Keeps the names of the mails only."""

    def __init__(self) -> None:
        super().__init__()
        self.names: Counter[str] = Counter()

    async def handle_DATA(  # noqa: N802 - aiosmtpd calls it so
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        found = NAME.search(envelope.content if isinstance(envelope.content, bytes) else b"")
        self.names[found[1].decode() if found else "nameless"] += 1
        return "250 2.0.0 Ok: queued"


@dataclass
class Result:
    """What came of it; ``well`` when sink and ledger say the same."""

    deliveries: int
    seconds: float = 0.0
    kills: int = 0
    restarts: int = 0
    states: Mapping[str, int] = field(default_factory=dict)
    lost: int = 0  # sent in the ledger, unknown to the sink
    twice: int = 0
    stray: int = 0  # in the sink, and neither sent nor held in the ledger

    @property
    def well(self) -> bool:
        ended = self.states.get("sent", 0) + self.states.get("held", 0)
        return ended == self.deliveries and not (self.lost or self.twice or self.stray)


class Torture:
    """One newsroom, so many readers and workers, and somebody who kills."""

    def __init__(self, deliveries: int, workers: int, seed: int, pause: tuple[float, float]) -> None:
        self._deliveries = deliveries
        self._workers = workers
        self._rng = Random(seed)
        self._pause = pause  # seconds between two blows
        self._later = timedelta(0)
        self._open = ExitStack()

    def run(self, limit: float) -> Result:
        """Raises :exc:`TimeoutError` when it takes more than ``limit`` seconds."""
        with self._open:
            self._prepare()
            found = Result(self._deliveries)
            begun = monotonic()
            self._torment(found, begun + limit)
            found.seconds = monotonic() - begun
            self._drain()
            self._judge(found)
        return found

    def _prepare(self) -> None:
        self._server = self._open.enter_context(Server(DURABLE))
        self._folder = Path(self._open.enter_context(TemporaryDirectory(prefix="syndicator-torture-")))
        sandbox = Sandbox(now=self._now)
        sandbox.smtp._controller.loop.close()  # it was made with one, and is not the one we want
        sandbox.smtp = self._sink = CountingSmtp()
        self._open.enter_context(sandbox)
        self._path = sandbox.configure(self._folder)
        told = self._path.read_text("utf-8")
        told = told.replace('kind = "email"\n', 'kind = "email"\nparallel = 4\nbatch = 50\n')
        told = f'{told}\n[engine]\nkind = "procrastinate"\n'
        self._path.write_text(told, "utf-8")
        self._server.command("CREATE DATABASE news")
        self._environ = {"SYNDICATOR_DATABASE_URL": f"{self._server.address}/news"}
        with self._app() as app, app.alone():
            wishes = (
                Wish(address=f"r{n}@readers.example", language="en", newsletter="evening", proof="p")
                for n in range(self._deliveries)
            )
            app.subscribe(wishes, "evening")
            app.look()
            sandbox.newsroom.publish()
            app.look()
            for other in set(app.doors) - {"letters"}:
                app.pause(other, by="torture", why="not here")
            planned = app.compile(["evening"])
            if planned.deliveries < self._deliveries:
                raise AssertionError(f"planned {planned}")

    def _torment(self, found: Result, until: float) -> None:
        running = [self._started(number) for number in range(self._workers)]
        waiting = Event()
        try:
            while self._open_rows():
                waiting.wait(self._rng.uniform(*self._pause))
                if monotonic() > until:
                    raise TimeoutError(f"{self._open_rows()} deliveries are open; {found}")
                if self._rng.random() < 0.5:
                    self._server.stop()
                    waiting.wait(self._rng.uniform(0, 1))
                    self._server.start()
                    found.restarts += 1
                else:
                    at = self._rng.randrange(len(running))
                    running[at].kill()
                    running[at].wait()
                    running[at] = self._started(at)
                    found.kills += 1
        finally:
            for one in running:
                one.send_signal(signal.SIGTERM)
            for one in running:
                one.wait(60)

    def _started(self, number: int) -> subprocess.Popen[bytes]:
        log = self._open.enter_context((self._folder / f"worker-{number}.log").open("ab"))
        command = [sys.executable, "-m", "syndicator", "worker", "-c", str(self._path)]
        environ = {**os.environ, **self._environ}
        return subprocess.Popen(command, env=environ, stdout=log, stderr=log)

    def _open_rows(self) -> int:
        """Waiting for their first byte: what is ``sending`` now is perhaps in doubt, and looked at later."""
        states = self._states()
        return states.get("pending", 0) + states.get("claimed", 0)

    def _drain(self) -> None:
        """An hour later every lease is over: doubts are held, what was claimed goes out."""
        for hours in (1, 2):
            self._later = timedelta(hours=hours)
            with self._app() as app:
                app.reconcile()
                app.deliver("letters")

    def _judge(self, found: Result) -> None:
        with self._app() as app, app.database.read() as connection:
            found.states = ledger.by_channel(connection)["letters"]
            rows = ledger.listed(connection, state=None, channel="letters", edition=None, limit=10**9)
            host = urlsplit(app.settings.newsroom.url).hostname or "localhost"
            names = {message_id(app.wiring.keys, str(row["key"]), host): row["state"] for row in rows}
        found.twice = sum(1 for times in self._sink.names.values() if times > 1)
        found.lost = sum(1 for name, state in names.items() if state == "sent" and not self._sink.names[name])
        found.stray = sum(1 for name in +self._sink.names if names.get(name) not in {"sent", "held"})

    def _states(self) -> dict[str, int]:
        with self._app() as app, app.database.read() as connection:
            return ledger.by_channel(connection)["letters"]

    def _app(self) -> App:
        return App.opened(self._path, self._environ, now=self._now)

    def _now(self) -> datetime:
        return datetime.now(UTC) + self._later


def torture(
    deliveries: int,
    *,
    workers: int = 4,
    seed: int = 1,
    pause: tuple[float, float] = (3.0, 8.0),
    limit: float = 3000,
    tell: Callable[[str], object] = lambda text: None,
) -> Result:
    found = Torture(deliveries, workers, seed, pause).run(limit)
    tell(
        f"{deliveries} deliveries, {workers} workers, {found.kills} workers killed, {found.restarts} crashes of "
        f"PostgreSQL, {found.seconds:.0f} s: {dict(found.states)}, {found.lost} lost, {found.twice} twice, "
        f"{found.stray} stray\n"
    )
    return found


if __name__ == "__main__":
    sys.exit(not torture(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000, tell=sys.stdout.write).well)
