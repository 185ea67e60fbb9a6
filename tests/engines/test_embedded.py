"""The alarm clock: cron in the newsroom's zone, jobs that never overlap, a stop that waits."""

from datetime import UTC, datetime, timedelta
from random import Random
from threading import Event, Thread
from zoneinfo import ZoneInfo

import pytest

from syndicator.engines.embedded import EmbeddedEngine
from syndicator.errors import ConfigError
from syndicator.ports import World
from tests.lanes import Nowhere

BAGHDAD = ZoneInfo("Asia/Baghdad")
REAL = World(now=lambda: datetime.now(UTC), rng=Random(1), wait=lambda _: False, web=Nowhere())


def engine(zone: ZoneInfo = BAGHDAD) -> EmbeddedEngine:
    return EmbeddedEngine(EmbeddedEngine.Settings(), REAL, zone=zone, database="")


def slots(timetable: str, after: str, until: str, zone: ZoneInfo = BAGHDAD) -> list[str]:
    found = engine(zone).slots(timetable, datetime.fromisoformat(after), datetime.fromisoformat(until))
    return [moment.astimezone(UTC).isoformat()[:16] for moment in found]


def test_a_timetable_is_in_the_newsrooms_zone() -> None:
    assert slots("0 7 * * *", "2026-03-01T00:00Z", "2026-03-02T23:00Z") == [
        "2026-03-01T04:00",
        "2026-03-02T04:00",
    ]


def test_the_moment_after_is_not_itself() -> None:
    assert slots("0 7 * * *", "2026-03-01T04:00Z", "2026-03-01T04:00Z") == []
    assert slots("0 7 * * *", "2026-03-01T03:59:59Z", "2026-03-01T04:00Z") == ["2026-03-01T04:00"]


@pytest.mark.parametrize(
    ("weekday", "day"), [("0", "2026-03-01"), ("7", "2026-03-01"), ("1", "2026-03-02"), ("mon", "2026-03-02")]
)
def test_weekdays_count_as_cron_counts_them(weekday: str, day: str) -> None:
    (found,) = slots(f"0 12 * * {weekday}", "2026-02-28T21:00Z", "2026-03-07T00:00Z")
    assert found.startswith(day)


def test_steps_of_weekdays_are_no_days() -> None:
    assert len(slots("0 12 * * */2", "2026-03-01T21:00Z", "2026-03-08T21:00Z")) == 4


def test_an_hour_that_summer_time_skips_or_repeats_fires_once() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert len(slots("30 2 * * *", "2026-10-24T12:00Z", "2026-10-25T12:00Z", berlin)) == 1
    assert len(slots("0 7 * * *", "2026-03-28T12:00Z", "2026-03-29T12:00Z", berlin)) == 1


@pytest.mark.parametrize("timetable", ["0 7 * *", "0 25 * * *", "often and well and so on", "0 7 * * 9"])
def test_what_is_no_timetable(timetable: str) -> None:
    with pytest.raises(ConfigError, match="five fields"):
        slots(timetable, "2026-03-01T00:00Z", "2026-03-02T00:00Z")


def test_jobs_run_at_once_again_when_woken_and_are_finished_at_the_stop() -> None:
    clock = engine()
    ran, woken, finish, finished = Event(), Event(), Event(), Event()

    def job() -> None:
        if not ran.is_set():
            ran.set()
            return
        woken.set()
        finish.wait(10)
        finished.set()

    clock.every(timedelta(hours=1), job, "job")
    running = Thread(target=clock.run)
    running.start()
    assert ran.wait(10)
    clock.soon(["job", "nobody"])
    assert woken.wait(10)
    clock.stop()
    running.join(0.05)
    assert running.is_alive()  # it waits for the job
    finish.set()
    running.join(10)
    assert finished.is_set()
    assert not running.is_alive()
    clock.soon(["job"])


def test_a_job_that_is_woken_while_it_works_begins_again() -> None:
    clock = engine()
    begun, go_on, twice = Event(), Event(), Event()
    rounds: list[int] = []

    def job() -> None:
        rounds.append(len(rounds))
        begun.set()
        if len(rounds) == 1:
            go_on.wait(10)
        else:
            twice.set()

    clock.every(timedelta(hours=1), job, "job")
    running = Thread(target=clock.run)
    running.start()
    assert begun.wait(10)
    clock.soon(["job"])
    clock.soon(["job"])
    go_on.set()
    assert twice.wait(10)
    clock.stop()
    running.join(10)
    assert rounds == [0, 1]


def test_a_job_that_fails_is_not_at_work_for_ever() -> None:
    clock = engine()
    failed, again = Event(), Event()

    def job() -> None:
        if failed.is_set():
            again.set()
        failed.set()
        raise RuntimeError

    clock.every(timedelta(hours=1), job, "job")
    running = Thread(target=clock.run)
    running.start()
    assert failed.wait(10)
    while not again.is_set():
        clock.soon(["job"])
    clock.stop()
    running.join(10)
