"""When it is worth looking at a feed again: what its server says, and how often it had something new."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from random import Random

NEWEST = 6  # stories whose dates say how often there is something new
PER_STORY = 2  # looks, for each story that is to be expected
JITTER = 0.1  # either way
RETRY_MAX = timedelta(hours=6)  # a Retry-After beyond this would be silence, not politeness
RETRY = timedelta(minutes=5)  # where the server does not say how long

_AGE = re.compile(r"\bmax-age\s{0,5}=\s{0,5}\"?(\d{1,9})")


def newest(dates: Iterable[datetime | None]) -> list[int]:
    """Seconds since 1970 of the newest few, newest first."""
    return sorted((int(one.timestamp()) for one in dates if one), reverse=True)[:NEWEST]


def again_at(
    now: datetime,
    *,
    headers: Mapping[str, str],
    every: timedelta | None,
    stories: Sequence[int],
    slowest: timedelta,
    rng: Random,
) -> datetime:
    """The later of what the server or the feed wishes and what its own rhythm says; ``slowest`` at the latest.

    The time since its last story counts for its rhythm, so a feed that falls silent is asked less and less often.
    """
    told = [found for found in (_fresh_for(headers, now), every, _rhythm(now, stories)) if found]
    return now + min(slowest, max(told, default=timedelta(0))) * rng.uniform(1 - JITTER, 1 + JITTER)


def retry_at(headers: Mapping[str, str], now: datetime) -> datetime:
    """RFC 9110 §10.2.3: seconds, or a date."""
    said = headers.get("retry-after", "").strip()
    if said.isascii() and said.isdigit():
        return min(now + timedelta(seconds=min(int(said[:9]), 10**6)), now + RETRY_MAX)
    return min(_moment(said) or now + RETRY, now + RETRY_MAX)


def _rhythm(now: datetime, stories: Sequence[int]) -> timedelta | None:
    past = [one for one in stories if one <= now.timestamp()]
    return timedelta(seconds=(now.timestamp() - past[-1]) / len(past) / PER_STORY) if past else None


def _fresh_for(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """RFC 9111 §4.2.1; an answer that is never fresh says nothing about when to come."""
    said = headers.get("cache-control", "").lower()
    if "no-cache" in said or "no-store" in said:
        return None
    if found := _AGE.search(said):
        return timedelta(seconds=min(int(found[1]), 10**8))
    until = _moment(headers.get("expires", ""))
    return max(until - (_moment(headers.get("date", "")) or now), timedelta(0)) if until else None


def _moment(said: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(said) if len(said) < 100 else None
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found and found.tzinfo is None else found
