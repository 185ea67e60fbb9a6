"""JSON that strangers wrote: whatever stands where a word should be is read as no word."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any


def parsed(body: bytes | str) -> Any:
    """Raises :exc:`ValueError`, also for what is nested too deep or is no Unicode."""
    try:
        return json.loads(body)
    except RecursionError as error:
        message = "it is nested too deep"
        raise ValueError(message) from error


def inner(told: Any, *path: str | int) -> Any:
    """A value deep inside; None where anything on the way is missing or of another kind."""
    for step in path:
        if isinstance(step, str):
            told = told.get(step) if isinstance(told, dict) else None
        else:
            told = told[step] if isinstance(told, list) and len(told) > step else None
    return told


def word(told: Any, *path: str | int) -> str:
    """Text deep inside, or the empty string. A number is text, too: an id may be one."""
    found = inner(told, *path)
    if isinstance(found, int) and not isinstance(found, bool):
        return str(found)
    return found.strip() if isinstance(found, str) else ""


def rows(told: Any, *path: str | int) -> list[dict[str, Any]]:
    """The objects of a list deep inside."""
    found = inner(told, *path)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def moment(text: str) -> datetime | None:
    """An ISO 8601 moment as UTC, which it is in where it does not say; None if it is none."""
    try:
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
