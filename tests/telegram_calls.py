"""Calls of Telegram's own entity parser with what it answers, from the collection beside the project."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

CORPORA = Path(os.environ.get("SYNDICATOR_CORPORA") or Path(__file__).parents[2] / "shared" / "corpora")
CALLS = CORPORA / "telegram" / "tdlib_entity_calls.json"
SURROGATE = (
    "Text contains invalid Unicode characters after decoding HTML entities, "
    "check for unmatched surrogate code units"
)
# The collection folds runs of blanks, and this call counts them: with them folded the token begins at byte 22.
FOLDED = {"Unexpected end of name token at byte offset 27": "Unexpected end of name token at byte offset 22"}

_STRING = re.compile(r'\s*"((?:[^"\\]|\\.)*)"\s*,?\s*')
_ENTITY = re.compile(r'Type::(\w+), (\d+), (\d+)(?:, "([^"]*)")?')
_KINDS = {
    "TextUrl": "text_link",
    "PreCode": "pre",
    "FormattedDate": "date_time",
    "ExpandableBlockQuote": "expandable_blockquote",
}


class Call(NamedTuple):
    markup: str
    text: str  # or the error
    entities: frozenset[tuple[str, int, int, str]] | None  # None: it is refused


def calls() -> Iterator[Call]:
    for name, arguments in json.loads(CALLS.read_text("utf-8")):
        if name == "check_parse_html":
            yield _call(arguments)


def _call(arguments: str) -> Call:
    markup, rest = _string(arguments)
    if rest.startswith("invalid_surrogate"):
        return Call(markup, SURROGATE, None)
    text, rest = _string(rest)
    if not rest:
        return Call(markup, FOLDED.get(text, text), None)
    found = _ENTITY.findall(rest)
    told = ((_KINDS.get(kind, kind.lower()), int(at), int(length), more) for kind, at, length, more in found)
    return Call(markup, text, frozenset(told))


def _string(arguments: str) -> tuple[str, str]:
    found = _STRING.match(arguments)
    assert found, arguments
    spelled = found[1].replace("\\'", "'")
    return json.loads(f'"{spelled}"'), arguments[found.end() :]
