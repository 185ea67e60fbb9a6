"""From a page's HTML to text, and from text to the markup each network knows."""

from __future__ import annotations

import html
import re
import unicodedata

import nh3
from lxml import etree
from lxml import html as parser

from .direction import without_controls

_BLOCKS = frozenset(
    "p div li ul ol h1 h2 h3 h4 h5 h6 blockquote section article table tr pre figure br hr dd dt".split()
)
_SILENT = frozenset("script style noscript template iframe svg form button figcaption nav aside".split())
_SPACES = re.compile(r"[ \t\xa0\u2000-\u200a\u202f\u3000\r\n]+")
SAFE_TAGS = frozenset("p br b strong i em u s a ul ol li blockquote h2 h3 h4 code pre".split())


def tidy(text: str) -> str:
    """One line, NFC, single spaces, nothing invisible but joiners and isolates."""
    return _SPACES.sub(" ", unicodedata.normalize("NFC", without_controls(text))).strip()


def plain(markup: str) -> str:
    """The text of a piece of HTML on one line: a headline, a summary."""
    return tidy(" ".join(paragraphs(markup)) if "<" in markup or "&" in markup else markup)


def paragraphs(markup: str) -> tuple[str, ...]:
    """The paragraphs of a piece of HTML, tidied, in order; scripts, forms, captions and embeds are silent.

    Text without any tag has a paragraph a line.
    """
    if "<" not in markup:
        return tuple(line for line in map(tidy, html.unescape(markup).splitlines()) if line)
    lines: list[list[str]] = [[]]
    _walk(tree(markup), lines)
    return tuple(line for line in (tidy("".join(pieces)) for pieces in lines) if line)


def tree(markup: str) -> etree._Element:
    """A piece of HTML as a ``div``; empty where there is nothing in it (a bare doctype, an empty document)."""
    try:
        # The tree is built here so that libxml2's limit on depth and size holds (huge_tree is off).
        return parser.fragment_fromstring(without_controls(markup), create_parent="div")
    except (etree.ParserError, AssertionError):
        return etree.Element("div")


def _walk(top: etree._Element, lines: list[list[str]]) -> None:
    """Without recursion: a page may nest deeper than Python likes."""
    stack: list[tuple[etree._Element, bool]] = [(top, False)]
    while stack:
        element, leaving = stack.pop()
        tag = element.tag if isinstance(element.tag, str) else ""
        if leaving:
            if tag in _BLOCKS:
                lines.append([])
            lines[-1].append(element.tail or "")
            continue
        if not tag or tag in _SILENT or embedded(element):
            lines[-1].append(element.tail or "")
            continue
        if tag in _BLOCKS:
            lines.append([])
        lines[-1].append(element.text or "")
        stack.append((element, True))
        stack.extend((child, False) for child in reversed(element))


def embedded(element: etree._Element) -> bool:
    """A post of another network, quoted in the page."""
    classes = (element.get("class") or "").lower()
    return any(
        sign in classes for sign in ("twitter-tweet", "instagram-media", "telegram-post", "tiktok-embed")
    )


def safe(markup: str) -> str:
    """HTML with nothing in it that acts: an allow-list of tags, links to http and https only."""
    return nh3.clean(markup, tags=set(SAFE_TAGS), attributes={"a": {"href"}}, url_schemes={"http", "https"})


def escape_telegram(text: str) -> str:
    """Text as Bot API's HTML style wants it: it knows just these four entities."""
    return html.escape(text, quote=False).replace('"', "&quot;")
