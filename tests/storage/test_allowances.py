"""Buckets that several workers share, relays that rest, and the turns of those that were put off."""

from __future__ import annotations

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from syndicator.model import Allowance
from syndicator.storage import allowances
from syndicator.storage.database import Database
from syndicator.storage.schema import allowances as table
from tests.lanes import NOW

BUCKET = Allowance(name="letters/own:20/s", rate=2.0, most=20.0)
DAY = Allowance(name="letters/own:2026-03-01", rate=0.0, most=500.0)


def taken(database: Database, wanted: int, seconds: float = 0.0, *buckets: Allowance) -> int:
    with database.write() as connection:
        when = NOW + timedelta(seconds=seconds)
        return allowances.take(connection, buckets or [BUCKET], wanted, when)


def test_a_bucket_is_emptied_and_fills_again(database: Database) -> None:
    assert [taken(database, 15), taken(database, 15), taken(database, 15)] == [15, 5, 0]
    assert taken(database, 15, 3.0) == 6
    assert taken(database, 100, 3600.0) == 20  # never more than it holds


def test_it_is_kept_over_a_restart(database: Database) -> None:
    taken(database, 20)
    again = Database(database.url)
    assert taken(again, 1) == 0
    again.close()


def test_the_smallest_of_several_decides_and_a_day_does_not_fill_again(database: Database) -> None:
    for minute in range(25):
        assert taken(database, 100, 60.0 * minute, BUCKET, DAY) == 20
    assert taken(database, 100, 6000.0, BUCKET, DAY) == 0
    assert taken(database, 100, 6000.0, BUCKET) == 20


def test_what_was_not_used_goes_back(database: Database) -> None:
    taken(database, 20)
    with database.write() as connection:
        allowances.put_back(connection, [BUCKET], 7)
    assert taken(database, 20) == 7


def test_a_clock_that_is_set_back_gives_nothing(database: Database) -> None:
    taken(database, 20)
    assert taken(database, 20, -3600.0) == 0


@given(steps=st.lists(st.tuples(st.integers(0, 50), st.floats(0, 30)), max_size=20))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
def test_never_more_than_the_bucket_and_its_refills(
    database: Database, steps: list[tuple[int, float]]
) -> None:
    with database.write() as connection:
        connection.execute(delete(table))
    at, total = 0.0, 0
    for wanted, later in steps:
        at += later
        total += taken(database, wanted, at)
        assert total <= BUCKET.most + BUCKET.rate * at + 1e-6


def test_workers_share_it(database: Database) -> None:
    got: list[int] = []
    start = Barrier(4)

    def work() -> None:
        start.wait()
        for _ in range(5):
            got.append(taken(database, 3))

    threads = [Thread(target=work) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sum(got) == 20


@pytest.mark.parametrize("tries", [1, 2, 5, 20])
def test_a_relay_rests_longer_each_time_and_is_forgiven(database: Database, tries: int) -> None:
    now = NOW
    with database.write() as connection:
        for _ in range(tries):
            until = allowances.rest(connection, "letters/own", "no route", now)
            assert allowances.resting(connection, "letters/own", now)
            waited, now = until - now, until
        assert waited == min(timedelta(seconds=30) * 2 ** (tries - 1), timedelta(minutes=30))
        assert not allowances.resting(connection, "letters/own", now)
        late = now + timedelta(hours=7)
        assert allowances.rest(connection, "letters/own", "x", late) - late == timedelta(seconds=30)
        assert list(allowances.all_resting(connection, late)) == ["letters/own"]


def test_days_that_are_over_are_forgotten(database: Database) -> None:
    taken(database, 1, 0.0, DAY)
    with database.write() as connection:
        assert allowances.sweep(connection, NOW + timedelta(days=3)) == 1
