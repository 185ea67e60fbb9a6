"""Pages for readers beside a trivial page of the same server, idle and while it sends mail."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial

from bench import databases
from bench.databases import Planned
from bench.measuring import Pairs, Run, Size, contender, interleaved
from bench.newsroom import Relay
from bench.sinks import server
from syndicator.app import App
from syndicator.tokens import sign

from .mail import prepared

CONNECTIONS = 4
READERS = 200  # whose leave links are asked for
TRIVIAL, LEAVE = "a trivial page", "/leave/"
PAGES = {TRIVIAL: "/plain", "/healthz": "/healthz", LEAVE: ""}


def run(size: Size) -> list[Pairs]:
    seconds = max(0.1, 2.0 * min(1.0, size.share * 3))
    mails = size.of(40_000)  # more than are sent in that time
    pairs = Pairs(
        load="pages",
        unit="pages",
        baseline=TRIVIAL,
        about=f"{CONNECTIONS} browsers for {seconds:.1f} s; the trivial page is one of the same server; "
        "while it mails, the mails of one edition are sent by the same process, whose CPU is told as the server's",
    )
    links: list[str] = []

    def prepare(app: App) -> int:
        links.extend(
            f"/leave/{sign(app.wiring.keys, 'leave', str(number), 'evening')}"
            for number in range(1, min(READERS, mails) + 1)
        )
        return prepared(app, mails, 12_000)

    with databases.sqlite(prepare) as planned:
        contenders = {}
        for name, path in PAGES.items():
            paths = links if name == LEAVE else [path]
            contenders[name] = partial(_looked_at, planned, size, paths, seconds)
            contenders[f"{name}, mailing"] = partial(_looked_at, planned, size, paths, seconds, mailing=True)
        if size.name != "full":
            contenders = {name: contenders[name] for name in (TRIVIAL, LEAVE, f"{LEAVE}, mailing")}
        return [interleaved(pairs, contenders, size.rounds)]


def _looked_at(
    planned: Planned, size: Size, paths: list[str], seconds: float, *, mailing: bool = False
) -> Run:
    with ExitStack() as open_:
        sink = open_.enter_context(server("mail", size))
        copy = planned.copy(Relay(port=sink.port))
        rooms = open_.enter_context(server("pages", size, configuration=str(copy), mailing=mailing))
        told = {"port": rooms.port, "paths": paths, "seconds": seconds, "connections": CONNECTIONS}
        run = contender("pages.asked", size, rooms.pid, **told)
        if (
            mailing
            and size.name != "tiny"
            and not planned.ask("SELECT count(*) FROM deliveries WHERE state = 'pending'")
        ):
            raise SystemExit("every mail was sent before the pages were counted")
        return run
