"""HTTP that cannot be turned against its own house, for threads and for whole rounds of sources at once."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Coroutine, Generator, Mapping
from concurrent.futures import Future
from threading import Lock, Thread
from types import TracebackType
from typing import Any, Self, TypeVar

import uvloop

from syndicator.errors import SourceError
from syndicator.ports import Answer, Ask

from . import addresses
from .asking import Asker, Dialler, Limits, Request

T = TypeVar("T")


class GuardedWeb:
    """Implements :class:`syndicator.ports.Web`; safe to share between threads. One event loop of its own, in a thread
    that begins with the first request, does all the asking.
    """

    def __init__(
        self,
        *,
        private_allowed: Collection[str] = (),
        limits: Limits | None = None,
        resolve: addresses.Resolve = addresses.resolve,
    ) -> None:
        self._dialler = Dialler(private_allowed, resolve)
        self._limits = limits or Limits()
        self._lock = Lock()
        self._line: _Line | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        with self._lock:
            line, self._line = self._line, None
        if line:
            line.end()

    def get(self, url: str, headers: Mapping[str, str] | None = None, *, robots: bool = False) -> Answer:
        """Raises :exc:`SourceError`, naming the URL, when no complete answer came."""
        return self._asked(url, Request(headers=headers or {}, robots=robots))

    def ask(
        self,
        method: str,
        url: str,
        *,
        content: bytes = b"",
        headers: Mapping[str, str] | None = None,
        follow: bool = True,
        whole: bool = True,
    ) -> Answer:
        """Implements :class:`syndicator.ports.Caller`; ``content`` is a form. Raises :exc:`SourceError`."""
        told = Request(method=method, content=content, headers=headers or {}, follow=follow, whole=whole)
        return self._asked(url, told)

    def post(self, url: str, content: bytes, headers: Mapping[str, str], *, seconds: float) -> Answer:
        """Raises :exc:`SourceError`, naming the URL, when no complete answer came within ``seconds``."""
        told = Request(method="POST", content=content, headers=headers, follow=False, seconds=seconds)
        return self._asked(url, told)

    def carry(self, steps: Generator[Ask, Answer, T]) -> Future[T]:
        """Ask what the steps want to know, and tell them, on the loop; many at the same time cost no threads."""
        line = self._begun()
        return line.soon(_carried(line.asker, steps))

    def _asked(self, url: str, request: Request) -> Answer:
        line = self._begun()
        return line.soon(line.asker.ask(url, request)).result()

    def _begun(self) -> _Line:
        with self._lock:
            if self._line is None:
                self._line = _Line(self._dialler, self._limits)
            return self._line


class _Line:
    """A thread with an event loop, and an asker on it."""

    def __init__(self, dialler: Dialler, limits: Limits) -> None:
        self._begun: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event, Asker]] = Future()
        self._thread = Thread(target=self._run, args=(dialler, limits), name="web", daemon=True)
        self._thread.start()
        self._loop, self._over, self.asker = self._begun.result()

    def soon(self, told: Coroutine[Any, Any, T]) -> Future[T]:
        return asyncio.run_coroutine_threadsafe(told, self._loop)

    def end(self) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    def _run(self, dialler: Dialler, limits: Limits) -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            try:
                runner.run(self._open(dialler, limits))
            except BaseException as error:
                self._begun.set_exception(error)
                raise

    async def _open(self, dialler: Dialler, limits: Limits) -> None:
        over = asyncio.Event()
        async with Asker(dialler, limits) as asker:
            self._begun.set_result((asyncio.get_running_loop(), over, asker))
            await over.wait()


async def _carried(asker: Asker, steps: Generator[Ask, Answer, T]) -> T:
    """What is read of a body may take its time, so that is done beside the loop."""
    done, told = _step(steps, None)
    while not done:
        ask: Ask = told
        try:
            answer: Answer | SourceError = await asker.ask(
                ask.url, Request(headers=ask.headers, robots=ask.robots)
            )
        except SourceError as error:
            answer = error
        beside = isinstance(answer, Answer) and answer.body
        done, told = await asyncio.to_thread(_step, steps, answer) if beside else _step(steps, answer)
    result: T = told
    return result


def _step(steps: Generator[Ask, Answer, Any], answer: Answer | SourceError | None) -> tuple[bool, Any]:
    """Whether that was the last step; its result, or what is asked next."""
    try:
        if isinstance(answer, SourceError):
            return False, steps.throw(answer)
        return False, steps.send(answer) if answer else next(steps)
    except StopIteration as end:
        return True, end.value
