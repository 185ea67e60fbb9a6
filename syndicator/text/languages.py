"""Which language a text is in: English, Arabic, Central and Northern Kurdish, Persian, or another."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from .words import words

_ENOUGH = 4000  # characters; what follows says nothing new
_SOME = 15  # words; in fewer a language may have none of its small words
_LETTERS = re.compile(r"[^\W\d_]")
_ARABIC = re.compile("[\u0620-\u064a\u066e-\u06d3\u06d5\u06ee-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufefc]")
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]")
_SORANI = re.compile("[ەێۆڵڕۊ]")  # which neither Arabic nor Persian writes
_SORANI_SHARE = 0.025  # of the letters
_TYPED_AE = re.compile("[هھ]\u200c")  # ە from a keyboard that lacks it; Persian has it too, but seldom
_TYPED_SHARE = 0.08
_ELSEWHERE = re.compile("[ٹڈڑںےۓہھټډړښګڼۍېڃڄٻڀ]")  # Urdu, Punjabi, Pashto, Sindhi
_PERSIAN = re.compile("[پچژگ]|[ئا]ی\\b|\\bمی|ۀ|هٔ|\u200c")
_KEYS = re.compile("[یک]")  # a Persian keyboard's, and a Kurdish one's
_ARABIC_ONLY = re.compile("[ةىإأؤيك]")
_KURMANJI = re.compile("[êîûÊÎÛ]")
_FOREIGN = re.compile("[\u00c0-\u024f]")
_THE = re.compile("[وفبكل]?ال..|لل...")

_COMMON = {
    "ar": frozenset(
        "في من علی الی ان عن مع التی الذی هذا هذه ذلک کان کانت قد لم لن لا او بعد قبل بین خلال عند کما حتی منذ "
        "اذا کل غیر وقال قال وقد وهو وهی هو هی انه انها الذین ما ولم وان ومن وفی".split()
    ),
    "fa": frozenset(
        "از به که در را این است با می برای و آن های شود شد کرد کند خود بود یا ما بر تا هر حق باید دارد اند او هم نیز "
        "گفت دو یک همه بین چه اگر".split()
    )
    - {"ما", "او", "بین", "و", "هم"},
    "kmr": frozenset(
        "û di de ji bi ku li ye ew jî ên yên yê ya hat bo bû nav wan wê wî min her bike dike dikin kir kirin hatin em "
        "ne na ev vê vî gel piştî berî lê an xwe xwedî mafê heye kes lo roj sal".split()
    )
    - {"an", "a", "de", "em"},
    "en": frozenset(
        "the of and to in is that for was on with as it by at from are be this have has had he she his her not but "
        "they their who were been will would said after its an or which you more than when about into up out over "
        "what no all one there if how can could may new than his him them our your my do did says".split()
    ),
}


def identify(text: str, among: Sequence[str]) -> str | None:
    """Which of these languages (BCP 47) a text is in; None where it is in none of them, as far as can be told.

    Forty characters are enough. Languages besides en, ar, ckb, kmr and fa are never told.
    """
    found = _language(text[:_ENOUGH])
    return next((language for language in among if language.lower().split("-")[0] == found), None)


def _language(text: str) -> str | None:
    arabic, latin = len(_ARABIC.findall(text)), len(_LATIN.findall(text))
    if 2 * max(arabic, latin) < len(_LETTERS.findall(text)) or not arabic + latin:
        return None
    return _arabic_script(text, arabic) if arabic >= latin else _latin_script(text, latin)


def _arabic_script(text: str, letters: int) -> str | None:
    if _count(_SORANI, text) > _SORANI_SHARE * letters or _count(_TYPED_AE, text) > _TYPED_SHARE * letters:
        return "ckb"
    if _count(_ELSEWHERE, text) > 0.02 * letters:
        return None
    told = words(text)
    arabic = 2 * _known(told, "ar") + 2 * sum(map(bool, map(_THE.match, told))) + _count(_ARABIC_ONLY, text)
    persian = 2 * _known(told, "fa") + 2 * _count(_PERSIAN, text) + _count(_KEYS, text) / 2
    return "fa" if persian > arabic else "ar"


def _latin_script(text: str, letters: int) -> str | None:
    told = words(text)
    english, kurmanji = _known(told, "en"), _known(told, "kmr") + _count(_KURMANJI, text) / 2
    if kurmanji > english and (len(told) <= _SOME or _KURMANJI.search(text)):
        return "kmr"
    foreign = _count(_FOREIGN, text) > max(1, 0.03 * letters)
    share = 10 if foreign else 20  # one word in so many is a small English one, in a list of players too
    if (foreign or len(told) > _SOME) and share * english < len(told):
        return None
    return "en"


def _known(told: Iterable[str], language: str) -> int:
    return sum(word in _COMMON[language] for word in told)


def _count(letters: re.Pattern[str], text: str) -> int:
    return len(letters.findall(text))
