import pytest

from syndicator.text.clauses import shortened


@pytest.mark.parametrize(
    ("sentence", "kept"),
    [
        (
            "Police closed the Azmar road on Sunday, after a night of heavy rain.",
            "Police closed the Azmar road on Sunday…",
        ),
        (
            "The council elected Karim Salih as its head, who is sixty, following a night of talks.",
            "The council elected Karim Salih as its head…",
        ),
        (
            "أغلقت الشرطة طريق أزمر القديم يوم الأحد، بعد ليلة من الأمطار الغزيرة.",
            "أغلقت الشرطة طريق أزمر القديم يوم الأحد…",
        ),
        (
            "پۆلیس ڕۆژی یەکشەممە ڕێگای ئەزمەڕی داخست، دوای شەوێک بارانی بەلێزمە.",
            "پۆلیس ڕۆژی یەکشەممە ڕێگای ئەزمەڕی داخست…",
        ),
    ],
)
def test_last_clauses_that_only_add_may_go(sentence: str, kept: str) -> None:
    assert shortened(sentence, lambda text: len(text) <= len(kept)) == kept
    assert shortened(sentence, lambda text: len(text) < len(kept)) == ""


@pytest.mark.parametrize(
    "sentence",
    [
        "Police closed the Azmar road on Sunday, the mayor’s office said.",  # who says it
        "The minister took money from three firms, according to the court.",
        "Police will open the road again on Monday, after the rain has stopped, if it does.",  # the condition
        "The mayor will open the road on Monday, which nobody believes will happen.",  # the doubt
        "Three men were shot on the bridge on Monday, including none of the guards.",
        "The head of the provincial council of Sulaimani, who was elected in May, resigned.",  # what it is about
        "Karim Salih, who heads it.",
        "“The road is closed on Sunday and Monday, after the rain, for all,” Karim Salih said.",
        "The road to Azmar is closed (on Sunday, after rain) for buses.",
        "أغلقت الشرطة طريق أزمر القديم يوم الأحد، بعد أن نفى الوزير ذلك.",
        "أغلقت الشرطة طريق أزمر القديم يوم الأحد، وفق مكتب رئيس البلدية.",
        "پۆلیس ڕۆژی یەکشەممە ڕێگای ئەزمەڕی داخست، بەپێی بەڕێوەبەرایەتی.",
        "پۆلیس ڕۆژی یەکشەممە ڕێگای ئەزمەڕی داخست، دوای ئەوەی کەس نەهات.",
    ],
)
def test_who_says_it_and_what_turns_it_stays(sentence: str) -> None:
    assert shortened(sentence, lambda text: len(text) < len(sentence)) == ""
