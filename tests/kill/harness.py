"""Enumerates the points, kills at each of them, drains, and counts."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from copy import copy
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
from syndicator.sandbox.bluesky import BlueskyStandIn
from syndicator.sandbox.faults import Switches
from syndicator.sandbox.mastodon import MastodonStandIn
from syndicator.sandbox.webhook import WebhookStandIn
from syndicator.sandbox.world import Sandbox
from syndicator.services.audience import Wish
from syndicator.storage import ledger
from syndicator.storage.database import Database
from syndicator.wiring import examine

from . import worker

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
BACK = NOW + timedelta(minutes=30)  # when somebody comes back after a death
READERS = [
    Wish(address=f"r{n}@readers.example", language="en", newsletter="evening", proof="p") for n in range(4)
]
PLUGINS = [  # what a worker imports by name: imported once
    *(
        f"syndicator.channels.{kind}"
        for kind in ("email", "telegram", "x", "mastodon", "bluesky", "webhook", "feed")
    ),
    *("syndicator.sources.feed", "syndicator.summarisers.extract", "syndicator.engines.embedded"),
]
CONNECTIONS = 3  # of the mail run
LATE = ("wire answered", "wire half answered")  # the worker may have come to its end just before


@dataclass(frozen=True, slots=True)
class Form:
    """A channel of the sandbox as it may be configured."""

    name: str
    channel: str
    told: str = ""  # more settings
    drops: str = ""  # a setting of the sandbox's that it does without
    readable: bool = False  # nothing may be held
    copies: int = 1  # of one delivery, at most; more carry the same Message-ID
    dies: str = "wire taken 2"  # where its first run ends, before the second one comes back


FORMS = {
    form.name: form
    for form in (
        Form("mail, hold", "letters"),
        Form("mail, resend-once", "letters", told='doubt = "resend-once"', copies=2),
        Form("mail, read back from the relay's log", "letters", told='events = "LOG"', readable=True),
        Form("Telegram, held", "tg-en", drops='audit_chat = "@courier_audit"\n'),
        Form("Telegram, read back", "tg-en", readable=True),
        Form("X", "x", readable=True),
        Form("Mastodon", "mastodon", readable=True),
        Form("Bluesky", "bluesky", readable=True),
        Form("webhook", "hook", readable=True),
        Form("feed", "feed", readable=True, dies="file written 2"),
    )
}
SOCIAL = """
[channels.mastodon]
kind = "mastodon"
base_url = "MASTODON"
flash = { sections = ["Breaking", "بەپەلە", "عاجل"] }

[channels.bluesky]
kind = "bluesky"
handle = "courier.example"
base_url = "BLUESKY"
flash = { sections = ["Breaking", "بەپەلە", "عاجل"] }

[channels.hook]
kind = "webhook"
url = "HOOK"
flash = { sections = ["Breaking", "بەپەلە", "عاجل"] }

