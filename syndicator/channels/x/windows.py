"""How many calls X still allows, as its answers say: a quarter of an hour and a day, kept over restarts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

_WINDOWS = ("x-rate-limit", "x-user-limit-24hour", "x-app-limit-24hour")
POSTING = "POST /2/tweets"
REST = timedelta(minutes=1)  # after a 429 that does not say until when
Kept = dict[str, list[int]]  # window -> limit, remaining, reset (seconds since 1970)


def read(headers: Mapping[str, str]) -> Kept:
    """The windows that an answer tells of."""
    found = {}
    for name in _WINDOWS:
        told = [headers.get(f"{name}-{part}", "") for part in ("limit", "remaining", "reset")]
        if all(one.isdigit() for one in told):
            found[name] = [int(one) for one in told]
    return found


def bare(now: datetime) -> Kept:
    return {"bare": [0, 0, int((now + REST).timestamp())]}


def shut_until(kept: Mapping[str, Any] | None, now: datetime) -> datetime | None:
    """When the last of the windows opens that are used up; None: one more call may be made now."""
    resets = [reset for _, remaining, reset in (kept or {}).values() if remaining < 1]
    until = datetime.fromtimestamp(max(resets, default=0), UTC) + timedelta(seconds=1)
    return until if until > now else None
