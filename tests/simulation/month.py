"""A month of a small newsroom in virtual time, with everything that goes wrong in years. One seed, one story.

python -m tests.simulation.month 17 --told     replays seed 17 and tells what happens
python -m tests.simulation.month 0:2000        runs that many seeds
"""

from __future__ import annotations

import fcntl
import logging
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import monotonic

from syndicator.app import App
from syndicator.errors import StorageAway, SyndicatorError
from syndicator.model import Item, Language
from syndicator.services.audience import Wish
from syndicator.services.doubts import Verdict
from syndicator.storage import brakes, ledger
from syndicator.wiring import Socket
from tests.steps import SteppedDatabase

from .faults import EVENTS, FAULTS, FAULTS_OF_A_TICK, NEWS, OTHERS_ACT, STAGES
from .network import ANSWERS, Door, Network, Parcel, Site
from .newsroom import fast, prepared

DAYS = 30
READERS = 3
CHANNELS = ("letters", "tg", "x")


class Killed(BaseException):
    """SIGKILL: no handler may run on."""


class Broken(AssertionError):
    """A promise was not kept."""


@dataclass
class Worker:
    """One process with its own connections; whatever it does after its death is Killed, too."""

    app: App
    dead: bool = False


class Month:
    """One seed."""

    def __init__(self, seed: int, folder: Path, tell: Callable[[str], object] = lambda text: None) -> None:
        self.rng = Random(seed)
        self.policy = self.rng.choice(["hold", "resend-once"])
        readable = self.rng.choice([True, False])
        self.folder = folder
        self._tell = tell
        empty, wiring = prepared(self.policy)
        shutil.copyfile(empty / "news.db", folder / "news.db")
        # From these days on summer time ends or begins within the month, or does not.
        self.now = datetime(2026, self.rng.choice([3, 7, 10]), self.rng.randint(1, 20), 12, tzinfo=UTC)
        self.end = self.now + timedelta(days=DAYS)
        self.site = Site(away=lambda: self._faulty("site does not answer"))
        self.network = Network(
            now=lambda: self.now,
            answer=self._answer,
            on_body=self._on_body,
            on_taken=self._on_taken,
            unreadable=self._unreadable,
            check=self._check,
        )
        self.wiring = replace(
            wiring,
            folder=folder,
            sources={"site": Socket(self.site, wiring.sources["site"].options)},
            channels={
                name: Socket(Door(self.network, name, readable=readable), wiring.channels[name].options)
                for name in CHANNELS
            },
        )
        self.met: Counter[str] = Counter({"summer time": self.now.month != 7})
        self.fault = "none"  # what goes wrong in this tick
        self.bad = 0.0  # how bad the networks are just now
        self.working: list[Worker] = []  # the innermost last: one may act while another sleeps
        self.left: dict[str, int] = {}
        self.paused: set[str] = set()
        self.moment = 0  # counts everything that happens, for before and after
        self.restores = 0
        self.backup: bytes | None = None
        self.stories = 0
        self.slept = 0
        self.worker = self._process("news.db")

    def run(self) -> Counter[str]:
        """Raises :exc:`Broken`. Returns which faults were met how often."""
        self._start()
        with self._acting(self.worker) as app:
            wishes = [
                Wish(address=f"r{n}@readers.example", language="en", newsletter="morning", proof="p")
                for n in range(READERS)
            ]
            app.subscribe(wishes, "morning")
            app.look()
        names, weights = zip(*EVENTS.items(), strict=True)
        while self.now < self.end:
            self.moment += 1
            self._later(timedelta(minutes=self.rng.choice([2, 30, 120, 300, 600])))
            (event,) = self.rng.choices(names, weights)
            if event in FAULTS | NEWS:
                self.met[event] += 1
            self._tell(f"{self.now:%d %H:%M} {event}")
            self._events[event]()
        self._come_to_rest()
        self._judge()
        self.met.update(key.partition(":")[0] for key in self.network.taken)
        return self.met

    @property
    def _events(self) -> Mapping[str, Callable[[], None]]:
        return {
            "tick": self._tick,
            "publish": partial(self._publish, 1),
            "flood": partial(self._publish, 6),
            "revise": self._revise,
            "push": self._push,
            "leave": self._leave,
            "pause": self._pause,
            "resume": self._resume,
            "settle": self._settle,
            "backup": self._back_up,
            "restore": self._restore,
            "lose the memory": self._forget,
            "outage of two days": partial(self._later, timedelta(days=2)),
            "clock set back": partial(self._later, -timedelta(minutes=self.rng.choice([1, 20, 150]))),
            "clock set forward": partial(self._later, timedelta(minutes=90)),
        }

    # What happens

    def _tick(self) -> None:
        """What the worker does when the clock strikes, with one fault in it or none."""
        names, weights = zip(*FAULTS_OF_A_TICK.items(), strict=True)
        (fault,) = self.rng.choices(names, weights)
        self.fault = fault
        self.countdown = self.rng.randint(1, 30)
        self.bad = self.rng.choice([0.0, 0.0, 0.2, 0.7])
        self._tell(f"         {self.fault}, networks {self.bad}")
        try:
            self._jobs(self.worker)
        except Killed:
            self._tell("         killed")
            self._close(self.worker)
            self.worker = self._process("news.db")
            self._start()
        finally:
            self.working.clear()
            self.fault, self.bad = "none", 0.0
            self.worker.app.stopping.clear()
        if fault == "backed up in the middle" and self.backup and self.rng.random() < 0.6:
            self._tell("         restore")  # the worst of backups is back, at once
            self.met["restore"] += 1
            self._restore()

    def _jobs(self, worker: Worker) -> None:
        jobs: list[Callable[[App], object]] = [App.look, App.compile]
        jobs += [partial(_deliver, name=name) for name in CHANNELS]
        jobs += [App.look_after]
        for job in jobs:
            self._later(timedelta(seconds=self.rng.randint(1, 20)))
            with self._acting(worker) as app:
                try:
                    job(app)
                except SyndicatorError as error:  # as the worker does: told, and tried again at the next tick
                    self._tell(f"         {error}")

    def _publish(self, number: int) -> None:
        for _ in range(number):
            self.stories += 1
            self._item(self.stories, "")

    def _revise(self) -> None:
        if self.stories:
            self._item(self.rng.randint(1, self.stories), f" Corrected at {self.now:%d %H:%M}.")

    def _item(self, number: int, more: str) -> None:
        section = "Breaking" if number % 3 == 0 else "Town"
        self.site.items.append(
            Item(
                source="site",
                key=f"story-{number}",
                url=f"https://courier.example/{number}",
                html=f"<p>The council met for the {number}th time and voted on the road.{more}</p>",
                headline=f"Council votes on road {number}",
                published_at=self.now,
                language=Language("en"),
                section=section,
            )
        )

    def _push(self) -> None:
        with self._acting(self.worker) as app:
            with app.database.read() as connection:
                known = [row[0] for row in connection.exec_driver_sql("SELECT id FROM articles ORDER BY id")]
            if known:
                story, channel = self.rng.choice(known), self.rng.choice(["tg", "x"])
                there = any(story in key and f":{channel}:" in key for key in +self.network.taken)
                if self.restores and there:
                    return  # the database may have forgotten it; who pushes has looked
                try:
                    again = self.rng.random() < 0.2
                    app.push([story], [channel], editor="dana", again=again, note="")
                except SyndicatorError as error:
                    self._tell(f"         {error}")

    def _leave(self) -> None:
        number = self.rng.randint(0, READERS - 1)
        with self._acting(self._other()) as app:
            app.circulation.register.leave(f"r{number}@readers.example", "morning", by="the link")
        self.left.setdefault(str(number + 1), self.moment)

    def _pause(self) -> None:
        name = self.rng.choice([*CHANNELS, "everything"])
        with self._acting(self._other()) as app:
            app.pause(name, by="dana", why="a look")
        self.paused.add(name)

    def _resume(self) -> None:
        """An editor looks, and lets everything go on."""
        with self._acting(self.worker) as app:
            with app.database.read() as connection:
                names = sorted(brakes.paused(connection))
            for name in names:
                app.resume(name, by="dana")
        self.paused.clear()

    def _settle(self) -> None:
        """A person looks where it should be, and says what is there."""
        self._later(timedelta(minutes=10))
        self.network.arrive()
        with self._acting(self.worker) as app:
            for doubt in app.open_doubts():
                with app.database.read() as connection:
                    (row,) = [
                        one
                        for one in ledger.listed(
                            connection, state=None, channel=None, edition=None, limit=10**6
                        )
                        if one["id"] == doubt.id
                    ]
                there = self.network.taken[str(row["key"])] > 0
                verdict = Verdict.SENT if there else self.rng.choice([Verdict.RESEND, Verdict.DROP])
                app.settle(doubt.id, verdict, by="dana", why="looked")

    def _back_up(self) -> None:
        """As `syndicator backup` does it: a copy, and an epoch after it."""
        with self._acting(self.worker) as app:
            self.backup = _copied(self.folder / "news.db", self.folder / "copy.db")
            app.memory.turn(app.database, self.now)

    def _restore(self) -> None:
        if self.backup is None:
            return
        self.restores += 1
        self._close(self.worker)
        for old in self.folder.glob("news.db*"):
            old.unlink()
        (self.folder / "news.db").write_bytes(self.backup)
        self.worker = self._process("news.db")
        self._start()
        self._must_be_paused()

    def _forget(self) -> None:
        """The database on a machine that does not know it. A backup older than that would bring readers back."""
        self.backup = None
        self._close(self.worker)
        for old in self.folder.glob("*.memory*"):
            (self.folder / "kept").write_bytes(old.read_bytes()) if old.suffix == ".memory" else None
            old.unlink()
        self.worker = self._process("news.db")
        self._start()
        self._must_be_paused()
        self.restores += 1

    def _must_be_paused(self) -> None:
        with self._acting(self.worker) as app, app.database.read() as connection:
            if "everything" not in brakes.paused(connection):
                raise Broken("a database that is not the last one did not start paused")

    # Processes

    def _process(self, name: str) -> Worker:
        worker: Worker

        def opened(url: str) -> SteppedDatabase:
            database = SteppedDatabase(url.replace("news.db", name))
            database.step = lambda step: self._step(worker, step)
            return database

        app = App(
            self.wiring,
            now=lambda: self.now,
            rng=self.rng,
            wait=lambda seconds: self._later(timedelta(seconds=seconds)) or False,
            database=opened,
        )
        worker = Worker(app)
        return worker

    def _other(self) -> Worker:
        """Another process on the same database, with places of its own to send from: ours were lost in a sleep."""
        other = self.folder / "other.db"
        if not other.is_symlink():
            other.symlink_to("news.db")
        return self._process("other.db")

    def _start(self) -> None:
        with self._acting(self.worker) as app:
            app.recall()
            app.memory.turn(app.database, self.now)

    def _close(self, worker: Worker) -> None:
        worker.dead = True
        worker.app.database.close()

    def _acting(self, worker: Worker) -> _Acting:
        return _Acting(self, worker)

    # Faults

    def _faulty(self, name: str) -> bool:
        """Whether this fault is due; it is met once."""
        if self.fault != name or len(self.working) > 1:
            return False
        self.met[name] += 1
        return True

    def _step(self, worker: Worker, step: str) -> None:  # noqa: PLR0912 - one case for each fault
        if worker.dead:
            raise Killed
        if len(self.working) != 1 or self.fault == "none":
            return
        self.countdown -= 1
        if self.fault == "database away for minutes" and self.countdown <= 0:
            if self.countdown == 0:
                self.met[self.fault] += 1
            if self.countdown > -12:
                raise StorageAway("the server does not answer")
        if self.countdown != 0:
            return
        if self.fault in STAGES and step not in STAGES[self.fault]:
            self.countdown = 1  # the next step may be one
            return
        if self.fault in OTHERS_ACT and _held(worker.app.memory.path):
            self.countdown = 1  # the others would wait for the memory; here they and we are one thread
            return
        match self.fault:
            case "killed":
                self._die(worker)
            case "connection lost before the commit" | "connection cut at the commit" | "disk full" as why:
                self.met[why] += 1
                raise StorageAway(why)
            case "another scheduler at the same moment":
                self._once(lambda: self._jobs(self._other()))
            case "slept longer than a lease after a commit":
                self._once(self._sleep)
            case "backed up in the middle":
                self._once(self._back_up)
            case "told to stop in the middle":
                self.met[self.fault] += 1
                worker.app.stopping.set()

    def _die(self, worker: Worker) -> None:
        self.met[self.fault] += 1
        worker.dead = True
        raise Killed

    def _answer(self) -> str:
        if self.rng.random() >= self.bad:
            return "accepted"
        answer = self.rng.choice([name for name in ANSWERS if name != "accepted"])
        self.met[answer] += 1
        return answer

    def _unreadable(self) -> str | None:
        return next(
            (name for name in ("timeline cannot be read", "timeline is cut") if self._faulty(name)), None
        )

    def _on_body(self, parcel: Parcel) -> None:
        self._tell(f"         → {parcel.delivery.key}")
        if len(self.working) != 1:
            return
        match self.fault:
            case "killed with the body on its way":
                self._die(self.working[-1])
            case "a reader leaves in the middle":
                self._once(self._leave)
            case "somebody pauses in the middle":
                self._once(self._pause)
        self._later(timedelta(seconds=self.rng.randint(1, 5)))

    def _on_taken(self, parcel: Parcel) -> None:
        self._tell(f"           {self.network.taken[parcel.delivery.key]} taken")
        if len(self.working) != 1:
            return
        match self.fault:
            case "killed after it was taken":
                self._die(self.working[-1])
            case "slept longer than a lease after it was taken":
                self._once(self._sleep)

    def _sleep(self) -> None:
        """The machine sleeps; others go on, again and again."""

        def others() -> None:
            for _ in range(4):
                self._later(timedelta(minutes=self.rng.choice([8, 25])))
                self._jobs(self._other())

        self._meanwhile(others)

    def _once(self, what: Callable[[], None]) -> None:
        self.met[self.fault] += 1
        self.fault = "none"
        self.moment += 1
        self._meanwhile(what)

    def _meanwhile(self, what: Callable[[], None]) -> None:
        self._tell("         meanwhile")
        self.fault = "none"
        kept = list(self.working)
        what()
        self.working[:] = kept

    def _later(self, step: timedelta) -> None:
        self.now += step
        self.network.arrive()

    # Promises

    def _check(self, parcel: Parcel) -> None:
        """At the moment the body begins."""
        delivery = parcel.delivery
        if delivery.not_after < self.now - timedelta(minutes=1):
            raise Broken(f"{delivery.key} goes out at {self.now}, after its time {delivery.not_after}")
        if delivery.recipient in self.left:
            raise Broken(f"{delivery.key} goes to a reader who left")
        if self.paused & {delivery.channel, delivery.edition, "everything"}:
            raise Broken(f"{delivery.key} goes out while {self.paused} is paused")

    def _come_to_rest(self) -> None:
        """A day without faults; whoever looks settles what is held."""
        self._tell("rest")
        for _ in range(6):
            self._resume()
            self._settle()
            self._jobs(self.worker)
            self.working.clear()
            self._later(timedelta(hours=4))
        self._later(timedelta(days=2))
        with self._acting(self.worker) as app:
            app.tidy_up()

    def _judge(self) -> None:
        with self.worker.app.database.read() as connection:
            rows = ledger.listed(connection, state=None, channel=None, edition=None, limit=10**6)
            reports = [ledger.report(connection, name) for name in ledger.latest(connection, 10**6)]
        for report in reports:
            if report.faults:
                raise Broken(f"the report of {report.edition} does not add up: {report.faults}")
            if report.states != Counter(row["state"] for row in rows if row["edition"] == report.edition):
                raise Broken(f"{report.edition} changed after its report was sealed")
            if report.sealed_at is None:
                raise Broken(f"{report.edition} is over and was not sealed")
        if len(rows) > 400:
            raise Broken(f"{len(rows)} deliveries make a seed dear")
        for row in rows:
            key, taken = str(row["key"]), self.network.taken[str(row["key"])]
            if row["state"] in {"pending", "claimed", "sending", "uncertain", "held"}:
                raise Broken(f"{key} never came to its end: {row['state']}, {row['reason']}")
            if row["state"] == "sent" and not taken:
                raise Broken(f"{key} is sent in the ledger, and never arrived")
        for key, taken in self.network.taken.items():
            again = self.policy == "resend-once" and ":letters:" in key
            if taken > 1 + again * (1 + self.restores) + self.network.beyond[key]:
                raise Broken(f"{key} arrived {taken} times")
        known = {str(row["key"]) for row in rows}
        if not self.restores and set(self.network.taken) - known:
            raise Broken(f"in no ledger: {set(self.network.taken) - known}")


