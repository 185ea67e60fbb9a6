"""One process that does everything, with an alarm clock of its own."""

from __future__ import annotations

from threading import Event
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from syndicator.ports import World

from . import Clock


class EmbeddedEngine:
    """The clock itself carries the jobs out, in threads of this process."""

    needs_server = False

    class Settings(BaseModel):
        model_config = ConfigDict(frozen=True, extra="forbid")

        threads: int = Field(8, ge=1, le=64, description="jobs at the same time")

    def __init__(self, settings: Settings, world: World, *, zone: ZoneInfo, database: str) -> None:
        self._clock = Clock(world, zone=zone, threads=settings.threads)
        self._stopping = Event()
        self.every, self.soon, self.slots = self._clock.every, self._clock.soon, self._clock.slots

    def run(self) -> None:
        """Until :meth:`stop`; then what is in flight is finished."""
        self._clock.start()
        self._stopping.wait()
        self._clock.stop()

    def stop(self) -> None:
        """May be called from any thread, and from a signal handler."""
        self._stopping.set()
