"""What wakes the jobs. The clock that every engine has is here: APScheduler with every zone passed explicitly.

An engine keeps no news: truth is in the database.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from threading import Lock
from zoneinfo import ZoneInfo

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger

from syndicator.errors import ConfigError
from syndicator.ports import World

_DAYS = (
    "sun",
    "mon",
    "tue",
    "wed",
    "thu",
    "fri",
    "sat",
    "sun",
)  # cron's numbers; APScheduler counts from Monday
_LEAP = timedelta(hours=3)  # more than any clock is put forward or back
_SLOTS_MAX = 10_000  # a timetable that fires more often within one look is no timetable of a newsletter


# A tick that finds its job still at work is left out, as it should be, and nobody needs to hear of it.
logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)


class Clock:
    """The timetable, in memory: wakes jobs in threads, each by itself once at a time; what was missed runs late."""

    def __init__(self, world: World, *, zone: ZoneInfo, threads: int) -> None:
        self._world = world
        self._zone = zone
        self._scheduler = BackgroundScheduler(
            timezone=zone,
            executors={"default": ThreadPoolExecutor(threads)},
            # Two of a job may be there for a moment, and :class:`_Turns` lets but one of them work.
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 2},
        )
        self._turns: dict[str, _Turns] = {}

    def every(self, interval: timedelta, job: Callable[[], None], name: str) -> None:
        """Run the job now and then again after each interval, in seconds or longer."""
        self._turns[name] = _Turns(job)
        self._scheduler.add_job(
            self._turns[name].run,
            "interval",
            seconds=interval.total_seconds(),
            id=name,
            next_run_time=self._world.now(),
            timezone=self._zone,
        )

    def soon(self, names: Iterable[str]) -> None:
        """Wake these jobs without waiting for their turn; one that is at work begins again when it has finished."""
        for name in names:
            if name in self._turns and self._scheduler.running and not self._turns[name].again():
                self._scheduler.modify_job(name, next_run_time=self._world.now())

    def slots(self, timetable: str, after: datetime, until: datetime) -> list[datetime]:
        """The moments of a cron timetable in (after, until]. Raises :exc:`ConfigError` when it is none."""
        trigger = _trigger(timetable)
        # APScheduler reads the wall clock of a place without summer time; each reading is one moment of ours,
        # also where the clocks are put forward or back.
        found: list[datetime] = []
        wall = self._wall(after - _LEAP)
        while len(found) < _SLOTS_MAX and wall <= self._wall(until + _LEAP):
            wall = trigger.get_next_fire_time(None, wall + timedelta(microseconds=1))
            if wall is None:
                break
            moment = wall.replace(tzinfo=self._zone).astimezone(UTC)
            if after < moment <= until:
                found.append(moment)
        return found

    def _wall(self, moment: datetime) -> datetime:
        return moment.astimezone(self._zone).replace(tzinfo=UTC)

    def start(self) -> None:
        """Starting twice is starting once."""
        if not self._scheduler.running:
            self._scheduler.start()

    def stop(self) -> None:
        """What is in flight is finished first."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)


class _Turns:
    """A job that is done by one thread at a time. A tick that finds it at work is left out; a wake-up is not."""

    def __init__(self, job: Callable[[], None]) -> None:
        self._job = job
        self._guard = Lock()
        self._at_work = self._woken = False

    def again(self) -> bool:
        """Whether it is at work, and will begin again."""
        with self._guard:
            self._woken = self._at_work
            return self._at_work

    def run(self) -> None:
        with self._guard:
            if self._at_work:
                return
            self._at_work = True
        while self._carried_out():
            pass

    def _carried_out(self) -> bool:
        try:
            self._job()
        except BaseException:
            self._at_work = False
            raise
        with self._guard:
            self._at_work, self._woken = self._woken, False
            return self._at_work


def _trigger(timetable: str) -> CronTrigger:
    fields = timetable.split()
    try:
        minute, hour, day, month, weekday = fields
        weekday = re.sub(r"(?<![/\w])[0-7]", lambda found: _DAYS[int(found[0])], weekday)
        return CronTrigger(minute=minute, hour=hour, day=day, month=month, day_of_week=weekday, timezone=UTC)
    except ValueError as error:
        raise ConfigError(
            f"{timetable!r} is no timetable: {error}; write cron's five fields, such as '0 7 * * *'"
        ) from error