@dataclass
class _Acting:
    """Whose turn it is."""

    month: Month
    worker: Worker

    def __enter__(self) -> App:
        self.month.working.append(self.worker)
        return self.worker.app

    def __exit__(self, *exc: object) -> None:
        if self.month.working and self.month.working[-1] is self.worker:
            self.month.working.pop()


def _deliver(app: App, name: str) -> None:
    app.deliver(name)


def _copied(database: Path, to: Path) -> bytes:
    import sqlite3

    with sqlite3.connect(database) as source, sqlite3.connect(to) as target:
        source.backup(target)
    source.close()
    target.close()
    found = to.read_bytes()
    to.unlink()
    return found


def _held(memory: Path) -> bool:
    """Whether somebody writes into it at this moment."""
    with memory.with_name(f"{memory.name}.lock").open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def play(seed: int, tell: Callable[[str], object] = lambda text: None) -> Counter[str]:
    """Raises :exc:`Broken` with the command that replays it."""
    with TemporaryDirectory(prefix="month-", dir=fast()) as folder:
        month = Month(seed, Path(folder), tell)
        try:
            return month.run()
        except Exception as error:
            raise Broken(f"{error!r}\nreplay: python -m tests.simulation.month {seed} --told") from error
        finally:
            month._close(month.worker)


