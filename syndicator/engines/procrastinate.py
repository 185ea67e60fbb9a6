"""Many processes on many machines: procrastinate carries the wake-ups over PostgreSQL.

Every worker has the clock. A tick is deferred once, by whoever comes first: it is unique by name and slot.
A job carries no news, so nothing is lost with one; one that a dead worker left behind is given to another.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from importlib.metadata import version
from threading import Event
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import psycopg
from procrastinate import App, PsycopgConnector, tasks
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import Status
from procrastinate.schema import SchemaManager
from psycopg import sql
from pydantic import BaseModel, ConfigDict, Field

from syndicator.ports import World

from . import Clock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

log = logging.getLogger("syndicator.engine")

HEARTBEAT = 2.0  # seconds; a worker says that it lives
STALLED = 6.0  # seconds of silence, then its jobs are another's
AGAIN = 1.0  # seconds until we look again for a database that went away
QUEUE = "syndicator"


class ProcrastinateEngine:
    """Any number of workers; each may join, leave or die at any time."""

    needs_server = True

    class Settings(BaseModel):
        model_config = ConfigDict(frozen=True, extra="forbid")

        threads: int = Field(8, ge=1, le=64, description="jobs at the same time in each worker")

    def __init__(self, settings: Settings, world: World, *, zone: ZoneInfo, database: str) -> None:
        self._settings = settings
        self._world = world
        self._database = database.replace("+psycopg", "", 1)
        # Tables of its own for each version: their content is worth nothing, and workers of two versions may meet.
        self._schema = f"engine_{version('procrastinate').replace('.', '_')}"
        self._clock = Clock(world, zone=zone, threads=2)
        self.slots = self._clock.slots
        self._jobs: dict[str, Callable[[], None]] = {}
        self._stopping = Event()
        self._serving: tuple[asyncio.AbstractEventLoop, App] | None = None

    def every(self, interval: timedelta, job: Callable[[], None], name: str) -> None:
        """Wake the job now and then in each slot of the interval, once among all workers."""
        self._jobs[name] = job
        self._clock.every(interval, partial(self._tick, name, int(interval.total_seconds())), name)

    def soon(self, names: Iterable[str]) -> None:
        """Wake these jobs on whichever worker is free. Polling backs it: a lost wake-up is only late."""
        self._wake(list(names), None)

    def run(self) -> None:
        """Until :meth:`stop`; then what is in flight is finished. A database that goes away is waited for."""
        asyncio.run(self._run())

    def stop(self) -> None:
        """May be called from any thread, and from a signal handler."""
        self._stopping.set()

    async def _run(self) -> None:
        with ThreadPoolExecutor(self._settings.threads, "job") as threads:
            asyncio.get_running_loop().set_default_executor(threads)
            try:
                while not self._stopping.is_set():
                    try:
                        await self._serve()
                    except (ConnectorException, psycopg.Error) as error:
                        log.warning("the database went away, looking again: %s", error)
                        await asyncio.sleep(AGAIN)
            finally:
                await asyncio.to_thread(self._clock.stop)

    async def _serve(self) -> None:
        """One worker, as long as its database is there."""
        async with self._opened(self._jobs) as app:
            self._serving = asyncio.get_running_loop(), app
            self._clock.start()  # the first ticks come at once
            working = asyncio.create_task(
                app.run_worker_async(
                    queues=[QUEUE],
                    concurrency=self._settings.threads,
                    delete_jobs="always",
                    install_signal_handlers=False,
                    update_heartbeat_interval=HEARTBEAT,
                    stalled_worker_timeout=STALLED,
                )
            )
            try:
                await self._watch(app, working)
            finally:
                self._serving = None
                working.cancel()
                await asyncio.wait([working])

    async def _watch(self, app: App, working: asyncio.Task[None]) -> None:
        """Wait for the end; meanwhile give away what dead workers left behind."""
        while not self._stopping.is_set():
            for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED):
                log.warning("a worker died in %s; another one takes it", job.task_name)
                await self._given_away(app, job)
            for _ in range(int(HEARTBEAT / 0.1)):
                done, _pending = await asyncio.wait([working], timeout=0.1)
                if done:
                    await working
                if self._stopping.is_set():
                    return

    async def _given_away(self, app: App, job: Any) -> None:
        try:
            await app.job_manager.retry_job(job)
        except (AlreadyEnqueued, ConnectorException):  # the next tick waits already, or another was quicker
            await app.job_manager.finish_job(job, Status.FAILED, delete_job=True)

    def _tick(self, name: str, interval: int) -> None:
        """The clock struck: defer the job for this slot, unless it was deferred or waits already."""
        self._wake([name], int(self._world.now().timestamp()) // interval * interval)

    def _wake(self, names: Sequence[str], slot: int | None) -> None:
        try:
            if self._serving:
                loop, app = self._serving
                asyncio.run_coroutine_threadsafe(self._defer(app, names, slot), loop).result(timeout=10)
            elif slot is None:
                asyncio.run(self._defer_from_outside(names))
        except (ConnectorException, psycopg.Error, TimeoutError) as error:
            log.warning("nobody could be woken for %s: %s", ", ".join(names), error)

    async def _defer(self, app: App, names: Iterable[str], slot: int | None) -> None:
        for name in names:
            deferrer = _task(app, name, _nothing).configure(
                queue=QUEUE, lock=name, queueing_lock=name, task_kwargs={"timestamp": slot or 0}
            )
            try:
                if slot is None:
                    await deferrer.defer_async()
                else:
                    await app.job_manager.defer_periodic_job(
                        job=deferrer.job, periodic_id=name, defer_timestamp=slot
                    )
            except AlreadyEnqueued:
                log.debug("%s waits already", name)

    async def _defer_from_outside(self, names: Iterable[str]) -> None:
        async with self._opened({}) as app:
            await self._defer(app, names, None)

    @asynccontextmanager
    async def _opened(self, jobs: Iterable[str]) -> AsyncIterator[App]:
        """procrastinate on our schema, made where it is missing, with a task for each job."""
        connector = PsycopgConnector(
            conninfo=self._database,
            kwargs={"options": f"-c search_path={self._schema}"},
            min_size=1,
            max_size=self._settings.threads + 2,
        )
        app = App(connector=connector)
        for name in jobs:
            _task(app, name, partial(self._work, name))
        await self._made()
        async with app.open_async():
            yield app

    async def _work(self, name: str, timestamp: int) -> None:
        await asyncio.to_thread(self._jobs[name])

    async def _made(self) -> None:
        name = sql.Identifier(self._schema)
        async with (
            await psycopg.AsyncConnection.connect(self._database, autocommit=True) as connection,
            connection.transaction(),
        ):
            await connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [self._schema])
            found = await connection.execute("SELECT to_regnamespace(%s) IS NULL", [self._schema])
            if await found.fetchone() == (True,):
                await connection.execute(sql.SQL("CREATE SCHEMA {}").format(name))
                await connection.execute(sql.SQL("SET LOCAL search_path = {}").format(name))
                await connection.execute(SchemaManager.get_schema())


async def _nothing(timestamp: int) -> None:
    """Stands for the job where it is only named."""


def _task(app: App, name: str, job: Callable[[int], Any]) -> tasks.Task[Any, Any, Any]:
    known = app.tasks.get(name)
    return known or app.task(name=name, queue=QUEUE)(job)
