"""A browser that speaks to an application as if it stood at its address on the network."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

URL = "https://news.zagros.example"
OWN = {"origin": URL, "sec-fetch-site": "same-origin"}  # what a browser says of a form on our own page


class Wire(httpx.BaseTransport):
    def __init__(self, app: Any, client: str) -> None:
        self._there = httpx.ASGITransport(app, client=(client, 4711))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return asyncio.run(self._asked(request))

    async def _asked(self, request: httpx.Request) -> httpx.Response:
        answered = await self._there.handle_async_request(
            httpx.Request(request.method, request.url, headers=request.headers, content=request.read())
        )
        body = await answered.aread()
        return httpx.Response(answered.status_code, headers=answered.headers, content=body)


def browser(app: Any, url: str = URL, client: str = "192.0.2.7") -> httpx.Client:
    return httpx.Client(transport=Wire(app, client), base_url=url, follow_redirects=False)
