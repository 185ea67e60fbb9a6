"""Leaving with one click, and whether the worker is well. Starlette; every answer says what a browser may do."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from syndicator.app import App
from syndicator.errors import ConfigError, NotFound, StorageError

from .hooks import hooks

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "referrer-policy": "no-referrer",  # the address is a key
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex",
    "cache-control": "no-store",
}


def pages(newsroom: App) -> Starlette:
    """The application; its work is done by the newsroom's own verbs."""

    def healthy(request: Request) -> Response:
        try:
            newsroom.check_health()
        except StorageError as error:
            return PlainTextResponse(f"{error}\n", 503)
        return PlainTextResponse("ok\n")

    def leave(request: Request) -> Response:
        """GET asks, so that a scanner that opens links ends nothing; POST does it (RFC 8058)."""
        token = request.path_params["token"]
        try:
            if request.method == "POST":
                title, language = newsroom.leave_by_token(token)
            else:
                title, language = newsroom.subscription_of(token)
        except NotFound as error:
            page = newsroom.page(
                "pages/leave.html", newsroom.settings.newsroom.languages[0], state="unknown", said=str(error)
            )
            return HTMLResponse(page, 404, HEADERS)
        state = "left" if request.method == "POST" else "asked"
        return HTMLResponse(
            newsroom.page("pages/leave.html", language, state=state, title=title), headers=HEADERS
        )

    return Starlette(
        routes=[
            Route("/healthz", healthy, methods=["GET"]),
            Route("/leave/{token:str}", leave, methods=["GET", "POST"]),
            *hooks(newsroom),
        ]
    )


@contextmanager
def serving(newsroom: App) -> Iterator[str]:
    """Serve the pages on ``web.listen`` beside the worker; yields where. Raises :exc:`ConfigError`."""
    host, port = newsroom.settings.web.address
    try:
        listener = socket.create_server((host, port))
    except OSError as error:
        raise ConfigError(
            f"web.listen: {host}:{port} cannot be used: {error.strerror}; write another port"
        ) from error
    config = uvicorn.Config(
        pages(newsroom), log_config=None, access_log=False, server_header=False, timeout_graceful_shutdown=5
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
