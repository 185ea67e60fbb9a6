"""Mail to Postfix's sink: the whole way from the ledger to the wire, beside what else sends mail."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial

from bench import databases, newsroom
from bench.measuring import Pairs, Run, Size, contender, interleaved, program
from bench.newsroom import Relay
from bench.sinks import Sink, found, server, smtp_sink
from syndicator.app import App

BYTES = (12_000, 30_000)
CONNECTIONS = 10


def run(size: Size) -> list[Pairs]:
    return [_one(size, wire) for wire in (BYTES if size.name != "tiny" else BYTES[:1])]


def prepared(app: App, many: int, wire: int) -> int:
    newsroom.subscribe(app, many)
    return newsroom.plan(app, newsroom.post_of(wire))


def _one(size: Size, wire: int) -> Pairs:
    many, few = size.of(20_000), size.of(1_500)
    pairs = Pairs(
        load=f"mail {wire // 1000} KB",
        unit="mails",
        baseline="smtp-source",
        about=f"{many} mails of {wire} bytes to smtp-sink, {CONNECTIONS} connections; "
        f"the libraries send {few}",
    )
    with ExitStack() as open_:
        sink = _sink(size, open_, pairs)
        contenders: dict[str, Callable[[], Run]] = {}
        tool = found("smtp-source")
        if tool and "smtp-sink" not in pairs.skipped:
            contenders["smtp-source"] = partial(_source, tool, size, sink, wire, many)
        else:
            pairs.skipped["smtp-source"] = "not installed; it is in Debian's package postfix"
        for name, kind in databases.KINDS.items():
            planned = open_.enter_context(kind(lambda app: prepared(app, many, wire)))
            contenders[f"syndicator, {name}"] = partial(_ours, planned, size, sink)
        others = (
            ("pipelined floor", "mail.floor", many),
            ("smtplib", "mail.naive", few),
            ("aiosmtplib", "mail.asynchronous", few),
        )
        for name, who, number in others:
            told = {"port": sink.port, "wire": wire, "many": number}
            contenders[name] = partial(contender, who, size, sink.pid, **told)
        interleaved(pairs, contenders, size.rounds)
    return pairs


def _sink(size: Size, open_: ExitStack, pairs: Pairs) -> Sink:
    if found("smtp-sink"):
        return open_.enter_context(smtp_sink(size))
    pairs.skipped["smtp-sink"] = "not installed (Debian's package postfix): a sink of our own took the mails"
    return open_.enter_context(server("mail", size))


def _source(tool: str, size: Size, sink: Sink, wire: int, many: int) -> Run:
    words = ["-s", str(CONNECTIONS), "-d", "-m", str(many), "-l", str(wire), f"127.0.0.1:{sink.port}"]
    return program([tool, *words], many, size, sink.pid)


def _ours(planned: databases.Planned, size: Size, sink: Sink) -> Run:
    told = planned.copy(Relay(port=sink.port, connections=CONNECTIONS))
    return contender("mail.ours", size, sink.pid, configuration=str(told))
