"""Planning one edition for every reader, and taking subscribers in from a file."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import databases, newsroom
from bench.measuring import Pairs, Run, Size, contender, interleaved
from bench.newsroom import Relay
from syndicator.app import App

RELAY = Relay(port=25)


def run(size: Size) -> list[Pairs]:
    return [*(_planning(size, name) for name in databases.KINDS), _import(size)]


def _planning(size: Size, kind: str) -> Pairs:
    many = size.of(1_000_000 if size.million else 200_000)
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
        with file.open("w", encoding="utf-8") as out:
            out.write("address,name,language\n")
            out.writelines(f"reader{number}@mail.example.com,Reader {number},ckb\n" for number in range(many))
        planned = open_.enter_context(databases.sqlite(lambda app: 0))

        def ours() -> Run:
            return contender("rows.take_in", size, configuration=str(planned.copy(RELAY)), file=str(file))

        def plain() -> Run:
            (folder / "plain.db").unlink(missing_ok=True)
            return contender("rows.plain_take_in", size, database=str(folder / "plain.db"), file=str(file))

        contenders = {"csv + executemany": plain, "syndicator": ours}
        return interleaved(pairs, contenders, 1 if size.million else size.rounds)
