"""A large run beside the pages goes on in a process of its own: stopped, killed, orphaned; no mail is lost or twice."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest

from bench import letters, newsroom
from bench.newsroom import Relay
from syndicator.app import App
from syndicator.errors import ChannelError
from syndicator.sandbox.smtp import SmtpStandIn
from syndicator.services.carriers import Carriers
from syndicator.storage import ledger
from syndicator.storage.database import Database

READERS = 60
APART = 20
SECONDS = 60  # until a test gives up
MORE = """
[web]
listen = "127.0.0.1:0"
[schedule]
deliver = "1s"
apart = {apart}
"""


class House:
    """A newsroom with an edition for many readers due."""

    def __init__(self, folder: Path, url: str, port: int, apart: int = APART) -> None:
        told = newsroom.configure(folder, Relay(port=port, connections=2, batch=5), url)
        told.write_text(told.read_text("utf-8") + MORE.format(apart=apart), "utf-8")
        self.path = told
        with self.opened() as app:
            newsroom.subscribe(app, READERS)
            newsroom.plan(app, letters.post_of(4_000))

    def opened(self) -> App:
        return newsroom.opened(self.path)

    def states(self) -> dict[str, int]:
        with self.opened() as app, app.database.read() as connection:
            return {state: n for state, n in ledger.by_channel(connection)["letters"].items() if n}

    @contextmanager
    def running(self) -> Iterator[Worker]:
        command = [sys.executable, "-m", "syndicator", "run", "-c", str(self.path)]
        environ = os.environ | newsroom.ENVIRON
        with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True) as process:
            worker = Worker(process)
            try:
                yield worker
            finally:
                process.kill()
                worker.reading.join(SECONDS)


class Worker:
    """A worker of its own, whose log is read as it comes."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.log: list[str] = []
        self._carried, self.child = Event(), 0
        self.reading = Thread(target=self._read)
        self.reading.start()

    def _read(self) -> None:
        for line in self.process.stderr or ():
            self.log.append(line)
            if found := re.search(r"goes on in process (\d+)", line):
                self.child = int(found[1])
                self._carried.set()

    def carried(self) -> int:
        """The process that sends the large run, once it was started."""
        assert self._carried.wait(SECONDS), self.log
        return self.child


def gone(pid: int) -> bool:
    """Wait for the end of a process that is nobody's child of ours."""
    try:
        watched = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([watched], [], [], SECONDS)[0])
    finally:
        os.close(watched)


@pytest.fixture
def smtp() -> Iterator[SmtpStandIn]:
    with SmtpStandIn() as smtp:
        yield smtp


@pytest.fixture
def house(tmp_path: Path, database: Database, smtp: SmtpStandIn) -> House:
    return House(tmp_path, database.url, smtp.port)


class Gate:
    """Stops the wire at the mail of this number, and says so."""

    def __init__(self, smtp: SmtpStandIn, number: int) -> None:
        self.reached, self.open = Event(), Event()
        self._smtp, self._number = smtp, number
        smtp.faults.watch = self._hear

    def _hear(self, stage: str) -> None:
        if stage == "body" and len(self._smtp.mails) + 1 >= self._number:
            self.reached.set()
            self.open.wait(SECONDS)


def test_the_run_goes_on_there_and_the_worker_tells_of_it(house: House, smtp: SmtpStandIn) -> None:
    done = Event()
    smtp.faults.watch = lambda stage: done.set() if len(smtp.mails) >= READERS else None
    with house.running() as worker:
        child = worker.carried()
        assert done.wait(SECONDS)
        assert gone(child)
        worker.process.terminate()
        assert worker.process.wait(SECONDS) == 0
    assert house.states() == {"sent": READERS}
    assert set(smtp.received().values()) == {1}
    told = re.findall(r"letters: (\d+) accepted", "".join(worker.log))
    assert len(told) == 2
    assert APART <= int(told[0]) < APART + 5  # what was in flight on its lines
    assert int(told[0]) + int(told[1]) == READERS


