"""Shortening a sentence by what may be left out of it: the last clauses, where what stays says nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable

from .measure import ELLIPSIS
from .speech import SAYING, opened
from .words import plain, words

_COMMA = re.compile(r"[,،;؛](?=\s)")
_SHORTEST = 6  # words that stay

# A clause may go that opens with one of these: it adds when, where, with whom.
_ADDING = frozenset(
    plain(
        "which who whose where after following during amid alongside including "
        "حيث بعد إثر عقب خلال وذلك ضمن بحضور "
        "دوای لەکاتێکدا لەگەڵ بەهۆی لەنێویاندا لەوانە پاش"
    ).split()
)
# And that has none of these: they say who claims it, or that it is not, or not surely, or not always so.
_TURNING = SAYING | frozenset(
    plain(
        "according sources source claim claims alleged allegedly reportedly accused suspected denied "
        "denies not no never "
        "none nobody nothing neither nor without cannot hardly barely may might could would should must if unless "
        "until whether but though although however despite except only still yet than instead while expected likely "
        "possible possibly perhaps apparently believed thought "
        "وفق وفقا بحسب حسب نقلا مصدر مصادر لا لم لن ليس ليست ما غير دون بدون إلا قد ربما يمكن "
        "محتمل لو إذا إن شرط لكن رغم "
        "سوى فقط بل حتى مزاعم يزعم اتهم نفى تنفي ينفي عدم يبدو "
        "بەپێی گوایە نە نا نەک بێ بەبێ ئەگەر مەگەر بەڵام هەرچەندە تەنها تەنیا هەتا تا لەوانەیە ڕەنگە دەکرێت سەرچاوە "
        "سەرچاوەیەک تۆمەتبار گومان ڕەتیکردەوە ڕەتدەکاتەوە"
    ).split()
)
_SORANI_NOT = re.compile(r"(?:نا|نە|مە)\w{3,}")  # a verb is denied by what it begins with


def shortened(sentence: str, fits: Callable[[str], bool]) -> str:
    """The sentence without its last clauses and with an ellipsis; empty where they must stay, or it is too long still.

    A clause goes only when it adds and turns nothing: no source, no negation, no doubt, no condition.
    """
    after = len(sentence)
    for end in reversed([found.start() for found in _COMMA.finditer(sentence)]):
        kept, clause, after = sentence[:end], sentence[end:after], end
        if not _may_go(words(clause)) or not _is_whole(kept):
            return ""
        if fits(kept + ELLIPSIS):
            return kept + ELLIPSIS
    return ""


def _may_go(clause: list[str]) -> bool:
    return (
        bool(clause)
        and clause[0] in _ADDING
        and not any(word in _TURNING or _SORANI_NOT.fullmatch(word) for word in clause)
    )


def _is_whole(kept: str) -> bool:
    return len(words(kept)) >= _SHORTEST and not opened(kept) and kept.count("(") == kept.count(")")
