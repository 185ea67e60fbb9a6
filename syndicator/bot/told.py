"""From the words behind an order to what its verb takes: in the order of its fields, or by ``field=value``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any, get_args, get_origin

from pydantic import AwareDatetime
from pydantic.fields import FieldInfo

from syndicator.verbs import Told

# A word; or several in quotes, of whatever script, also as a field's value.
_WORD = re.compile(r"""(?:(?P<field>\w+)=)?(?:"(?P<a>[^"]*)"|“(?P<b>[^”]*)”|«(?P<c>[^»]*)»|(?P<d>\S+))""")
_HOUR = re.compile(r"(\d{1,2}):(\d{2})")
YES = frozenset({"yes", "on", "true", "1", "بەڵێ", "نعم"})


def understood(takes: type[Told], rest: str, now: datetime) -> dict[str, Any]:
    """Values as the model reads them; what is none of its fields stays, to be refused by name.

    A moment may be an hour, the next such one; without an offset it is of the zone of ``now``.
    """
    fields = takes.model_fields
    named: dict[str, list[str]] = {}
    others: list[str] = []
    for name, word in _words(rest):
        if name is not None and (name in fields or not others):
            named.setdefault(name, []).append(word)
        elif name is None and word in fields and bool in _kinds(fields[word]):
            named[word] = ["yes"]
        else:
            others.append(word if name is None else f"{name}={word}")
    for name, words in _dealt(fields, others, named):
        named[name] = words
    return {
        name: _value(fields[name], words, now) if name in fields else words[-1]
        for name, words in named.items()
    }


def usage(takes: type[Told]) -> str:
    """The fields in their order; those in brackets may be left out."""
    said = [name if told.is_required() else f"[{name}]" for name, told in takes.model_fields.items()]
    return " ".join(said)


def _words(rest: str) -> Iterator[tuple[str | None, str]]:
    for found in _WORD.finditer(rest):
        yield found["field"], next(found[one] for one in "abcd" if found[one] is not None)


def _dealt(
    fields: Mapping[str, FieldInfo], words: Sequence[str], named: Mapping[str, object]
) -> Iterator[tuple[str, list[str]]]:
    """A word for each field; the last one has the rest of them."""
    free = [name for name, told in fields.items() if name not in named and not _kinds(told) & {bool, dict}]
    for number, word in enumerate(words):
        if number >= len(free):
            return
        last = number == len(free) - 1 or _takes_the_rest(fields, free[number:])
        yield free[number], list(words[number:]) if last else [word]
        if last:
            return


def _takes_the_rest(fields: Mapping[str, FieldInfo], free: Sequence[str]) -> bool:
    """Names for a list, or a text that people write: nothing that must be told comes after it."""
    told = fields[free[0]]
    listed = bool(_kinds(told) & {tuple, list})
    written = free[0] in {"why", "note", "text"} or datetime in _kinds(told)
    return (listed or written) and not any(fields[name].is_required() for name in free[1:])


def _value(told: FieldInfo, words: Sequence[str], now: datetime) -> Any:
    kinds = _kinds(told)
    if kinds & {tuple, list}:
        return [one for word in words for one in word.split(",") if one]
    word = " ".join(words)
    if bool in kinds:
        return word.casefold() in YES
    if dict in kinds:
        try:
            return json.loads(word)
        except ValueError:
            return word  # the model says what is wrong with it
    return moment(word, now) if datetime in kinds else word


def _kinds(told: FieldInfo) -> set[Any]:
    return set(_flat(told.annotation))


def _flat(annotation: Any) -> Iterator[Any]:
    """The types that a field may be of: of ``int | None`` both, of ``tuple[str, ...]`` the tuple."""
    origin = get_origin(annotation)
    if origin in {tuple, list, dict}:
        yield origin
        return
    if not get_args(annotation):
        yield datetime if annotation is AwareDatetime else annotation
    for one in get_args(annotation):
        yield from _flat(one)


def moment(word: str, now: datetime) -> str:
    """As ISO 8601 has it; what is none stays as it is."""
    if found := _HOUR.fullmatch(word):
        try:
            at = datetime.combine(now.date(), time(int(found[1]), int(found[2])), now.tzinfo)
        except ValueError:
            return word
        return (at if at > now else at + timedelta(days=1)).isoformat()
    try:
        at = datetime.fromisoformat(word)
    except ValueError:
        return word
    return (at if at.tzinfo else at.replace(tzinfo=now.tzinfo)).isoformat()
