"""A web application on loopback in a thread of its own."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from threading import Event, Thread
from typing import Any, Self

import uvicorn

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

STOP_WITHIN = 2.0  # seconds that open connections may keep a stop waiting


class Served:
    """``with Served(app) as served: served.url`` — on a free port unless one is given."""

    def __init__(self, app: App, *, port: int = 0) -> None:
        self._listener = socket.create_server(("127.0.0.1", port))
        config = uvicorn.Config(
            app, log_config=None, log_level="critical", lifespan="off", ws="none", timeout_graceful_shutdown=1
        )
        self._server = uvicorn.Server(config)
        self._started = Event()
        self._thread = Thread(target=self._serve, name="sandbox", daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        self._started.wait()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        asyncio.run(self._main())

    async def _main(self) -> None:
        # The socket listens already: whoever connects from now on waits at most for the first turn of the loop.
        self._started.set()
        await self._server.serve(sockets=[self._listener])


class Broken(Exception):
    """Raised in an application to break the line instead of answering."""


def breaking(app: App) -> App:
    """Lets an application break the line: by :class:`Broken`, the connection closes without an answer."""

    async def wrapped(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        try:
            await app(scope, receive, send)
        except Broken:
            await _close(scope, send)

    return wrapped


async def _close(scope: MutableMapping[str, Any], send: Send) -> None:
    """Announce a longer body than comes: uvicorn then closes the line in the middle of the answer."""
    await send(
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [(b"content-length", b"1000000"), (b"connection", b"close")],
        }
    )
    await send({"type": "http.response.body", "body": b"{", "more_body": False})
