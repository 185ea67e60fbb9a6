"""Several worker processes on one edition, and what each thousand mails costs the database."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import replace
from functools import partial

from bench import databases
from bench.databases import Planned
from bench.measuring import Pairs, Run, Size, interleaved, rate
from bench.newsroom import Relay
from bench.sinks import Sink, server

from .mail import prepared, sent

WORKERS = (1, 2, 4)
CONNECTIONS = 10  # of each
NAMES = {number: f"{number} worker{'s'[: number > 1]}" for number in WORKERS}
WAL = "SELECT pg_current_wal_insert_lsn() - '0/0'"
ROWS = """SELECT sum(pg_total_relation_size(oid)) FROM pg_class
WHERE relkind = 'r' AND relname IN ('deliveries', 'receipts')"""
SQLITE_ROWS = """SELECT sum(pgsize) FROM dbstat WHERE name IN
(SELECT name FROM sqlite_master WHERE tbl_name IN ('deliveries', 'receipts'))"""
PLANNED, SENT = "KB of rows and indexes a thousand, planned", "KB of rows and indexes a thousand, sent"
LOG = "KB of WAL a thousand"


def run(size: Size) -> list[Pairs]:
    many = size.of(4_000)
    with ExitStack() as open_:
        sink = open_.enter_context(server("mail", size))
        return [_postgresql(size, many, sink), _sqlite(size, many, sink)]


def _postgresql(size: Size, many: int, sink: Sink) -> Pairs:
    pairs = Pairs(
        load="workers, postgresql",
        unit="mails",
        baseline=NAMES[1],
        about=f"{many} mails of 12 KB of one edition shared by worker processes that begin together, {CONNECTIONS} "
        "connections each, to a sink that is no bottleneck; CPU is that of all workers",
        facts={f"rate of {NAMES[number]} to one": partial(_quicker, number=number) for number in WORKERS[1:]},
    )
    most = max(WORKERS) if size.name != "tiny" else 2
    with databases.postgresql(lambda app: prepared(app, many, 12_000)) as planned:
        contenders: dict[str, Callable[[], Run]] = {
            name: partial(_shared, planned, size, sink, number)
            for number, name in NAMES.items()
            if number <= most
        }
        return interleaved(pairs, contenders, size.rounds)


def _quicker(pairs: Pairs, number: int) -> float | None:
    return pairs.ratio(NAMES[number], NAMES[1], rate)


def _shared(planned: Planned, size: Size, sink: Sink, workers: int) -> Run:
    relay = Relay(port=sink.port, connections=CONNECTIONS, parallel=workers)
    copy = planned.copy(relay)
    before, rows = planned.ask(WAL), planned.ask(ROWS)
    run = sent(copy, planned, size, sink, workers)
    wal = planned.ask(WAL) - before
    return replace(run, more=_kilobytes(run.done, {LOG: wal, PLANNED: rows, SENT: planned.ask(ROWS)}))


def _sqlite(size: Size, many: int, sink: Sink) -> Pairs:
    pairs = Pairs(
        load="workers, sqlite",
        unit="mails",
        baseline=NAMES[1],
        about=f"{many} mails of 12 KB of one edition; a SQLite file has one worker. "
        "With a reader that keeps the WAL from beginning anew its size is all that was written to it",
    )
    with databases.sqlite(lambda app: prepared(app, many, 12_000)) as planned:
        contenders = {
            NAMES[1]: partial(_alone, planned, size, sink),
            f"{NAMES[1]}, WAL kept": partial(_logged, planned, size, sink),
        }
        return interleaved(pairs, contenders, size.rounds)


def _alone(planned: Planned, size: Size, sink: Sink) -> Run:
    copy = planned.copy(Relay(port=sink.port, connections=CONNECTIONS))
    rows = planned.ask(SQLITE_ROWS)
    run = sent(copy, planned, size, sink)
    return replace(run, more=_kilobytes(run.done, {PLANNED: rows, SENT: planned.ask(SQLITE_ROWS)}))


def _logged(planned: Planned, size: Size, sink: Sink) -> Run:
    copy = planned.copy(Relay(port=sink.port, connections=CONNECTIONS))
    with closing(sqlite3.connect(copy.with_name("bench.db"))) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM subscribers").fetchone()
        run = sent(copy, planned, size, sink)
        wal = copy.with_name("bench.db-wal").stat().st_size
    return replace(run, more=_kilobytes(run.done, {LOG: wal}))


def _kilobytes(done: int, found: dict[str, int]) -> dict[str, float]:
    """Bytes a delivery are KB a thousand."""
    return {name: float(octets) / done for name, octets in found.items()}
