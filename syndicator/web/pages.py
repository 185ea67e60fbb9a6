"""What readers and watchdogs reach of this server. Starlette; every answer says what a browser may do."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from syndicator.app import App
from syndicator.errors import ConfigError, StorageError

from .api import api
from .archive import Archive
from .console import Console
from .counter import Counter
from .hooks import hooks
from .ways import ways

UPDATE_MAX = 1_000_000  # octets; an update has some thousands


Called = Callable[[str, str, bytes], int]  # path, secret and body of an update -> status


def pages(newsroom: App, updates: Called | None = None) -> Starlette:
    """The application; its work is done by the newsroom's own verbs. ``updates`` are Telegram's, for the bot."""

    def healthy(request: Request) -> Response:
        try:
            newsroom.check_health()
        except StorageError as error:
            return PlainTextResponse(f"{error}\n", 503)
        return PlainTextResponse("ok\n")

    def ready(request: Request) -> Response:
        """Whether readers may be sent here: the database answers and has the schema that this version needs."""
        try:
            newsroom.database.check_ready()
        except StorageError as error:
            return PlainTextResponse(f"{error}\n", 503)
        return PlainTextResponse("ready\n")

    return Starlette(
        routes=[
            Route("/healthz", healthy, methods=["GET"]),
            Route("/readyz", ready, methods=["GET"]),
            *Counter(newsroom).routes(),
            *Archive(newsroom).routes(),
            *hooks(newsroom),
            *ways(newsroom),
            *([_bot(updates)] if updates else []),
            *(Console(newsroom).routes() if newsroom.settings.console.enabled else ()),
            api(newsroom),
        ]
    )


def _bot(updates: Called) -> Route:
    async def call(request: Request) -> Response:
        if int(request.headers.get("content-length") or UPDATE_MAX + 1) > UPDATE_MAX:
            return Response(status_code=413)
        secret = request.headers.get("x-telegram-bot-api-secret-token", "")
        body = await request.body()
        return Response(status_code=await run_in_threadpool(updates, request.url.path, secret, body))

    return Route("/bot/{path:str}", call, methods=["POST"])


@contextmanager
def serving(newsroom: App, updates: Called | None = None) -> Iterator[str]:
    """Serve the pages on ``web.listen`` beside the worker; yields where. Raises :exc:`ConfigError`."""
    host, port = newsroom.settings.web.address
    try:
        listener = socket.create_server((host, port))
    except OSError as error:
        raise ConfigError(
            f"web.listen: {host}:{port} cannot be used: {error.strerror}; write another port"
        ) from error
    config = uvicorn.Config(
        pages(newsroom, updates),
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(newsroom.settings.web.trusted_proxies),
        forwarded_allow_ips=list(newsroom.settings.web.trusted_proxies),
        timeout_graceful_shutdown=5,
    )
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, kwargs={"sockets": [listener]}, name="web", daemon=True)
    thread.start()
    try:
        yield f"http://{host}:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
