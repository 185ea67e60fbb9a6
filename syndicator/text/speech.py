"""Small words that a sentence's sense hangs on: who says it, and what it leans on."""

from __future__ import annotations

# Verbs of saying, as they stand beside a quotation or a name.
SAYING = frozenset(
    "said says say told tells asked asks added adds replied insisted explained warned wrote writes claimed argued "
    "declared shouted cried noted stated announced continued concluded recalled joked whispered answered "
    "قال قالت قالوا يقول تقول سأل سألت أضاف أضافت أوضح أوضحت أكد أكدت ذكر ذكرت صرح صرحت تابع تابعت صاح صاحت "
    "كتب كتبت أعلن أعلنت أجاب أجابت رد ردت هتف هتفت تساءل تساءلت اختتم "
    "وتی وتیان گوتی گوتیان دەڵێت دەڵێن پرسی پرسیان نووسی ڕایگەیاند ڕایانگەیاند ئاماژەی هاواری "
    "گفت گفتند پرسید پرسیدند افزود نوشت got gotin pirsî pirsîn nivîsî".split()
)