[channels.feed]
kind = "feed"
folder = "FOLDER"
title = "Breaking"
home = "https://courier.example/"
address = "https://courier.example/feeds/"
flash = { sections = ["Breaking", "بەپەلە", "عاجل"] }
"""
AGAIN = "back after a death: "  # before a point of the second run
MAIL = FORMS["mail, hold"]


@dataclass
class Tally:
    """What came of all points of one channel on one database."""

    points: int = 0
    distinct: int = 0  # that there are, whether all were tried or a sample
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)  # neither sent nor held after the drain
    copies: int = 0  # more than one, with the same Message-ID, as the channel allows it
    held: int = 0
    most_in_doubt: int = 0


class Harness:
    """One channel of the sample newsroom with some deliveries due, on a database that can be copied.

    A first run is killed at each of its points; and so is a second one, that comes back after a death in the first.
    """

    def __init__(self, form: Form, copy: Callable[[str, bool], str] | None = None) -> None:
        self.form = form
        self.channel = form.channel
        self.moment = NOW - timedelta(hours=1)
        self._copy = copy  # PostgreSQL: makes a database like this one, gives its address; None: SQLite
        self._open = ExitStack()
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["tests.kill.worker", *PLUGINS])

    def __enter__(self) -> Self:
        self.folder = Path(self._open.enter_context(TemporaryDirectory(prefix="syndicator-kill-")))
        self.sandbox = Sandbox(now=lambda: self.moment)
        self._log = self.sandbox.smtp.log = self.folder / "mail.log"
        self._open.enter_context(self.sandbox)
        self.mastodon = self._open.enter_context(MastodonStandIn(now=lambda: self.moment))
        self.bluesky = self._open.enter_context(BlueskyStandIn(now=lambda: self.moment))
        self.hook = self._open.enter_context(WebhookStandIn())
        self._nowhere = Switches()  # of what goes over no wire
        self.path = self.sandbox.configure(self.folder)
        told = self.path.read_text("utf-8").replace(self.form.drops or "\0", "")
        if self.channel in {"mastodon", "bluesky", "hook", "feed"}:
            told += SOCIAL.replace("MASTODON", self.mastodon.url).replace("BLUESKY", self.bluesky.url)
            told = told.replace("HOOK", self.hook.url).replace("FOLDER", str(self._feed))
            for name, value in (
                ("MASTODON_ACCESS_TOKEN", self.mastodon.token),
                ("BLUESKY_APP_PASSWORD", self.bluesky.password),
                ("HOOK_SECRET", self.hook.secret),
            ):
                (self.folder / "secrets" / f"SYNDICATOR_CHANNELS_{name}").touch(mode=0o600)
                (self.folder / "secrets" / f"SYNDICATOR_CHANNELS_{name}").write_text(value, "utf-8")
        more = self.form.told.replace("LOG", str(self._log))
        told = told.replace(
            'kind = "email"\n',
            f'kind = "email"\nparallel = {CONNECTIONS}\nconnections = 1\nbatch = 4\n{more}\n',
        )
        self.path.write_text(told, "utf-8")
        wiring, book = examine(self.path, {})
        if wiring is None:
            raise AssertionError(f"the sandbox's configuration: {book.faults}")
        self.wiring = wiring
        self._nursery, theirs = multiprocessing.Pipe()
        self._context.Process(target=worker.nursery, args=(str(self.path), theirs), daemon=True).start()
        theirs.close()
        self._open.callback(self._nursery.send, None)
        return self

    def __exit__(self, *exc: object) -> None:
        self._open.close()

    def prepare(self, url: str | None = None, readers: Sequence[Wish] = READERS) -> None:
        """Plan the deliveries once. What all followers see has one message already."""
        self._url = url or f"sqlite:///{self.folder}/syndicator.db"
        with self._app(self._url) as app:
            app.subscribe(readers, "evening")
            app.look()
            if self.channel != "letters":
                told: dict[str, Any] = {"editor": "dana", "again": False, "note": ""}
                app.push([_carried_by_nobody(app, self.channel)], [self.channel], **told)
                app.deliver(self.channel)
            self.moment = NOW
            self.sandbox.newsroom.publish()
            app.look()
            app.compile(["evening"])
        self.planned = sum(self._states(self._url).values())
        self._before = self._kept()

    def die(self) -> None:
        """A first run that dies when its second body was taken and nobody was told: what a second run comes back to."""
        self._reset(self._before)
        self._left = self._fresh("left", keep=True)
        self._run(worker.work, self._left, self.form.dies, None, NOW)
        self._after = self._kept()

    def points(self) -> list[str]:
        """Every step of the worker and of the wire, as undisturbed runs take them."""
        self._reset(self._before)
        first = self._steps(worker.work, self._fresh("dry"), NOW)
        if self.sunk() != dict.fromkeys(self.sunk(), 1) or len(self.sunk()) != self.planned:
            raise AssertionError(f"the undisturbed run sank {self.sunk()}")
        self.die()
        self.moment = BACK
        second = self._steps(worker.come_back, self._fresh("dry", of=self._left), BACK)
        self.moment = NOW
        return first + [f"{AGAIN}{point}" for point in second]

    def _steps(self, what: Callable[..., None], url: str, moment: datetime) -> list[str]:
        seen, wire = self.folder / "seen", Counter[str]()
        seen.unlink(missing_ok=True)
        stages: list[str] = []

        def heard(stage: str) -> None:
            wire[stage] += 1
            stages.append(f"wire {stage} {wire[stage]}")

        self._switches.watch = heard
        self._run(what, url, None, str(seen), moment)
        self._switches.watch = _nobody
        return [*seen.read_text().splitlines(), *stages]

    def kill(self, point: str, tally: Tally) -> None:
        """Die at the point, come back, and count."""
        second = point.startswith(AGAIN)
        self._reset(self._after if second else self._before)
        url = self._fresh(f"point-{tally.points}", of=self._left if second else None)
        tally.points += 1
        what, self.moment = (worker.come_back, BACK) if second else (worker.work, NOW)
        self._run(what, url, point.removeprefix(AGAIN), None, self.moment)
        tally.most_in_doubt = max(tally.most_in_doubt, self._states(url).get("sending", 0))
        states = self._drained(url)
        sunk = self.sunk()
        tally.held += states.get("held", 0)
        tally.copies += sum(times - 1 for times in sunk.values() if 1 < times <= self.form.copies)
        tally.doubled += [f"{point}: {key}" for key, times in sunk.items() if times > self.form.copies]
        if set(states) - {"sent", "held"} or (self.form.readable and "held" in states):
            tally.open.append(f"{point}: {states}")
        if len(sunk) < states.get("sent", 0) or sum(states.values()) != self.planned:
            tally.lost.append(f"{point}: {states}, sunk {sunk}")

    def kill_a_mail_run(self, body: int, tally: Tally) -> None:
        """Die when so many bodies have arrived over all connections, come back, and count."""
        self._reset(self._before)
        url = self._fresh(f"point-{tally.points}")
        tally.points += 1
        self._run(worker.mail_run, url, f"wire taken {body}", None, NOW)
        in_doubt = self._states(url).get("sending", 0)
        tally.most_in_doubt = max(tally.most_in_doubt, in_doubt)
        states = self._drained(url)
        sunk = self.sunk()
        tally.held += states.get("held", 0)
        tally.doubled += [f"{body}: {key}" for key, times in sunk.items() if times > 1]
        if set(states) - {"sent", "held"} or states.get("held", 0) > in_doubt:
            tally.open.append(f"{body}: {states}")
        if len(sunk) < states.get("sent", 0):
            tally.lost.append(f"{body}: {states}, {len(sunk)} arrived")

    def _drained(self, url: str) -> dict[str, int]:
        """How the deliveries ended, after the worker came back three times more."""
        begun = self.moment
        with self._app(url) as app:
            for minutes in (30, 60, 90):
                self.moment = begun + timedelta(minutes=minutes)
                app.reconcile()
                app.deliver(self.channel)
        self.moment = NOW
        return self._states(url)

    def sunk(self) -> dict[str, int]:
        """How often each delivery arrived, as the sink saw it."""
        match self.channel:
            case "letters":
                return self.sandbox.smtp.received()
            case "mastodon":
                return dict(Counter(status.text for status in self.mastodon.statuses()))
            case "bluesky":
                return dict(Counter(post.text for post in self.bluesky.posts()))
            case "hook":
                return dict(Counter(told["data"]["text"] for _, told in self.hook.calls))
            case "feed":
                entries = json.loads((self._feed / "feed.json").read_text("utf-8"))["items"]
                return dict(Counter(one["title"] for one in entries))
            case "x":
                return dict(Counter(tweet.text for tweet in self.sandbox.x.tweets()))
        return dict(Counter(message.text for message in self.sandbox.telegram.messages("@courier_en")))

    def _run(
        self, what: Callable[..., None], url: str, point: str | None, seen: str | None, moment: datetime
    ) -> None:
        child = Child()
        if point and point.startswith("wire "):
            self._switches.watch = _trigger(point.removeprefix("wire "), child)
        self._nursery.send((what, url, moment, self.channel, point, seen))
        child.pid = self._nursery.recv()
        child.born.set()
        ended = self._nursery.recv()
        child.dead.set()
        self._switches.watch = _nobody
        expected = {0} if point is None else {-9, 0} if point.startswith(LATE) else {-9}
        if ended not in expected:
            raise AssertionError(f"{self.channel}, {point}: the worker ended with {ended}")

    @property
    def _switches(self) -> Switches:
        sinks = {
            "letters": self.sandbox.smtp,
            "x": self.sandbox.x,
            "mastodon": self.mastodon,
            "bluesky": self.bluesky,
            "hook": self.hook,
        }
        if self.channel == "feed":
            return self._nowhere
        return sinks.get(self.channel, self.sandbox.telegram).faults  # type: ignore[no-any-return, attr-defined]

    @property
    def _feed(self) -> Path:
        return self.folder / "feed"

    def _fresh(self, name: str, *, of: str | None = None, keep: bool = False) -> str:
        """A copy of the prepared database, or of another one."""
        of = of or self._url
        if self._copy:
            return self._copy(of, keep)
        source = Path(of.removeprefix("sqlite:///"))
        for old in self.folder.glob("point-*"):
            old.unlink()
        for end in ("", "-wal"):  # a dead worker leaves a log behind that belongs to the database
            target = self.folder / f"{name}.db{end}"
            target.unlink(missing_ok=True)
            if (log := source.with_name(source.name + end)).exists():
                shutil.copyfile(log, target)
        return f"sqlite:///{self.folder}/{name}.db"

    def _app(self, url: str) -> App:
        return App(self.wiring, now=lambda: self.moment, database=lambda _: Database(url))

    def _states(self, url: str) -> dict[str, int]:
        with self._app(url) as app, app.database.read() as connection:
            return ledger.by_channel(connection)[self.channel]

    def _kept(self) -> Callable[[], None]:
        """What the sinks hold now, to be put back."""
        sandbox = self.sandbox
        mails, tweets, log = list(sandbox.smtp.mails), list(sandbox.x._tweets), self._log.read_bytes()
        statuses, keys = dict(self.mastodon._standing), dict(self.mastodon._keys)
        records = dict(self.bluesky._standing)
        calls, told = list(self.hook.calls), dict(self.hook.standing)
        feeds = {path: path.read_bytes() for path in self._feed.glob("feed.*")}
        chats = {name: list(chat.messages) for name, chat in sandbox.telegram.chats.items()}
        ids = {name: copy(number) for name, number in sandbox.telegram._ids.items()}

        def put_back() -> None:
            sandbox.smtp.mails[:], sandbox.x._tweets[:] = mails, tweets
            self._log.write_bytes(log)
            self.mastodon._standing, self.mastodon._keys = dict(statuses), dict(keys)
            self.bluesky._standing = dict(records)
            self.hook.calls, self.hook.standing = list(calls), dict(told)
            for path, written in feeds.items():
                path.write_bytes(written)
            for name, messages in chats.items():
                sandbox.telegram.chats[name].messages[:] = messages
                sandbox.telegram._ids[name] = copy(ids[name])

        return put_back

    def _reset(self, kept: Callable[[], None]) -> None:
        self.moment = NOW
        kept()


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


@dataclass
class Child:
    pid: int = 0
    born: Event = field(default_factory=Event)
    dead: Event = field(default_factory=Event)


def _trigger(point: str, child: Child) -> Callable[[str], None]:
    """The sink pulls the trigger: the worker is dead before the sink goes on."""
    counts: Counter[str] = Counter()

    def heard(stage: str) -> None:
        counts[stage] += 1
        if f"{stage} {counts[stage]}" == point:
            child.born.wait(30)
            os.kill(child.pid, signal.SIGKILL)
            child.dead.wait(30)

    return heard


def tally(
    form: str, url: str | None = None, copy: Callable[[str, bool], str] | None = None, every: int = 1
) -> Tally:
    """Kill at each point, or at every so many of them, but at three of them at least."""
    found = Tally()
    with Harness(FORMS[form], copy) as harness:
        harness.prepare(url)
        points = harness.points()
        found.distinct = len(set(points))
        for point in points[:: min(every, max(1, len(points) // 3))]:
            harness.kill(point, found)
    return found


def mail_run(kills: int, url: str | None = None, copy: Callable[[str, bool], str] | None = None) -> Tally:
    """A mail run over several connections, killed in its middle, so many times."""
    found, rng = Tally(), Random(1)
    readers = [replace(READERS[0], address=f"r{n}@readers.example") for n in range(30)]
    with Harness(MAIL, copy) as harness:
        harness.prepare(url, readers)
        for _ in range(kills):
            harness.kill_a_mail_run(rng.randint(2, 25), found)
    return found


def on_server(server: str, run: Callable[[str, Callable[[str, bool], str]], Tally]) -> Tally:
    """The same where databases may be made: each point has a copy of its own."""
    kept, passing = [f"kill_{uuid4().hex[:8]}"], list[str]()

    def command(told: str) -> None:
        with psycopg.connect(f"{server.replace('+psycopg', '')}/postgres", autocommit=True) as connection:
            connection.execute(told)  # type: ignore[arg-type]

    def copy(url: str, keep: bool) -> str:  # noqa: FBT001 - two words are enough
        while passing:
            command(f"DROP DATABASE {passing.pop()} WITH (FORCE)")
        name = f"kill_{uuid4().hex[:8]}"
        (kept if keep else passing).append(name)
        command(f"CREATE DATABASE {name} TEMPLATE {url.rpartition('/')[2]}")
        return f"{server}/{name}"

    command(f"CREATE DATABASE {kept[0]}")
    try:
        return run(f"{server}/{kept[0]}", copy)
    finally:
        for name in kept + passing:
            command(f"DROP DATABASE {name} WITH (FORCE)")


def on_postgresql(form: str, server: str, every: int = 1) -> Tally:
    return on_server(server, lambda url, copy: tally(form, url, copy, every))


def table(server: str, tell: Callable[[str], object]) -> tuple[int, int]:
    """The table of docs/reliability.md; how many kills passed and failed."""
    tell(
        "| channel | database | kill points | lost | twice | left open | second copies | held | most in doubt |\n"
    )
    tell("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n")
    runs: list[tuple[str, str, Callable[[], Tally]]] = []
    for form in FORMS:
        runs.append((form, "SQLite", partial(tally, form)))
        runs.append((form, "PostgreSQL", partial(on_postgresql, form, server)))
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
            found.copies,
            found.held,
            found.most_in_doubt,
        )
        tell(f"| {what} | {database} | {' | '.join(map(str, counts))} |\n")
        for fault in faults:
            tell(f"{what}: {fault}\n")
    return passed, failed
