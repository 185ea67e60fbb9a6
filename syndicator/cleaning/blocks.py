"""A page as a row of blocks: paragraphs, headings, list items, rows of tables, each with the place it stands in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from syndicator.text import markup

_BLOCKS = frozenset(
    "p div li ul ol h1 h2 h3 h4 h5 h6 blockquote section article main table thead tbody tr pre dl dt dd header form "
    "body html details summary center address hr".split()
)
_SILENT = frozenset(
    "script style noscript template iframe svg button select option input textarea nav aside footer figure "
    "figcaption title video audio object canvas".split()
)
_BREAK = "\x1e"  # a control: cleaning strips them from everything that comes in
_BREAKS = frozenset({"br", "td", "th"})
_PARAGRAPH = re.compile(rf"(?:{_BREAK}\s*){{2,}}")  # two <br> in a row stand for a paragraph
_WORD = re.compile(r"\w+")
_SENTENCE = re.compile(r"[.!?؟…,،:;؛。、]")
_PROSE_MIN = 50  # characters
_PROSE_WORDS = 8
_PROSE_LINKED = 0.4


@dataclass(slots=True, eq=False)
class Block:
    """``linked`` is the share of its characters that are links, 0 to 1."""

    text: str
    element: Any
    linked: float
    words: list[str]
    prose: bool  # it reads like a sentence of a story
    chosen: bool = False  # by the extractor

    @property
    def tag(self) -> str:
        return str(self.element.tag)

    def pieces(self) -> set[tuple[str, ...]]:
        """Each four words in a row."""
        return pieces(self.words)


def pieces(words: list[str]) -> set[tuple[str, ...]]:
    return set(zip(*(words[n:] for n in range(4)), strict=False))


def words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def blocks(page: Any) -> list[Block]:
    """All of the page that is read, in order; scripts, navigation, pictures and embeds are silent."""
    found: list[Block] = []
    for element, text, linked in _runs(page):  # with its head, where a page without <body> may be found
        share = min(1.0, linked / max(1, len(text)))
        for part in _PARAGRAPH.split(text):
            line = markup.tidy(part.replace(_BREAK, " "))
            if told := words(line):
                found.append(Block(line, element, share, told, _is_prose(line, told, share)))
    return found


def _is_prose(line: str, told: list[str], linked: float) -> bool:
    long_enough = len(line) >= _PROSE_MIN and (len(told) >= _PROSE_WORDS or "。" in line)
    return long_enough and linked < _PROSE_LINKED and bool(_SENTENCE.search(line))


def _runs(top: Any) -> Iterator[tuple[Any, str, int]]:
    """Text between two borders of blocks, the block it stands in, and how many of its characters are links.

    Without recursion: a page may nest deeper than Python likes.
    """
    run: list[str] = []
    linked = 0
    place = top
    stack: list[tuple[Any, bool, bool]] = [(top, False, False)]
    while stack:
        element, leaving, link = stack.pop()
        tag = element.tag if isinstance(element.tag, str) else ""
        silent = not leaving and (not tag or tag in _SILENT or markup.embedded(element))
        if tag in _BLOCKS and not silent:
            yield place, "".join(run), linked
            run, linked = [], 0
            place = element if not leaving or element is top else element.getparent()
        text = (element.tail if leaving or silent else element.text) or ""
        inside = link if leaving or silent else link or tag == "a"
        run += [_BREAK, text] if tag in _BREAKS and not leaving else [text]
        linked += len(text) * inside
        if not (leaving or silent):
            stack.append((element, True, link))
            stack.extend((child, False, inside) for child in reversed(element))
    yield place, "".join(run), linked
