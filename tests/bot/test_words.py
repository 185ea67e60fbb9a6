"""What the bot says, in each of the newsroom's languages."""

from __future__ import annotations

import ast
import re
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from babel.messages.pofile import read_po
from babel.support import Translations

from syndicator.bot.words import Words
from syndicator.text.direction import FSI, LRM, PDI, RLM
from syndicator.verbs import VERBS

ROOT = Path(__file__).parents[2]
SAYING = {"words", "plain", "signed", "sentence"}
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def sentences() -> set[str]:
    found = set()
    for file in (ROOT / "syndicator" / "bot").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            first = node.args[0]
            if name in SAYING and isinstance(first, ast.Constant):
                found.add(str(first.value))
    return found


@pytest.mark.parametrize("language", ["ckb", "ar"])
def test_every_sentence_is_spoken(language: str) -> None:
    with (ROOT / "templates" / "words" / f"bot.{language}.po").open(encoding="utf-8") as file:
        book = {str(one.id): str(one.string) for one in read_po(file, locale=None) if one.id}
    assert sentences() - {said for said, told in book.items() if told} == set()
    new = [verb.name for verb in VERBS.values() if verb.says not in book]
    assert len(new) <= len(VERBS) // 10, new  # a new verb may speak English for a while
    for said, told in book.items():
        assert set(re.findall(r"\{\w+\}", said)) == set(re.findall(r"\{\w+\}", told)), said
        assert set(re.findall(r"(?<!\S)/\w+", said)) == set(re.findall(r"(?<!\S)/\w+", told)), said


def test_what_runs_the_other_way_turns_nothing_round() -> None:
    words = Words("ckb", Translations(), ZoneInfo("Asia/Baghdad"), NOON)
    assert (
        words("Look at {what}, then /today.", what="<Reuters>")
        == f"Look at {FSI}&lt;Reuters&gt;{PDI}, then {LRM}/today."
    )
    assert words.page(words("● {who}", who="BBC")).startswith(RLM)
    assert Words("en", Translations(), ZoneInfo("UTC"), NOON)("then /today") == "then /today"


def test_an_hour_of_another_day_has_its_day() -> None:
    words = Words("ar", Translations(), ZoneInfo("Asia/Baghdad"), NOON)
    assert words.clock(NOON) == "15:00"
    assert "15:00" in words.clock(NOON.replace(day=2)) and "مارس" in words.clock(NOON.replace(day=2))


def test_the_command_lines_advice_is_an_order_here() -> None:
    words = Words("en", Translations(), ZoneInfo("UTC"), NOON)
    told = words.fault(
        "no such thing; `syndicator articles` lists them, `syndicator newsletter compose x --clear` too"
    )
    assert told == "no such thing; /articles lists them, /newsletter_compose too"
    assert words.fault("look: `syndicator doctor`") == "look: `syndicator doctor`"
