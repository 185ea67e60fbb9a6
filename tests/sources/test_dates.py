from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from syndicator.sources.dates import parse

BAGHDAD = ZoneInfo("Asia/Baghdad")


@pytest.mark.parametrize(
    "said",
    [
        "Sun, 01 Mar 2026 08:00:00 +0300",
        "2026-03-01T08:00:00+03:00",
        "2026-03-01T08:00:00+03",
        "2026-03-01 08:00",
        "2026-03-01T05:00:00Z",
        "٢٠٢٦-٠٣-٠١T٠٨:٠٠:٠٠",
        "1 مارس 2026 08:00:00 +0300",
        "Sun, 01 Mar 2026 05:00:00 GMT",
    ],
)
def test_a_date_is_a_moment(said: str) -> None:
    assert parse(said, BAGHDAD) == datetime(2026, 3, 1, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "said", ["", None, "soon", "0000", "30/07/1443", "Thu, 01 Jan 1970 00:00:00 GMT", "0001-01-01"]
)
def test_what_is_no_date_of_a_story(said: str | None) -> None:
    assert parse(said, BAGHDAD) is None
