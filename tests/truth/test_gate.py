"""What the gate lets through, what it does not, and why."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.truths import article
from syndicator.model import Doubt, Finding, Standing
from syndicator.truth import HEADLINE, Gate, numbered, worst
from syndicator.truth.reasons import reason

STORY = {
    "en": (
        "Police allegedly beat three men in Erbil on Sunday, a lawyer said. Nobody was charged.",
        "“We will not leave,” said Karwan Ahmed, who leads the union. The ministry spent $3.2 million on 40 schools.",
        "Sara Aziz beat Dana Karim by about 300 votes in Halabja, but she did not win in Duhok.",
    ),
    "ar": (
        "يُزعم أن الشرطة ضربت ثلاثة رجال في أربيل يوم الأحد، بحسب محامٍ. ولم توجه تهمة إلى أحد.",
        "وقال كاروان أحمد، رئيس الاتحاد: «لن نغادر المكان». وأنفقت الوزارة ٣٫٢ مليون دولار على أربعين مدرسة.",
        "فازت سارة عزيز على دانا كريم بنحو ٣٠٠ صوت في حلبجة.",
    ),
    "ckb": (
        "گوایە پۆلیس ڕۆژی یەکشەممە لە هەولێر لە سێ پیاوی دا، پارێزەرێک وتی. کەس تۆمەتبار نەکرا.",
        "کاروان ئەحمەد، سەرۆکی یەکێتییەکە، وتی: «ئێمە شوێنەکە بەجێناهێڵین». "
        "وەزارەت ٣.٢ ملیۆن دۆلاری بۆ چل قوتابخانە خەرجکرد.",
        "سارا عەزیز بە نزیکەی ٣٠٠ دەنگ لە هەڵەبجە دانا کەریمی بردەوە.",
    ),
}
TRUE = [
    ("en", "The ministry spent $3.2 million on 40 schools."),
    ("en", "The ministry spent 3,200,000 dollars on forty schools."),
    ("en", "“We will not leave,” said Karwan Ahmed."),
    ("en", "Sara Aziz beat Dana Karim by about 300 votes."),
    ("en", "Nobody was charged. The ministry spent $3.2 million on 40 schools."),
    ("ar", "وأنفقت الوزارة 3.2 مليون دولار على ٤٠ مدرسة."),
    ("ar", "أنفقت الوزارة ٣٫٢ مليون دولار على أربعين مدرسة."),
    ("ar", "فازت سارة عزيز على دانا كريم بنحو ٣٠٠ صوت."),
    ("ckb", "وەزارەت ٣٫٢ ملیۆن دۆلاری بۆ ٤٠ قوتابخانە خەرجکرد."),
    ("ckb", "کەس تۆمەتبار نەکرا."),
]
FALSE = [
    ("en", "The ministry spent $3.4 million on 40 schools.", Doubt.NUMBER, Standing.FALSE),
    ("en", "The ministry spent $3.2 million on 300 schools.", Doubt.NUMBER, Standing.DOUBTFUL),  # it stands elsewhere
    ("en", "The ministry spent 3.2 million euros on 40 schools.", Doubt.WORD, Standing.DOUBTFUL),
    ("en", "The ministry of Baghdad spent $3.2 million on 40 schools.", Doubt.NAME, Standing.FALSE),
    ("en", "Dana Karim beat Sara Aziz by about 300 votes in Halabja.", Doubt.ORDER, Standing.DOUBTFUL),
    ("en", "Sara Aziz beat Dana Karim by 300 votes in Halabja.", Doubt.LIMIT, Standing.DOUBTFUL),
    ("en", "Sara Aziz lost by about 300 votes in Halabja.", Doubt.OPPOSITE, Standing.FALSE),
    ("en", "Police beat three men in Erbil on Sunday, a lawyer said.", Doubt.HEDGE, Standing.DOUBTFUL),
    ("en", "Police allegedly beat three men in Erbil on Sunday.", Doubt.ATTRIBUTION, Standing.DOUBTFUL),
    ("en", "Police allegedly beat three men in Erbil on Monday, a lawyer said.", Doubt.NUMBER, Standing.FALSE),
    ("en", "“We will leave,” said Karwan Ahmed, who leads the union.", Doubt.QUOTATION, Standing.FALSE),
    ("en", "The ministry “spent” $3.2 million on 40 schools.", Doubt.QUOTATION, Standing.DOUBTFUL),
    ("en", "The ministry did not spend $3.2 million on 40 schools.", Doubt.NEGATION, Standing.FALSE),
    ("en", "Sara Aziz did win in Duhok.", Doubt.NEGATION, Standing.FALSE),
    ("en", "The ministry spent $3.2 million on 40 schools, Karwan Ahmed said.", Doubt.ATTRIBUTION, Standing.FALSE),
    ("en", "The mayor resigned.", Doubt.SOURCE, Standing.FALSE),
    ("en", "وأنفقت الوزارة ٣٫٢ مليون دولار.", Doubt.LANGUAGE, Standing.FALSE),
    ("ar", "وأنفقت الوزارة ٣٫٤ مليون دولار على أربعين مدرسة.", Doubt.NUMBER, Standing.FALSE),
    ("ar", "فازت دانا كريم على سارة عزيز بنحو ٣٠٠ صوت في حلبجة.", Doubt.ORDER, Standing.DOUBTFUL),
    ("ar", "فازت سارة عزيز على دانا كريم بنحو ٣٠٠ صوت في بغداد.", Doubt.WORD, Standing.DOUBTFUL),
    ("ar", "فازت سارة عزيز على دانا كريم ب٣٠٠ صوت في حلبجة.", Doubt.LIMIT, Standing.DOUBTFUL),
    ("ar", "ضربت الشرطة ثلاثة رجال في أربيل يوم الأحد، بحسب محام.", Doubt.HEDGE, Standing.DOUBTFUL),
    ("ar", "يزعم أن الشرطة ضربت ثلاثة رجال في أربيل يوم الأحد.", Doubt.ATTRIBUTION, Standing.DOUBTFUL),
    ("ar", "وقال كاروان أحمد، رئيس الاتحاد: «سنغادر المكان».", Doubt.QUOTATION, Standing.FALSE),
    ("ar", "لم تنفق الوزارة ٣٫٢ مليون دولار على أربعين مدرسة.", Doubt.NEGATION, Standing.FALSE),
    ("ckb", "وەزارەت ٣.٤ ملیۆن دۆلاری بۆ چل قوتابخانە خەرجکرد.", Doubt.NUMBER, Standing.FALSE),
    ("ckb", "دانا کەریم بە نزیکەی ٣٠٠ دەنگ لە هەڵەبجە سارا عەزیزی بردەوە.", Doubt.ORDER, Standing.DOUBTFUL),
    ("ckb", "سارا عەزیز بە نزیکەی ٣٠٠ دەنگ لە بەغدا دانا کەریمی بردەوە.", Doubt.WORD, Standing.DOUBTFUL),
    ("ckb", "پۆلیس ڕۆژی یەکشەممە لە هەولێر لە سێ پیاوی دا، پارێزەرێک وتی.", Doubt.HEDGE, Standing.DOUBTFUL),
    ("ckb", "گوایە پۆلیس ڕۆژی یەکشەممە لە هەولێر لە سێ پیاوی دا.", Doubt.ATTRIBUTION, Standing.DOUBTFUL),
    ("ckb", "کەس تۆمەتبار کرا.", Doubt.NEGATION, Standing.FALSE),
    ("ckb", "کاروان ئەحمەد، سەرۆکی یەکێتییەکە، وتی: «ئێمە شوێنەکە بەجێدەهێڵین».", Doubt.QUOTATION, Standing.FALSE),
    ("ckb", "وەزارەت ٣.٢ ملیۆن دۆلاری بۆ چل قوتابخانە خەرجنەکرد.", Doubt.WORD, Standing.DOUBTFUL),
]  # fmt: skip


def gate(language: str) -> Gate:
    return Gate(article(language, STORY[language]))


@pytest.mark.parametrize(("language", "text"), TRUE)
def test_what_the_article_says_is_clear(language: str, text: str) -> None:
    checked = gate(language).check(text)
    assert worst(checked) is Standing.CLEAR, checked
    assert all(one.sources for one in checked)


@pytest.mark.parametrize(("language", "text", "doubt", "standing"), FALSE)
def test_what_it_does_not_say_is_not(language: str, text: str, doubt: Doubt, standing: Standing) -> None:
    checked = gate(language).check(text)
    assert doubt in {found.doubt for one in checked for found in one.findings}, checked
    assert worst(checked) is standing, checked


def test_each_sentence_is_tied_to_its_own() -> None:
    story = article("en", STORY["en"])
    texts = {number: text for number, text, _ in numbered(story)}
    for number, text in texts.items():
        (one,) = Gate(story).check(text)
        assert one.sources == (number,)
    assert texts[HEADLINE] == story.headline


def test_pieces_of_two_sentences_are_not_joined() -> None:
    (one,) = gate("en").check(
        "Police allegedly beat three men, a lawyer said, and Sara Aziz did not win in Duhok."
    )
    assert one.standing is not Standing.CLEAR


def test_a_name_may_stand_for_its_pronoun() -> None:
    story = article("en", ("Karwan Ahmed leads the union. He wants a new road to Halabja by May.",))
    assert worst(Gate(story).check("Karwan Ahmed wants a new road to Halabja by May.")) is Standing.CLEAR
    assert worst(Gate(story).check("Karim Ahmed wants a new road to Halabja by May.")) is Standing.FALSE


def test_nothing_said_is_nothing_false() -> None:
    assert worst(gate("en").check("")) is Standing.CLEAR


def test_a_language_without_words_of_ours_is_held_to_the_letter() -> None:
    story = article("fr", ("La route reste fermée depuis trois jours, selon la mairie.",))
    assert (
        worst(Gate(story).check("La route reste fermée depuis trois jours, selon la mairie."))
        is Standing.CLEAR
    )
    assert (
        worst(Gate(story).check("La route reste ouverte depuis trois jours, selon la mairie."))
        is Standing.DOUBTFUL
    )


@pytest.mark.parametrize("language", ["en", "ckb", "ar", "fr"])
@pytest.mark.parametrize("doubt", Doubt)
def test_every_reason_has_words(doubt: Doubt, language: str) -> None:
    said = reason(Finding(doubt=doubt, words="x" * 200), language)
    assert 10 < len(said) < 200
    assert "{" not in said


@given(st.sampled_from(["en", "ar", "ckb"]), st.text(max_size=200))
def test_whatever_is_said_the_gate_answers_for_every_sentence(language: str, text: str) -> None:
    for one in gate(language).check(text):
        assert one.standing in Standing
        assert one.sources or one.findings
