"""Memory of the sending process: few recipients beside very many, to a sink that is no bottleneck."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial

from bench import databases
from bench.measuring import Pairs, Run, Size, interleaved
from bench.sinks import server

from .mail import ours_to, prepared


def run(size: Size) -> list[Pairs]:
    few = size.of(10_000)
    many = size.of(1_000_000 if size.million else 200_000)
    names = {number: f"{number} recipients" for number in (few, many)}
    pairs = Pairs(
        load=f"memory {many:,}",
        unit="mails",
        baseline=names[few],
        about="peak of resident memory of the process that sends 12 KB mails, SQLite, from its start to its end",
        facts={f"peak of {many} to {few}": lambda pairs: pairs.ratio(names[many], names[few], _peak)},
    )
    with ExitStack() as open_:
        sink = open_.enter_context(server("mail", size))
        contenders = {}
        for number, name in names.items():
            planned = open_.enter_context(databases.sqlite(partial(prepared, many=number, wire=12_000)))
            contenders[name] = partial(ours_to, planned, size, sink)
        return [interleaved(pairs, contenders, 1)]


def _peak(run: Run) -> float:
    return run.peak or 0.0
