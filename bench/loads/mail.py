"""Mail to Postfix's sink: the whole way from the ledger to the wire, beside what else sends mail."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from bench import databases, letters, newsroom
from bench.measuring import Pairs, Run, Size, contender, cpu_each, interleaved, program, together
from bench.newsroom import Relay
from bench.sinks import Sink, found, server, smtp_sink
from syndicator.app import App
from syndicator.sandbox.smtp import SmtpStandIn

MAILS = {12_000: 20_000, 30_000: 8_000}  # bytes on the wire, and how many in the full form
SOURCES = 10  # connections of the other senders; with more smtp-source is no quicker


def run(size: Size) -> list[Pairs]:
    wires = list(MAILS) if size.name != "tiny" else list(MAILS)[:1]
    return [_one(size, wire) for wire in wires]


def prepared(app: App, many: int, wire: int) -> int:
    newsroom.subscribe(app, many)
    return newsroom.plan(app, letters.post_of(wire))


def _one(size: Size, wire: int) -> Pairs:
    many, few = size.of(MAILS[wire]), size.of(300)
    post = letters.post_of(wire)
    ours, theirs = newsroom.sent_size(post), letters.wire_size(post)
    pairs = Pairs(
        load=f"mail {wire // 1000} KB",
        unit="mails",
        baseline="smtp-source",
        about=f"{many} mails to smtp-sink, from PostgreSQL half of them; bytes of a mail: ours {ours}, the libraries' "
        f"{theirs}, smtp-source's like ours; connections: ours {Relay(port=0).connections}, smtp-source, aiosmtplib "
        f"and the floor {SOURCES}, smtplib 1; the libraries build a message for each of {few} recipients",
        facts={
            f"CPU of a mail, smtplib to syndicator, {kind}": partial(_cheaper, kind=kind)
            for kind in databases.KINDS
        },
    )
    with ExitStack() as open_:
        sink = _sink(size, open_, pairs)
        contenders: dict[str, Callable[[], Run]] = {}
        tool = found("smtp-source")
        if tool and "smtp-sink" not in pairs.skipped:
            contenders["smtp-source"] = partial(_source, tool, size, sink, ours - _head_of(tool), many)
        else:
            pairs.skipped["smtp-source"] = "not installed; it is in Debian's package postfix"
        for name, kind in databases.KINDS.items():
            number = many if name == "sqlite" else many // 2  # PostgreSQL takes its time
            planned = open_.enter_context(kind(partial(prepared, many=number, wire=wire)))
            contenders[f"syndicator, {name}"] = partial(ours_to, planned, size, sink)
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


def _cheaper(pairs: Pairs, kind: str) -> float | None:
    return pairs.ratio("smtplib", f"syndicator, {kind}", cpu_each)


def _sink(size: Size, open_: ExitStack, pairs: Pairs) -> Sink:
    if found("smtp-sink"):
        return open_.enter_context(smtp_sink(size))
    pairs.skipped["smtp-sink"] = "not installed (Debian's package postfix): a sink of our own took the mails"
    return open_.enter_context(server("mail", size))


def _source(tool: str, size: Size, sink: Sink, payload: int, many: int) -> Run:
    words = ["-s", str(SOURCES), "-d", "-m", str(many), "-l", str(payload), f"127.0.0.1:{sink.port}"]
    return program([tool, *words], many, size, sink.pid)


def _head_of(tool: str) -> int:
    """Bytes that smtp-source sends beside the payload it is told."""
    payload = 10_000
    with SmtpStandIn() as smtp:
        program([tool, "-l", str(payload), f"127.0.0.1:{smtp.port}"], 1, Size(name="one", rounds=1, share=0))
        return len(smtp.mails[0].raw) - payload


def ours_to(planned: databases.Planned, size: Size, sink: Sink, relay: Relay | None = None) -> Run:
    """Everything that is planned, by us, from a fresh copy; ``relay`` when it is not the plain sink."""
    return sent(planned.copy(relay or Relay(port=sink.port)), planned, size, sink)


def sent(copy: Path, planned: databases.Planned, size: Size, sink: Sink, workers: int = 1) -> Run:
    """All that is planned, by so many worker processes that begin together."""
    told = {"name": "ours.mail", "configuration": str(copy), "postgres": planned.pid}
    run = together([told] * workers, size, sink.pid)
    if run.done != planned.readers:
        raise SystemExit(f"{run.done} of {planned.readers} mails were accepted")
    return run
