"""Page furniture as text: what a theme writes around a story, in English, Arabic and Central Kurdish."""

from __future__ import annotations

import re
from collections.abc import Sequence

# A line that is exactly one of these is furniture.
_LINES = frozenset(
    (
        "total|share|tweet|telegram|whatsapp|facebook|twitter|email|print|copy link|pin|"
        "leave a reply|comments|tags|advertisement|sponsored|subscribe|follow us|save|"
        "previous article|next article|related posts|related articles|you may also like|read more|"
        "more from author|load more|شارك|مشاركة|طباعة|التعليقات|إعلان|اشترك|تابعنا|المقال السابق|"
        "المقال التالي|مقالات ذات صلة|مواضيع ذات صلة|اقرأ المزيد|الوسوم|المجموع|الخبر السابق|"
        "الخبر التالي|أخبار ذات صلة|هاوبەشی بکە|هاوبەشکردن|بڵاوکردنەوە|چاپکردن|کۆمێنتەکان|ڕیکلام|"
        "بەشداربە|بابەتی پێشوو|بابەتی دواتر|بابەتە پەیوەندیدارەکان|بابەتی پەیوەندیدار|"
        "هەواڵی پێشوو|هەواڵی دواتر|زیاتر بخوێنەوە|کۆی گشتی|تاگەکان"
    ).split("|")
)
# From a line that is exactly one of these on, nothing belongs to the story any more.
_TAIL = frozenset(
    (
        "previous article|next article|related posts|related articles|you may also like|"
        "leave a reply|comments|المقال السابق|المقال التالي|مقالات ذات صلة|مواضيع ذات صلة|"
        "الخبر السابق|الخبر التالي|أخبار ذات صلة|التعليقات|بابەتی پێشوو|بابەتی دواتر|"
        "بابەتە پەیوەندیدارەکان|بابەتی پەیوەندیدار|هەواڵی پێشوو|هەواڵی دواتر|کۆمێنتەکان"
    ).split("|")
)
_COUNT = re.compile(r"[\d\u0660-\u0669\u06f0-\u06f9.,]+\s*[KkMm]?")
_READ_ALSO = re.compile(
    r"\s*(?:read (?:also|more|next)|see also|also read|اقرأ (?:أيضا|أيضًا|ايضا|المزيد)"
    r"|هەروەها بخوێنەوە|زیاتر بخوێنەوە)\s*[:：]",
    re.IGNORECASE,
)
# CITY (AGENCY) — text. At most 60 characters, no full stop, an agency in brackets and a dash or colon after.
_DATELINE = re.compile(r"\s*(?P<dateline>[^\s.!?؟(][^.!?؟()\n]{0,40}\([^()\n]{2,25}\))\s*[—–:-]+\s*(?=\S)")
_BARE_DATELINE = re.compile(
    r"\s*(?P<dateline>[A-Z][A-Z' .-]{2,30}(?:, (?:[A-Z][a-z.]+ ?){1,3})?)\s+[—–]\s+(?=\S)"
)
_CAPTION = re.compile(
    r"(?:file(?: photo)?|photo|archive|أرشيف|أرشيفية|صورة|ئەرشیف|وێنە)\s*[–—:-]\s*\S", re.IGNORECASE
)

_AGENCY = (
    r"(?P<agency>Reuters|AFP|AP|Associated Press|BBC|CNN|Bloomberg|Anadolu|dpa|UPI|Xinhua|TASS|Interfax|INA)"
)
_CREDITS = (
    re.compile(rf"\baccording to (?:the )?{_AGENCY}\b"),
    re.compile(rf"\b{_AGENCY} (?:news agency )?(?:reported|reports|said|quoted)\b"),
    re.compile(rf"\b(?:told|quoted by|reported by) (?:the )?{_AGENCY}\b"),
)
_LOCAL_AGENCIES = {
    "Reuters": ("رويترز", "ڕۆیتەرز", "ڕۆیتەر", "رۆیتەرز"),
    "AFP": ("فرانس برس", "فرانس پرێس"),
    "AP": ("أسوشيتد برس", "ئەسۆشێتد پرێس"),
    "Anadolu": ("الأناضول", "ئەنادۆڵ", "ئانادۆڵو"),
    "BBC": ("بي بي سي", "بی بی سی"),
}
_LOCAL_CUES = re.compile(
    "وفق|بحسب|حسب|نقلا عن|نقلاً عن|ذكرت|أفادت|قالت|وكالة|بەپێی|ڕایگەیاند|ئاژانسی|لە زاری|گواستییەوە"
)


def is_furniture(line: str) -> bool:
    """A line that a theme wrote, not a reporter: share counts, previous and next, "read also"."""
    bare = line.strip().strip(":").casefold()
    return not bare or bare in _LINES or bool(_COUNT.fullmatch(bare)) or bool(_READ_ALSO.match(line))


def without_furniture(lines: Sequence[str]) -> tuple[str, ...]:
    """The lines of the story, in order: furniture dropped, and everything after its tail begins."""
    kept: list[str] = []
    for line in lines:
        if line.strip().strip(":").casefold() in _TAIL:
            break
        if not is_furniture(line):
            kept.append(line.strip())
    return tuple(kept)


def split_dateline(paragraph: str) -> tuple[str | None, str]:
    """``SULAIMANI (ESTA) — Rain …`` as the dateline, bare, and what follows it."""
    found = _DATELINE.match(paragraph) or _BARE_DATELINE.match(paragraph)
    if not found:
        return None, paragraph
    return found["dateline"].strip(), paragraph[found.end() :]


def is_caption(line: str) -> bool:
    """A line that says what a picture shows: ``File – …``."""
    return len(line) < 200 and bool(_CAPTION.match(line.strip()))


def agencies(text: str) -> tuple[str, ...]:
    """The agencies a text leans on, in the order they are first named."""
    named = [(found.start(), found["agency"]) for cue in _CREDITS for found in cue.finditer(text)]
    named += [
        (text.index(name), agency)
        for agency, names in _LOCAL_AGENCIES.items()
        for name in names
        if name in text and _LOCAL_CUES.search(text)
    ]
    return tuple(dict.fromkeys(agency for _, agency in sorted(named)))
