"""Enumerates the points, kills at each of them, drains, and counts."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
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
from syndicator.storage.database import Database
from syndicator.wiring import examine

from . import worker

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
CHANNELS = ("letters", "tg-en", "x")
READERS = [
    Wish(address=f"r{n}@readers.example", language="en", newsletter="evening", proof="p") for n in range(4)
]
DELIVERIES = 4
CONNECTIONS = 3  # of the mail run


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
        told = self.path.read_text("utf-8")
        told = told.replace('kind = "email"\n', f'kind = "email"\nparallel = {CONNECTIONS}\nbatch = 4\n')
        self.path.write_text(told, "utf-8")
        wiring, _ = examine(self.path, {})
        if wiring is None:
            raise AssertionError("the sandbox's configuration")
        self.wiring = wiring
        return self

    def __exit__(self, *exc: object) -> None:
        self._open.close()

    def prepare(self, url: str | None = None, readers: Sequence[Wish] = READERS) -> None:
        """Plan the deliveries once."""
        self._url = url
        with self._app(self._environ(url)) as app:
            app.subscribe(readers, "evening")
            app.look()
            self.sandbox.newsroom.publish()
            app.look()
            app.compile(["evening"])
            if self.channel != "letters":
                app.push(
                    [_carried_by_nobody(app, self.channel)],
                    [self.channel],
                    editor="dana",
                    again=False,
                    note="",
                )
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
        self._run(worker.work, environ, None, str(seen))
        switches.watch = _nobody
        if self.sunk() != dict.fromkeys(self.sunk(), 1) or len(self.sunk()) != DELIVERIES:
            raise AssertionError(f"the undisturbed run sank {self.sunk()}")
        return [*seen.read_text().splitlines(), *stages]

    def kill(self, point: str, tally: Tally) -> None:
        """Die at the point, come back twice, and count."""
        environ = self._fresh(f"point-{tally.points}")
        tally.points += 1
        self._reset()
        self._run(worker.work, environ, point, None)
        tally.most_in_doubt = max(tally.most_in_doubt, self._states(environ).get("sending", 0))
        states = self._drained(environ)
        sunk = self.sunk()
        tally.held += states.get("held", 0)
        tally.doubled += [f"{point}: {key}" for key, times in sunk.items() if times > 1]
        if set(states) - {"sent", "held"}:
            tally.open.append(f"{point}: {states}")
        if len(sunk) < states.get("sent", 0) or sum(states.values()) != DELIVERIES:
            tally.lost.append(f"{point}: {states}, sunk {sunk}")

    def kill_a_mail_run(self, body: int, tally: Tally) -> None:
        """Die when so many bodies have arrived over all connections, come back, and count."""
        environ = self._fresh(f"point-{tally.points}")
        tally.points += 1
        self._reset()
        self._run(worker.mail_run, environ, f"wire taken {body}", None)
        in_doubt = self._states(environ).get("sending", 0)
        tally.most_in_doubt = max(tally.most_in_doubt, in_doubt)
        states = self._drained(environ)
        sunk = self.sunk()
        tally.held += states.get("held", 0)
        tally.doubled += [f"{body}: {key}" for key, times in sunk.items() if times > 1]
        if set(states) - {"sent", "held"} or states.get("held", 0) > in_doubt:
            tally.open.append(f"{body}: {states}")
        if len(sunk) < states.get("sent", 0):
            tally.lost.append(f"{body}: {states}, {len(sunk)} arrived")

    def _drained(self, environ: Mapping[str, str]) -> dict[str, int]:
        """How the deliveries ended, after the worker came back three times."""
        for minutes in (30, 60, 90):
            self.moment = NOW + timedelta(minutes=minutes)
            with self._app(environ) as app:
                app.reconcile()
                app.deliver(self.channel)
        self.moment = NOW
        return self._states(environ)

    def sunk(self) -> dict[str, int]:
        """How often each delivery arrived, as the sink saw it."""
        match self.channel:
            case "letters":
                return self.sandbox.smtp.received()
            case "x":
                return dict(Counter(tweet.text for tweet in self.sandbox.x.tweets()))
        return dict(Counter(message.text for message in self.sandbox.telegram.messages("@courier_en")))

    def _run(
        self,
        what: Callable[..., None],
        environ: Mapping[str, str],
        point: str | None,
        seen: str | None,
    ) -> None:
        arguments = (str(self.path), dict(environ), NOW, self.channel, point, seen)
        dead = Event()
        child = self._context.Process(target=what, args=arguments)
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
        url = environ.get("SYNDICATOR_DATABASE_URL", "sqlite:///syndicator.db")
        at = url.replace("sqlite:///", f"sqlite:///{self.folder}/")
        return App(self.wiring, now=lambda: self.moment, database=lambda _: Database(at))

    def _states(self, environ: Mapping[str, str]) -> dict[str, int]:
        with self._app(environ) as app, app.database.read() as connection:
            return ledger.by_channel(connection)[self.channel]

    def _reset(self) -> None:
        self.sandbox.smtp.mails.clear()
        self.sandbox.x._tweets.clear()
        for chat in self.sandbox.telegram.chats.values():
            chat.messages.clear()


def _carried_by_nobody(app: App, channel: str) -> str:
    with app.database.read() as connection:
        known = (
            connection.exec_driver_sql("SELECT id FROM articles WHERE language = 'en' ORDER BY id")
            .scalars()
            .all()
        )
        rows = connection.exec_driver_sql("SELECT article, channel FROM story_keys").all()
    carried = {tuple(row) for row in rows}
    return next(str(article) for article in known if (article, channel) not in carried)


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


def mail_run(kills: int, url: str | None = None, copy: Callable[[str], str] | None = None) -> Tally:
    """A mail run over several connections, killed in its middle, so many times."""
    found, rng = Tally(), Random(1)
    readers = [replace(READERS[0], address=f"r{n}@readers.example") for n in range(30)]
    with Harness("letters", copy) as harness:
        harness.prepare(url, readers)
        for _ in range(kills):
            harness.kill_a_mail_run(rng.randint(2, 25), found)
    return found


def on_server(server: str, run: Callable[[str, Callable[[str], str]], Tally]) -> Tally:
    """The same where databases may be made: each point has a copy of its own."""
    made = [f"kill_{uuid4().hex[:8]}"]

    def command(told: str) -> None:
        with psycopg.connect(f"{server.replace('+psycopg', '')}/postgres", autocommit=True) as connection:
            connection.execute(told)  # type: ignore[arg-type]

    def copy(url: str) -> str:
        if len(made) > 2:
            command(f"DROP DATABASE {made.pop()} WITH (FORCE)")
        made.append(f"kill_{uuid4().hex[:8]}")
        command(f"CREATE DATABASE {made[-1]} TEMPLATE {url.rpartition('/')[2]}")
        return f"{server}/{made[-1]}"

    command(f"CREATE DATABASE {made[0]}")
    try:
        return run(f"{server}/{made[0]}", copy)
    finally:
        for name in made:
            command(f"DROP DATABASE {name} WITH (FORCE)")


def on_postgresql(channel: str, server: str, every: int = 1) -> Tally:
    return on_server(server, lambda url, copy: tally(channel, url, copy, every))


def table(server: str, tell: Callable[[str], object]) -> tuple[int, int]:
    """The table of docs/reliability.md; how many kills passed and failed."""
    tell("| what is killed | database | kills | lost | twice | left open | held | most in doubt |\n")
    tell("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n")
    runs: list[tuple[str, str, Callable[[], Tally]]] = []
    for channel in CHANNELS:
        runs.append((channel, "SQLite", partial(tally, channel)))
        runs.append((channel, "PostgreSQL", partial(on_postgresql, channel, server)))
    over = f"mail run, {CONNECTIONS} connections"
    runs.append((over, "SQLite", partial(mail_run, 50)))
    runs.append((over, "PostgreSQL", partial(on_server, server, partial(mail_run, 50))))
    passed = failed = 0
    for what, database, run in runs:
        found = run()
        faults = [*found.lost, *found.doubled, *found.open]
        faults += ["too many in doubt"] * (found.most_in_doubt > (CONNECTIONS if what == over else 1))
        failed += len(faults)
        passed += found.points - len(faults)
        counts = (
            found.points,
            *map(len, (found.lost, found.doubled, found.open)),
            found.held,
            found.most_in_doubt,
        )
        tell(f"| {what} | {database} | {' | '.join(map(str, counts))} |\n")
        for fault in faults:
            tell(f"{what}: {fault}\n")
    return passed, failed
