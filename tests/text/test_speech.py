import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicator.text.speech import leans, opened


@pytest.mark.parametrize(
    "sentence",
    [
        "He said the slope had moved twice.",
        "But nobody came.",
        "“Nobody comes.”",
        "“We wait,” he said.",
        '"The rock is loose," she told reporters.',
        "I did not want to leave.",
        "وأضاف أن المنحدر تحرك مرتين.",
        "وقال: «لن نغادر».",
        "وأوضح في بيان أن الطريق مغلق.",
        "لكنه رفض ذلك.",
        "«ننتظر»، قال.",
        "ئەو وتی لێژاییەکە جووڵاوە.",
        "وتی: «چاوەڕێ دەکەین.»",
        "بەڵام کەس نەهات.",
        "«چاوەڕێ دەکەین»، ئەو وتی.",
        "او گفت راه بسته است.",
        "Wî got ku rê girtî ye.",
        "…",
    ],
)
def test_it_leans_on_what_stands_before_it(sentence: str) -> None:
    assert leans(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "Police closed the road.",
        "“We wait,” Karim Salih said.",
        "“We wait,” said the mayor, who had come on foot.",
        "Karim Salih said he would wait.",
        "وأضافت الوزارة أن الطريق مغلق.",
        "وقال بيان إن الطريق مغلق.",
        "«ننتظر»، قال رئيس البلدية.",
        "أغلقت الشرطة الطريق.",
        "پۆلیس ڕێگاکەی داخست.",
        "«چاوەڕێ دەکەین»، کەریم ساڵح وتی.",
    ],
)
def test_it_stands_by_itself(sentence: str) -> None:
    assert not leans(sentence)


@pytest.mark.parametrize(
    ("text", "closing"),
    [
        ("“We wait.", ("”",)),
        ("“He told me: ‘Go", ("”", "’")),
        ("“We don’t wait,” he said.", ()),
        ('She said: "No', ('"',)),
        ('She said: "No." A wall of 11" fell.', ()),
        ("'They are warning him, and the boys' dog", ()),
        ("'They are warning him", ("'",)),
        ("قال: «لا", ("»",)),
        ("\u2067هەولێر", ("\u2069",)),
        ("It rained”, they say.", ()),
    ],
)
def test_what_is_open_is_known_by_the_mark_that_closes_it(text: str, closing: tuple[str, ...]) -> None:
    assert opened(text) == closing


@given(st.lists(st.text("a’“”'\"«» "), max_size=4))
def test_a_text_may_be_read_in_pieces(pieces: list[str]) -> None:
    state: tuple[str, ...] = ()
    for piece in pieces:
        state = opened(f"{piece} ", state)
    assert state == opened("".join(f"{piece} " for piece in pieces))
