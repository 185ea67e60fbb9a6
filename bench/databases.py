"""Databases that are planned once and copied for each round, durable as in a newsroom."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from syndicator.app import App

from . import newsroom
from .newsroom import Relay


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A planned database; ``copy`` gives the configuration of a fresh copy of it."""

    readers: int
    copy: Callable[[Relay], Path]


@contextmanager
def sqlite(prepare: Callable[[App], int]) -> Iterator[Planned]:
    with TemporaryDirectory() as told:
        folder = Path(told)
        readers = _prepared(newsroom.configure(folder, Relay(port=25)), prepare)

        def copy(relay: Relay) -> Path:
            for name in ("bench.db-wal", "bench.db-shm"):
                (folder / "run" / name).unlink(missing_ok=True)
            (folder / "run").mkdir(exist_ok=True)
            shutil.copy(folder / "bench.db", folder / "run" / "bench.db")
            return newsroom.configure(folder / "run", relay)

        yield Planned(readers=readers, copy=copy)


@contextmanager
def postgresql(prepare: Callable[[App], int]) -> Iterator[Planned]:
    from tests.postgres import DURABLE, Server

    numbers = count()
    with ExitStack() as open_:
        server: Any = open_.enter_context(Server(DURABLE))
        folder = Path(open_.enter_context(TemporaryDirectory()))
        server.command("CREATE DATABASE planned")
        told = newsroom.configure(folder, Relay(port=25), f"{server.address}/planned")
        readers = _prepared(told, prepare)

        def copy(relay: Relay) -> Path:
            number = next(numbers)
            if number:
                server.command(f"DROP DATABASE copy{number - 1} WITH (FORCE)")
            server.command(f"CREATE DATABASE copy{number} TEMPLATE planned")
            return newsroom.configure(folder, relay, f"{server.address}/copy{number}")

        yield Planned(readers=readers, copy=copy)


def _prepared(configuration: Path, prepare: Callable[[App], int]) -> int:
    with newsroom.opened(configuration) as app:
        return prepare(app)


KINDS = {"sqlite": sqlite, "postgresql": postgresql}
