"""Many workers, one timetable: each tick once, each job once at a time, and what a dead worker left behind."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from threading import Event, Lock, Thread
from zoneinfo import ZoneInfo

import pytest

from syndicator.engines.procrastinate import ProcrastinateEngine
from syndicator.ports import World
from syndicator.storage.database import Database
from tests.lanes import Nowhere

LONG = timedelta(hours=1)


def engine(url: str, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> ProcrastinateEngine:
    world = World(now=now, rng=Random(1), wait=lambda _: False, web=Nowhere())
    return ProcrastinateEngine(ProcrastinateEngine.Settings(), world, zone=ZoneInfo("UTC"), database=url)


@contextmanager
def at_work(*engines: ProcrastinateEngine) -> Iterator[None]:
    threads = [Thread(target=one.run) for one in engines]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for one in engines:
            one.stop()
        for thread in threads:
            thread.join(30)
    assert not any(thread.is_alive() for thread in threads)


@pytest.fixture
def url(postgresql: Database) -> str:
    return postgresql.url


def test_a_tick_of_two_clocks_is_one(url: str) -> None:
    ran: Counter[str] = Counter()
    seen = Event()
    moment = datetime(2026, 3, 1, 9, tzinfo=UTC)
    workers = [engine(url, lambda: moment) for _ in range(2)]
    for worker in workers:
        worker.every(LONG, lambda: ran.update(["look"]), "look")
        worker.every(LONG, seen.set, "seen")
    with at_work(*workers):
        assert seen.wait(30)
        for worker in workers:  # the same slot once more, from either clock
            worker._tick("look", 3600)
            worker._tick("seen", 3600)
    assert ran["look"] == 1


def test_a_job_is_alone_and_a_wake_up_from_outside_reaches_it(url: str) -> None:
    inside, most, lock, enough = [0], [0], Lock(), Event()
    done = [0]

    def job() -> None:
        with lock:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
        with lock:
            inside[0] -= 1
            done[0] += 1
            if done[0] >= 5:
                enough.set()

    workers = [engine(url) for _ in range(2)]
    for worker in workers:
        worker.every(LONG, job, "deliver")
    outside = engine(url)
    with at_work(*workers):
        while not enough.wait(0.05):
            outside.soon(["deliver"])
    assert most == [1]


def test_nobody_to_wake_is_no_error(url: str, caplog: pytest.LogCaptureFixture) -> None:
    engine(url.rpartition("/")[0] + "/no_such_database").soon(["deliver"])
    assert "nobody could be woken" in caplog.text


def _hang(url: str, path: str) -> None:
    worker = engine(url)

    def job() -> None:
        Path(path).write_text(str(os.getpid()), "ascii")
        signal.pause()

    worker.every(LONG, job, "deliver")
    worker.run()


def test_what_a_dead_worker_left_behind_is_taken_up(url: str, tmp_path: Path) -> None:
    taken = Event()
    child = multiprocessing.get_context("spawn").Process(target=_hang, args=(url, str(tmp_path / "pid")))
    child.start()
    with ExitStack() as open_:
        open_.callback(child.join)
        waiting = Event()
        while not (tmp_path / "pid").exists():
            waiting.wait(0.05)
        child.kill()
        heir = engine(url)
        heir._jobs["deliver"] = taken.set  # no clock of its own: only what was left behind can wake it
        with at_work(heir):
            assert taken.wait(60)
