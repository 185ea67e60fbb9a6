"""Servers at the other end: Postfix's sink, a sink of our own that is no bottleneck, and lines that are far."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from .measuring import Size, pinned


@dataclass(frozen=True, slots=True, kw_only=True)
class Sink:
    port: int
    pid: int


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def found(tool: str) -> str | None:
    return shutil.which(tool, path=os.environ.get("PATH", "") + ":/usr/sbin")


@contextmanager
def running(command: Sequence[str], port: int, size: Size) -> Iterator[Sink]:
    child = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        cwd=Path(__file__).parents[1],
        preexec_fn=pinned(1, size),
    )
    try:
        _answers(port, child)
        yield Sink(port=port, pid=child.pid)
    finally:
        child.terminate()
        child.wait(10)


def _answers(port: int, child: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError as error:
            if child.poll() is not None:
                raise SystemExit(f"{child.args!r} ended with {child.returncode}") from error
            Event().wait(0.05)
        else:
            return
    raise SystemExit(f"{child.args!r} does not answer on port {port}")


@contextmanager
def smtp_sink(size: Size) -> Iterator[Sink]:
    port = free_port()
    tool = found("smtp-sink")
    if tool is None:
        raise FileNotFoundError("smtp-sink is missing; it is in Debian's package postfix")
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    with running([tool, *user, f"127.0.0.1:{port}", "200"], port, size) as sink:
        yield sink


@contextmanager
def server(name: str, size: Size, **told: object) -> Iterator[Sink]:
    """One of :mod:`bench.servers` in a process of its own."""
    port = free_port()
    command = [sys.executable, "-m", "bench.servers", name, json.dumps({"port": port, **told})]
    with running(command, port, size) as sink:
        yield sink
