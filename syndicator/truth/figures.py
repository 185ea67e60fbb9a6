"""Numbers, shares, months and days of the week, however the three languages write them, as one key each."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from syndicator.text.words import plain


def _numbered(told: str, start: int = 0) -> dict[str, int]:
    """Words in order, from ``start``; ``a|b`` are two for the same number."""
    found: dict[str, int] = {}
    for number, words in enumerate(plain(told).split(), start):
        found |= {word: number for word in words.split("|") if word != "-"}
    return found


def _tens(told: str) -> dict[str, int]:
    return {word: 10 * number for word, number in _numbered(told, 2).items()}


UNITS: Mapping[str, int] = {
    **_numbered(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
        "eighteen nineteen"
    ),
    **_tens("twenty thirty forty|fourty fifty sixty seventy eighty ninety"),
    **_numbered(
        "صفر واحد|واحدة|أحد|إحدى اثنان|اثنين|اثنتان|اثنتين|اثنا|اثني|اثنتا|اثنتي ثلاثة|ثلاث أربعة|أربع خمسة|خمس ستة|ست سبعة|سبع ثمانية|ثماني|ثمان تسعة|تسع "
        "عشرة|عشر"
    ),
    **_tens(
        "عشرون|عشرين ثلاثون|ثلاثين أربعون|أربعين خمسون|خمسين ستون|ستين سبعون|سبعين ثمانون|ثمانين تسعون|تسعين"
    ),
    **_numbered(
        "سفر یەک دوو سێ چوار پێنج شەش حەوت هەشت نۆ دە یازدە دوازدە|دوانزە سیازدە|سیانزە چواردە پازدە|پانزە شازدە|شانزە "
        "حەڤدە|حەڤدە هەژدە نۆزدە"
    ),
    **_tens("بیست سی چل پەنجا شەست حەفتا هەشتا نەوەد|نەود"),
    **{plain(word): 200 for word in ("مئتان", "مئتين", "مائتان", "مائتين", "دووسەد")},
    **{plain(word): 2000 for word in ("ألفان", "ألفين")},
    **{plain(word): 2_000_000 for word in ("مليونان", "مليونين")},
}
SCALES: Mapping[str, int] = {
    plain(word): 10**power
    for power, words in {
        2: "hundred hundreds مئة مائة مئات سەد سەدان",
        3: "thousand thousands ألف ألفا آلاف ألاف هەزار هەزاران k",
        6: "million millions مليون مليونا ملايين ملیۆن ملیۆنان m mn",
        9: "billion billions مليار مليارا مليارات بليون ملیار ملیارد بلیۆن bn",
        12: "trillion trillions تريليون تریلیۆن ترلیۆن",
    }.items()
    for word in words.split()
}
_LETTERS = frozenset({"m", "k", "mn", "bn"})
_ONE_OF = {
    plain(word): value
    for word, value in {"سەد": 100, "هەزار": 1000, "مئة": 100, "مائة": 100, "ألف": 1000}.items()
}
_ALONE = frozenset(map(plain, ("one", "واحد", "واحدة", "أحد", "إحدى", "یەک", "سی", "ست", "دە")))
_MONTHS = """
january|jan|يناير|کانوونی‌دووەم february|feb|فبراير|شباط|شوبات march|mar|مارس|آذار|ئازار april|apr|أبريل|إبريل|نيسان|نیسان
-|مايو|أيار|ئایار june|jun|يونيو|يونيه|حزيران|حوزەیران july|jul|يوليو|يوليه|تموز|تەمموز|تەموز august|aug|أغسطس|آب|ئاب
september|sep|sept|سبتمبر|أيلول|ئەیلوول|ئەیلول october|oct|أكتوبر november|nov|نوفمبر december|dec|ديسمبر
خاکەلێوە گوڵان جۆزەردان پووشپەڕ گەلاوێژ خەرمانان ڕەزبەر گەڵاڕێزان سەرماوەز بەفرانبار ڕێبەندان ڕەشەمە
"""  # from the 13th on: the Kurdish solar year
_DAYS = """
monday|mon|الاثنين|الإثنين|اثنين|دووشەممە|دوشەممە tuesday|tue|tues|الثلاثاء|ثلاثاء|سێشەممە wednesday|wed|الأربعاء|أربعاء|چوارشەممە
thursday|thu|thurs|الخميس|خميس|پێنجشەممە friday|fri|الجمعة|جمعة|هەینی saturday|sat|السبت|سبت|شەممە sunday|sun|الأحد|یەکشەممە
"""
_IN_WORDS = {
    **{word: f"@m{number}" for word, number in _numbered(_MONTHS, 1).items()},
    **{word: f"@d{number}" for word, number in _numbered(_DAYS, 1).items()},
}
_TWO_WORDS = {  # Levantine months, and the Kurdish ones named after them
    tuple(plain(words).split()): f"@m{month}"
    for words, month in {
        "كانون الثاني": 1, "كانون الأول": 12, "تشرين الأول": 10, "تشرين الثاني": 11, "کانوونی دووەم": 1,
        "کانوونی یەکەم": 12, "کانونی دووەم": 1, "کانونی یەکەم": 12, "تشرینی یەکەم": 10, "تشرینی دووەم": 11,
    }.items()
} | {
    tuple(plain(words).split()): "%"
    for words in ("per cent", "في المئة", "في المائة", "لە سەدا", "لە سەد")
}  # fmt: skip
_SHARES = frozenset(map(plain, ("%", "٪", "percent", "بالمئة", "بالمائة", "لەسەدا", "pc", "percentage")))
_CURRENCIES = {"$": "dollar", "£": "pound", "€": "euro", "¥": "yen"}
_MODEST = frozenset({"jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "oct", "nov", "dec", "mon", "tue", "wed",
                     "thu", "fri", "sat", "sun", "march", "may", "sept"} | set(map(plain, ("خمس", "سبت", "آب", "ئاب"))))  # fmt: skip


def number(written: str) -> str:
    """A written number as a key: ``#90000`` for ``90,000`` and ``٩٠٬٠٠٠``; ``#3.2`` for ``3.2`` and ``٣٫٢``."""
    told = written.replace("٬", ",").replace("٫", ".").strip(".,")
    head, comma, tail = told.rpartition(",")
    if comma and len(tail.partition(".")[0]) == 3:
        told = told.replace(",", "")
    elif comma and "." not in tail:
        told = f"{head.replace(',', '')}.{tail}"
    if told.count(".") > 1:
        told = told.replace(".", "")
    return key(Decimal(told))


