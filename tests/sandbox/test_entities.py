"""The stand-in's parser of Telegram HTML: what the real one takes, and its own words for what it refuses."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from syndicator.sandbox.entities import CannotParse, parse

CALLS = Path(__file__).parents[3] / "shared" / "corpora" / "telegram" / "tdlib_entity_calls.json"


@pytest.mark.parametrize(
    ("markup", "text", "entities"),
    [
        ("plain & simple", "plain & simple", []),
        ("<b>a</b>", "a", [("bold", 0, 1)]),
        ("😀<i>x</i>", "😀x", [("italic", 2, 1)]),  # offsets count UTF-16
        ("&lt;&gt;&amp;&quot;&#39;&#x41;&nbsp;", "<>&\"'A&nbsp;", []),
        ("&#0;&#1114112;", "&#0;&#1114112;", []),
        ('<a href="https://n.example/a?b=1&amp;c=2">x</a>', "x", [("text_link", 0, 1)]),
        ("<a href=n.example>x</a>", "x", [("text_link", 0, 1)]),
        ("<a>https://n.example</a>", "https://n.example", [("text_link", 0, 17)]),
        ('<a href="nowhere">x</a>', "x", []),
        ("<b></b>x", "x", []),
        ('<span class="tg-spoiler">x</span>', "x", [("spoiler", 0, 1)]),
        ('<pre><code class="language-python">x</code></pre>', "x", [("pre", 0, 1)]),
        ("<pre><code>x</code></pre>", "x", [("code", 0, 1), ("pre", 0, 1)]),
        ("<blockquote expandable>x</blockquote >", "x", [("blockquote", 0, 1)]),
        ("<b\n>x</>", "x", [("bold", 0, 1)]),
    ],
)
def test_what_is_taken(markup: str, text: str, entities: list[tuple[str, int, int]]) -> None:
    got, found = parse(markup)
    assert got == text
    assert sorted((e.kind, e.offset, e.length) for e in found) == sorted(entities)


@pytest.mark.parametrize(
    ("markup", "said"),
    [
        ("<br>", 'Unsupported start tag "br" at byte offset 0'),
        ("ڕ<p>x</p>", 'Unsupported start tag "p" at byte offset 2'),
        ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<b>x</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        ("<b", "Unclosed start tag at byte offset 0"),
        ("<b ", 'Unclosed start tag "b" at byte offset 0'),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
        ('<a href="x', "Unclosed start tag at byte offset 0"),
        ("<a href=>x</a>", "Unclosed start tag"),
        ("<a =x>x</a>", 'Empty attribute name in the tag "a" at byte offset 0'),
        ("<a href=a&b>x</a>", "Unexpected end of name token at byte offset 9"),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ('<tg-time unix="1" format="x">x</tg-time>', "Invalid date format used"),
        ("&#xD800;", "surrogate"),
    ],
)
def test_what_is_refused(markup: str, said: str) -> None:
    with pytest.raises(CannotParse, match=re.escape(said) if said != "surrogate" else ".+"):
        parse(markup)


def _tried(arguments: str) -> tuple[str, str | None] | None:
    """(markup, the real parser's error or None) of a call in the corpus; None where it is no simple one."""
    found = re.match(r'\s*"((?:[^"\\]|\\.)*)"(?:,\s*"((?:[^"\\]|\\.)*)")?', arguments)
    if not found:
        return None
    try:
        markup, second = (json.loads(f'"{one}"') if one is not None else None for one in found.groups())
    except ValueError:
        return None  # C++ escapes that JSON does not know
    return markup, second


@pytest.mark.skipif(not CALLS.exists(), reason="needs the corpus of Telegram's own parser tests")
def test_it_agrees_with_telegrams_own_tests() -> None:
    agreed = differed = 0
    for name, arguments in json.loads(CALLS.read_text("utf-8")):
        case = _tried(arguments) if name == "check_parse_html" else None
        if case is None or case[1] is None:
            continue
        markup, expected = case
        try:
            same = parse(markup)[0] == expected
        except CannotParse as error:
            same = str(error) == expected
        agreed, differed = agreed + same, differed + (not same)
    assert agreed >= 40
    assert differed <= 1
