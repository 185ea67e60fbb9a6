"""Links of mails that are counted: /r/TOKEN leads to a story of ours, and nowhere else."""

from __future__ import annotations

from base64 import b64decode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from syndicator.app import App
from syndicator.errors import NotFound

HEADERS = {"cache-control": "no-store", "x-robots-tag": "noindex", "referrer-policy": "no-referrer"}
PICTURE = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")  # a GIF of nothing


def ways(newsroom: App) -> list[Route]:
    clicks = newsroom.gate.clicks

    def follow(request: Request) -> Response:
        token = request.path_params["token"]
        try:
            target = clicks.target(token)
        except NotFound as error:
            return PlainTextResponse(f"{error}\n", 404, headers=HEADERS)
        if request.method == "GET":  # HEAD is no reader's
            clicks.click(token, **_who(request))
        return RedirectResponse(target, 302, headers=HEADERS)

    def picture(request: Request) -> Response:
        try:
            if request.method == "GET":
                clicks.opened(request.path_params["token"], **_who(request))
        except NotFound as error:
            return PlainTextResponse(f"{error}\n", 404, headers=HEADERS)
        return Response(PICTURE, media_type="image/gif", headers=HEADERS)

    async def followed(request: Request) -> Response:
        return await run_in_threadpool(follow, request)

    async def pictured(request: Request) -> Response:
        return await run_in_threadpool(picture, request)

    return [
        Route("/r/{token:str}", followed, methods=["GET"]),
        Route("/o/{token:str}", pictured, methods=["GET"]),
    ]


def _who(request: Request) -> dict[str, str]:
    host = request.client.host if request.client else ""
    return {"visitor": host, "agent": request.headers.get("user-agent", "")}
