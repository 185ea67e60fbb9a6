"""Whether a text speaks to machines instead of readers: orders put into an article for a model to obey."""

from __future__ import annotations

import re
from functools import lru_cache

from syndicator.text.words import plain

_MODEL = r"(?:language models?|chatbots?|chatgpt|gpt-?\d|llms?|a\.?i\.?(?: (?:models?|systems?|assistants?|agents?))?|summari[sz]ers?|assistants?)"
_WRITE = r"(?:write|say|output|reply|respond|answer|summari[sz]e|print|include|append|state|mention|ignore|stop|obey|add|repeat|translate|begin|start|lead)"
_START = r"(?:^|[.:;!?\"'“*\n>-]\s*)(?:(?:please|now|then|just|instead|also)\s+)*"
_ORDERS = (
    r"\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}\b(?:instruction|prompt|rule|direction|guideline|above|previous|prior|earlier|told|rest)",
    r"\b(?:system|developer|hidden)\s+(?:prompt|message|instruction|override|mode)",
    rf"\b(?!assistant){_MODEL}\b.{{0,40}}\b(?:must|should|shall|please|have to)\s+(?:\w+ )?{_WRITE}\b",
    rf"(?:\b(?:attention|note|message|instructions?|dear|hey)\b(?: (?:to|for))?|{_START}(?:to|for)) (?:any |all |the |every |our )?{_MODEL}\b\s*[:,;.!]",
    rf"\b(?:note|message|instructions?)\b (?:to|for) (?:any |all |the |every )?{_MODEL}\b",
    rf"(?:^|[.!?\n>\[(-]\s*){_MODEL}\s*[:,]",
    rf"\b(?:you are|you're|if you are|as|act as) (?:now )?(?:an? |the )?(?:helpful |unrestricted |free )?(?:{_MODEL}|model|dan)\b.{{0,60}}\b(?:you|your|must|{_WRITE})\b",
    r"\b(?:you are|you're|act as|pretend) (?:now )?(?:to be |that you are |an? |the )+(?:ai|assistant|model|unrestricted|chatbot|editor|dan)\b",
    rf"{_START}(?:when|while|if) (?:you (?:are )?)?(?:summari[sz]|read|process|shorten)\w*\b.{{0,40}}[,;]\s*(?:always |please )?{_WRITE}\b",
    r"\b(?:summary|summari[sz]e|summari[sz]ing|summari[sz]er)\b.{0,60}(?:\b(?:must|should|shall|instead|as follows|be replaced)\b|:)",
    rf"{_START}(?:output|respond|reply|answer|print|write|say|repeat|translate)\b.{{0,20}}\b(?:only|exactly|verbatim|the following|instead|this sentence|these words|your|the above)\b",
    rf"{_START}(?:do not|don't|never) (?:follow|obey|summari[sz]e|shorten|mention that)\b",
    r"\byour (?:new |real |only )?(?:task|instructions?|output|reply|answer|response|prompt|rules|role)\b",
    r"\byou must (?:only |now |always )?(?:answer|reply|respond|write|say|output|state|mention|include)\b",
    r"\b(?:new|updated|real) (?:task|instruction|order)s?\s*:",
    r"<\|[^|]{1,40}\|>|\[/?(?:inst|sys|system)\]|<</?sys>>|^#{2,4} ?(?:instruction|system|response|assistant|user)\b|\b(?:system|assistant|user|human)\s*:\s|<!--",
    r"\b(?:jailbreak|prompt injection|begin system|end of (?:article|text|data|document))\b",
    r"</?(?:article|data|document|text|instructions?|system|story|source)>",
    r"(?:تجاهل|تجاهلوا|اهمل|انس)\b.{0,40}(?:تعلیمات|اوامر|ما سبق|السابقه|توجیهات|قیل لک)",
    r"(?:نموذج|نموذجا|مساعد|روبوت|ذکاء).{0,20}(?:لغوی|اصطناعی|الذکاء|لغویا).{0,60}(?:\bاکتب|علیک|\bاجب|\bقل\b|\bلخص|فاضف|\bاضف|ان یکتب)",
    r"(?:اذا کنت|بصفتک|انت الان) .{0,20}(?:نموذج|مساعد|روبوت)|\b(?:ایها|یا) (?:المساعد|النموذج|الروبوت)|مهمتک|تعلیماتک",
    r"\b(?:لا تلخص|لا تختصر)|(?:^|[.:،!؟]\s*)(?:اکتب|قل|لخص|اجب)\b.{0,20}(?:فقط|التالی|حرفیا|بدلا|الجمله|ان )|(?:الملخص|تلخیص).{0,40}(?:یجب|ینبغی|:)",
    r"(?:فەرامۆش|پشتگوێ|گوێ مەدە|بیرت بچێت|لەبیری? بکە|واز لە).{0,60}(?:ڕێنما|فەرمان|ڕێنوێن|گوتراوە|سەرەوە)",
    r"(?:ڕێنما|فەرمان|ڕێنوێن|گوتراوە|گوتراون).{0,40}(?:فەرامۆش|پشتگوێ|جێبەجێ مەکە|لەبیری? بکە|لەبیر بکە)",
    r"(?:مۆدێل|یاریدەدەر|ژیری دەستکرد|زیرەکی دەستکرد).{0,60}(?:بنووسە|بڵێ\b|زیاد بکە|وەڵام بدەوە|پێویستە بنووس)|ئەگەر تۆ مۆدێل",
    r"(?:تەنها|تەنیا).{0,20}(?:بنووسە|بڵێ\b)|(?:بنووسە|بڵێ)\b.{0,20}(?:تەنها|ئەم ڕستە|خوارەوە)|(?:پوختە|کورتە).{0,40}(?:دەبێت|پێویستە|:)",
    r"ئەرکی نوێت|کورت مەکە|پوخت مەکە",
)
_ORDER = re.compile("|".join(_ORDERS), re.DOTALL | re.MULTILINE)


@lru_cache(2048)  # a story is looked at again and again while somebody is at work on it
def addressed(text: str) -> bool:
    """Whether there is an order to a model in it. Readers are told such things so seldom that nothing is lost."""
    return _ORDER.search(plain(text)) is not None
