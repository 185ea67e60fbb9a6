"""Plain clients of the same servers, without the house."""

from __future__ import annotations

import asyncio

import httpx
from requests_oauthlib import OAuth1Session

from bench.measuring import Run, measured


def feeds(port: int, many: int, tag: str = "") -> Run:
    """The bodies alone, by httpx, one after the other; nothing is read. ``tag``: only asked whether they changed."""
    with httpx.Client(trust_env=False, headers=_known(tag)) as client, measured(lambda: many) as found:
        for number in range(many):
            if client.get(f"http://127.0.0.1:{port}/{number}").status_code != (304 if tag else 200):
                raise SystemExit("the server answers otherwise")
    return found[0]


def _known(tag: str) -> dict[str, str]:
    return {"If-None-Match": tag} if tag else {}


def many_feeds(port: int, many: int, tag: str = "") -> Run:
    """The bodies alone, by aiohttp, fifty at a time; nothing is read."""
    import aiohttp

    async def everything() -> None:
        places = asyncio.Semaphore(50)

        async def one(client: aiohttp.ClientSession, number: int) -> None:
            async with places, client.get(f"http://127.0.0.1:{port}/{number}") as answer:
                await answer.read()
                if answer.status != (304 if tag else 200):
                    raise SystemExit("the server answers otherwise")

        async with aiohttp.ClientSession(headers=_known(tag)) as client:
            await asyncio.gather(*(one(client, number) for number in range(many)))

    with measured(lambda: many) as found:
        asyncio.run(everything())
    return found[0]


def telegram(url: str, token: str, chat: str, many: int) -> Run:
    with httpx.Client(trust_env=False) as client, measured(lambda: many) as found:
        for number in range(many):
            told = {"chat_id": chat, "text": f"Rain closed road {number}."}
            client.post(f"{url}{token}/sendMessage", json=told).raise_for_status()
    return found[0]


def x(url: str, account: dict[str, str], many: int) -> Run:
    """Signed by the usual library, over one connection."""
    signed = OAuth1Session(
        *(account[key] for key in ("api_key", "api_secret", "access_token", "access_secret"))
    )
    signed.trust_env = False
    with signed as session, measured(lambda: many) as found:
        for number in range(many):
            session.post(f"{url}/2/tweets", json={"text": f"Rain closed road {number}."}).raise_for_status()
    return found[0]
