"""Enumerates the points, kills at each of them, drains, and counts.

    python -m tests.kill.harness

prints the table of docs/reliability.md.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Any, Self
from uuid import uuid4

import psycopg

from syndicator.app import App
from syndicator.sandbox.faults import Switches
from syndicator.sandbox.world import Sandbox
from syndicator.services.audience import Wish
from syndicator.storage import ledger

from . import worker

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
CHANNELS = ("letters", "tg-en", "x")
READERS = [
    Wish(address=f"r{n}@readers.example", language="en", newsletter="evening", proof="p") for n in range(3)
]
DELIVERIES = 3


@dataclass
class Tally:
    """What came of all points of one channel on one database."""

    points: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)  # neither sent nor held after the drain
    held: int = 0
    most_in_doubt: int = 0


class Harness:
    """One channel of the sample newsroom with three deliveries due, on a database that can be copied."""

    def __init__(self, channel: str, copy: Callable[[str], str] | None = None) -> None:
        self.channel = channel
        self.moment = NOW
        self._copy = copy  # PostgreSQL: makes a database like this one, gives its address; None: SQLite
        self._open = ExitStack()
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["tests.kill.worker"])

    def __enter__(self) -> Self:
        self.folder = Path(self._open.enter_context(TemporaryDirectory(prefix="syndicator-kill-")))
        self.sandbox = self._open.enter_context(Sandbox(now=lambda: self.moment))
        self.path = self.sandbox.configure(self.folder)
        return self

    def __exit__(self, *exc: object) -> None:
        self._open.close()

    def prepare(self, url: str | None = None) -> None:
        """Plan the deliveries once."""
        self._url = url
        with self._app(self._environ(url)) as app:
            app.subscribe(READERS, "evening")
            app.look()
            self.sandbox.newsroom.publish()
            app.look()
            app.compile(["evening"])
        self._reset()

    def points(self) -> list[str]:
        """Every step of the worker and of the wire, as an undisturbed run takes them."""
        seen, wire = self.folder / "seen", Counter[str]()
        switches = self._switches
        stages: list[str] = []

        def heard(stage: str) -> None:
            wire[stage] += 1
            stages.append(f"wire {stage} {wire[stage]}")

        switches.watch = heard
        environ = self._fresh("dry")
        self._run(environ, None, str(seen))
        switches.watch = _nobody
        if self.sunk() != dict.fromkeys(self.sunk(), 1) or len(self.sunk()) != DELIVERIES:
            raise AssertionError(f"the undisturbed run sank {self.sunk()}")
        return [*seen.read_text().splitlines(), *stages]

    def kill(self, point: str, tally: Tally) -> None:
        """Die at the point, come back twice, and count."""
        environ = self._fresh(f"point-{tally.points}")
        tally.points += 1
        self._reset()
        self._run(environ, point, None)
        tally.most_in_doubt = max(tally.most_in_doubt, self._states(environ).get("sending", 0))
        for minutes in (30, 60, 90):
            self.moment = NOW + timedelta(minutes=minutes)
            with self._app(environ) as app:
                app.reconcile()
                app.deliver(self.channel)
        self.moment = NOW
        states = self._states(environ)
        sunk = self.sunk()
        tally.held += states.get("held", 0)
        tally.doubled += [f"{point}: {key}" for key, times in sunk.items() if times > 1]
        if set(states) - {"sent", "held"}:
            tally.open.append(f"{point}: {states}")
        if len(sunk) < states.get("sent", 0) or sum(states.values()) != DELIVERIES:
            tally.lost.append(f"{point}: {states}, sunk {sunk}")

    def sunk(self) -> dict[str, int]:
        """How often each delivery arrived, as the sink saw it."""
        match self.channel:
            case "letters":
                return self.sandbox.smtp.received()
            case "x":
                return dict(Counter(tweet.text for tweet in self.sandbox.x.tweets()))
        return dict(Counter(message.text for message in self.sandbox.telegram.messages("@courier_en")))

    def _run(self, environ: Mapping[str, str], point: str | None, seen: str | None) -> None:
        arguments = (str(self.path), dict(environ), NOW, self.channel, point, seen)
        dead = Event()
        child = self._context.Process(target=worker.work, args=arguments)
        if point and point.startswith("wire "):
            self._switches.watch = _trigger(point.removeprefix("wire "), child, dead)
        child.start()
        child.join(60)
        dead.set()
        self._switches.watch = _nobody
        expected = 0 if point is None else -9
        if child.exitcode != expected:
            raise AssertionError(f"{self.channel}, {point}: the worker ended with {child.exitcode}")

    @property
    def _switches(self) -> Switches:
        sinks = {"letters": self.sandbox.smtp, "x": self.sandbox.x}
        return sinks.get(self.channel, self.sandbox.telegram).faults  # type: ignore[no-any-return, attr-defined]

    def _fresh(self, name: str) -> Mapping[str, str]:
        """A copy of the prepared database."""
        if self._url and self._copy:
            return self._environ(self._copy(self._url))
        target = self.folder / f"{name}.db"
        for old in self.folder.glob("point-*"):
            old.unlink()
        shutil.copyfile(self.folder / "syndicator.db", target)
        return {"SYNDICATOR_DATABASE_URL": f"sqlite:///{target.name}"}

    def _environ(self, url: str | None) -> Mapping[str, str]:
        return {"SYNDICATOR_DATABASE_URL": url} if url else {}

    def _app(self, environ: Mapping[str, str]) -> App:
        return App.opened(self.path, environ, now=lambda: self.moment)

    def _states(self, environ: Mapping[str, str]) -> dict[str, int]:
        with self._app(environ) as app, app.database.read() as connection:
            return ledger.by_channel(connection)[self.channel]

    def _reset(self) -> None:
        self.sandbox.smtp.mails.clear()
        self.sandbox.x._tweets.clear()
        for chat in self.sandbox.telegram.chats.values():
            chat.messages.clear()


def _nobody(stage: str) -> None:
    """Nobody listens."""


def _trigger(point: str, child: Any, dead: Event) -> Callable[[str], None]:
    """The sink pulls the trigger: the worker is dead before the sink goes on."""
    counts: Counter[str] = Counter()

    def heard(stage: str) -> None:
        counts[stage] += 1
        if f"{stage} {counts[stage]}" == point:
            os.kill(child.pid, signal.SIGKILL)
            dead.wait(30)  # only one thread may ask a process how it ended

    return heard


def tally(
    channel: str, url: str | None = None, copy: Callable[[str], str] | None = None, every: int = 1
) -> Tally:
    """Kill at each point, or at every so many of them."""
    found = Tally()
    with Harness(channel, copy) as harness:
        harness.prepare(url)
        for point in harness.points()[::every]:
            harness.kill(point, found)
    return found


def on_postgresql(channel: str, server: str, every: int = 1) -> Tally:
    """The same on a server where databases may be made: each point has a copy of its own."""
    made = [f"kill_{uuid4().hex[:8]}"]

    def command(told: str) -> None:
        with psycopg.connect(f"{server.replace('+psycopg', '')}/postgres", autocommit=True) as connection:
            connection.execute(told)  # type: ignore[arg-type]

    def copy(url: str) -> str:
        made.append(f"kill_{uuid4().hex[:8]}")
        command(f"CREATE DATABASE {made[-1]} TEMPLATE {url.rpartition('/')[2]}")
        return f"{server}/{made[-1]}"

    command(f"CREATE DATABASE {made[0]}")
    try:
        return tally(channel, f"{server}/{made[0]}", copy, every)
    finally:
        for name in made:
            command(f"DROP DATABASE {name} WITH (FORCE)")


def main() -> None:
    server = os.environ.get("SYNDICATOR_TEST_POSTGRESQL")
    failed = 0
    sys.stdout.write(
        "| channel | database | kill points | lost | twice | left open | held | most in doubt |\n"
    )
    sys.stdout.write("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n")
    for channel in CHANNELS:
        runs = {"SQLite": lambda channel=channel: tally(channel)}
        if server:
            runs["PostgreSQL"] = lambda channel=channel: on_postgresql(channel, server)
        for database, run in runs.items():
            found = run()
            faults = [*found.lost, *found.doubled, *found.open]
            failed += bool(faults)
            told = (
                found.points,
                len(found.lost),
                len(found.doubled),
                len(found.open),
                found.held,
                found.most_in_doubt,
            )
            sys.stdout.write(f"| {channel} | {database} | {' | '.join(map(str, told))} |\n")
            sys.stderr.writelines(f"{channel}: {fault}\n" for fault in faults)
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