def _tried(seed: int) -> tuple[int, Counter[str], str]:
    logging.disable(logging.CRITICAL)
    try:
        return seed, play(seed), ""
    except Broken as broken:
        return seed, Counter(), str(broken)


def many(first: int, last: int, processes: int = 2) -> tuple[int, int, Counter[str]]:
    """How many passed and failed, and which faults were met; the failures are told as they come."""
    met: Counter[str] = Counter()
    failed = 0
    with get_context("spawn").Pool(processes) as pool:
        for seed, found, broken in pool.imap_unordered(_tried, range(first, last), chunksize=5):
            met += found
            if seed % 100 == 99:
                sys.stderr.write(f"seed {seed}\n")
            if broken:
                failed += 1
                sys.stdout.write(f"seed {seed}: {broken}\n")
    return last - first - failed, failed, met


def main(words: list[str]) -> int:
    first, _, last = words[0].partition(":")
    if "--told" in words:
        logging.disable(logging.CRITICAL)
        sys.stdout.write(f"{play(int(first), lambda text: sys.stdout.write(text + chr(10)))}\n")
        return 0
    begun = monotonic()
    passed, failed, met = many(int(first), int(last or int(first) + 1))
    sys.stdout.write(f"{len(met)} kinds of fault met: {dict(sorted(met.items()))}\n")
    sys.stdout.write(f"{monotonic() - begun:.0f} s\n{passed} passed, {failed} failed\n")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
