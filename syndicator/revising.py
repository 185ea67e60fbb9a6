"""What an edit of a story changed, and how much that weighs: a typo, a fact, or the whole story. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import chain
from typing import NamedTuple

from syndicator.model import Article
from syndicator.text.words import plain, words
from syndicator.truth import lexicon
from syndicator.truth.tokens import sentence

REWRITTEN = 0.4  # of the words, from which on nobody would call it the same text
_SENTENCE = 6  # words put in or taken out together: a sentence, not an expression
_COMPARED_MOST = 250_000  # pairs of words; beyond it a passage counts as changed as a whole
_SHORT_WORD = 5  # letters; one slip in it is a typo, two make another word
_OPENS, _CLOSES = frozenset("“«"), frozenset("”»")
_ENDS = re.compile(r"[.!?؟…:][\"”»’')]*$")
# Before a name, where the script has no capitals.
_TITLES = frozenset(
    words(
        "الرئيس رئيس وزير الوزير السيد السيدة الدكتور النائب القائد الملك الأمير المتحدث المحافظ مدينة محافظة قضاء "
        "ناحية قرية سەرۆک سەرۆکی وەزیر وەزیری بەڕێز دکتۆر پەرلەمانتار وتەبێژی فەرماندەی پارێزگار پارێزگاری شاری "
        "پارێزگای قەزای ناحیەی گوندی"
    )
)


class Extent(StrEnum):
    """From the least on; a change is as much as the heaviest of its pieces."""

    SAME = "same"  # marks, blanks, another keyboard's letters
    TYPO = "typo"  # words mended by a letter or two
    WORDING = "wording"  # other words for the same
    ADDED = "added"  # sentences put in, nothing else
    REMOVED = "removed"  # sentences taken out
    FACTS = "facts"  # a number, a name, a quotation, a denial, the headline
    REWRITTEN = "rewritten"


WEIGHT = {extent: weight for weight, extent in enumerate(Extent)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Words that were changed for others, put in (``old`` is empty) or taken out (``new`` is)."""

    place: int  # 0: the headline; else the paragraph, counted from 1, of the text as it was
    old: str
    new: str
    extent: Extent
    facts: tuple[str, ...] = ()  # "number", "name", "quotation", "denial"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    extent: Extent
    facts: tuple[str, ...] = ()  # of its pieces, and "headline"
    share: float = 0.0  # of the words, 0 to 1
    pieces: tuple[Piece, ...] = ()


class _Word(NamedTuple):
    shown: str
    key: str
    place: int
    quoted: bool
    name: bool


def compare(old: Article, new: Article) -> Change:
    """What makes the new one of the old. Languages are the new one's."""
    language = new.language
    headline = list(_pieces(_told([old.headline], 0, language), _told([new.headline], 0, language), language))
    before, after = _told(old.body, 1, language), _told(new.body, 1, language)
    pieces = tuple(headline + list(_pieces(before, after, language)))
    changed = sum(max(len(piece.old.split()), len(piece.new.split())) for piece in pieces)
    total = max(len(before), len(after)) + len(old.headline.split())
    share = min(1.0, changed / max(1, total))
    renamed = any(piece.extent is not Extent.TYPO for piece in headline)
    facts = dict.fromkeys(["headline"] * renamed + [fact for piece in pieces for fact in piece.facts])
    return Change(
        extent=_extent(pieces, share, renamed=renamed),
        facts=tuple(facts),
        share=round(share, 3),
        pieces=pieces,
    )


def _extent(pieces: Sequence[Piece], share: float, *, renamed: bool) -> Extent:
    heaviest = max((piece.extent for piece in pieces), key=WEIGHT.__getitem__, default=Extent.SAME)
    if share > REWRITTEN and any(piece.old for piece in pieces):
        return Extent.REWRITTEN
    return Extent.FACTS if renamed else heaviest


def _told(paragraphs: Sequence[str], first: int, language: str) -> list[_Word]:
    return [word for place, text in enumerate(paragraphs, first) for word in _words(text, place, language)]


def _words(text: str, place: int, language: str) -> Iterator[_Word]:
    """The words of a paragraph, each with what is known of it from those beside it."""
    quoted, starts, before = False, True, ""
    for shown in text.split():
        straight = shown.count('"')
        opens = any(mark in shown for mark in _OPENS) or (straight == 1 and not quoted)
        closes = any(mark in shown for mark in _CLOSES) or (straight == 1 and quoted)
        quoted = quoted or opens
        if key := "".join(words(shown)):
            named = (shown.lstrip("“«\"'(‘")[:1].isupper() and not starts) or before in _TITLES
            yield _Word(shown, key, place, quoted or straight > 1, named and not key.isdecimal())
            before = key
            starts = bool(_ENDS.search(shown))
        quoted = quoted and not closes


