"""SIGKILL does not test a disk. Here the system calls are traced: a sync stands between the mark and the body."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from syndicator.app import App
from syndicator.sandbox.world import Sandbox
from syndicator.services.audience import Wish
from tests.postgres import DURABLE, Server

READERS = 3
CALL = re.compile(
    r"^(?:\d+ +)?(?P<at>\d+\.\d+) (?P<name>\w+)\((?P<words>.*)\) += (?P<result>-?\d+).*<(?P<took>[\d.]+)>$"
)
needs_strace = pytest.mark.skipif(not shutil.which("strace"), reason="needs strace")


@dataclass(frozen=True)
class Call:
    """One system call that came back."""

    at: float
    done: float
    name: str
    words: str

    @property
    def synced(self) -> bool:
        return self.name in {"fsync", "fdatasync"}


def traced(file: Path) -> Iterator[Call]:
    """The calls of a trace; one that another thread interrupted is put together again."""
    begun: dict[str, str] = {}
    for line in file.read_text("utf-8", "replace").splitlines():
        thread = line.split(" ", 1)[0]
        if line.endswith("<unfinished ...>"):
            begun[thread] = line.removesuffix(" <unfinished ...>")
            continue
        if "resumed>" in line and thread in begun:
            line = begun.pop(thread) + line.partition("resumed>")[2]  # noqa: PLW2901 - the whole of it
        found = CALL.match(line)
        if found and int(found["result"]) >= 0:
            at = float(found["at"])
            yield Call(at, at + float(found["took"]), found["name"], found["words"])


def strace(file: Path) -> list[str]:
    calls = "trace=fsync,fdatasync,pwrite64,write,writev,sendto,sendmsg"
    return ["strace", "-f", "-y", "-ttt", "-T", "-s", "64", "-e", calls, "-o", str(file)]


@pytest.fixture
def newsroom(tmp_path: Path) -> Iterator[tuple[Sandbox, Path]]:
    with Sandbox(now=lambda: datetime.now(UTC)) as sandbox:
        path = sandbox.configure(tmp_path)
        told = path.read_text("utf-8").replace('kind = "email"\n', 'kind = "email"\nconnections = 1\n')
        path.write_text(told, "utf-8")  # one line: the commit before a body is the one with its mark
        yield sandbox, path


def prepared(sandbox: Sandbox, path: Path, environ: dict[str, str]) -> None:
    with App.opened(path, environ) as app:
        wishes = [
            Wish(address=f"r{n}@readers.example", language="en", newsletter="evening", proof="p")
            for n in range(READERS)
        ]
        app.subscribe(wishes, "evening")
        app.look()
        sandbox.newsroom.publish()
        app.look()
        app.compile(["evening"])


def delivered(path: Path, environ: dict[str, str], trace: Path) -> list[Call]:
    command = [*strace(trace), sys.executable, "-m", "syndicator", "deliver", "letters", "-c", str(path)]
    subprocess.run(command, check=True, env={**os.environ, **environ}, stdout=subprocess.DEVNULL)
    return list(traced(trace))


def bodies(calls: list[Call]) -> list[Call]:
    found = [call for call in calls if '"From: ' in call.words]  # how each mail begins
    assert len(found) == READERS
    return found


def unsynced_on_sqlite(calls: list[Call]) -> int:
    """How many bodies went out with something written to the log that no sync followed."""
    bad = 0
    for body in bodies(calls):
        before = [call for call in calls if call.done <= body.at and "-wal>" in call.words]
        assert any(call.name == "pwrite64" for call in before)
        bad += not before[-1].synced
    return bad


@needs_strace
def test_sqlite_syncs_the_mark_before_the_body(newsroom: tuple[Sandbox, Path], tmp_path: Path) -> None:
    sandbox, path = newsroom
    prepared(sandbox, path, {})
    calls = delivered(path, {}, tmp_path / "trace")
    assert unsynced_on_sqlite(calls) == 0
    assert unsynced_on_sqlite([call for call in calls if not call.synced]) == READERS  # the test can fail


@needs_strace
def test_postgresql_syncs_the_mark_before_the_body(newsroom: tuple[Sandbox, Path], tmp_path: Path) -> None:
    with Server(DURABLE) as server:
        assert unsynced_on(server, newsroom, tmp_path) == 0


@needs_strace
def test_the_trace_shows_a_server_that_does_not_sync(newsroom: tuple[Sandbox, Path], tmp_path: Path) -> None:
    with Server("-c synchronous_commit=off -c wal_writer_delay=10s") as server:
        assert unsynced_on(server, newsroom, tmp_path) > 0


def unsynced_on(server: Server, newsroom: tuple[Sandbox, Path], tmp_path: Path) -> int:
    """How many bodies went out without a sync of the server's log between the commit before it and its DATA."""
    sandbox, path = newsroom
    server.command("CREATE DATABASE news")
    environ = {"SYNDICATOR_DATABASE_URL": f"{server.address}/news"}
    prepared(sandbox, path, environ)
    with server.traced(strace(server.folder / "trace")):
        calls = delivered(path, environ, tmp_path / "trace")
    syncs = [call for call in traced(server.folder / "trace") if call.synced and "pg_wal" in call.words]
    bad = 0
    for body in bodies(calls):
        mark = [call for call in calls if call.done <= body.at and "attempts=(deliver" in call.words][-1]
        commits = [call for call in calls if mark.at <= call.at <= body.at and "COMMIT" in call.words]
        bad += not any(commits[0].at <= sync.at and sync.done <= body.at for sync in syncs)
    return bad
