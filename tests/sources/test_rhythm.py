from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from syndicator.sources import rhythm

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


def wait(
    headers: dict[str, str] | None = None, every: timedelta | None = None, ages: tuple[timedelta, ...] = ()
) -> timedelta:
    stories = rhythm.newest(NOW - age for age in ages)
    told = rhythm.again_at(
        NOW, headers=headers or {}, every=every, stories=stories, slowest=HOUR, rng=Random(1)
    )
    return (told - NOW) / Random(1).uniform(0.9, 1.1)


def about(found: timedelta, wanted: timedelta) -> bool:
    return abs(found - wanted) < timedelta(seconds=1)


@pytest.mark.parametrize(
    ("headers", "wanted"),
    [
        ({"cache-control": "public, max-age=600"}, timedelta(minutes=10)),
        ({"cache-control": "max-age=600, no-cache"}, timedelta(0)),
        ({"cache-control": "max-age=31536000"}, HOUR),
        ({"cache-control": "max-age=soon"}, timedelta(0)),
        ({"expires": "Sun, 01 Mar 2026 09:20:00 GMT"}, timedelta(minutes=20)),
        (
            {"expires": "Sun, 01 Mar 2026 09:20:00 GMT", "date": "Sun, 01 Mar 2026 09:10:00 GMT"},
            timedelta(minutes=10),
        ),
        ({"expires": "0"}, timedelta(0)),
        ({"expires": "Sun, 01 Mar 2020 09:20:00 GMT"}, timedelta(0)),
        ({}, timedelta(0)),
    ],
)
def test_what_a_server_says(headers: dict[str, str], wanted: timedelta) -> None:
    assert about(wait(headers), wanted)


def test_what_a_feed_wishes_and_what_it_does() -> None:
    assert about(wait(every=timedelta(minutes=30)), timedelta(minutes=30))
    assert about(wait(every=timedelta(days=7)), HOUR)
    every_ten = tuple(timedelta(minutes=10 * n) for n in range(1, 20))
    assert about(wait(ages=every_ten), timedelta(minutes=5))
    assert about(wait(ages=(timedelta(hours=1),)), timedelta(minutes=30))
    assert about(wait(ages=(timedelta(days=300),)), HOUR)
    assert about(wait(ages=(-timedelta(days=1),)), timedelta(0))  # it waits for its day


@pytest.mark.parametrize(
    ("said", "minutes"),
    [
        ("60", 1),
        ("Sun, 01 Mar 2026 09:10:00 GMT", 10),
        ("", 5),
        ("never", 5),
        ("99999999999999999999", 360),
        ("٦٠", 5),
    ],
)
def test_how_long_a_server_asks_to_be_left_alone(said: str, minutes: int) -> None:
    assert rhythm.retry_at({"retry-after": said}, NOW) == NOW + timedelta(minutes=minutes)
