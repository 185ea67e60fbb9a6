"""Calls of providers about bounces and complaints, and of publishers about stories: POST /hooks/NAME."""

from __future__ import annotations

import logging

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

    async def call(request: Request) -> Response:
        body = bytearray()
        async for piece in request.stream():
            body += piece
            if len(body) > LARGEST:
                return PlainTextResponse("too large\n", 413)
        return await run_in_threadpool(heard, request.path_params["name"], dict(request.headers), bytes(body))

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

    return [Route("/hooks/{name:str}", call, methods=["POST"])]
