"""Page furniture as text: what a theme writes around a story, in English, Arabic and Central Kurdish."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

# A line that is exactly one of these is furniture.
_LINES = frozenset(
    (
        "total|share|tweet|telegram|whatsapp|facebook|twitter|email|print|copy link|pin|"
        "leave a reply|comments|tags|advertisement|sponsored|subscribe|follow us|save|"
        "previous article|next article|related posts|related articles|you may also like|read more|"
        "more from author|load more|don't miss|explore further|order reprints|print article|most read|see more|more|"
        "شارك|مشاركة|طباعة|التعليقات|إعلان|اشترك|تابعنا|المقال السابق|"
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
    r"\s*(?:read (?:also|more|next)|see (?:also|more)|also read|more|don't miss|related(?: (?:stories|articles))?"
    r"|اقرأ (?:أيضا|أيضًا|ايضا|المزيد)|مواضيع ذات صلة|هەروەها بخوێنەوە|زیاتر بخوێنەوە|پەیوەندیدار)\s*[:：]",
    re.IGNORECASE,
)
# What asks something of a reader, or says who owns the page. It begins so: a reporter may write of newsletters.
_ASKS = re.compile(
    r"(?:please )?(?:subscribe|sign up|follow us|follow @|join our|download our)\b"
    r"|get (?:the|our|all)\b.{0,80}\b(?:newsletter|inbox|app|delivered)\b|.{0,80}\byour inbox\b"
    r"|(?:like|enjoy(?:ed)?) (?:this|the) (?:story|article)|share (?:this|it)\b|click here\b"
    r"|the post .{1,200} (?:appeared first|first appeared) on\b"
    r"|(?:اشترك|اشتركوا|سجل|سجّل|تابعونا|تابعنا|حمّل|حمل)\b.{0,60}(?:نشرت|النشرة|بريدك|قناتنا|تطبيق|تليغرام|تلغرام|فيسبوك)"
    r"|(?:بەشداری|سەردانی|فۆڵۆوی|دابەزاندنی)\b.{0,60}(?:هەواڵنامە|ئیمەیڵەکەت|کەناڵەکەمان|ئەپ|تێلیگرام|فەیسبووک)",
    re.IGNORECASE,
)
_ASKS_MOST = 200  # characters
_OWNED = re.compile(
    r"\s*(?:©|\(c\) ?\d|copyright\b.{0,40}\d{4})|.*(?:all rights reserved|subject to copyright|non-commercial use only"
    r"|جميع الحقوق محفوظة|حقوق (?:النشر|الطبع) محفوظة|ماف(?:ی|ەکانی?)\b.{0,40}پارێزراو)",
    re.IGNORECASE,
)
_OWNED_MOST = 400
_ADDRESS = re.compile(r"https?://\S+")
# CITY (AGENCY) — text. At most 60 characters, no full stop, an agency in brackets and a dash or colon after.
_DATELINE = re.compile(r"\s*(?P<dateline>[^\s.!?؟(][^.!?؟()\n]{0,40}\([^()\n]{2,25}\))\s*[—–:-]+\s*(?=\S)")
_BARE_DATELINE = re.compile(
    r"\s*(?P<dateline>[A-Z][A-Z' .-]{2,30}(?:, (?:[A-Z][a-z.]+ ?){1,3})?)\s+[—–]\s+(?=\S)"
)
# A caption ends with whose picture it is.
_PICTURE_CREDIT = re.compile(
    r"[(\[]\s*(?:image|photo|picture|pic|credit|source|صورة|الصورة|تصوير|مصدر الصورة|وێنە|فۆتۆ)s?"
    r"\s*(?:by|credit)?\s*[:：]\s*(?P<credit>[^)\]]*)[)\]]\s*$",
    re.IGNORECASE,
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
    if not re.search(r"[^\W_]", bare) or bare in _LINES or _COUNT.fullmatch(bare) or _ADDRESS.fullmatch(bare):
        return True
    asks = len(bare) < _ASKS_MOST and _ASKS.match(bare)
    return bool(asks or _READ_ALSO.match(line) or (len(bare) < _OWNED_MOST and _OWNED.match(bare)))


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
    """A line that says what a picture shows: ``File – …``, ``… (Photo: AFP)``."""
    return len(line) < 200 and bool(_CAPTION.match(line.strip()) or _PICTURE_CREDIT.search(line))


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


# Before names: who wrote it, in the page's words.
_BY = re.compile(
    r"\s*(?:(?:written |reported |story )?by\b|بقلم|كتب(?:ت|ه|ها)?|إعداد|اعداد|تحرير|نووسینی|نووسەر|ئامادەکردنی|ن:)"
    r"\s*[:：]?\s*",
    re.IGNORECASE,
)
_BETWEEN_NAMES = re.compile(r"\s*(?:[,،;؛|/&•]|\band\b|(?<=\s)و(?=\s))\s*")
_NO_NAME = re.compile(
    r"\d{4}|^(?:admin|administrator|editor|staff|web ?desk|wp|user|المحرر|ئەدمین)$",
    re.IGNORECASE,
)
_REACHED_AT = re.compile(r"https?:\S*|www\.\S*|\S*@\S+")
_NAME_WORDS = 6
_BYLINE_MOST = 80  # characters
_NAMES_MOST = 400  # characters; what follows is no byline, and nobody shall wait for it
_CAPTION_MOST = 1000  # characters
# At the end of a caption: whose picture it is.
_TRAILING_CREDIT = re.compile(
    r"(?<=\S{2})[\s.|–—-]+(?:photo(?:graph)?|image|picture|credit|صورة|الصورة|تصوير|وێنە|فۆتۆ)s?"
    r"\s*(?:by\b|credit\b)?\s*[:：]?\s+(?P<credit>[^.|]{2,60})\.?$",
    re.IGNORECASE,
)
_WORKED_ON_IT = re.compile(
    r"[(\[]?\s*(?:(?:additional )?reporting|writing|editing|compiled) (?:by|from) .{3,300}[)\]]?|"
    r"[(\[]?\s*(?:إعداد|تحرير)\s.{0,80}(?:تحرير|للنشرة العربية).{3,200}[)\]]?",
    re.IGNORECASE | re.DOTALL,
)


def authors(told: Iterable[str]) -> tuple[str, ...]:
    """The names in bylines, each once: ``By Sara Ahmed and Noor Ali``. Addresses and logins are none."""
    found: dict[str, None] = {}
    for line in told:
        bare = _REACHED_AT.sub("", " ".join(line[:_NAMES_MOST].split()))
        for part in _BETWEEN_NAMES.split(_BY.sub("", bare, count=1)):
            name = part.strip(" .:-–—")
            if name and not _NO_NAME.search(name) and len(name.split()) <= _NAME_WORDS:
                found[name] = None
    return tuple(found)


def is_byline(line: str) -> bool:
    """A line that says who wrote it, and nothing else."""
    names = authors([line])
    return bool(
        _BY.match(line) and names and len(line) < _BYLINE_MOST and not line.rstrip().endswith((".", "؟", "!"))
    )


def worked_on_it(line: str) -> bool:
    """``(Reporting by …; editing by …)``: who else did, in a line of its own."""
    return bool(_WORKED_ON_IT.fullmatch(line.strip()))


def split_picture_credit(caption: str) -> tuple[str, str | None]:
    """``The road (Photo: AFP)`` as the caption and whose picture it is."""
    for pattern in (_PICTURE_CREDIT, _TRAILING_CREDIT) if len(caption) < _CAPTION_MOST else ():
        if found := pattern.search(caption):
            return caption[: found.start()].rstrip(" .|–—-") or caption, found["credit"].strip() or None
    return caption, None


def bare_credit(told: str) -> str | None:
    """``Photo by Sara Ahmed`` as the name alone."""
    return (
        re.sub(
            r"^[(\[]?\s*(?:(?:photo(?:graph)?|image|picture|credit|صورة|الصورة|تصوير|وێنە|فۆتۆ)s?\s*(?:by\b)?|by\b|©)\s*[:：]?\s*",
            "",
            told,
            flags=re.IGNORECASE,
        ).strip(" )]")
        or None
    )
