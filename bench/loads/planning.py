"""Planning one edition for every reader, and taking subscribers in from a file."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from bench import databases, newsroom
from bench.measuring import Pairs, Run, Size, contender, interleaved
from bench.newsroom import Relay
from syndicator.app import App

RELAY = Relay(port=25)


def run(size: Size) -> list[Pairs]:
    return [*(_planning(size, name) for name in databases.KINDS), _import(size), _import_memory(size)]


def _planning(size: Size, kind: str) -> Pairs:
    many = size.of(1_000_000 if size.million else 100_000)
    pairs = Pairs(
        load=f"planning {many:,}, {kind}",
        unit="deliveries",
        baseline="INSERT … SELECT",
        about=f"one edition for {many} readers, beside the same rows into a table without keys",
    )

    def prepare(app: App) -> int:
        newsroom.subscribe(app, many)
        return many

    with databases.KINDS[kind](prepare) as planned:

        def contend(name: str, **told: object) -> Run:
            return contender(name, size, configuration=str(planned.copy(RELAY)), postgres=planned.pid, **told)

        contenders = {
            "INSERT … SELECT": partial(contend, "rows.plain_plan"),
            "syndicator": partial(contend, "rows.plan", wire=30_000),
        }
        return interleaved(pairs, contenders, 1 if size.million else size.rounds)


def _import(size: Size) -> Pairs:
    many = size.of(1_000_000 if size.million else 10_000)
    pairs = Pairs(
        load=f"import {many:,}, sqlite",
        unit="subscribers",
        baseline="csv + executemany",
        about=f"{many} subscribers from a CSV, beside csv.reader and executemany into a bare table",
    )
    with ExitStack() as open_:
        folder = Path(open_.enter_context(TemporaryDirectory()))
        file = folder / "readers.csv"
        _list(file, many)
        planned = open_.enter_context(databases.sqlite(lambda app: 0))

        def ours() -> Run:
            return contender("rows.take_in", size, configuration=str(planned.copy(RELAY)), file=str(file))

        def plain() -> Run:
            (folder / "plain.db").unlink(missing_ok=True)
            return contender("rows.plain_take_in", size, database=str(folder / "plain.db"), file=str(file))

        contenders = {"csv + executemany": plain, "syndicator": ours}
        return interleaved(pairs, contenders, 1 if size.million else size.rounds)


def _import_memory(size: Size) -> Pairs:
    few, many = size.of(10_000), size.of(1_000_000 if size.million else 200_000)
    names = {number: f"{number} subscribers" for number in (few, many)}
    pairs = Pairs(
        load=f"import memory {many:,}",
        unit="subscribers",
        baseline=names[few],
        about="peak of resident memory of the process that imports, SQLite, addresses in no order",
        facts={
            f"peak of {many} to {few}": lambda pairs: pairs.ratio(
                names[many], names[few], lambda run: run.peak or 0.0
            )
        },
    )
    with ExitStack() as open_:
        folder = Path(open_.enter_context(TemporaryDirectory()))
        planned = open_.enter_context(databases.sqlite(lambda app: 0))

        def take_in(number: int) -> Run:
            file = folder / f"{number}.csv"
            if not file.exists():
                _list(file, number)
            return contender("rows.take_in", size, configuration=str(planned.copy(RELAY)), file=str(file))

        return interleaved(pairs, {name: partial(take_in, number) for number, name in names.items()}, 1)


def _list(file: Path, many: int) -> None:
    """Addresses as lists have them: in no order that an index would like."""
    rng = Random(1)
    with file.open("w", encoding="utf-8") as out:
        out.write("address,name,language\n")
        for number in range(many):
            address = f"{rng.getrandbits(40):x}.{number}@mail{number % 50}.example.com"
            out.write(f"{address},Reader {number},ckb\n")
