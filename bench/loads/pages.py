"""Pages for readers beside a trivial page of the same server: how many, and how soon, idle and while it mails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from threading import Event
from typing import Any

from bench import databases, newsroom
from bench.contenders.pages import HALF
from bench.databases import Planned
from bench.measuring import Pairs, Run, Size, contender, interleaved, say
from bench.newsroom import NOW, Relay
from bench.sinks import Sink, server
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


def mails_of(size: Size) -> int:
    """More than are sent while pages are asked for, which takes its time in the quick form, too."""
    return min(150_000, size.of(800_000))


def run(size: Size) -> list[Pairs]:
    mails = mails_of(size)
    links: list[str] = []

    def prepare(app: App) -> int:
        links.extend(
            f"/leave/{sign(app.wiring.keys, 'leave', str(number), 'evening')}"
            for number in range(1, min(READERS, mails) + 1)
        )
        newsroom.printed(app, STORIES, NOW - timedelta(days=1))
        return prepared(app, mails, 12_000)

    with databases.sqlite(prepare) as planned, serving(planned, size) as idle:
        return [_as_many_as_can_be(idle, size, links), _how_soon(planned, idle, size, links)]


def _as_many_as_can_be(idle: Sink, size: Size, links: list[str]) -> Pairs:
    seconds = max(0.1, min(1.0, size.share * 3))
    pairs = Pairs(
        load="pages",
        unit="pages",
        baseline=TRIVIAL,
        about=f"{CONNECTIONS} browsers for {seconds:.1f} s; the trivial page is one of the same server",
    )
    asked = partial(looked_at, idle, size, seconds=seconds, connections=CONNECTIONS)
    return interleaved(
        pairs, {name: partial(asked, told) for name, told in _pages(links).items()}, size.rounds
    )


def _how_soon(planned: Planned, idle: Sink, size: Size, links: list[str]) -> Pairs:
    seconds = max(0.3, 1.2 * min(1.0, size.share * 3))
    pairs = Pairs(
        load="pages while it mails",
        unit="pages",
        baseline=TRIVIAL,
        about=f"{CONNECTIONS} browsers that read for {1000 * PAUSE:.0f} ms between two pages, for {seconds:.1f} s; "
        f"while it mails, {planned.readers} mails of one edition go out as the worker sends them, in a process of "
        "their own",
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
    asked = partial(looked_at, size=size, seconds=seconds, connections=CONNECTIONS, pause=PAUSE)
    for _ in range(size.rounds):
        for name, told in _pages(links).items():
            pairs.add(name, asked(idle, paths=told))
        with serving(planned, size, mails="apart") as rooms:
            for name, told in _pages(links).items():
                pairs.add(name + MAILING, asked(rooms, paths=told))
        with serving(planned, size, mails="here") as rooms:
            pairs.add(LEAVE + HERE, asked(rooms, paths=links))
    say(pairs)
    return pairs


def _pages(links: list[str]) -> dict[str, list[str]]:
    return {name: links if name == LEAVE else [path] for name, path in PAGES.items()}


def slower(pairs: Pairs, of: str, to: str) -> float | None:
    return pairs.ratio(of, to, lambda run: run.more[HALF])


@contextmanager
def serving(planned: Planned, size: Size, *, mails: str = "") -> Iterator[Sink]:
    """The pages over a copy of their own. ``mails``: what sends meanwhile, a process "apart" or the pages' own
    ("here"), from before the first page until after the last; empty: nothing does."""
    with server("mail", size) as sink:
        copy = planned.copy(Relay(port=sink.port), mails or "idle")
        with server("pages", size, configuration=str(copy), mails=mails) as rooms:
            many = _mails(planned, "pending")
            checked = mails and size.name != "tiny"
            while checked and many - _mails(planned, "pending") < BEGUN:
                Event().wait(0.05)
            yield rooms
            if checked and not _mails(planned, "pending"):
                raise SystemExit("every mail was sent before the pages were counted")


def looked_at(rooms: Sink, size: Size, paths: list[str], **told: Any) -> Run:
    return contender("pages.asked", size, rooms.pid, port=rooms.port, paths=paths, **told)


def _mails(planned: Planned, state: str) -> int:
    return int(planned.ask(f"SELECT count(*) FROM deliveries WHERE state = '{state}'"))  # noqa: S608 - a word of ours
