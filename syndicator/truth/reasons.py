"""What the gate found, in an editor's words and language."""

from __future__ import annotations

from syndicator.model import Doubt, Finding

_ENGLISH = {
    Doubt.NUMBER: "the number “{words}” does not stand in the source sentence",
    Doubt.NAME: "the name “{words}” does not stand in the source sentence",
    Doubt.QUOTATION: "“{words}” is not quoted like this in the article",
    Doubt.ATTRIBUTION: "who says so is not as in the source (“{words}”)",
    Doubt.NEGATION: "“{words}” turns what the source says into its opposite",
    Doubt.HEDGE: "the source is less sure, or surer: “{words}”",
    Doubt.LIMIT: "“{words}” limits the claim, here or in the source only",
    Doubt.OPPOSITE: "“{words}” is the opposite of what the source says",
    Doubt.ORDER: "“{words}” has another place in the sentence than in the source: perhaps another role",
    Doubt.WORD: "“{words}” does not stand in the source sentence",
    Doubt.FUSED: "pieces that do not belong together were joined",
    Doubt.SOURCE: "nothing in the article says this",
    Doubt.LANGUAGE: "it is not in the article's language",
    Doubt.MACHINE: "it is an order to a machine, not news",
}
_SORANI = {
    Doubt.NUMBER: "ژمارەی «{words}» لە ڕستەی سەرچاوەدا نییە",
    Doubt.NAME: "ناوی «{words}» لە ڕستەی سەرچاوەدا نییە",
    Doubt.QUOTATION: "«{words}» لە هەواڵەکەدا بەم شێوەیە وەک وتە نەهاتووە",
    Doubt.ATTRIBUTION: "ئەوەی قسەکەی کردووە وەک سەرچاوەکە نییە («{words}»)",
    Doubt.NEGATION: "«{words}» واتای سەرچاوەکە پێچەوانە دەکاتەوە",
    Doubt.HEDGE: "سەرچاوەکە کەمتر یان زیاتر دڵنیایە: «{words}»",
    Doubt.LIMIT: "«{words}» سنوور بۆ قسەکە دادەنێت، تەنها لێرە یان تەنها لە سەرچاوەکەدا",
    Doubt.OPPOSITE: "«{words}» پێچەوانەی ئەوەیە کە سەرچاوەکە دەیڵێت",
    Doubt.ORDER: "«{words}» شوێنی لە ڕستەکەدا گۆڕاوە، لەوانەیە ڕۆڵیشی گۆڕابێت",
    Doubt.WORD: "«{words}» لە ڕستەی سەرچاوەدا نییە",
    Doubt.FUSED: "پارچەی جیاواز کە پێکەوە نین بەیەکەوە بەستراون",
    Doubt.SOURCE: "هیچ شتێک لە هەواڵەکەدا ئەمە ناڵێت",
    Doubt.LANGUAGE: "بە زمانی هەواڵەکە نییە",
    Doubt.MACHINE: "فەرمانێکە بۆ ئامێر، هەواڵ نییە",
}
_ARABIC = {
    Doubt.NUMBER: "الرقم «{words}» غير موجود في جملة المصدر",
    Doubt.NAME: "الاسم «{words}» غير موجود في جملة المصدر",
    Doubt.QUOTATION: "«{words}» لا ترد اقتباساً بهذا النص في الخبر",
    Doubt.ATTRIBUTION: "القائل ليس كما في المصدر («{words}»)",
    Doubt.NEGATION: "«{words}» تقلب معنى المصدر",
    Doubt.HEDGE: "المصدر أقل يقيناً أو أكثر: «{words}»",
    Doubt.LIMIT: "«{words}» تقيّد القول، هنا فقط أو في المصدر فقط",
    Doubt.OPPOSITE: "«{words}» عكس ما يقوله المصدر",
    Doubt.ORDER: "«{words}» في غير موضعها من الجملة، وربما تغيّر دورها",
    Doubt.WORD: "«{words}» غير موجودة في جملة المصدر",
    Doubt.FUSED: "جُمعت أجزاء لا يتبع بعضها بعضاً",
    Doubt.SOURCE: "لا شيء في الخبر يقول هذا",
    Doubt.LANGUAGE: "ليست بلغة الخبر",
    Doubt.MACHINE: "هذا أمر موجّه إلى آلة وليس خبراً",
}
_SAID = {"en": _ENGLISH, "ckb": _SORANI, "ar": _ARABIC}
_LONGEST = 80  # characters of the words that are shown


def reason(finding: Finding, language: str = "en") -> str:
    """In ``language``, or in English where we have no words."""
    told = _SAID.get(language.partition("-")[0], _ENGLISH)[finding.doubt]
    words = finding.words if len(finding.words) <= _LONGEST else f"{finding.words[:_LONGEST]}…"
    return told.format(words=words)
