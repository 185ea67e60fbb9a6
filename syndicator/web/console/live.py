"""What moved, told to every page that is open (Server-Sent Events): pages ask for their parts anew by themselves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from syndicator.errors import SyndicatorError

from .doors import HOME, Doors, Visit

if TYPE_CHECKING:
    from syndicator.app import App

EVERY = 1.0  # seconds between two looks, while somebody has a page open
SILENCE = 15  # looks without news, after which a line is sent so that nobody in between closes the connection
PAGES_MAX = 200
WHAT = ("deliveries", "desk", "stories")


class Live:
    def __init__(self, newsroom: App, doors: Doors) -> None:
        self._newsroom = newsroom
        self._open: set[asyncio.Queue[str]] = set()
        self._looking: asyncio.Task[None] | None = None
        route = Route(f"{HOME}/live", doors.guarded(self._answer), methods=["GET"])
        route.app = doors.framed(route.app)
        self.routes = [route]

    async def _answer(self, visit: Visit) -> Response:
        if len(self._open) >= PAGES_MAX:
            return Response(status_code=503, headers={"retry-after": "30"})
        told = self._told(visit.request)
        return StreamingResponse(told, media_type="text/event-stream", headers={"x-accel-buffering": "no"})

    async def _told(self, request: Request) -> AsyncIterator[str]:
        queue: asyncio.Queue[str] = asyncio.Queue(maxsize=8)
        self._open.add(queue)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            yield "retry: 3000\n\n"
            while not self._newsroom.stopping.is_set():
                yield await queue.get()
                if await request.is_disconnected():
                    break
        finally:
            self._open.discard(queue)

    async def _look(self) -> None:
        """One look a second for all pages, as long as there are any."""
        before: tuple[int, int, int] | None = None
        silent = 0
        while self._open and not self._newsroom.stopping.is_set():
            try:
                found = await run_in_threadpool(self._newsroom.board.pulse)
            except SyndicatorError:  # the database does not answer; it is asked again
                found = before or (0, 0, 0)
            moved = [what for what, old, new in zip(WHAT, before or found, found, strict=True) if old != new]
            silent = 0 if moved else silent + 1
            if moved or silent % SILENCE == 0:
                self._tell(f"event: moved\ndata: {' '.join(moved)}\n\n" if moved else ": here\n\n")
            before = found
            await asyncio.sleep(EVERY)
        self._tell(": bye\n\n")

    def _tell(self, text: str) -> None:
        for queue in self._open:
            if not queue.full():  # who does not read hears of the next
                queue.put_nowait(text)