def _pieces(old: Sequence[_Word], new: Sequence[_Word], language: str) -> Iterator[Piece]:
    if [word.key for word in old] == [word.key for word in new]:
        return
    for was, now in _differences(old, new):
        place = was[0].place if was else _place(old, now)
        extent, facts = _judged(was, now, language)
        yield Piece(place=place, old=_shown(was), new=_shown(now), extent=extent, facts=facts)


def _place(old: Sequence[_Word], now: Sequence[_Word]) -> int:
    """Where words were put in: the paragraph they stand in now, or the last there was."""
    return min(now[0].place, old[-1].place if old else now[0].place)


def _differences(
    old: Sequence[_Word], new: Sequence[_Word]
) -> Iterator[tuple[Sequence[_Word], Sequence[_Word]]]:
    """Passages that differ, first by paragraphs, so that a long story costs no more than what was changed of it."""
    befores, afters = _by_place(old), _by_place(new)
    if len(befores) * len(afters) > _COMPARED_MOST:
        yield old, new
        return
    old_keys, new_keys = ([tuple(word.key for word in one) for one in told] for told in (befores, afters))
    for tag, a, b, c, d in SequenceMatcher(None, old_keys, new_keys, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        was, now = list(chain(*befores[a:b])), list(chain(*afters[c:d]))
        if len(was) * len(now) > _COMPARED_MOST:
            yield was, now
            continue
        matcher = SequenceMatcher(None, [w.key for w in was], [w.key for w in now], autojunk=False)
        for kind, i, j, k, m in matcher.get_opcodes():
            if kind != "equal":
                yield was[i:j], now[k:m]


def _by_place(told: Sequence[_Word]) -> list[list[_Word]]:
    found: dict[int, list[_Word]] = {}
    for word in told:
        found.setdefault(word.place, []).append(word)
    return list(found.values())


def _shown(told: Sequence[_Word]) -> str:
    return " ".join(word.shown for word in told)


def _judged(was: Sequence[_Word], now: Sequence[_Word], language: str) -> tuple[Extent, tuple[str, ...]]:
    if "".join(word.key for word in was) == "".join(word.key for word in now):
        return Extent.TYPO, ()  # some one, someone
    if not was and len(now) >= _SENTENCE:
        return Extent.ADDED, ()
    if not now and len(was) >= _SENTENCE:
        return Extent.REMOVED, ()
    facts = tuple(_facts(was, now, language))
    if facts:
        return Extent.FACTS, facts
    close = len(was) == len(now) and all(_slip(a.key, b.key) for a, b in zip(was, now, strict=True))
    return (Extent.TYPO if close else Extent.WORDING), ()


def _facts(was: Sequence[_Word], now: Sequence[_Word], language: str) -> Iterator[str]:
    before, after = (Counter(sentence(_shown(told), language).words) for told in (was, now))
    gone, come = before - after, after - before
    if any(_is_figure(word) for word in (*gone, *come)):
        yield "number"
    if _names(was, language) != _names(now, language):
        yield "name"
    if any(word.quoted for word in (*was, *now)):
        yield "quotation"
    told = lexicon.of(language)
    turning = told.negators | told.turning | told.hedges
    turned = any(
        told.has(kind, word) for word in (*gone, *come) for kind in ("negators", "turning", "hedges")
    )
    opposed = any(
        (one & gone.keys() and other & come.keys()) or (one & come.keys() and other & gone.keys())
        for one, other in told.opposites
    )
    if turned or opposed or turning & {plain(word.shown) for word in (*was, *now)}:
        yield "denial"


def _names(told: Sequence[_Word], language: str) -> set[str]:
    named = (word for word in told if word.name)  # days and months are figures
    return {word.key for word in named if not any(map(_is_figure, sentence(word.shown, language).words))}


def _is_figure(word: str) -> bool:
    return word[0] in "#@%"


def _slip(one: str, other: str) -> bool:
    """Whether a finger slipped: one letter of a short word, two of a longer one, two letters that changed places."""
    if abs(len(one) - len(other)) > 2:
        return False
    most = 1 if max(len(one), len(other)) <= _SHORT_WORD else 2
    return _distance(one, other) <= most


def _distance(one: str, other: str) -> int:
    """Letters put in, taken out, changed, or two that changed places (optimal string alignment)."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        before, last, row = row, before, [i]
        for j, b in enumerate(other, 1):
            costs = [before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b)]
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                costs.append(last[j - 2] + 1)
            row.append(min(costs))
    return row[-1]
