"""The paragraphs of the story in a page: one extractor chooses, and how the page is built has the last word.

An extractor alone loses the half of a story that stands behind an advertisement, and keeps the sign-up form in its
middle. So its choice is laid over the page's blocks: prose beside what it chose is the story's, too; what stands in a
part that the page itself calls furniture is not. Where it chose next to nothing, the part with the most prose is taken.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from copy import deepcopy
from typing import Any

import trafilatura

from .blocks import Block, blocks, pieces, words

_FURNITURE = re.compile(
    r"comment|disqus|related|recommend|share|sharing|social|newsletter|sign-?up|subscri|promo|sidebar|breadcrumb|"
    r"read-?(?:also|more|next)|post-?meta|byline|author|\btags?\b|most-|popular|trending|outbrain|taboola|sponsor|"
    r"advert|\bads?\b|cookie|consent|paywall|modal|popup|caption|credit|teaser|footer|masthead|navbar|menu|disclaimer|"
    r"copyright|toolbar|gallery|widget|poll\b|rating",
    re.IGNORECASE,
)
_FURNITURE_MOST = 0.3  # of the page's prose: a part that holds more is the story, whatever it is called
_WHOLE_PAGE = frozenset({"body", "html", "article", "main"})
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_READ = frozenset({"p", "blockquote", "li", "tr", "h2", "h3", "h4"})
_SHORT = 6  # words; a shorter block is compared as a line
_IN_COMMON = 0.6  # of a block's pieces, to be the extractor's
_TRUSTED = 0.5  # of the densest part's prose; an extractor that chose less has missed the story
_PROSE = 0.4  # of what an extractor chose is prose, or it took the page for the story
_PART = 0.8  # of the chosen prose stands in the story's part
_WIDER = 1.5  # so much more prose must a wider part bring
_NEAR = (0.3, 1.0, 0.6, 0.3)  # what a block gives to its element and those around it
_LINKS_ONLY = 0.8
_LIST_LINKED = 0.1
_SAID_IN_PASSING = 140  # characters; in furniture a longer paragraph that was chosen is the story's
_SAME_TITLE = 0.8
_REPEATED = 40  # characters; a longer line that comes again is the page's, not the story's

Mass = dict[Any, float]


def paragraphs(page: Any, titles: Iterable[str]) -> tuple[str, ...]:
    """The story's lines, in order; ``titles`` are what the page says its headline is. Empty where there is none."""
    chosen = trafilatura.extract(deepcopy(page), include_comments=False, fast=True) or ""
    found = blocks(page)
    _mark(found, chosen)
    prose = _mass(block for block in found if block.prose)
    lines = _without_titles(_story(found, _Names(prose)), [set(words(title)) for title in titles])
    return _once(lines)


def _mark(found: Sequence[Block], chosen: str) -> None:
    """Say of each block whether the extractor chose it."""
    lines = {"".join(words(line)) for line in chosen.splitlines()}
    known = pieces(words(chosen))
    for block in found:
        if len(block.words) < _SHORT:
            block.chosen = "".join(block.words) in lines
        else:
            told = block.pieces()
            block.chosen = len(told & known) > _IN_COMMON * len(told)


def _mass(found: Iterable[Block]) -> Mass:
    """How many characters stand in each element, however deep."""
    mass: Mass = defaultdict(float)
    for block in found:
        mass[block.element] += len(block.text)
        for around in block.element.iterancestors():
            mass[around] += len(block.text)
    return mass


class _Names:
    """Which parts of a page are furniture, by their own names."""

    def __init__(self, prose: Mass) -> None:
        self._prose = prose
        self._most = max(1.0, _FURNITURE_MOST * max(prose.values(), default=0.0))
        self._known: dict[Any, bool] = {}

    def furniture(self, element: Any) -> bool:
        if element is None or element.tag in _WHOLE_PAGE:
            return False
        if element not in self._known:
            named = f"{element.get('class') or ''} {element.get('id') or ''}"
            own = bool(_FURNITURE.search(named)) and self._prose.get(element, 0.0) < self._most
            self._known[element] = own or self.furniture(element.getparent())
        return self._known[element]


def _story(found: Sequence[Block], names: _Names) -> list[Block]:
    good = [block for block in found if block.prose and not names.furniture(block.element)]
    if not good:
        chosen = [block for block in found if block.chosen]
        return chosen or [block for block in found if block.tag == "p" and _reads(block, names)]
    everywhere, ours = _mass(good), _mass(block for block in good if block.chosen)
    dense = _densest(good, everywhere)
    total = max(ours.values(), default=0.0)
    taken = sum(len(block.text) for block in found if block.chosen)
    if total < max(_TRUSTED * everywhere[dense], _PROSE * taken):
        return [block for block in found if _within(block, dense) and _reads(block, names)]
    # Those that hold so much stand in one another: the innermost is the story's part.
    part = max((element for element, mass in ours.items() if mass >= _PART * total), key=_depth)
    return [block for block in found if _belongs(block, _within(block, part), names)]


def _densest(good: Sequence[Block], everywhere: Mass) -> Any:
    """The part with the most prose close by, widened while that brings much more."""
    near: Mass = defaultdict(float)
    for block in good:
        around = [block.element, *block.element.iterancestors()]
        for element, share in zip(around, _NEAR, strict=False):
            near[element] += share * len(block.text)
    part = max(near, key=lambda element: near[element])
    for wider in part.iterancestors():
        if wider.tag in {"body", "html"}:
            break
        if everywhere[wider] >= _WIDER * everywhere[part]:
            part = wider
    return part


def _depth(element: Any) -> int:
    return sum(1 for _ in element.iterancestors())


def _within(block: Block, part: Any) -> bool:
    return block.element is part or any(around is part for around in block.element.iterancestors())


def _reads(block: Block, names: _Names) -> bool:
    """Where nobody has chosen: what is no furniture and no list of links."""
    told = block.prose or (block.tag in _READ and block.linked < 0.5)
    return told and not names.furniture(block.element)


def _belongs(block: Block, inside: bool, names: _Names) -> bool:  # noqa: FBT001
    furniture = names.furniture(block.element)
    if block.chosen:
        passing = furniture and not (block.prose and len(block.text) >= _SAID_IN_PASSING)
        return (inside or block.prose) and not passing and block.linked <= _LINKS_ONLY
    overlooked = inside and block.prose and not furniture
    return overlooked and not (block.tag == "li" and block.linked > _LIST_LINKED)


def _without_titles(story: Iterable[Block], titles: Sequence[set[str]]) -> list[str]:
    """The lines from the first paragraph on: before it stand the headline and what is set like one."""
    lines: list[str] = []
    for block in story:
        heading = block.tag in _HEADINGS
        if (heading and not lines) or ((heading or not lines) and _same(set(block.words), titles)):
            continue
        lines.append(block.text)
    return lines


def _same(told: set[str], titles: Sequence[set[str]]) -> bool:
    return any(len(told & title) > _SAME_TITLE * len(told | title) for title in titles)


def _once(lines: Iterable[str]) -> tuple[str, ...]:
    seen: set[str] = set()
    kept = []
    for line in lines:
        if line not in seen:
            kept.append(line)
        if len(line) > _REPEATED:
            seen.add(line)
    return tuple(kept)
