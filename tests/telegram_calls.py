"""Calls of Telegram's own entity parser with what it answers, from the collection beside the project."""

from __future__ import annotations

import html
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
OUTCOMES = {
    "check_parse_markdown",
    "check_parse_markdown_v3",
    "check_get_markdown_v3",
    "check_fix_formatted_text",
}
_WORD = r'"(?:[^"\\]|\\.)*"'
_PIECE = re.compile(r'"((?:[^"\\]|\\.)*)"')
_PAIR = re.compile(rf"({_WORD}(?:\s*{_WORD})*), (\{{\}}|\{{\{{.*?\}}\}})(?=,|$)")
_FIXED = re.compile(rf"\s*({_WORD}(?:\s*{_WORD})*), \{{.*?\}}, ({_WORD}), \{{.*?\}}((?:, (?:true|false))*)")
_TAGS = {
    "text_link": ('<a href="MORE">', "</a>"), "bold": ("<b>", "</b>"), "italic": ("<i>", "</i>"),
    "underline": ("<u>", "</u>"), "strikethrough": ("<s>", "</s>"), "spoiler": ("<tg-spoiler>", "</tg-spoiler>"),
    "code": ("<code>", "</code>"), "pre": ("<pre>", "</pre>"), "blockquote": ("<blockquote>", "</blockquote>"),
    "expandable_blockquote": ("<blockquote expandable>", "</blockquote>"),
}  # fmt: skip
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


class Marked(NamedTuple):
    """A text and its entities that Telegram tells as the outcome of another call, said in its HTML by us."""

    markup: str
    text: str
    entities: frozenset[tuple[str, int, int]]


def marked() -> tuple[list[Marked], int]:
    """The outcomes of its Markdown and of its mending, each once, and how many of them HTML cannot say: refusals of
    Markdown, mentions and addresses that it finds by itself, people by their numbers, what the collection folded."""
    found: dict[str, Marked] = {}
    unsaid = 0
    for name, arguments in json.loads(CALLS.read_text("utf-8")):
        if name in OUTCOMES:
            one = _outcome(arguments)
            unsaid += one is None
            if one:
                found[one.markup] = one
    return list(found.values()), unsaid


def cleanings() -> list[tuple[str, str]]:
    """Texts, and what Telegram shows of them. Those are left out that it was told to leave blanks at the ends of."""
    found = []
    for name, arguments in json.loads(CALLS.read_text("utf-8")):
        told = _FIXED.fullmatch(arguments) if name == "check_fix_formatted_text" else None
        if told and not (told[3] or "").endswith("true"):
            found.append((_spelled(told[1]), _spelled(told[2])))
    return found


def _outcome(arguments: str) -> Marked | None:
    pairs = _PAIR.findall(arguments)
    if not pairs:
        return None
    told, listed = pairs[-1]
    entities = [
        (_KINDS.get(kind, kind.lower()), int(at), int(length), more)
        for kind, at, length, more in _ENTITY.findall(listed)
    ]
    if len(entities) != listed.count("{") - 1 and listed != "{}":
        return None
    text = _spelled(told)
    markup = _said(text, entities)
    return None if markup is None else Marked(markup, text, frozenset(one[:3] for one in entities))


def _said(text: str, entities: list[tuple[str, int, int, str]]) -> str | None:
    """In HTML; None where that cannot be."""
    units = text.encode("utf-16-le")
    if any(2 * (at + length) > len(units) for _, at, length, _ in entities):
        return None  # the collection folds runs of blanks
    tags: dict[int, str] = {}
    open_: list[tuple[int, str]] = []
    for kind, at, length, more in sorted(entities, key=lambda one: (one[1], -one[2])):
        while open_ and open_[-1][0] <= at:
            end, tag = open_.pop()
            tags[end] = tags.get(end, "") + tag
        if kind not in _TAGS or (open_ and open_[-1][0] < at + length):
            return None
        before, after = _TAGS[kind]
        if kind == "pre" and more:
            before, after = f'<pre><code class="language-{html.escape(more)}">', "</code></pre>"
        tags[at] = tags.get(at, "") + before.replace("MORE", html.escape(more))
        open_.append((at + length, after))
    while open_:
        end, tag = open_.pop()
        tags[end] = tags.get(end, "") + tag
    places = sorted({0, *tags, len(units) // 2})
    pieces = [
        tags.get(start, "") + html.escape(units[2 * start : 2 * end].decode("utf-16-le"))
        for start, end in zip(places, [*places[1:], places[-1]], strict=True)
    ]
    return "".join(pieces)


def _spelled(told: str) -> str:
    """Of C++: pieces beside one another are one, bytes are UTF-8."""
    raw = "".join(_PIECE.findall(told)).encode("utf-8").decode("unicode_escape").encode("latin-1")
    return raw.decode("utf-8")


def _string(arguments: str) -> tuple[str, str]:
    found = _STRING.match(arguments)
    assert found, arguments
    spelled = found[1].replace("\\'", "'")
    return json.loads(f'"{spelled}"'), arguments[found.end() :]
