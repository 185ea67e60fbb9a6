"""The stand-in's parser of Telegram HTML: what the real one takes, and its own words for what it refuses."""

from __future__ import annotations

import re

import pytest

from syndicator.sandbox.entities import CannotParse, cleaned, parse
from tests.telegram_calls import CALLS, Call, calls, cleanings, marked


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
        ("<blockquote expandable>x</blockquote >", "x", [("expandable_blockquote", 0, 1)]),
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
        ("<b ", 'Empty attribute name in the tag "b" at byte offset 0'),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
        ('<a href="x', "Unclosed start tag at byte offset 0"),
        ("<a href=", 'Unclosed start tag "a" at byte offset 0'),
        ("<tg-emoji>x</tg-emoji>", "Invalid custom emoji identifier specified"),
        ("<a =x>x</a>", 'Empty attribute name in the tag "a" at byte offset 0'),
        ("<a href=a&b>x</a>", "Unexpected end of name token at byte offset 8"),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ('<tg-time unix="1" format="x">x</tg-time>', "Invalid date format used"),
        ("&#xD800;", "surrogate"),
    ],
)
def test_what_is_refused(markup: str, said: str) -> None:
    with pytest.raises(CannotParse, match=re.escape(said) if said != "surrogate" else ".+"):
        parse(markup)


@pytest.mark.skipif(not CALLS.exists(), reason="needs the collection of Telegram's own parser tests")
def test_it_agrees_with_telegrams_own_tests() -> None:
    assert [call for call in calls() if not _same(call)] == []


@pytest.mark.skipif(not CALLS.exists(), reason="needs the collection of Telegram's own parser tests")
def test_what_telegram_tells_elsewhere_is_read_so_in_html() -> None:
    for one in marked()[0]:
        text, found = parse(one.markup)
        assert (text, {(e.kind, e.offset, e.length) for e in found}) == (one.text, one.entities)
    assert [(text, cleaned(text)) for text, _ in cleanings()] == cleanings()


def _same(call: Call) -> bool:
    try:
        text, found = parse(call.markup)
    except CannotParse as error:
        return call.entities is None and str(error) == call.text
    if call.entities is None or text != call.text:
        return False
    return {(e.kind, e.offset, e.length) for e in found} == {one[:3] for one in call.entities}
