"""Senders of mail: the libraries that everybody has, and the least that a mail takes."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from concurrent.futures import ThreadPoolExecutor

from bench import letters
from bench.measuring import Run, measured


def _context() -> ssl.SSLContext:
    return ssl.create_default_context()  # trusts what SSL_CERT_FILE names


def naive(port: int, wire: int, many: int, connections: int = 1, tls: bool = False) -> Run:  # noqa: FBT001, FBT002 - from JSON
    """The standard library: a message built for each reader, connections used again."""
    post = letters.post_of(wire)

    def send(first: int) -> None:
        with smtplib.SMTP("127.0.0.1", port) as line:
            if tls:
                line.starttls(context=_context())
            for number in range(first, many, connections):
                line.send_message(letters.mail(post, number))

    with measured(lambda: many) as found, ThreadPoolExecutor(connections) as pool:
        list(pool.map(send, range(connections)))
    return found[0]


def asynchronous(port: int, wire: int, many: int, connections: int = 10) -> Run:
    """The usual asynchronous library: the same, so many connections at once."""
    import aiosmtplib

    post = letters.post_of(wire)

    async def send(first: int) -> None:
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, use_tls=False, start_tls=False) as line:
            for number in range(first, many, connections):
                await line.send_message(letters.mail(post, number))

    async def everything() -> None:
        await asyncio.gather(*(send(first) for first in range(connections)))

    with measured(lambda: many) as found:
        asyncio.run(everything())
    return found[0]


class Floor(asyncio.Protocol):
    """The least a mail takes: constant bytes, one round trip a mail by pipelining, nothing written down."""

    def __init__(self, body: bytes, left: list[int], done: asyncio.Future[None]) -> None:
        self._mail = b"MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n"
        self._body = body
        self._left = left
        self._done = done
        self._waits = 0
        self._stage = "hello"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        for line in data.splitlines():
            if line[3:4] != b"-":
                self._answer(line)

    def _answer(self, line: bytes) -> None:
        match self._stage:
            case "hello":
                self._transport.write(b"EHLO bench\r\n")
                self._stage = "ehlo"
            case "ehlo":
                self._next(b"")
            case "mail" if line.startswith(b"354"):
                self._stage = "body"
                self._next(self._body)
            case _:
                pass

    def _next(self, body: bytes) -> None:
        """The body that was waited for, and the next mail's envelope in the same bytes."""
        if self._left[0] > 0:
            self._left[0] -= 1
            self._transport.write(body + self._mail)
            self._stage = "mail"
            return
        self._transport.write(body + b"QUIT\r\n")

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._done.done():
            self._done.set_result(None)


def floor(port: int, wire: int, many: int, connections: int = 10) -> Run:
    """The pipelined floor on uvloop."""
    import uvloop

    body = letters.mail(letters.post_of(wire), 1).as_bytes().rstrip() + b"\r\n.\r\n"
    left = [many]

    async def everything() -> None:
        loop = asyncio.get_running_loop()
        ends = [loop.create_future() for _ in range(connections)]
        for end in ends:
            await loop.create_connection(lambda end=end: Floor(body, left, end), "127.0.0.1", port)
        await asyncio.gather(*ends)

    with measured(lambda: many - left[0]) as found:
        uvloop.run(everything())
    return found[0]
