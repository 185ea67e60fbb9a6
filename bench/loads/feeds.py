"""Feeds of a server on loopback, beside clients that fetch the bodies and read nothing."""

from __future__ import annotations

from functools import partial

from bench.measuring import Pairs, Size, contender, interleaved
from bench.sinks import server


def run(size: Size) -> list[Pairs]:
    many = size.of(400)
    pairs = Pairs(
        load="feeds",
        unit="feeds",
        baseline="httpx",
        about=f"{many} feeds of 20 stories, each seen for the first time; the clients read nothing",
    )
    with server("feeds", size) as feeds:
        told = {"port": feeds.port, "many": many}
        contenders = {
            "httpx": partial(contender, "plain.feeds", size, feeds.pid, **told),
            "aiohttp, 50 at a time": partial(contender, "plain.many_feeds", size, feeds.pid, **told),
            "syndicator": partial(contender, "news.feeds", size, feeds.pid, **told),
        }
        return [interleaved(pairs, contenders, size.rounds)]
