"""Where a sentence ends, in English, Arabic, Central Kurdish and their neighbours."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from .speech import SAYING
from .words import plain

_QUOTATION_MAX = 120  # characters; a longer one is read sentence by sentence

# A run of marks, what closes after it (quotes, brackets, footnotes, marks nobody sees), and the gap; or a new line.
_END = re.compile(
    r"(?P<mark>[.!?؟۔…]+)(?P<close>(?:[\"'”’»)\]\u2069\u200c-\u200f]|\[\d{1,3}\]|\s[”»’](?=\s|$))*)(?P<gap>[^\S\n]+|(?=[^\W\d_]))|\n+"
)
_OPENERS = "\"'“‘«([\u2066-\u2069\u200e\u200f–—-"
_NEXT = re.compile(rf"(?P<open>[\s{_OPENERS}]*)(?P<word>[^\W_]*)(?P<more>['’.)]?)")
_QUOTED = re.compile(
    rf"“[^“”\n]{{1,{_QUOTATION_MAX}}}”|«[^«»\n]{{1,{_QUOTATION_MAX}}}»"
    rf"|(?<!\w)\"[^\"\n]{{1,{_QUOTATION_MAX}}}\"(?!\w)|(?<!\w)‘[^‘\n]{{1,{_QUOTATION_MAX}}}?’(?!\w)"
    rf"|\([^()\n]{{1,{_QUOTATION_MAX}}}\)"
)
_BEFORE = re.compile(r"\S+\Z")
_LABEL = re.compile(r"[\s\"'“‘«(\[]*(?:\w{1,3}|[^\W\d_])\Z")
_DOTTED = re.compile(r"(?:[^\W\d_]{1,2}\.)*[^\W\d_]")

# After these a name or a figure follows, never a new sentence.
_TITLES = frozenset(
    "mr mrs ms mx messrs mmes dr drs prof profs gen gens col lt sgt capt cpl pte cmdr adm maj brig gov govs sen sens "
    "rep reps rev hon supt insp det pres amb fr ret mt e.g i.e cf vs viz approx esp sq ca "
    "ود لد بد ئا پرۆ پڕۆ".split()
)
# After these a figure follows; else they are words.
_NUMBERED = frozenset("no nos vol vols pp fig figs sec secs art arts para ch chs ed op".split())
# These may end a sentence or stand in one.
_EITHER = frozenset(
    "st ave rd blvd jr sr etc inc ltd co corp bros dept univ est al ph.d m.d b.a m.a d.c b.c a.d a.m p.m u.s u.k u.n "
    "e.u jan feb mar apr jun jul aug sep sept oct nov dec min max km kg cm ft lb oz "
    "إلخ الخ كم سم كغم ق.م ب.م هـ ج.م هتد کم سم کگم پ.ز ز ب.ن د.ن غیره hwd b.z p.z".split()
)
# What is a word in one language though it is an abbreviation in another.
_WORDS = {"kmr": frozenset("al art col max min no para ret sec".split())}
# Words that begin sentences, and seldom follow a name.
_STARTERS = frozenset(
    "the a an he she it they we i you his her its their our my this that these those there here but and so yet or nor "
    "if when while as at by for from in on with after before since until during under over most many some few all both "
    "each no not nobody nothing who what why how where which however meanwhile still then now today yesterday "
    "tomorrow later earlier one "
    "هذا هذه ذلك تلك لكن لكنه لكنها كما إن إنه إنها لقد هو هي هم لم لا لن ليس ليست كان كانت قال قالت "
    "ئەم ئەو ئەوان ئەمە ئەوە بەڵام هەروەها دواتر پاشان "
    "او این آن اما همچنین ew ev wan wî wê lê".split()
)
# In a text without capitals only these tell that a sentence begins.
_SURE_STARTERS = frozenset("the he she it they we his but this there".split())
_ON = frozenset("و ثم û".split())  # a sentence that a quotation interrupted goes on with these


@dataclass(frozen=True, slots=True)
class _Text:
    """A text with its quotations and brackets, and whether its capitals mean anything."""

    text: str
    words: frozenset[str]  # that are no abbreviations here
    starts: list[int]
    ends: list[int]
    cased: bool

    @classmethod
    def read(cls, text: str, language: str) -> _Text:
        spans = [found.span() for found in _QUOTED.finditer(text)]
        cased = any(map(str.isupper, text)) or not any(map(str.islower, text))
        words = _WORDS.get(language, frozenset())
        return cls(text, words, [start for start, _ in spans], [end for _, end in spans], cased)

    def around(self, place: int) -> tuple[int, int] | None:
        """The quotation or bracket that this place stands in."""
        at = bisect_right(self.starts, place) - 1
        return (self.starts[at], self.ends[at]) if at >= 0 and place < self.ends[at] else None


def split(text: str, language: str = "en") -> list[str]:
    """The sentences of a text in order, none empty; together they are the text again, blanks aside.

    A sentence ends at ``. ! ? ؟ ۔ …`` and what closes after them, or at a new line; but not after a title, an initial
    or an abbreviation, not before a word in small letters, and not within brackets or a short quotation: what somebody
    says stays with who says it.
    """
    return [text[start:end] for start, end in spans(text, language)]


def spans(text: str, language: str = "en") -> list[tuple[int, int]]:
    """Where each sentence of :func:`split` begins and ends."""
    found, start = [], 0
    for end in _ends(_Text.read(text, language)):
        kept = text[start:end].strip()
        if kept:
            begins = text.index(kept, start)
            found.append((begins, begins + len(kept)))
        start = end
    return found


def _ends(read: _Text) -> Iterator[int]:
    start = 0
    for end in _END.finditer(read.text):
        if end["mark"] is None or _is_end(read, start, end):
            start = end.end()
            yield start
    yield len(read.text)


def _is_end(read: _Text, start: int, end: re.Match[str]) -> bool:
    following = next(_NEXT.finditer(read.text, end.end()))  # it matches everywhere
    word, before = following["word"], read.text[start : end.start()]
    if not end["gap"] and not _glued(before, end["mark"], word):
        return False
    if (read.cased and word.islower() and following["more"] != ")") or _explains(read, following):
        return False
    if (around := read.around(end.start())) and not _closes(read, start, around, end, following):
        return False
    aside = "–" in following["open"] and "– " in before  # – how to say it? –
    return not aside and _stops(read, start, end, following)


def _glued(before: str, mark: str, word: str) -> bool:
    """Whether a sentence ends here though no blank follows: not in a name, an address or an abbreviation."""
    last = before[-3:]
    if not word.isascii():
        return len(word) > 1 and (mark != "." or (len(last) == 3 and last.isalpha() and len(word) > 2))
    return (
        mark == "." and last.islower() and last.isalpha() and word[:1].isupper() and word.lower() in _STARTERS
    )


def _explains(read: _Text, following: re.Match[str]) -> bool:
    """Whether what follows is a whole sentence in brackets: it belongs to the one before."""
    at = read.text.find("(", following.start(), following.start("word"))
    around = read.around(at) if at >= 0 else None
    return around is not None and read.text[around[1] - 2] in ".!?؟"


def _closes(
    read: _Text, start: int, around: tuple[int, int], end: re.Match[str], following: re.Match[str]
) -> bool:
    """Whether the mark is the last of its quotation or bracket, and the sentence ends with it."""
    opened, closed = around
    before, mark = read.text[start:opened].rstrip(), end["mark"][-1]
    if end.end("close") < closed or (mark != "." and _goes_on(read, following)):
        return False
    if before and read.text[opened] == "(":
        return before[-1] in ".!?؟" and " " in read.text[opened:closed]
    return not before or mark in ".…" or before[-1] in ":,،" or following["word"][:1].isupper()


def _goes_on(read: _Text, following: re.Match[str]) -> bool:
    """Whether the sentence goes on after a quotation that ends in a question or a cry: Salih asked."""
    if following["word"] in _ON:
        return True
    if any(mark in following["open"] for mark in '"“«‘'):
        return False
    rest = read.text[following.start("word") : following.start("word") + 60]
    words = re.split(r"[.!?؟…،,:]", rest, maxsplit=1)[0].split()[:4]
    return any(plain(word) in SAYING for word in words)


def _stops(read: _Text, start: int, end: re.Match[str], following: re.Match[str]) -> bool:
    mark, word = end["mark"], following["word"]
    arabic = not read.cased or not word[:1].isupper()
    if mark[-1] == "…" or mark.endswith(".."):
        return word not in _ON and not (arabic and read.text[end.start() - 1 : end.start()].isspace())
    if mark != "." or end["close"].strip("\u200c\u200d\u200e\u200f\u2069"):
        return True
    before = read.text[start : end.start()]
    if _LABEL.match(before):
        return False
    found = _BEFORE.search(before)
    bare = found[0].lstrip("([“\"'‘«\u200e\u200f").casefold() if found else ""
    return _ends_with(read, bare, before, following)


def _ends_with(read: _Text, bare: str, before: str, following: re.Match[str]) -> bool:
    """Whether a sentence ends after this word and its full stop."""
    word = following["word"]
    if bare in read.words:
        return True
    if bare in _TITLES:
        return False
    if bare in _NUMBERED:
        return not word[:1].isdigit()
    if bare in _EITHER or _DOTTED.fullmatch(bare.removeprefix("و") or bare):
        unit = before[: -len(bare)].rstrip()[-1:].isdigit()  # 47 C.
        return _starts(read, following) or (unit and word[:1].isupper() and bare not in _EITHER)
    return True


def _starts(read: _Text, following: re.Match[str]) -> bool:
    word = following["word"]
    if len(word) == 1 and following["more"] == ".":  # another initial
        return False
    if not word.isascii() and word[:1] == "و" and len(word) > 2:
        return True
    if not read.cased:
        return word in _SURE_STARTERS
    return word.casefold() in _STARTERS
