"""Posts to a Telegram chat and an X account of the sandbox, beside plain clients that post to the same."""

from __future__ import annotations

from functools import partial

from bench.measuring import Pairs, Run, Size, contender, interleaved
from syndicator.sandbox.telegram import TelegramStandIn
from syndicator.sandbox.x import XStandIn

CHAT = "@bench_en"


def run(size: Size) -> list[Pairs]:
    return [_telegram(size), _x(size)]


def _telegram(size: Size) -> Pairs:
    many = size.of(500)
    pairs = Pairs(
        load="telegram",
        unit="posts",
        baseline="httpx",
        about=f"{many} posts to the sandbox's Telegram, which has no limits switched on; no ledger",
    )
    with TelegramStandIn(chats={CHAT: "Bench"}) as telegram:
        told = {"url": telegram.base_url, "token": telegram.token, "chat": CHAT, "many": many}
        contenders = {
            "httpx": partial(contender, "plain.telegram", size, **told),
            "syndicator": partial(contender, "news.telegram", size, **told),
        }
        return interleaved(pairs, contenders, size.rounds)


def _x(size: Size) -> Pairs:
    many = size.of(100)
    pairs = Pairs(
        load="x",
        unit="posts",
        baseline="requests",
        about=f"{many} signed posts to the sandbox's X, which an account may send in a quarter of an hour; no ledger",
    )

    def contend(name: str) -> Run:
        with XStandIn() as x:  # of its own: it refuses what stands there already
            return contender(name, size, url=x.url, account=x.credentials, many=many)

    contenders = {
        "requests": partial(contend, "plain.x"),
        "syndicator": partial(contend, "news.x"),
    }
    return interleaved(pairs, contenders, size.rounds)
