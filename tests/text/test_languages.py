"""Lines of each language lie in languages/."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import corpora
from syndicator.text.languages import identify

KNOWN = ["en", "ckb", "ar", "kmr", "fa"]


@pytest.mark.parametrize("language", KNOWN)
def test_a_line_is_enough(language: str) -> None:
    told = {line: identify(line, KNOWN) for line in corpora.spoken(language)}
    assert {line: found for line, found in told.items() if found != language} == {}


@pytest.mark.parametrize("language", ["fa", "kmr"])
def test_a_neighbour_is_not_taken_for_the_newsrooms_language(language: str) -> None:
    assert {identify(line, ["en", "ar", "ckb"]) for line in corpora.spoken(language)} == {None}


@pytest.mark.parametrize(
    "text",
    [
        "Der Regen hat die Straße über den Berg gesperrt, und die Polizei rät allen Fahrern jetzt zum Tunnel.",
        "Yağmur dağ yolunu kapattı ve polis sürücülerin tüneli kullanmasını istedi, yetkililer açıklama yapmadı.",
        "بارش کی وجہ سے پہاڑی سڑک بند ہو گئی ہے اور پولیس نے ڈرائیوروں سے سرنگ استعمال کرنے کو کہا ہے۔",
        "Дождь закрыл дорогу через гору, сообщила полиция (BBC).",
        "הגשם חסם את הכביש בהר, כך מסרה המשטרה",
        "123 – 456",
        "",
    ],
)
def test_others_are_none_of_ours(text: str) -> None:
    assert identify(text, KNOWN) is None


def test_a_list_of_players_is_in_its_language() -> None:
    players = (
        "Millwall: Forde, Edwards, Dunne, Beevers, Abdou, Williams (Bailey 42), Martin, O’Brien and Gregory."
    )
    assert identify(f"{players} Substitutes not used: Archer, Fuller.", KNOWN) == "en"


def test_the_newsrooms_own_name_of_a_language_is_told() -> None:
    assert identify("Rain closed the Azmar road on Monday.", ["ar-IQ", "en-GB"]) == "en-GB"
    assert identify("Rain closed the Azmar road on Monday.", ["ckb", "ar"]) is None


def test_arabic_from_a_kurdish_keyboard_is_arabic() -> None:
    assert identify("اعلن رئیس الوزراء ان الحکومة ستدفع الرواتب غدا", KNOWN) == "ar"


@given(st.text() | st.text("ەب پ\u200cهaêñ"))
def test_whatever_comes_is_answered(text: str) -> None:
    assert identify(text, KNOWN) in {None, *KNOWN}


def test_pieces_of_real_stories() -> None:
    if not corpora.SORANI.exists():
        pytest.skip("the stories are not here")
    texts = {
        "ckb": corpora.SORANI.read_text("utf-8"),
        "ar": " ".join(" ".join(one.paragraphs) for one in corpora.stories("xlsum_arabic")),
        "en": " ".join(" ".join(one.paragraphs) for one in corpora.stories("writers")[:20]),
    }
    for language, text in texts.items():
        found = [identify(piece, KNOWN) for piece in corpora.pieces(text, 40)]
        assert found.count(language) >= 0.99 * len(found)
