"""Whether a text speaks to machines instead of readers: orders put into an article for a model to obey."""

from __future__ import annotations

import re

from syndicator.text.words import plain

_ORDERS = (
    r"\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}\b(?:instruction|prompt|rule|direction|guideline|above|previous|prior|earlier|order)",
    r"\b(?:system|developer|hidden)\s+(?:prompt|message|instruction|override)",
    r"\b(?:language model|chatbot|chatgpt|gpt-?\d?|llm|a\.?i\.? (?:model|system|assistant|agent)|summari[sz]er)s?\b.{0,40}\b(?:must|should|shall|please|now|will|to)\s+(?:\w+ )?(?:write|say|output|reply|respond|answer|summari[sz]e|print|include|state|ignore|stop|obey|add)",
    r"\b(?:attention|note|message|instructions?|for|dear|hey) (?:to |for )?(?:any |all |the |every )?(?:language model|chatbot|chatgpt|llm|ai|a\.i\.|bot|assistant|summari[sz]er)s?\b",
    r"\byou are (?:now )?(?:an? )?(?:ai|assistant|language model|chatbot|dan\b|helpful|unrestricted|in developer mode)",
    r"\b(?:summary|summari[sz]e|summari[sz]ing|summari[sz]er)\b.{0,60}(?:\b(?:must|should|shall|instead|only|as follows|exactly|be replaced)\b|:)",
    r"(?:^|[.:;!?\"'“*\n-]\s*)(?:please\s+|now\s+|then\s+|just\s+)*(?:output|respond|reply|answer|print|write|say|repeat)\b.{0,20}\b(?:only|exactly|verbatim|the following|instead|this sentence|these words)\b",
    r"\b(?:new|updated|real|important) (?:task|instruction|order)s?\b.{0,20}:",
    r"\bdo not (?:follow|obey|summari[sz]e|mention that)",
    r"<\|[^|]{1,40}\|>|\[/?(?:inst|sys|system)\]|<</?sys>>|^#{2,4} ?(?:instruction|system|response|assistant|user)\b|\b(?:system|assistant|user|human)\s*:\s",
    r"\b(?:jailbreak|prompt injection|begin system|end of (?:article|text|data|document))\b",
    r"</?(?:article|data|document|text|instructions?|system|story|source)>",
    r"(?:تجاهل|تجاهلوا|اهمل|انس).{0,40}(?:تعلیمات|اوامر|تعلیماتک|ما سبق|السابقه|توجیهات)",
    r"(?:نموذج|مساعد|روبوت|ذکاء).{0,20}(?:لغوی|اصطناعی|الذکاء).{0,60}(?:اکتب|یجب|علیک|اجب|قل|لخص|المهمه)",
    r"(?:اکتب|قل|لخص|اجب).{0,20}(?:فقط|التالی|حرفیا|بدلا|الجمله)|(?:الملخص|ملخص|تلخیص).{0,40}(?:یجب|ینبغی|:)|انت الان",
    r"(?:فەرامۆش|پشتگوێ|گوێ مەدە|بیرت بچێت|واز لە).{0,60}(?:ڕێنما|فەرمان|ڕێنوێن|پێشوو|سەرەوە)",
    r"(?:ڕێنما|فەرمان|ڕێنوێن).{0,40}(?:فەرامۆش|پشتگوێ|جێبەجێ مەکە)",
    r"(?:مۆدێل|یاریدەدەر|ژیری دەستکرد|زیرەکی دەستکرد).{0,60}(?:بنووسە|دەبێ|پێویستە|بڵێ|وەڵام)",
    r"(?:تەنها|تەنیا).{0,20}(?:بنووسە|بڵێ)|(?:بنووسە|بڵێ).{0,20}(?:تەنها|ئەم ڕستە|خوارەوە)|(?:پوخته|پوختە|کورتە).{0,40}(?:دەبێت|پێویستە|:)",
)
_ORDER = re.compile("|".join(_ORDERS), re.DOTALL | re.MULTILINE)


def addressed(text: str) -> bool:
    """Whether there is an order to a model in it. Readers are told such things so seldom that nothing is lost."""
    return _ORDER.search(plain(text)) is not None
