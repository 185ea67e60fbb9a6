"""A relay that is 20 ms away: what counts is how many round trips a mail takes."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial

from bench import databases
from bench.measuring import Pairs, Size, contender, interleaved
from bench.newsroom import Relay
from bench.sinks import server

from .mail import CONNECTIONS, prepared

RTT = 0.02


def run(size: Size) -> list[Pairs]:
    many, wire = size.of(2_000), 12_000
    pairs = Pairs(
        load="rtt 20 ms",
        unit="mails",
        baseline="pipelined floor",
        about=f"{many} mails over {CONNECTIONS} connections; one round trip a mail would be "
        f"{CONNECTIONS / RTT:.0f} mails/s",
    )
    with ExitStack() as open_:
        sink = open_.enter_context(server("mail", size))
        line = open_.enter_context(server("far", size, to=sink.port, rtt=RTT))
        planned = open_.enter_context(databases.sqlite(lambda app: prepared(app, many, wire)))
        told = {"port": line.port, "wire": wire, "many": many, "connections": CONNECTIONS}

        def ours() -> object:
            copy = planned.copy(Relay(port=line.port, connections=CONNECTIONS))
            return contender("mail.ours", size, sink.pid, configuration=str(copy))

        contenders = {
            "pipelined floor": partial(contender, "mail.floor", size, sink.pid, **told),
            "syndicator, sqlite": ours,
            "smtplib, 10 threads": partial(contender, "mail.naive", size, sink.pid, **told),
        }
        return [interleaved(pairs, contenders, min(size.rounds, 3))]
