"""Posts to a Telegram chat of the sandbox, beside a plain client that posts to the same."""

from __future__ import annotations

from functools import partial

from bench.measuring import Pairs, Size, contender, interleaved
from syndicator.sandbox.telegram import TelegramStandIn

CHAT = "@bench_en"


def run(size: Size) -> list[Pairs]:
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
            "httpx": partial(contender, "news.plain_telegram", size, **told),
            "syndicator": partial(contender, "news.telegram", size, **told),
        }
        return [interleaved(pairs, contenders, size.rounds)]
