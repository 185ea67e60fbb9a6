"""A mail server that is quick and only counts: pipelined, in a thread with a loop of its own."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from threading import Event, Thread
from typing import Self

NAME = re.compile(rb"(?mi)^Message-ID:\s*<([^>]+)>")
GREETING = b"220 sink\r\n"
ABLE = b"250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n"
END = b"\r\n.\r\n"


class CountingSink:
    """``with CountingSink() as sink: sink.port, sink.names`` — how often each Message-ID was taken."""

    def __init__(self) -> None:
        self.names: Counter[str] = Counter()
        self.port = 0
        self._open = Event()
        self._thread = Thread(target=lambda: asyncio.run(self._serve()), name="sink", daemon=True)

    @property
    def taken(self) -> int:
        return sum(self.names.values())

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._open.wait(10):
            raise TimeoutError
        return self

    def __exit__(self, *exc: object) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(10)

    async def _serve(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        server = await self._loop.create_server(lambda: _Session(self.names), "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._open.set()
        await self._over.wait()
        server.close()


class _Session(asyncio.Protocol):
    def __init__(self, names: Counter[str]) -> None:
        self._names = names
        self._rest = b""
        self._body = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]
        self._transport.write(GREETING)

    def data_received(self, data: bytes) -> None:
        self._rest += data
        while True:
            mark = END if self._body else b"\r\n"
            told, found, rest = self._rest.partition(mark)
            if not found:
                return
            self._rest = rest
            self._transport.write(self._taken(told) if self._body else self._answer(told.upper()))

    def _taken(self, mail: bytes) -> bytes:
        self._body = False
        name = NAME.search(mail)
        self._names[name[1].decode() if name else "nameless"] += 1  # before anybody is told
        return b"250 2.0.0 taken\r\n"

    def _answer(self, command: bytes) -> bytes:
        if command.startswith(b"EHLO"):
            return ABLE
        self._body = command == b"DATA"
        return b"354 go\r\n" if self._body else b"250 ok\r\n"
