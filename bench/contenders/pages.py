"""Browsers: so many connections that ask for pages one after the other, without a pause or at a pace."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import cycle
from statistics import quantiles
from time import perf_counter

import uvloop

from bench.measuring import Run, measured

HALF = "ms until half have their page"


class Browser(asyncio.Protocol):
    """Asks again ``pause`` seconds after its answer, until the time is over. Raises what is not a 200."""

    def __init__(
        self, asks: list[bytes], end: float, pause: float, waits: list[float], left: asyncio.Future[None]
    ) -> None:
        self._asks = cycle(asks)
        self._end = end
        self._pause = pause
        self._waits = waits
        self._left = left
        self._answer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]
        self._ask()

    def _ask(self) -> None:
        self._asked = perf_counter()
        if self._asked > self._end:
            self._transport.close()
        else:
            self._transport.write(next(self._asks))

    def data_received(self, data: bytes) -> None:
        self._answer += data
        head, blank, body = self._answer.partition(b"\r\n\r\n")
        if not blank:
            return
        if b" 200 " not in head[:16]:
            self._transport.close()
            self._left.set_exception(SystemExit(head.decode("latin-1")))
            return
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        if len(body) >= length:
            self._answer = b""
            self._waits.append(perf_counter() - self._asked)
            if self._pause:
                asyncio.get_running_loop().call_later(self._pause, self._ask)
            else:
                self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._left.done():
            self._left.set_result(None)


def asked(
    *, port: int, paths: list[str], seconds: float, connections: int, pause: float = 0, cookie: str = ""
) -> Run:
    """Pages for so many seconds; how long one had to wait for an answer is told."""
    waits: list[float] = []
    head = "Host: bench\r\n" + (f"Cookie: syndicator-desk={cookie}\r\n" if cookie else "")
    asks = [f"GET {path} HTTP/1.1\r\n{head}\r\n".encode() for path in paths]

    async def everything() -> None:
        loop = asyncio.get_running_loop()
        end = perf_counter() + seconds
        gone = [loop.create_future() for _ in range(connections)]
        for number, left in enumerate(gone):
            own = asks[number % len(asks) :] + asks[: number % len(asks)]
            await loop.create_connection(
                lambda own=own, left=left: Browser(own, end, pause, waits, left), "127.0.0.1", port
            )
        await asyncio.gather(*gone)

    with measured(lambda: len(waits)) as found:
        uvloop.run(everything())
    cuts = quantiles(waits, n=100)
    return replace(found[0], more={HALF: 1000 * cuts[49], "ms until 99 %": 1000 * cuts[98]})
