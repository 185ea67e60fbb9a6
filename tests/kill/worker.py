"""The worker that is killed: the product's own, with outbox and lane wrapped so that each call is a point to die at."""

from __future__ import annotations

import os
import signal
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from threading import Thread

from syndicator.app import App
from syndicator.channels.feed import FeedChannel
from syndicator.model import ChannelId, Receipt
from syndicator.ports import Parcel, Reader
from syndicator.services import doubts, postroom
from syndicator.storage.database import Database
from syndicator.wiring import Wiring, examine
from tests.steps import SteppedDatabase


class Killer:
    """Counts each step by its name; dies at one of them, or writes all of them down."""

    def __init__(self, point: str | None, seen: Path | None) -> None:
        self._point = point
        self._seen = seen
        self._counts: Counter[str] = Counter()

    def step(self, name: str) -> None:
        self._counts[name] += 1
        here = f"{name} {self._counts[name]}"
        if here == self._point:
            os.kill(os.getpid(), signal.SIGKILL)
        if self._seen:
            with self._seen.open("a") as file:
                file.write(here + "\n")


class KilledLane(postroom.CounterLane):
    killer: Killer

    def take_over(self) -> None:
        self.killer.step("before take_over")
        super().take_over()
        self.killer.step("after take_over")

    def hand_back(self) -> None:
        self.killer.step("before hand_back")
        super().hand_back()
        self.killer.step("after hand_back")

    def take(self) -> Parcel | None:
        self.killer.step("before take")
        taken = super().take()
        self.killer.step("after take")
        return taken

    def commit(self, receipts: Sequence[Receipt], sending: Sequence[Parcel]) -> Sequence[Parcel]:
        self.killer.step("before commit")
        allowed = super().commit(receipts, sending)
        self.killer.step("after commit")
        return allowed


class WatchedFeed(FeedChannel):
    """It writes no wire but files: each of both is a point."""

    killer: Killer

    def _put(self, path: Path, text: str) -> None:
        self.killer.step(f"{path.name} before")
        super()._put(path, text)
        self.killer.step("file written" if path.name == "feed.json" else "file half written")


class KilledReader:
    """The channel that is asked what it holds."""

    def __init__(self, reader: Reader, killer: Killer) -> None:
        self._reader = reader
        self._killer = killer

    def look_up(self, parcel: Parcel, since: datetime) -> Receipt:
        self._killer.step("before look_up")
        found = self._reader.look_up(parcel, since)
        self._killer.step("after look_up")
        return found


def nursery(path: str, line: Connection) -> None:
    """Understands the configuration once; each worker that is asked for is a fork of it.

    Hears what it is to do, the database, the moment, and the rest; says the worker's pid, and how it ended.
    """
    wiring, book = examine(Path(path), {})
    if wiring is None:
        raise AssertionError(book.faults)
    while (told := line.recv()) is not None:
        pid = os.fork()
        if not pid:
            _live(wiring, *told)
        line.send(pid)
        line.send(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


def _live(wiring: Wiring, what: Callable[..., None], url: str, moment: datetime, *rest: object) -> None:
    try:
        with App(wiring, now=lambda: moment, database=lambda _: Database(url)) as app:
            what(app, moment, *rest)
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def work(app: App, moment: datetime, channel: str, point: str | None, seen: str | None) -> None:
    """Deliver what is due on one channel, and die at the point."""
    killer = Killer(point, Path(seen) if seen else None)
    killer.step("before the run")
    _deliver(app, _stepped(app, killer), moment, channel, killer)
    killer.step("after the run")


def come_back(app: App, moment: datetime, channel: str, point: str | None, seen: str | None) -> None:
    """Find what a dead worker left, look into it, deliver the rest; and die at the point."""
    killer = Killer(point, Path(seen) if seen else None)
    database = _stepped(app, killer)
    killer.step("before reconcile")
    postroom.reconcile(database, moment - timedelta(minutes=10))
    killer.step("after reconcile")
    with app.dispatch.reader(channel) as reader:
        watched = KilledReader(reader, killer) if reader else None
        policy = doubts.Policy(app.settings.channels[channel].doubt)
        doubts.look_into(database, ChannelId(channel), watched, policy, moment, app._blanks)
    killer.step("after the doubts")
    _deliver(app, database, moment, channel, killer)
    killer.step("after the run")


def _stepped(app: App, killer: Killer) -> SteppedDatabase:
    database = SteppedDatabase(app.database.url)
    database.step = killer.step
    return database


def _deliver(app: App, database: SteppedDatabase, moment: datetime, channel: str, killer: Killer) -> None:
    lane = KilledLane(
        database,
        ChannelId(channel),
        holder=f"{channel}-0",
        now=lambda: moment,
        rng=Random(1),
        wait=lambda _: False,
        stopping=lambda: False,
        blanks=app._blanks,
        patience=postroom.Patience(),
        batch=2,
    )
    lane.killer = killer
    opened = app._channel(channel)
    if isinstance(opened, FeedChannel):
        opened = WatchedFeed(opened._settings, opened._world, id=ChannelId(channel))
        opened.killer = killer
    postroom.deliver(lane, opened)


def mail_run(app: App, moment: datetime, channel: str, point: str | None, seen: str | None) -> None:
    """Deliver over as many connections as the channel may have; somebody else pulls the trigger."""
    places = app.settings.channels[channel].parallel
    threads = [Thread(target=app.deliver, args=(channel,)) for _ in range(places)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
