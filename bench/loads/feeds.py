"""Feeds of a server on loopback, beside clients that fetch the bodies and read nothing."""

from __future__ import annotations

from functools import partial

from bench.measuring import Pairs, Size, contender, interleaved
from bench.servers import TAG
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
        unchanged = told | {"many": size.of(2000)}
        tagged = unchanged | {"tag": TAG}
        known = {
            "aiohttp, 50 at a time": partial(contender, "plain.many_feeds", size, feeds.pid, **tagged),
            "httpx, one after the other": partial(contender, "plain.feeds", size, feeds.pid, **tagged),
            "syndicator": partial(contender, "news.polled", size, feeds.pid, **unchanged, carried=True),
            "syndicator, in threads": partial(
                contender, "news.polled", size, feeds.pid, **unchanged, carried=False
            ),
        }
        polled = Pairs(
            load="feeds",
            unit="feeds",
            baseline="aiohttp, 50 at a time",
            about=f"{unchanged['many']} feeds that did not change; ours are looked up and written down in the database",
        )
        return [interleaved(pairs, contenders, size.rounds), interleaved(polled, known, size.rounds)]
