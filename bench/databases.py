"""Databases that are planned once and copied for each round, durable as in a newsroom."""

from __future__ import annotations

import atexit
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg

from syndicator.app import App

from . import newsroom
from .newsroom import Relay


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A planned database; ``copy`` gives the configuration of a fresh copy of it, whose bytes are on the disk: in place
    of the copy before, or at a place of its own (SQLite)."""

    readers: int
    copy: Callable[..., Path]
    ask: Callable[[str], Any]  # one value from the newest copy
    pid: int | None = None  # PostgreSQL's


@contextmanager
def sqlite(prepare: Callable[[App], int]) -> Iterator[Planned]:
    with TemporaryDirectory() as told:
        folder = Path(told)
        readers = _prepared(newsroom.configure(folder, Relay(port=25)), prepare)

        newest = folder

        def copy(relay: Relay, place: str = "run") -> Path:
            nonlocal newest
            newest = folder / place
            newest.mkdir(exist_ok=True)
            for name in ("bench.db-wal", "bench.db-shm"):
                (newest / name).unlink(missing_ok=True)
            copied = Path(shutil.copy(folder / "bench.db", newest / "bench.db"))
            with copied.open("rb") as file:
                os.fsync(file.fileno())
            return newsroom.configure(newest, relay)

        def ask(told: str) -> Any:
            with closing(sqlite3.connect(newest / "bench.db")) as line:
                return line.execute(told).fetchone()[0]

        yield Planned(readers=readers, copy=copy, ask=ask)


@contextmanager
def postgresql(prepare: Callable[[App], int]) -> Iterator[Planned]:
    server, number = _server(), next(_numbers)
    planned, copied = f"planned{number}", f"copy{number}"
    with TemporaryDirectory() as told:
        folder = Path(told)
        server.command(f"CREATE DATABASE {planned}")
        readers = _prepared(
            newsroom.configure(folder, Relay(port=25), f"{server.address}/{planned}"), prepare
        )

        def copy(relay: Relay, _place: str = "") -> Path:
            server.command(f"DROP DATABASE IF EXISTS {copied} WITH (FORCE)")
            server.command(f"CREATE DATABASE {copied} TEMPLATE {planned}")
            server.command("CHECKPOINT")
            return newsroom.configure(folder, relay, f"{server.address}/{copied}")

        def ask(told: str) -> Any:
            with psycopg.connect(
                f"{server.address.replace('+psycopg', '')}/{copied}", autocommit=True
            ) as line:
                return line.execute(told).fetchone()[0]

        pid = int((server.folder / "data" / "postmaster.pid").read_text("ascii").split()[0])
        yield Planned(readers=readers, copy=copy, pid=pid, ask=ask)
        server.command(f"DROP DATABASE IF EXISTS {copied} WITH (FORCE)")
        server.command(f"DROP DATABASE {planned} WITH (FORCE)")


_numbers = count()


@cache
def _server() -> Any:
    """One PostgreSQL for all loads of a command."""
    from tests.postgres import DURABLE, Server

    server = Server(DURABLE)
    server.__enter__()
    atexit.register(server.__exit__, None, None, None)
    return server


def _prepared(configuration: Path, prepare: Callable[[App], int]) -> int:
    with newsroom.opened(configuration) as app:
        return prepare(app)


KINDS = {"sqlite": sqlite, "postgresql": postgresql}
