"""What a verb answers, in plain words: a few lines, whatever it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from .words import Words

_HASH = re.compile(r"[0-9a-f]{40,}")
LINES = 40
TEXT_MAX = 3200  # characters, with its markup
SHORT = 160  # characters of one value
DEEP = 3
LISTED = 20  # of a list of names


def plainly(words: Words, told: Any) -> list[str]:
    """Lines of HTML; what is too much for a message is left out, and that is said."""
    lines: list[str] = []
    for line in _lines(words, told, 0):
        if len(lines) == LINES or sum(map(len, lines)) + len(line) > TEXT_MAX:
            return [*lines, "…"]
        lines.append(line)
    return lines


def _lines(words: Words, told: Any, depth: int) -> Iterator[str]:
    told = asdict(told) if is_dataclass(told) and not isinstance(told, type) else told
    if isinstance(told, Mapping):
        for name, value in told.items():
            yield from _field(words, str(name), value, depth)
    elif isinstance(told, Sequence) and not isinstance(told, str):
        for number, one in enumerate(told, 1):
            yield f"{'  ' * depth}{number}. {_line(words, one)}"
    else:
        yield _line(words, told)


def _field(words: Words, name: str, value: Any, depth: int) -> Iterator[str]:
    value = asdict(value) if is_dataclass(value) and not isinstance(value, type) else value
    if _is_nothing(value):
        return
    label = f"{'  ' * depth}{words.label(name)}"
    if isinstance(value, Mapping) or (_is_list(value) and any(map(_is_big, value))):
        yield f"{label}:"
        if depth < DEEP:
            yield from _lines(words, value, depth + 1)
    else:
        yield f"{label}: {_line(words, value)}"


def _line(words: Words, told: Any) -> str:
    if is_dataclass(told) and not isinstance(told, type):
        told = asdict(told)
    if isinstance(told, Mapping):
        parts = {name: one for name, one in told.items() if one is not False and not _is_nothing(one)}
        return " · ".join(_part(words, name, one) for name, one in parts.items())
    if _is_list(told):
        more = ["…"] if len(told) > LISTED else []
        return words.listed([*(_bare(words, one) for one in told[:LISTED]), *more])
    return words.bdi(_bare(words, told))


def _part(words: Words, name: str, value: Any) -> str:
    """A number, and what is so or not, say nothing without their name."""
    if value is True:
        return words.label(name)
    if isinstance(value, int | float):
        return f"{words.label(name)} {value}"
    return _line(words, value)


def _bare(words: Words, told: Any) -> str:
    match told:
        case bool():
            return words.plain("yes") if told else words.plain("no")
        case datetime():
            return words.clock(told)
        case timedelta():
            return str(told)
        case Enum():
            return str(told.value)
        case Mapping():
            return " · ".join(_bare(words, one) for one in told.values() if not _is_nothing(one))
        case list() | tuple():
            return ", ".join(_bare(words, one) for one in told)
    text = " ".join(str(told).split())
    if _HASH.fullmatch(text):
        return text[:12]
    return text if len(text) <= SHORT else text[: SHORT - 1] + "…"


def _is_nothing(value: Any) -> bool:
    return value is None or (not isinstance(value, int | float) and not value)


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _is_big(value: Any) -> bool:
    return isinstance(value, Mapping) or is_dataclass(value)
