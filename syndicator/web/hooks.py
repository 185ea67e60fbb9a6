"""Calls of providers about bounces and complaints, of publishers about stories (POST /hooks/NAME), and of hubs."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from syndicator.app import App
from syndicator.errors import NotFound, Refused, SourceError, StorageError

log = logging.getLogger("syndicator")

LARGEST = 2_000_000  # octets of a call: a long story with its pictures' markup has some hundred thousand


def hooks(newsroom: App) -> list[Route]:
    """2xx means that the call was heard, or was heard before; after anything else the provider calls again."""

    async def whole(request: Request) -> bytes | None:
        """None where it is too large."""
        body = bytearray()
        async for piece in request.stream():
            body += piece
            if len(body) > LARGEST:
                return None
        return bytes(body)

    async def call(request: Request) -> Response:
        body = await whole(request)
        if body is None:
            return PlainTextResponse("too large\n", 413)
        return await run_in_threadpool(heard, request.path_params["name"], dict(request.headers), body)

    def heard(name: str, headers: dict[str, str], body: bytes) -> Response:
        try:
            newsroom.switchboard.call(name, headers, body)
        except NotFound as error:
            return PlainTextResponse(f"{error}\n", 404)
        except Refused as error:
            log.warning("hooks.%s: %s", name, error)
            return PlainTextResponse("refused\n", 403)
        except SourceError as error:
            log.warning("hooks.%s: %s", name, error)
            return PlainTextResponse(f"{error}\n", 422)
        except StorageError:
            return PlainTextResponse("come again\n", 503)
        return PlainTextResponse("ok\n")

    async def prove(request: Request) -> Response:
        return await run_in_threadpool(proven, request.path_params, dict(request.query_params))

    def proven(path: Mapping[str, str], query: Mapping[str, str]) -> Response:
        try:
            said = newsroom.switchboard.hubs.proven(path["source"], path["token"], query)
        except NotFound as error:
            return PlainTextResponse(f"{error}\n", 404)
        except StorageError:
            return PlainTextResponse("come again\n", 503)
        return PlainTextResponse(said, headers={"x-content-type-options": "nosniff"})

    async def distribute(request: Request) -> Response:
        body = await whole(request)
        if body is None:
            return PlainTextResponse("too large\n", 413)
        signature = request.headers.get("x-hub-signature", "")
        return await run_in_threadpool(distributed, request.path_params, signature, body)

    def distributed(path: Mapping[str, str], signature: str, body: bytes) -> Response:
        """A hub is thanked also for what is not believed: it learns nothing of our secret by it."""
        try:
            newsroom.switchboard.distributed(path["source"], path["token"], signature, body)
        except NotFound as error:
            return PlainTextResponse(f"{error}\n", 410)  # and the hub ends it
        except StorageError:
            return PlainTextResponse("come again\n", 503)
        return PlainTextResponse("thank you\n", 202)

    return [
        Route("/hooks/{name:str}", call, methods=["POST"]),
        Route("/hooks/websub/{source:str}/{token:str}", prove, methods=["GET"]),
        Route("/hooks/websub/{source:str}/{token:str}", distribute, methods=["POST"]),
    ]
