"""Memory of the sending process: few recipients beside very many, to a sink that is no bottleneck."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial

from bench import databases
from bench.measuring import Pairs, Run, Size, contender, interleaved
from bench.newsroom import Relay
from bench.sinks import server

from .mail import prepared


def run(size: Size) -> list[Pairs]:
    few = size.of(10_000)
    many = size.of(1_000_000 if size.million else 200_000)
    pairs = Pairs(
        load="memory",
        unit="mails",
        baseline=f"{few} recipients",
        about="peak of resident memory of the process that sends, SQLite; the ratio of peaks is what counts",
    )
    with ExitStack() as open_:
        sink = open_.enter_context(server("mail", size))
        contenders = {}
        for number in (few, many):
            planned = open_.enter_context(databases.sqlite(partial(prepared, many=number, wire=12_000)))
            contenders[f"{number} recipients"] = partial(_ours, planned, size, sink.port)
        return [interleaved(pairs, contenders, 1)]


def _ours(planned: databases.Planned, size: Size, port: int) -> Run:
    return contender("mail.ours", size, configuration=str(planned.copy(Relay(port=port))))
