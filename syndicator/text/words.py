"""Words as they are compared: one spelling of each letter and figure, in Latin and Arabic script."""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile(r"[^\W_]+")
# Tatweel, vowel marks and Koranic signs, joiners, direction marks and isolates, the soft hyphen: no reader sees them.
_UNSEEN = re.compile(
    "[\u00ad\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed"
    "\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]+"
)
_AE = re.compile("[هھ]\u200c")  # Sorani ە, as it is typed where a keyboard has none
# Keyboards differ: the same Arabic or Sorani word is typed with these letters for one another.
_ONE_LETTER = str.maketrans("يىكڪھہةأإآٱ’‘ʼ", "ییککهههاااا'''")
_FIGURE = re.compile(r"[^\x00-\x7f]")


def plain(text: str) -> str:
    """The text in small letters and one spelling: keyboards' variants as one letter, figures as ``0`` to ``9``,
    nothing that is not seen. Blanks and marks stay, compatibility forms become what they stand for (NFKC)."""
    seen = _UNSEEN.sub("", _AE.sub("ە", _composed(_composed(text).casefold())))
    folded = _composed(seen).translate(_ONE_LETTER)
    return folded if folded.isascii() else _FIGURE.sub(_figure, folded)


def words(text: str) -> list[str]:
    """The words of a text in order, as :func:`plain` spells them; a number is a word for each of its groups."""
    return _WORD.findall(plain(text))


def _composed(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def _figure(found: re.Match[str]) -> str:
    return str(unicodedata.decimal(found[0], found[0]))
