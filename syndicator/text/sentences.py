"""Where a sentence ends, and which language a text is in: English, Arabic, Central Kurdish and more."""

from __future__ import annotations

import re
from collections.abc import Sequence

# Words that end with a full stop and go on: titles, months, Latin abbreviations.
_ABBREVIATIONS = frozenset(
    "mr mrs ms dr prof gen col lt sgt capt maj gov sen rep rev hon st sr jr vs etc inc ltd co corp no nos vol "
    "pp fig dept univ est approx jan feb mar apr jun jul aug sep sept oct nov dec e.g i.e a.m p.m al cf".split()
)
# These begin a new sentence even after an abbreviation that may also end one.
_STOPPING = frozenset(["etc", "inc", "ltd", "co", "corp", "jr", "sr", "a.m", "p.m"])
_END = re.compile(
    r"(?P<mark>[.!?؟۔…]+)(?P<close>[\"'”’»)\]\u2069]*)(?P<gap>\s+)(?=(?P<next>[\"'“‘«(\[\u2068]*\S))|\n+"
)
_INITIAL = re.compile(r"(?:\w\.)*[^\W\d_]")


def split(text: str, language: str = "en") -> list[str]:
    """The sentences of a text in order, none empty; joined by a space they are the text again, blanks aside.

    A sentence ends at ``. ! ? ؟ ۔ …`` and the quotation marks and brackets that close after them, but not after
    a title, an initial or an abbreviation, nor before a word in small letters.
    """
    sentences, start = [], 0
    for end in _END.finditer(text):
        if end["mark"] is None or _ends(text[start : end.start()], end):
            sentences.append(text[start : end.end()].strip())
            start = end.end()
    sentences.append(text[start:].strip())
    return [sentence for sentence in sentences if sentence]


def _ends(before: str, end: re.Match[str]) -> bool:
    follower = end["next"][-1]
    if follower.islower():  # scripts without case are never lower
        return False
    if end["mark"] != "." or end["close"]:
        return True
    word = before.rsplit(maxsplit=1)[-1] if before.strip() else ""
    bare = word.strip("([“\"'‘").lower()
    if _INITIAL.fullmatch(bare):  # "J." and "U.S." are followed by a name more often than by a sentence
        return bare in _STOPPING and follower.isupper()
    if bare in _ABBREVIATIONS:
        return bare in _STOPPING and follower.isupper()
    return not (bare.isdigit() and len(bare) <= 2 and follower.isdigit())


_SCRIPTS = {
    "ckb": re.compile("[ەێۆڵڕۊ]"),
    "kmr": re.compile("[êîûçşÊÎÛÇŞ]"),
    "fa": re.compile("[پچژگکی]"),
    "ar": re.compile("[ةىأإآؤئكيثذضظ]"),
}
_ARABIC_SCRIPT = re.compile("[\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufeff]")
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]")
SORANI_SHARE = 0.04  # of the letters: ە ێ ۆ ڵ ڕ ۊ, which neither Arabic nor Persian writes


def identify(text: str, among: Sequence[str]) -> str | None:
    """Which of these languages a text is in, by the letters it is written with; None if it has no letters.

    Knows ckb, ar, fa (Arabic script) and kmr, en (Latin script); another language wins only when it is alone
    in its script among those asked for.
    """
    arabic, latin = len(_ARABIC_SCRIPT.findall(text)), len(_LATIN.findall(text))
    if not arabic and not latin:
        return None
    if arabic >= latin:
        return _pick(_arabic_script(text, arabic), among, ("ckb", "ar", "fa"))
    share = len(_SCRIPTS["kmr"].findall(text)) / latin
    return _pick("kmr" if share > 0.03 else "en", among, ("kmr", "en"))


def _arabic_script(text: str, letters: int) -> str:
    if len(_SCRIPTS["ckb"].findall(text)) / letters > SORANI_SHARE:
        return "ckb"
    return "fa" if len(_SCRIPTS["fa"].findall(text)) > len(_SCRIPTS["ar"].findall(text)) else "ar"


def _pick(found: str, among: Sequence[str], family: Sequence[str]) -> str | None:
    """The language found if it was asked for, else the first asked-for one that is written alike."""
    if found in among:
        return found
    return next((language for language in among if language in family), None)
