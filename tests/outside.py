"""The guarded way out, let to stand-ins on loopback, and a clock that a test turns."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from syndicator.net.web import GuardedWeb
from syndicator.ports import World


@dataclass
class Clock:
    time: datetime = datetime(2026, 3, 1, 9, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def on(self, **more: float) -> None:
        self.time += timedelta(**more)


@contextmanager
def outside(clock: Clock, *urls: str) -> Iterator[World]:
    """A world in which these addresses may be asked, and no other private one."""
    allowed = [url.partition("://")[2].rstrip("/") for url in urls]
    with GuardedWeb(private_allowed=allowed) as web:
        yield World(now=clock.now, rng=Random(1), wait=lambda _: False, web=web)
