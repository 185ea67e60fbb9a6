"""From what a form or a message says, field by field in words, to what a verb takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, get_args, get_origin
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime
from pydantic.fields import FieldInfo

from .nouns import Told

YES = frozenset({"on", "yes", "true", "1"})


def filled(takes: type[Told], told: Mapping[str, Sequence[str]], zone: ZoneInfo) -> dict[str, Any]:
    """Of each field that was told its value, as the model reads it. A moment without an offset is of this zone.

    What is empty was not told, but where the field is text that may be empty; unknown fields stay, to be refused.
    """
    found: dict[str, Any] = {}
    for name, words in told.items():
        known = takes.model_fields.get(name)
        value = words if known is None else _value(known, words, zone)
        if value is not None:
            found[name] = value
    return found


def _value(known: FieldInfo, words: Sequence[str], zone: ZoneInfo) -> Any:
    kinds = _kinds(known.annotation)
    if any(get_origin(kind) is tuple for kind in kinds):
        return [word.strip() for word in words if word.strip()]
    word = words[-1] if words else ""
    if bool in kinds:
        return word.casefold() in YES
    if not word.strip():
        return None
    if AwareDatetime in kinds or datetime in kinds:
        return _moment(word.strip(), zone)
    return word if str in kinds else word.strip()


def _kinds(annotation: Any) -> set[Any]:
    """The types that a field may be of: of ``int | None`` both."""
    inner = get_args(annotation)
    if inner and get_origin(annotation) is not tuple:
        return {annotation, *(kind for one in inner for kind in _kinds(one))}
    return {annotation}


def _moment(word: str, zone: ZoneInfo) -> str:
    try:
        found = datetime.fromisoformat(word)
    except ValueError:
        return word  # the model says what is wrong with it
    return (found if found.tzinfo else found.replace(tzinfo=zone)).isoformat()
