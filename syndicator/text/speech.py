"""What a sentence's sense hangs on: who says it, and what it leans on. English, Arabic, Kurdish and Persian."""

from __future__ import annotations

import re

from .words import plain, words


def _set(told: str) -> frozenset[str]:
    return frozenset(plain(told).split())


# Verbs of saying, as they stand beside a quotation or a name; spelled as :func:`syndicator.text.words.plain` does.
_ARABIC = _set(
    "قال قالت قالوا يقول تقول سأل سألت أضاف أضافت أوضح أوضحت أكد أكدت ذكر ذكرت صرح صرحت تابع تابعت صاح صاحت أشار أشارت "
    "كتب كتبت أعلن أعلنت أجاب أجابت رد ردت هتف هتفت تساءل تساءلت اختتم لفت لفتت أفاد أفادت شدد شددت نقل نقلت"
)
_VERB_LAST = _set(  # in these languages a sentence that opens with its verb has no subject
    "وتی وتیان وتیشی گوتی گوتیان گوتیشی دەڵێت دەڵێن پرسی پرسیان نووسی ڕایگەیاند ڕایانگەیاند ڕاشیگەیاند ئاماژەی هاواری "
    "گفت گفتند پرسید پرسیدند افزود نوشت got gotin pirsî pirsîn nivîsî"
)
SAYING = _ARABIC | _VERB_LAST
SAYING |= _set(
    "said says say saying told tells asked asks added adds replied insisted explained "
    "warned wrote writes claimed argued "
    "declared shouted cried noted stated announced continued concluded recalled joked whispered answered reported"
)
# A sentence that opens with one of these leans on the one before it.
_LEANING = _set(
    "he she it they i we you his her its their my our your him them us me this "
    "that these those such another others both "
    "however but also meanwhile therefore moreover furthermore nevertheless nonetheless instead so "
    "then thus yet besides "
    "otherwise still and or nor either neither similarly likewise consequently accordingly "
    "hence elsewhere afterwards too "
    "هو هي هم هما هذا هذه ذلك تلك هؤلاء أولئك كما لكن لكنه لكنها لكنهم غير بينما إلا فيما لذلك أنه أنها أنهم "
    "كذلك أيضا هناك هنا لذا بعدها حينها منها منهم بدوره بدورها "
    "ئەو ئەوان ئەمە ئەوە ئەم ئەمانە ئەوانە هەروەها بەڵام دواتر لەبەرئەوە بۆیە هاوکات "
    "لەلایەکی ناوبراو ئەوەشی ئەوەش ئەمەش "
    "ئەویش ئەوانیش پاشان لەوێ لێرە من ئێمە منیش ئێمەش او وی این آن آنها آنان همچنین اما ولی ew ev wan wî wê lê herwiha"
)
_NO_SUBJECT = _set(
    "أن إن أنه إنه أنها إنها أنهم إنهم بأن بأنه بأنها إلى في خلال عبر قائلا قائلة"
)  # behind an Arabic verb
_QUOTED = re.compile(r"“[^”]*”|«[^»]*»|\"[^\"]*\"|(?<!\w)['‘].*?['’](?!\w)")
_SAID = "\u2060"  # stands for what is quoted
_BY_NOBODY = re.compile(
    rf"\W*{_SAID}[\s,،]*(?:(?:he|she|they|it|i|we|ئەو|ئەوان|او|ew|wî|wê)\s+(?P<one>\w+)|(?P<other>\w+)\W*\Z)",
    re.IGNORECASE,
)
_AT_ONCE = re.compile(rf"\W*\w+[\s:،,]*{_SAID}")
_MARK = re.compile(r"[“”«»\"'‘’\u2066-\u2069]")
_CLOSING = {
    "“": "”",
    "«": "»",
    "‘": "’",
    "'": "'",
    '"': '"',
    "\u2066": "\u2069",
    "\u2067": "\u2069",
    "\u2068": "\u2069",
}


def leans(sentence: str) -> bool:
    """Whether its sense needs what stands before it: a pronoun or a "but" opens it, or nobody is named who says it."""
    outside = _QUOTED.sub(_SAID, sentence)
    told = words(outside)
    if not told or _by_nobody(outside):
        return True
    if outside.lstrip().startswith(_SAID):  # whose words they are stands behind them
        return False
    first = told[0][1:] if told[0][0] in "وف" and told[0][1:] in _ARABIC | _LEANING else told[0]
    if first in _ARABIC:
        return len(told) == 1 or told[1] in _NO_SUBJECT or _AT_ONCE.match(outside) is not None
    return first in _LEANING | _VERB_LAST


def _by_nobody(outside: str) -> bool:
    """“…,” he said."""
    found = _BY_NOBODY.match(outside)
    return found is not None and plain(found["one"] or found["other"]) in SAYING


def opened(text: str, before: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The quotations and isolates that are still open after this text, as the marks that will close them.

    ``before`` are those that were open when it began.
    """
    stack = list(before)
    for found in _MARK.finditer(text):
        mark, inner = found[0], text[found.start() - 1 : found.start()].isalnum()
        after = text[found.end() : found.end() + 1].isalnum()
        if mark in stack and not (after and mark in "'’"):  # no apostrophe
            del stack[len(stack) - 1 - stack[::-1].index(mark) :]
        elif mark in _CLOSING and not (inner and mark in "'\"‘"):  # no apostrophe, no inch
            stack.append(_CLOSING[mark])
    return tuple(stack)
