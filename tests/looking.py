"""Looks at one source that a test holds in its hand."""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import Future
from datetime import datetime, timedelta
from random import Random

from syndicator.model import Article, Item
from syndicator.ports import Answer, Ask, Harvest, Source
from syndicator.services.ingest import Intake, Look, Watched
from syndicator.storage.database import Database

EVERY = timedelta(minutes=5)


def nothing(steps: Generator[Ask, Answer, Harvest]) -> Future[Harvest]:
    raise AssertionError("no source of this test is one of steps")


def intake(
    database: Database,
    *watched: Watched,
    clean: Callable[[Item], Article],
    now: datetime | Callable[[], datetime],
    carry: Callable[[Generator[Ask, Answer, Harvest]], Future[Harvest]] = nothing,
    stopping: Callable[[], bool] = lambda: False,
    rng: Random | None = None,
) -> Intake:
    return Intake(
        database,
        watched={one.name: one for one in watched}.__getitem__,
        clean=clean,
        carry=carry,
        now=(lambda: now) if isinstance(now, datetime) else now,
        rng=rng or Random(1),
        every=EVERY,
        stopping=stopping,
    )


def look(
    database: Database,
    name: str,
    source: Source,
    *,
    clean: Callable[[Item], Article],
    now: datetime,
    look_back: timedelta = timedelta(0),
    at_most: int = 50,
) -> Look:
    watched = Watched(name=name, source=source, look_back=look_back, at_most=at_most)
    (found,) = intake(database, watched, clean=clean, now=now).look([name])
    return found
