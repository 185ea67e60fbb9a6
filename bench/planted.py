"""True and false summaries made from articles by a seed: sentences as they stand, and the same with one thing changed.

The words used here are not the gate's own lists: a falsehood that only its maker knows is one the gate must find.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random

from syndicator.model import Article
from syndicator.text import sentences

KINDS = ("number", "name", "attribution", "negation", "hedge", "quotation")
_DIGITS = ("0123456789", "٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹")
_NUMBER = re.compile(r"\d[\d.,٬٫]*\d|\d")
_IN_WORDS = {
    "en": "two three four five six seven eight nine ten eleven twelve fifteen twenty thirty forty fifty hundred million",
    "ar": "ثلاثة أربعة خمسة ستة سبعة ثمانية تسعة عشرة عشرين ثلاثين أربعين خمسين مليون ألف ثلاث أربع خمس",
    "ckb": "دوو سێ چوار پێنج شەش حەوت هەشت نۆ دە یازدە بیست سی چل پەنجا نەوەد سەد هەزار ملیۆن",
}
_NAMES = {
    "ar": "بريطانيا فرنسا ألمانيا إسرائيل إيران العراق سوريا مصر السعودية تركيا روسيا أمريكا الصين ليبيا تونس لبنان اليمن "
    "غزة القاهرة بغداد دمشق لندن باريس واشنطن موسكو طهران أحمد محمد علي حسن ترامب أوباما بوتين السودان الجزائر المغرب الأردن "
    "قطر الكويت الهند باكستان أفغانستان كاروان أزمر أربيل دهوك السليمانية حلبجة رويترز دوكان",
    "ckb": "تورکیا عێراق سووریا ئێران ئەمریکا فەرەنسا ئەڵمانیا ئیتالیا ئیسپانیا چین روسیا ڕووسیا بەریتانیا ئیستەنبول ئەنقەرە "
    "ئامەد وان شەنگال ڕۆژاوا هەولێر سلێمانی دهۆک کەرکوک حەلەب عەفرین کۆبانی دێرسم ئەردۆغان ترەمپ هەدەپە ئاکەپە پەکەکە "
    "هەڵەبجە ئەزمەڕ کاروان ڕۆیتەرز دوکان ئەوروپا نیویۆرک بەغدا ئەفریقا کوردستان",
}
_SPEAKERS = {
    "en": ("the interior ministry", "a police officer", "the mayor", "the company", "her lawyer"),
    "ar": ("وزارة الداخلية", "ضابط في الشرطة", "رئيس البلدية", "الشركة", "محاميها"),
    "ckb": ("وەزارەتی ناوخۆ", "ئەفسەرێکی پۆلیس", "سەرۆکی شارەوانی", "کۆمپانیاکە", "پارێزەرەکەی"),
}
_ATTRIBUTED = {
    "en": (
        "{s}, {who} said.", "According to {who}, {s}.", "{Who} said that {s}.", "{s}, {who} told reporters.",
        "{Who} claims {s}.", "{s}, {who} announced on its website.",
    ),
    "ar": ("{s}، بحسب {who}.", "قال {who} إن {s}.", "{s}، وفق ما أعلن {who}.", "ذكر {who} أن {s}.", "أكد {who} أن {s}."),
    "ckb": ("{s}، {who} وتی.", "بەپێی {who}، {s}.", "{who} ڕایگەیاند کە {s}.", "{who} دەڵێت {s}.", "بەوتەی {who}، {s}."),
}  # fmt: skip
_HEDGED = {
    "en": (
        "Reportedly, {s}.", "It is alleged that {s}.", "Police suspect that {s}.", "Perhaps {s}.",
        "It is believed that {s}.", "{s}, it is claimed.", "There is a possibility that {s}.",
    ),
    "ar": ("يُزعم أن {s}.", "ربما {s}.", "من المرجح أن {s}.", "يُعتقد أن {s}.", "يُشتبه في أن {s}.", "من المحتمل أن {s}."),
    "ckb": ("گوایە {s}.", "ڕەنگە {s}.", "پێدەچێت {s}.", "لەوانەیە {s}.", "گومان دەکرێت کە {s}.", "ئەگەری ئەوە هەیە {s}."),
}  # fmt: skip
_INVENTED = {
    "en": ('"We will never forget this day," said {name}.', '{name} said: "There is nothing more to say."'),
    "ar": ("وقال {name}: «لن ننسى هذا اليوم أبداً».", "«ليس هناك ما يقال»، بحسب {name}."),
    "ckb": ("{name} وتی: «هەرگیز ئەم ڕۆژە لەبیر ناکەین».", "«هیچی تر نییە بیڵێین»، {name} وتی."),
}
_MARKS = {"en": ("“", "”"), "ar": ("«", "»"), "ckb": ("«", "»")}
_AUXILIARY = re.compile(r"\b(is|was|are|were|has|have|had|will|can|could|would|did)\b(?! (?:not|n't))", re.I)
_NOT = {
    "en": re.compile(r"\s(?:not|never)\b|n't\b"),
    "ar": re.compile(r"(?<!\S)(?:لم|لا|لن|ليس|ليست)\s"),
    "ckb": re.compile(r"(?!)"),
}
_ENDS = re.compile(r"[.!?؟۔][\"'”’»)]*$")
_QUOTED = re.compile(r"[\"“«]([^\"“”«»]{12,})[\"”»]")


@dataclass(frozen=True, slots=True)
class Planted:
    """A summary of an article, true or false, and how it came about."""

    article: Article
    text: str
    kind: str  # "true", or one of KINDS


def planted(articles: Sequence[Article], rng: Random, per_article: int = 1) -> Iterator[Planted]:
    """True ones, and of each kind of falsehood as many for each article as it has material for."""
    for article in articles:
        chosen = [one for paragraph in article.body for one in sentences.split(paragraph, article.language)]
        usable = [one for one in chosen if 5 <= len(one.split()) <= 60 and _ENDS.search(one)]
        if not usable:
            continue
        others = [one for one in articles if one.language == article.language and one is not article]
        for _ in range(per_article):
            for text in _true(usable, rng):
                yield Planted(article, text, "true")
            for kind in KINDS:
                found = _false(kind, article, usable, others, rng)
                if found is not None:
                    yield Planted(*found, kind)


def _true(usable: Sequence[str], rng: Random) -> Iterator[str]:
    """A sentence as it stands, two of them in their order, and one as another hand would type it."""
    yield rng.choice(usable)
    if len(usable) > 1:
        first, second = sorted(rng.sample(range(len(usable)), 2))
        yield f"{usable[first]} {usable[second]}"
    text = rng.choice(usable)
    folded = text.translate(str.maketrans(_DIGITS[1] + _DIGITS[2], _DIGITS[0] * 2))
    yield folded.replace("ي", "ی").replace("ـ", "").replace("“", '"').replace("”", '"')


Maker = Callable[[Article, str, Sequence[Article], Random], "tuple[Article, str] | str | None"]


def _false(
    kind: str, article: Article, usable: Sequence[str], others: Sequence[Article], rng: Random
) -> tuple[Article, str] | None:
    """The first sentence, in a row by chance, that this can be done to."""
    for text in rng.sample(list(usable), len(usable)):
        made = _MAKERS[kind](article, text, others, rng)
        if isinstance(made, str) and made != text:
            return article, made
        if isinstance(made, tuple):
            return made
    return None


def _number(article: Article, text: str, others: Sequence[Article], rng: Random) -> str | None:
    if found := list(_NUMBER.finditer(text)):
        one = rng.choice(found)
        at = rng.randrange(len(one[0]))
        while not one[0][at].isdigit():
            at = rng.randrange(len(one[0]))
        digits = next(row for row in _DIGITS if one[0][at] in row)
        other = rng.choice([digit for digit in digits[1:] if digit != one[0][at]])
        return text[: one.start() + at] + other + text[one.start() + at + 1 :]
    known = _IN_WORDS[article.language].split()
    words = text.split()
    places = [at for at, word in enumerate(words) if word in known]
    if not places:
        return None
    at = rng.choice(places)
    return _with(words, at, rng.choice([word for word in known if word != words[at]]))


def _name(article: Article, text: str, others: Sequence[Article], rng: Random) -> str | None:
    """Another name for one, or two that change places."""
    words = text.split()
    places = _names_in(article.language, words)
    if not places:
        return None
    at = rng.choice(places)
    elsewhere = [k for k in places if _bare(words[k]) != _bare(words[at])]
    if elsewhere and rng.random() < 0.4:
        other = rng.choice(elsewhere)
        words[at], words[other] = words[other], words[at]
        return " ".join(words)
    near = [*article.body] if rng.random() < 0.5 else [text for one in others for text in one.body]
    pool = [
        word
        for text in near
        for word in _named_words(article.language, text.split())
        if _bare(word) != _bare(words[at])
    ]
    return _with(words, at, rng.choice(pool)) if pool else None


def _bare(word: str) -> str:
    return word.strip("،.,:;!?")


def _named_words(language: str, words: list[str]) -> list[str]:
    return [words[at] for at in _names_in(language, words)]


def _names_in(language: str, words: Sequence[str]) -> list[int]:
    if language in _NAMES:
        known = frozenset(_NAMES[language].split())
        return [at for at, word in enumerate(words) if word.strip("،.") in known]
    return [
        at for at, word in enumerate(words)
        if at and re.fullmatch(r"[A-Z][a-z]{2,}", word) and words[at - 1][-1] not in ".:\"“?!"
    ]  # fmt: skip


def _attribution(article: Article, text: str, others: Sequence[Article], rng: Random) -> tuple[Article, str]:
    """The article has a sentence by somebody; the summary says it as its own, or gives it to somebody else."""
    who, other = rng.sample(_SPEAKERS[article.language], 2)
    form = rng.choice(_ATTRIBUTED[article.language])
    there = _filled(form, text, who)
    said = _filled(form, text, other) if rng.random() < 0.3 else text
    return _with_sentence(article, text, there), said


def _hedge(article: Article, text: str, others: Sequence[Article], rng: Random) -> tuple[Article, str]:
    """The article only has it that something may be so; now and then the other way round."""
    hedged = _filled(rng.choice(_HEDGED[article.language]), text, "")
    if rng.random() < 0.25:
        return article, hedged
    return _with_sentence(article, text, hedged), text


def _filled(form: str, text: str, who: str) -> str:
    bare = text.rstrip(".!؟?۔ ")
    inner = bare if form.startswith("{s}") else bare[:1].lower() + bare[1:]
    made = form.format(s=inner, who=who, Who=who[:1].upper() + who[1:])
    return made[:1].upper() + made[1:]


def _with_sentence(article: Article, text: str, instead: str) -> Article:
    return replace(article, body=tuple(paragraph.replace(text, instead, 1) for paragraph in article.body))


def _negation(article: Article, text: str, others: Sequence[Article], rng: Random) -> str | None:
    if found := _NOT[article.language].search(text):
        return text[: found.start()] + text[found.end() :].removeprefix(" " * (article.language != "en"))
    match article.language:
        case "en":
            found = _AUXILIARY.search(text)
            return found and f"{text[: found.end()]} not{text[found.end() :]}"
        case "ar":
            words = text.split()
            return _with(words, 0, f"{rng.choice(['لم', 'لا', 'ليس'])} {words[0]}")
    return _sorani_verb(text)


def _sorani_verb(text: str) -> str:
    """The last word is the verb; it is denied at its beginning."""
    words = text.split()
    verb = words[-1]
    for begin, instead in (("نا", "دە"), ("نە", ""), ("دە", "نا")):
        if verb.startswith(begin) and len(verb) > len(begin) + 2:
            return _with(words, len(words) - 1, instead + verb.removeprefix(begin))
    return _with(words, len(words) - 1, "نە" + verb)


def _quotation(article: Article, text: str, others: Sequence[Article], rng: Random) -> str | None:
    """A word of a quotation changed, marks round words that nobody is quoted with, or a quotation out of the air."""
    way = rng.randrange(3)
    quoted = _QUOTED.search(text)
    words = text.split()
    if way == 0 and quoted:
        inside = quoted[1].split()
        at = rng.randrange(len(inside))
        pool = [word for word in words if len(word) > 3 and word not in inside]
        if pool:
            return text.replace(quoted[1], _with(inside, at, rng.choice(pool)))
    if way == 1 and not re.search(r"[\"“”«»'`]", text) and len(words) > 6:
        start = rng.randrange(1, len(words) - 4)
        opens, closes = _MARKS[article.language]
        words[start], words[start + 2] = opens + words[start], words[start + 2] + closes
        return " ".join(words)
    name = rng.choice(
        _named_words(article.language, " ".join(article.body).split()) or _SPEAKERS[article.language]
    )
    return f"{text} {rng.choice(_INVENTED[article.language]).format(name=name)}"


def _with(words: Sequence[str], at: int, word: str) -> str:
    """The same row with another word in this place; its marks stay."""
    old = words[at]
    tail = re.search(r"[.,،:;؛!?؟\"”»)]*$", old)
    kept = tail[0] if tail and not word.endswith(tail[0]) else ""
    return " ".join([*words[:at], word.rstrip(".,،:;؛") + kept, *words[at + 1 :]])


_MAKERS: dict[str, Maker] = {
    "number": _number, "name": _name, "attribution": _attribution, "negation": _negation, "hedge": _hedge,
    "quotation": _quotation,
}  # fmt: skip
