"""What Telegram takes and what it refuses, in its own words, before it is asked."""

from __future__ import annotations

import re
from html import escape

import pytest

from syndicator.text.telegram import ENTITIES_MAX, RAW_MAX, Refusal, in_pieces, link, read, refusal, shown
from tests.telegram_calls import CALLS, Call, calls, cleanings, marked


@pytest.mark.parametrize(
    ("markup", "text", "entities"),
    [
        ("plain & simple", "plain & simple", []),
        ("<b>a</b>", "a", [("bold", 0, 1, "")]),
        ("😀<i>x</i>", "😀x", [("italic", 2, 1, "")]),  # offsets count UTF-16
        ("&lt;&gt;&amp;&quot;&#39;&#x41;&nbsp;&ltx;", "<>&\"'A&nbsp;&ltx;", []),
        ("&#0;&#1114112;&#X41;&#;&#x;&#00000000065;", "&#0;&#1114112;&#X41;&#;&#x;&#00000000065;", []),
        ("&#65&amp", "A&", []),
        ("<A HREF='n.example'>x</A>", "x", []),
        ("<a href=N.example>x</a>", "x", [("text_link", 0, 1, "http://n.example/")]),
        (
            '<a href="https://n.example/a?b=1&amp;c=2">x</a>',
            "x",
            [("text_link", 0, 1, "https://n.example/a?b=1&c=2")],
        ),
        ("<a>https://n.example/</a>", "https://n.example/", [("text_link", 0, 18, "https://n.example/")]),
        ('<a href="tg://user?id=17">x</a>', "x", [("text_mention", 0, 1, "tg://user?id=17")]),
        ('<a href="nowhere">x</a>', "x", []),
        ("<b></b>x", "x", []),
        ('<span class="tg-spoiler">x</span>', "x", [("spoiler", 0, 1, "spoiler")]),
        ('<tg-emoji emoji-id="53">x</tg-emoji>', "x", [("custom_emoji", 0, 1, "53")]),
        ('<tg-emoji emoji-id="x"></tg-emoji>', "", []),
        ('<tg-time unix="1772355600" format="wDT">x</tg-time>', "x", [("date_time", 0, 1, "wDT")]),
        ('<tg-time format="r">x</tg-time>', "x", []),
        ('<pre><code class="language-python">x</code></pre>', "x", [("pre", 0, 1, "python")]),
        ('<code class="language-python"><pre>x</pre></code>', "x", [("pre", 0, 1, "python")]),
        ("<pre><code>x</code></pre>", "x", [("code", 0, 1, ""), ("pre", 0, 1, "")]),
        ("<blockquote expandable>x</blockquote >", "x", [("expandable_blockquote", 0, 1, "")]),
        ("<b\n>x</>", "x", [("bold", 0, 1, "")]),
        ("<i aba=caba more>x</i>", "x", [("italic", 0, 1, "")]),
        ("<a href=>n.example</a>", "n.example", [("text_link", 0, 9, "http://n.example/")]),
    ],
)
def test_what_is_taken(markup: str, text: str, entities: list[tuple[str, int, int, str]]) -> None:
    seen = read(markup)
    assert seen.text == text
    assert sorted((e.kind, e.offset, e.length, e.argument) for e in seen.entities) == sorted(entities)


@pytest.mark.parametrize(
    ("markup", "said"),
    [
        ("a < b", 'Unsupported start tag "" at byte offset 2'),
        ("<br>", 'Unsupported start tag "br" at byte offset 0'),
        ("<b/>x", 'Unsupported start tag "b/" at byte offset 0'),
        ("ڕ<p>x</p>", 'Unsupported start tag "p" at byte offset 2'),
        ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<b>x</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        ("<b", "Unclosed start tag at byte offset 0"),
        ("<b ", 'Empty attribute name in the tag "b" at byte offset 0'),
        ("<b /", 'Empty attribute name in the tag "b" at byte offset 0'),
        ("<a href", 'Unclosed start tag "a" at byte offset 0'),
        ("<a href= ", 'Unclosed start tag "a" at byte offset 0'),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
        ('<a href="x', "Unclosed start tag at byte offset 0"),
        ('<a href="x"', "Unclosed start tag at byte offset 0"),
        ("<a href=x", "Unclosed start tag at byte offset 0"),
        ('<a href="a"b">x</a>', 'Empty attribute name in the tag "a" at byte offset 0'),
        ("<a =x>x</a>", 'Empty attribute name in the tag "a" at byte offset 0'),
        ("<a href=a&b>x</a>", "Unexpected end of name token at byte offset 8"),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("<tg-emoji>x</tg-emoji>", "Invalid custom emoji identifier specified"),
        ('<tg-time unix="1" format="rD">x</tg-time>', "Invalid date format used"),
        ("&#xD800;", "Text contains invalid Unicode characters after decoding HTML entities"),
        ("\ud800", "strings must be encoded in UTF-8"),
    ],
)
def test_what_is_refused(markup: str, said: str) -> None:
    with pytest.raises(Refusal, match=re.escape(said)):
        read(markup)


