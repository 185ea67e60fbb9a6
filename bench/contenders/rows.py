"""Work in the database: planning, importing, claiming and settling, beside the barest SQL for the same rows."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from sqlalchemy import text

from bench import letters, newsroom
from bench.measuring import Run, measured
from syndicator.app import App
from syndicator.model import ChannelId, Outcome, Receipt
from syndicator.ports import Lane
from syndicator.services import postroom
from syndicator.storage.lock import berth

BARE = """CREATE TABLE bare (id INTEGER, key TEXT, edition TEXT, channel TEXT, recipient TEXT,
part INTEGER, post TEXT, state TEXT, reason TEXT, urgency INTEGER, due_at TEXT, not_after TEXT)"""
BARE_ROWS = """INSERT INTO bare SELECT s.id, 'bench:letters:' || s.id || ':0', 'bench', 'letters',
CAST(s.id AS TEXT), 0, 'bench:letters:ckb:0', 'pending', NULL, 2,
'2026-01-01 00:00:00.000000', '2026-01-01 00:00:00.000000'
FROM subscribers s, subscriptions c WHERE c.subscriber = s.id AND c.consent = 'given' AND s.language = 'ckb'"""


def plan(configuration: str, wire: int) -> Run:
    """One edition for every reader, as the desk plans it."""
    counts = [0]
    post = letters.post_of(wire)
    with newsroom.opened(Path(configuration)) as app, measured(lambda: counts[0]) as found:
        counts[0] = newsroom.plan(app, post)
    return found[0]


def plain_plan(configuration: str) -> Run:
    """The same rows into a table without keys and indexes."""
    counts = [0]
    with newsroom.opened(Path(configuration)) as app:
        with app.database.write() as connection:
            connection.exec_driver_sql(BARE)
        with measured(lambda: counts[0]) as found, app.database.write() as connection:
            counts[0] = connection.exec_driver_sql(BARE_ROWS).rowcount
    return found[0]


def take_in(configuration: str, file: str) -> Run:
    """Subscribers from a CSV, as the command does it."""
    counts = [0]
    with newsroom.opened(Path(configuration)) as app:
        languages = app.newsstand.called("evening").languages
        more = {"languages": languages, "proof": "bench", "refused": lambda one: None}
        with measured(lambda: counts[0]) as found:
            for write in (False, True):
                told = app.circulation.enrol(Path(file), "evening", write=write, **more)
            counts[0] = told.new
    return found[0]


def plain_take_in(database: str, file: str) -> Run:
    """The reader of the standard library, and ``executemany`` into a bare table; nothing is checked."""
    counts = [0]
    line = sqlite3.connect(database)
    line.execute("PRAGMA journal_mode=WAL")
    line.execute("PRAGMA synchronous=FULL")
    line.execute("CREATE TABLE bare (address TEXT, name TEXT, language TEXT)")
    with measured(lambda: counts[0]) as found, Path(file).open(encoding="utf-8", newline="") as lines:
        rows = csv.reader(lines)
        next(rows)
        counts[0] = line.executemany("INSERT INTO bare VALUES (?, ?, ?)", rows).rowcount
        line.commit()
    line.close()
    return found[0]


class AtOnce:
    """A channel that takes everything at once, ``together`` parcels a commit."""

    def __init__(self, app: App, together: int) -> None:
        self._now = app.world.now
        self._together = together

    def __enter__(self) -> AtOnce:
        return self

    def __exit__(self, *exc: object) -> None: ...

    def run(self, lane: Lane) -> None:
        receipts: list[Receipt] = []
        while True:
            parcels = []
            while len(parcels) < self._together and (parcel := lane.take()):
                parcels.append(parcel)
            if not parcels and not receipts:
                return
            allowed = lane.commit(receipts, parcels)
            receipts = [
                Receipt(delivery=one.delivery.id, at=self._now(), outcome=Outcome.ACCEPTED) for one in allowed
            ]


def settle(configuration: str, together: int) -> Run:
    """Claim, mark and settle all deliveries through the postroom's lane."""
    counts: dict[Outcome, int] = {}
    with newsroom.opened(Path(configuration)) as app, berth(app.database, "letters", 1) as holder:
        lane = _lane(app, holder or "", together)
        with measured(lambda: counts.get(Outcome.ACCEPTED, 0)) as found:
            told: Mapping[Outcome, int] = postroom.deliver(lane, AtOnce(app, together))  # type: ignore[arg-type]
            counts.update(told)
    return found[0]


def _lane(app: App, holder: str, together: int) -> postroom.CounterLane:
    return postroom.CounterLane(
        app.database,
        ChannelId("letters"),
        holder=holder,
        now=app.world.now,
        rng=app.world.rng,
        wait=app.world.wait,
        stopping=app.stopping.is_set,
        blanks=app._blanks,
        patience=postroom.Patience(first=timedelta(seconds=30)),
        batch=together,
    )


def synced(configuration: str, together: int, many: int) -> Run:
    """Bare commits, so many rows each, that are on the disk when they return."""
    with newsroom.opened(Path(configuration)) as app:
        with app.database.write() as connection:
            connection.execute(text("CREATE TABLE bare (id INTEGER)"))
        with measured(lambda: many) as found:
            for first in range(0, many, together):
                rows = [{"id": number} for number in range(first, min(many, first + together))]
                with app.database.write() as connection:
                    connection.execute(text("INSERT INTO bare VALUES (:id)"), rows)
    return found[0]
