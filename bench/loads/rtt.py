"""A relay that is 20 ms away: what counts is how many round trips a mail takes."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial

from bench import databases
from bench.measuring import Pairs, Size, contender, interleaved
from bench.newsroom import Relay
from bench.sinks import server

from .mail import ours_to, prepared

RTT = 0.02
CONNECTIONS = 10
LIMIT = CONNECTIONS / RTT  # mails a second at one round trip a mail


def run(size: Size) -> list[Pairs]:
    many, few, wire = size.of(3_000), size.of(300), 12_000
    pairs = Pairs(
        load="rtt 20 ms",
        unit="mails",
        baseline="pipelined floor",
        about=f"{many} mails over {CONNECTIONS} connections to a relay behind a line of 20 ms; one round trip a mail "
        f"is {LIMIT:.0f} mails/s; the floor with {10 * CONNECTIONS} connections shows what the line can carry",
        facts={
            f"rate to {LIMIT:.0f}/s, {name}": partial(_of_limit, name=name) for name in (OURS, FLOOR, WIDE)
        },
    )
    with ExitStack() as open_:
        sink = open_.enter_context(server("mail", size))
        line = open_.enter_context(server("far", size, to=sink.port, rtt=RTT))
        planned = open_.enter_context(databases.sqlite(lambda app: prepared(app, many, wire)))
        relay = Relay(port=line.port, connections=CONNECTIONS)
        told = {"port": line.port, "wire": wire}

        def another(name: str, number: int, connections: int) -> object:
            return partial(contender, name, size, sink.pid, many=number, connections=connections, **told)

        contenders = {
            FLOOR: another("mail.floor", many, CONNECTIONS),
            OURS: partial(ours_to, planned, size, sink, relay),
            WIDE: another("mail.floor", many, 10 * CONNECTIONS),
            "smtplib, 10 threads": another("mail.naive", few, CONNECTIONS),
        }
        return [interleaved(pairs, contenders, size.rounds)]


FLOOR, WIDE, OURS = "pipelined floor", "pipelined floor, 100 connections", "syndicator, sqlite"


def _of_limit(pairs: Pairs, name: str) -> float:
    return round(pairs.rate(name) / LIMIT, 3)