def test_what_is_shown_and_counted() -> None:
    assert shown("\n a\t<b>b\x00c</b>\r\n ") == "a b c"
    assert shown("a\u202eb\u2028c\u2067d\u2069") == "abc\u2067d\u2069"  # isolates stay, overrides do not
    assert shown("\u200f\u200e\u200fa \u200eb") == "\u200c\u200c\u200fa \u200eb"


@pytest.mark.parametrize(
    ("markup", "said"),
    [
        ("<b>Rain</b>", None),
        ("x<br>", 'can\'t parse entities: Unsupported start tag "br" at byte offset 1'),
        ("\ud800", "can't parse entities: strings must be encoded in UTF-8"),
        (" <b>\u200f\n</b>\u3000", "message text is empty"),
        ("x" * 4096, None),
        ("😀" * 2049, "message is too long"),
        ("<b></b>" * RAW_MAX, "text is too long"),
        ("<b>x</b> " * (ENTITIES_MAX + 1), "101 entities, of which only the first 100 are kept"),
    ],
)
def test_what_telegram_would_say(markup: str, said: str | None) -> None:
    assert refusal(markup) == said


def test_a_thread_is_broken_between_paragraphs_and_sentences() -> None:
    told = "<b>Rain</b>\n\nOne & two. Three four.\n\n<i>x</i>".replace("&", "&amp;")
    assert in_pieces(told, 100, "en") == [told]
    assert in_pieces(told, 16, "en") == ["<b>Rain</b>\n\nOne &amp; two.", "Three four.\n\n<i>x</i>"]
    assert in_pieces("<b>" + "x" * 20 + "</b>", 16, "en") == []
    assert in_pieces("One & two. Three.".replace("&", "&amp;"), 17, "en") == ["One &amp; two. Three."]
    assert in_pieces("<b>a\n\nb</b>", 2, "en") == []


def test_captions_are_shorter() -> None:
    assert refusal("x" * 1024, 1024) is None
    assert refusal("x" * 1025, 1024) == "message caption is too long"


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("n.example", "http://n.example/"),
        ("https://N.example?a=b://c", "https://n.example/?a=b://c"),
        ("https://هەواڵ.example/ڕۆژ", "https://هەواڵ.example/ڕۆژ"),
        ("http://[::1]/", "http://[::1]/"),
        ("tg://resolve?domain=courier", "tg://resolve?domain=courier"),
        ("ftp://n.example", ""),
        ("http://n", ""),
        ("http://n.example:port/", ""),
        ("http://a b.example/", ""),
        ("http://[", ""),
        ("http://.", ""),
    ],
)
def test_links_that_stay_links(address: str, kept: str) -> None:
    assert link(address) == kept


@pytest.mark.skipif(not CALLS.exists(), reason="needs the collection of Telegram's own parser tests")
def test_it_agrees_with_telegrams_own_tests() -> None:
    differing = [call for call in calls() if not _same(call)]
    assert differing == []


@pytest.mark.skipif(not CALLS.exists(), reason="needs the collection of Telegram's own parser tests")
def test_what_telegram_tells_elsewhere_is_read_so_in_html() -> None:
    """Outcomes of its Markdown and of its mending, said in HTML; and how it cleans a text before it shows it."""
    found, unsaid = marked()
    assert len(found) > 2 * unsaid > 0
    for one in found:
        seen = read(one.markup)
        assert seen.text == one.text
        assert {(e.kind, e.offset, e.length) for e in seen.entities} == one.entities
    assert len(cleanings()) > 20
    for text, kept in cleanings():
        empty = refusal(escape(text)) == "message text is empty"
        assert ("" if empty else shown(escape(text))) == kept


def _same(call: Call) -> bool:
    try:
        seen = read(call.markup)
    except Refusal as error:
        return call.entities is None and str(error) == call.text
    if call.entities is None or seen.text != call.text:
        return False
    wanted = {(kind, at, length) for kind, at, length, _ in call.entities}
    told = {(e.kind, e.offset, e.length): e.argument for e in seen.entities}
    named = all(told[kind, at, length] == more for kind, at, length, more in call.entities if more)
    return set(told) == wanted and named