def key(value: Decimal) -> str:
    return f"#{value.normalize():f}"


def keyed(words: list[str]) -> list[tuple[str, int]]:
    """Keys of the words, and how many words each key took. Words that are no figure are their own keys; a currency
    stands behind its number, as most languages say it."""
    found: list[tuple[str, int]] = []
    at = 0
    while at < len(words):
        sum_told = words[at] in _CURRENCIES and _number_at(words, at + 1)
        if sum_told:
            found += [sum_told, (_CURRENCIES[words[at]], 1)]
            at += sum_told[1] + 1
            continue
        taken = _two_words(words, at) or _number_at(words, at) or _date_at(words, at) or (words[at], 1)
        found.append(taken)
        at += taken[1]
    return found


def _two_words(words: list[str], at: int) -> tuple[str, int] | None:
    if len(words) < at + 2:
        return None
    told = next(
        (_TWO_WORDS[words[at], one] for one in _bare(words[at + 1]) if (words[at], one) in _TWO_WORDS), None
    )
    return (told, 2) if told else None


def _bare(word: str) -> list[str]:
    """The word, and without what Arabic writes before it and Sorani behind it."""
    found = [word]
    if len(word) > 3:
        found += [word[1:]] if word[0] in "وبل" else []
        found += [word.removesuffix(one) for one in ("ی", "دا", "ە", "ش") if word.endswith(one)]
    return found


def _date_at(words: list[str], at: int) -> tuple[str, int] | None:
    word = words[at]
    if word in _SHARES:
        return "%", 1
    if word in _CURRENCIES:
        return _CURRENCIES[word], 1
    told = next((_IN_WORDS[one] for one in _bare(word) if one in _IN_WORDS), None)
    if not told or (word in _MODEST and not _beside_a_number(words, at)):
        return None
    return told, 1


def _beside_a_number(words: list[str], at: int) -> bool:
    near = words[max(0, at - 1) : at] + words[at + 1 : at + 2]
    return any(word[:1].isdigit() for word in near)


_AND = frozenset({"و", "and"})


def _number_at(words: list[str], at: int) -> tuple[str, int] | None:
    """The number that begins here, of digits, words and scales behind either, and how many words it takes."""
    total, part, end = Decimal(0), _first(words, at), at + 1
    if part is None:
        return None
    while end < len(words):
        word, joined = words[end], end + (words[end] in _AND)
        value = _value(words[joined]) if joined < len(words) else None
        if word in SCALES and not (word in _LETTERS and not words[end - 1][0].isdigit()):
            part, end = part * SCALES[word], end + 1
            if part >= 1000:
                total, part = total + part, Decimal(0)
        elif value is not None and _adds(part, total, value, words[joined]):
            part, end = part + value, joined + 1
        else:
            break
    if end == at + 1 and words[at] in _ALONE:
        return None
    return key(total + part), end - at


def _first(words: list[str], at: int) -> Decimal | None:
    return _value(words[at]) if at < len(words) else None


def _adds(part: Decimal, total: Decimal, value: Decimal, word: str) -> bool:
    """``twenty`` and ``three`` are one number; ``three`` and ``four`` are two, as are figures."""
    if word[0].isdigit():
        return False
    if not part:
        return total >= 1000 and value < 1000
    return (
        (part % 100 == 0 and value < 100)
        or (part >= 20 and value < 10 and part % 10 == 0)
        or (part < 10 and word[0] == "و" and value % 10 == 0 and value >= 20)
        or (part < 10 and value == 10)
    )


def _value(word: str) -> Decimal | None:
    if word[0].isdigit():
        return Decimal(number(word)[1:])
    for one in (word, word[1:] if word[0] == "و" else ""):  # Arabic writes "and" onto the word
        if one in UNITS or one in _ONE_OF:
            return Decimal(UNITS[one] if one in UNITS else _ONE_OF[one])
    return None
