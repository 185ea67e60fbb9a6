"""Pages for readers beside a trivial page of the same server: how many, and how soon, idle and while it mails."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from threading import Event
from typing import Any

from bench import databases, newsroom
from bench.contenders.pages import HALF
from bench.databases import Planned
from bench.measuring import Pairs, Run, Size, contender, interleaved
from bench.newsroom import NOW, Relay
from bench.sinks import server
from syndicator.app import App
from syndicator.tokens import sign

from .mail import prepared

CONNECTIONS = 4
PAUSE = (
    0.04  # seconds between an answer and the next question of a browser: as busy as a newsroom's pages become
)
READERS = 200  # whose leave links are asked for
STORIES = 12  # of the edition in the archive
BEGUN = 4_000  # mails after which a run is at work where it goes on: in a process of its own
TRIVIAL, LEAVE = "a trivial page", "/leave/"
PAGES = {TRIVIAL: "/plain", "/healthz": "/healthz", "/archive/": "/archive/evening/", LEAVE: ""}
MAILING, HERE = ", mailing", ", mailing in the same process"


def run(size: Size) -> list[Pairs]:
    mails = size.of(150_000)  # more than are sent while pages are asked for
    links: list[str] = []

    def prepare(app: App) -> int:
        links.extend(
            f"/leave/{sign(app.wiring.keys, 'leave', str(number), 'evening')}"
            for number in range(1, min(READERS, mails) + 1)
        )
        newsroom.printed(app, STORIES, NOW - timedelta(days=1))
        return prepared(app, mails, 12_000)

    with databases.sqlite(prepare) as planned:
        return [_as_many_as_can_be(planned, size, links), _how_soon(planned, size, links, mails)]


def _as_many_as_can_be(planned: Planned, size: Size, links: list[str]) -> Pairs:
    seconds = max(0.1, 2.0 * min(1.0, size.share * 3))
    pairs = Pairs(
        load="pages",
        unit="pages",
        baseline=TRIVIAL,
        about=f"{CONNECTIONS} browsers for {seconds:.1f} s; the trivial page is one of the same server",
    )
    told = {"seconds": seconds, "connections": CONNECTIONS}
    contenders = {
        name: partial(looked_at, planned, size, links if name == LEAVE else [path], **told)
        for name, path in PAGES.items()
    }
    return interleaved(pairs, contenders, size.rounds)


def _how_soon(planned: Planned, size: Size, links: list[str], mails: int) -> Pairs:
    seconds = max(0.3, 4.0 * min(1.0, size.share * 3))
    pairs = Pairs(
        load="pages while it mails",
        unit="pages",
        baseline=TRIVIAL,
        about=f"{CONNECTIONS} browsers that read for {1000 * PAUSE:.0f} ms between two pages, for {seconds:.1f} s; "
        f"while it mails, {mails} mails of one edition go out as the worker sends them, in a process of their own",
        facts={
            **{
                f"time of {name} to that of a trivial page": partial(slower, of=name, to=TRIVIAL)
                for name in PAGES
            },
            **{
                f"time of {name} while it mails to idle": partial(slower, of=name + MAILING, to=name)
                for name in PAGES
            },
            f"time of {LEAVE}{HERE} to idle": partial(slower, of=LEAVE + HERE, to=LEAVE),
        },
    )
    told = {"seconds": seconds, "connections": CONNECTIONS, "pause": PAUSE}
    contenders = {}
    for name, path in PAGES.items():
        paths = links if name == LEAVE else [path]
        contenders[name] = partial(looked_at, planned, size, paths, **told)
        contenders[name + MAILING] = partial(looked_at, planned, size, paths, mails="apart", **told)
    contenders[LEAVE + HERE] = partial(looked_at, planned, size, links, mails="here", **told)
    return interleaved(pairs, contenders, size.rounds)


def slower(pairs: Pairs, of: str, to: str) -> float | None:
    return pairs.ratio(of, to, lambda run: run.more[HALF])


def looked_at(planned: Planned, size: Size, paths: list[str], *, mails: str = "", **told: Any) -> Run:
    """``mails``: what sends meanwhile, a process "apart" or the pages' own ("here"); empty: nothing does."""
    with ExitStack() as open_:
        sink = open_.enter_context(server("mail", size))
        copy = planned.copy(Relay(port=sink.port))
        rooms = open_.enter_context(server("pages", size, configuration=str(copy), mails=mails))
        small = size.name == "tiny"
        many = _mails(planned, "pending") if mails else 0
        while mails and not small and many - _mails(planned, "pending") < BEGUN:
            Event().wait(0.05)
        run = contender("pages.asked", size, rooms.pid, port=rooms.port, paths=paths, **told)
        if mails and not small and not _mails(planned, "pending"):
            raise SystemExit("every mail was sent before the pages were counted")
        return run


def _mails(planned: Planned, state: str) -> int:
    return int(planned.ask(f"SELECT count(*) FROM deliveries WHERE state = '{state}'"))  # noqa: S608 - a word of ours
