"""Small servers that are no bottleneck. ``python -m bench.servers NAME JSON`` runs one until it is told to end."""

from __future__ import annotations

import asyncio
import json
import os
import selectors
import signal
import ssl
import sys
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any

import uvloop

END = b"\r\n.\r\n"
HELLO = b"250-bench\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SIZE\r\n"


class NullMail(asyncio.Protocol):
    """Takes every mail and keeps none; knows pipelining and, with a context, STARTTLS."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self._context = context
        self._secure = False
        self._buffer = bytearray()
        self._in_mail = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport
        if not self._secure:
            transport.write(b"220 bench ESMTP\r\n")  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        answers: list[bytes] = []
        while self._in_mail or b"\n" in self._buffer:
            answer = self._mail() if self._in_mail else self._command()
            if answer is None:
                break
            answers.append(answer)
        if answers:
            self._transport.write(b"".join(answers))

    def _mail(self) -> bytes | None:
        """The answer to a whole mail; None until its end is here."""
        end = self._buffer.find(END)
        if end < 0:
            if len(self._buffer) > len(END):
                del self._buffer[: -len(END)]  # keep what may be the beginning of the end
            return None
        del self._buffer[: end + len(END)]
        self._in_mail = False
        return b"250 2.0.0 Ok\r\n"

    def _command(self) -> bytes | None:
        end = self._buffer.index(b"\n") + 1
        verb = bytes(self._buffer[:4]).upper()
        del self._buffer[:end]
        match verb:
            case b"DATA":
                self._in_mail = True
                return b"354 go on\r\n"
            case b"EHLO":
                tls = b"250-STARTTLS\r\n" if self._context and not self._secure else b""
                return HELLO + tls + b"250 SMTPUTF8\r\n"
            case b"STAR":
                self._transport.write(b"220 2.0.0 go on\r\n")
                asyncio.get_running_loop().create_task(self._secured())
                return None
            case b"QUIT":
                self._transport.write(b"221 2.0.0 bye\r\n")
                self._transport.close()
                return None
        return b"250 2.0.0 Ok\r\n"

    async def _secured(self) -> None:
        loop = asyncio.get_running_loop()
        self._secure = True
        assert self._context is not None  # noqa: S101 - STARTTLS was offered
        made = await loop.start_tls(self._transport, self, self._context, server_side=True)
        self._transport = made


async def mail(port: int, certificate: str | None = None) -> None:
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    await asyncio.get_running_loop().create_server(partial(NullMail, context), "127.0.0.1", port)


class Far(asyncio.Protocol):
    """One end of a line: what comes in goes out at the other end ``delay`` seconds later, in order."""

    def __init__(self, delay: float) -> None:
        self._delay = delay
        self._early: deque[bytes] = deque()
        self.transport: asyncio.Transport | None = None
        self.other: Far | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        asyncio.get_running_loop().call_later(self._delay, self._pass_on, data)

    def _pass_on(self, data: bytes) -> None:
        self._early.append(data)
        if self.other and self.other.transport and not self.other.transport.is_closing():
            while self._early:
                self.other.transport.write(self._early.popleft())

    def connection_lost(self, exc: Exception | None) -> None:
        if self.other and self.other.transport:
            asyncio.get_running_loop().call_later(self._delay, self.other.transport.close)


class Near(Far):
    """The end that was connected to: it connects onward."""

    def __init__(self, delay: float, to: int) -> None:
        super().__init__(delay)
        self._to = to

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        asyncio.get_running_loop().create_task(self._onward())

    async def _onward(self) -> None:
        far = Far(self._delay)
        far.other = self
        self.other = far
        await asyncio.get_running_loop().create_connection(lambda: far, "127.0.0.1", self._to)


async def far(port: int, to: int, rtt: float) -> None:
    await asyncio.get_running_loop().create_server(lambda: Near(rtt / 2, to), "127.0.0.1", port)


class Feeds(asyncio.Protocol):
    """Answers each request with one feed of twenty stories; who has it already is told so."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def data_received(self, data: bytes) -> None:
        for _ in range(data.count(b"\r\n\r\n")):
            self._transport.write(UNCHANGED if b"If-None-Match" in data else FEED)


TAG = '"20"'


def _feed() -> bytes:
    story = (
        "<item><title>Story {0}</title><link>https://bench.example.com/{0}</link><guid>{0}</guid>{1}</item>"
    )
    words = f"<description>{'Rain closed the road. ' * 90}</description>"
    stories = "".join(story.format(number, words) for number in range(20))
    channel = (
        f"<title>Bench</title><link>https://bench.example.com</link><description>b</description>{stories}"
    )
    body = f'<?xml version="1.0"?><rss version="2.0"><channel>{channel}</channel></rss>'.encode()
    head = f"HTTP/1.1 200 OK\r\nETag: {TAG}\r\nContent-Type: application/rss+xml\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


FEED = _feed()
UNCHANGED = f"HTTP/1.1 304 Not Modified\r\nETag: {TAG}\r\n\r\n".encode()


async def feeds(port: int) -> None:
    await asyncio.get_running_loop().create_server(Feeds, "127.0.0.1", port)


async def pages(port: int, configuration: str, mails: str) -> None:
    """The pages as the worker serves them, in a thread beside it; meanwhile ``mails`` go out, "apart" or "here"."""
    import uvicorn  # the other servers do without
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    from syndicator.cli.carrier import command
    from syndicator.services.carriers import Carriers
    from syndicator.web import pages as web

    from . import newsroom

    os.environ.update(newsroom.ENVIRON)
    app = newsroom.opened(Path(configuration))
    rooms = web.pages(app)
    rooms.routes.append(Route("/plain", lambda request: PlainTextResponse("ok\n")))
    told = uvicorn.Config(rooms, port=port, log_config=None, access_log=False, server_header=False)
    Thread(target=uvicorn.Server(told).run, daemon=True).start()
    if mails == "apart":
        app.dispatch.carriers = Carriers(partial(command, Path(configuration), app.wiring.mark))
    if mails:
        Thread(target=app.dispatch.run, args=("letters",), daemon=True).start()


SERVERS: dict[str, Callable[..., Awaitable[None]]] = {
    "mail": mail,
    "far": far,
    "feeds": feeds,
    "pages": pages,
}


async def main(name: str, told: str) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await SERVERS[name](**json.loads(told))
    await stop.wait()


def precise() -> asyncio.AbstractEventLoop:
    """A loop whose timers are exact: those of epoll and libuv count whole milliseconds, of a line's ten."""
    return asyncio.SelectorEventLoop(selectors.SelectSelector())


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=precise if sys.argv[1] == "far" else uvloop.new_event_loop) as runner:
        runner.run(main(*sys.argv[1:3]))