@pytest.mark.parametrize("end", ["stopped", "killed"])
def test_the_worker_ends_and_its_child_with_it(house: House, smtp: SmtpStandIn, end: str) -> None:
    gate = Gate(smtp, APART + 10)
    with house.running() as worker:
        child = worker.carried()
        assert gate.reached.wait(SECONDS)
        worker.process.send_signal(signal.SIGTERM if end == "stopped" else signal.SIGKILL)
        if end == "killed":
            worker.process.wait(SECONDS)
        gate.open.set()
        assert gone(child)
        assert worker.process.wait(SECONDS) == (0 if end == "stopped" else -signal.SIGKILL)
    smtp.faults.watch = lambda stage: None
    states = house.states()
    assert set(states) == {"sent", "pending"}, (states, worker.log)  # nothing is in doubt, nothing is held up
    assert states["pending"] > 0
    with house.opened() as app:
        app.deliver("letters")
    assert house.states() == {"sent": READERS}
    assert set(smtp.received().values()) == {1}
    assert len(smtp.received()) == READERS


def test_the_childs_death_is_like_any_other(house: House, smtp: SmtpStandIn) -> None:
    gate, done = Gate(smtp, APART + 10), Event()
    with house.running() as worker:
        child = worker.carried()
        assert gate.reached.wait(SECONDS)
        os.kill(child, signal.SIGKILL)
        assert gone(child)
        smtp.faults.watch = lambda stage: done.set() if len(smtp.received()) >= READERS - 2 else None
        gate.open.set()
        assert done.wait(SECONDS)
        worker.process.terminate()
        assert worker.process.wait(SECONDS) == 0
    assert "the process of a large run: it ended with SIGKILL" in "".join(worker.log)
    states = house.states()
    assert states.pop("sending") <= 2  # one on each line: in doubt when their lease is over
    assert set(states) == {"sent"}
    assert set(smtp.received().values()) == {1}


def carriers(program: str) -> Carriers:
    return Carriers(lambda channel: [sys.executable, "-c", program, channel])


def test_a_child_that_cannot_begin_leaves_the_run_to_its_parent(
    tmp_path: Path, smtp: SmtpStandIn, caplog: pytest.LogCaptureFixture
) -> None:
    house = House(tmp_path, "sqlite:///bench.db", smtp.port)
    with house.opened() as app:
        app.dispatch.carriers = carriers('print(\'{"error": "the configuration is another one"}\')')
        app.dispatch.run("letters")
    assert house.states() == {"sent": READERS}
    assert "no process of its own: the configuration is another one" in caplog.text
    assert carriers("raise SystemExit('no memory')").carry("letters") is None
    assert "it ended with status 1\nno memory" in caplog.text
    assert Carriers(lambda channel: [str(tmp_path / "nothing")]).carry("letters") is None
    assert "No such file" in caplog.text


def test_what_a_child_says_is_told_here(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    program = """
print('{"begun": true}')
print('{"log": "syndicator.somewhere", "level": 40, "text": "100 % of it"}')
print('{"counts": {"accepted": 3}}')
"""
    assert carriers(program).carry("letters") == {"accepted": 3}
    assert ("syndicator.somewhere", 40, "100 % of it") in caplog.record_tuples
    with pytest.raises(ChannelError, match="the relay is no more"):
        carriers('print(\'{"begun": true}\\n{"error": "the relay is no more"}\')').carry("letters")


def test_who_is_stopped_before_the_child_is_born_stops_it(caplog: pytest.LogCaptureFixture) -> None:
    found = carriers("import sys; sys.stdin.read()")
    found.stop()
    assert found.carry("letters") == {}


def test_a_small_run_and_one_without_pages_stay_here(tmp_path: Path, smtp: SmtpStandIn) -> None:
    house = House(tmp_path, "sqlite:///bench.db", smtp.port, apart=READERS + 1)
    with house.opened() as app:
        app.dispatch.carriers = carriers("raise SystemExit('nobody called me')")
        app.dispatch.run("letters")
    assert house.states() == {"sent": READERS}


def test_a_changed_configuration_has_another_mark(tmp_path: Path, smtp: SmtpStandIn) -> None:
    house = House(tmp_path, "sqlite:///bench.db", smtp.port)
    with house.opened() as app, house.opened() as twin:
        assert app.wiring.mark == twin.wiring.mark
    house.path.write_text(house.path.read_text("utf-8").replace("batch = 5", "batch = 6"), "utf-8")
    with house.opened() as changed:
        assert changed.wiring.mark != app.wiring.mark
