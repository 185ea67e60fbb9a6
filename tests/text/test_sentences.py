"""Cases of sentence ends lie in boundaries/, a file for each language."""

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bench import corpora
from syndicator.text.sentences import spans, split

# What is read otherwise by us: an abbreviation, or a pause, before a word that may begin a sentence.
KNOWN = {"ar": 3, "ckb": 2}
MARKS = 'aB I1 .!?؟…\n”“"‘’«»() ود.گ\u200f[1]'


@pytest.mark.parametrize("language", ["en", "ar", "ckb", "fa", "kmr"])
def test_sentences_end_where_a_reader_ends_them(language: str) -> None:
    wrong = [
        (case.sentences, found)
        for case in corpora.boundaries(language)
        if (found := tuple(split(case.text, language))) != case.sentences
    ]
    assert len(wrong) <= KNOWN.get(language, 0), wrong


@pytest.mark.parametrize("language", ["en", "ar", "ckb"])
def test_nine_of_ten_cases_are_read_rightly_that_no_rule_was_written_on(language: str) -> None:
    cases = corpora.boundaries(f"later/{language}")
    right = sum(tuple(split(case.text, language)) == case.sentences for case in cases)
    assert right >= 0.9 * len(cases)


def test_there_are_cases_enough_to_judge_by() -> None:
    assert min(len(corpora.boundaries(language)) for language in ("en", "ar")) >= 100


@given(st.text(MARKS) | st.text())
@example("a.\u200f The")
def test_nothing_is_lost_between_sentences(text: str) -> None:
    assert "".join("".join(split(text)).split()) == "".join(text.split())
    assert all(sentence == sentence.strip() != "" for sentence in split(text))


@given(st.text(MARKS))
def test_sentences_stand_in_the_text_in_order(text: str) -> None:
    found = spans(text)
    assert [text[start:end] for start, end in found] == split(text)
    assert all(one[1] <= other[0] for one, other in pairwise(found))


@given(st.text(MARKS))
def test_a_sentence_is_one_by_itself(text: str) -> None:
    for sentence in split(text):
        assert "\n" not in sentence


def test_a_text_without_capitals_has_sentences_too() -> None:
    assert split(
        "rain fell on monday. the road is closed. dr. salih and j. k. omer left the u.s. he did not."
    ) == [
        "rain fell on monday.",
        "the road is closed.",
        "dr. salih and j. k. omer left the u.s.",
        "he did not.",
    ]


def test_a_long_speech_is_read_sentence_by_sentence() -> None:
    said = "The river rose in the night and took the bridge. Nobody had told us that it would. We shall build it anew."
    assert split(f"“{said}” He left.") == [f"“{said}”", "He left."]
    assert len(split(f"“{said} {said}” He left.")) == 7


def test_sorani_lines_of_others() -> None:
    if not corpora.SORANI.exists():
        pytest.skip(
            f"{corpora.SORANI.name} is not here: test material that only the project's own machines have"
        )
    cases = corpora.sorani()
    assert sum(tuple(split(case.text, "ckb")) == case.sentences for case in cases) >= 0.99 * len(cases)
