"""What can go wrong is said in the language of whoever is told."""

from __future__ import annotations

import ast
import io
import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from syndicator.errors import NotFound, Phrase, Refused
from syndicator.verbs import Unfit

ROOT = Path(__file__).parents[1]
OPERATORS = {
    "cli",
    "hooks",
    "sandbox",
    "vault.py",
    "mover.py",
    "moving.py",
    "hubs.py",
    "sign_on.py",
}  # English
TO_PEOPLE = {
    "Refused",
    "NotFound",
    "Forbidden",
    "TooMany",
    "Unproven",
    "NotFresh",
    "Wrong",
    "Phrase",
    "sentence",
}
FIELD = re.compile(r"\{(\w+)[^}]*\}")


def told_to_people() -> Iterator[tuple[str, ast.expr]]:
    for file in (ROOT / "syndicator").rglob("*.py"):
        place = file.relative_to(ROOT / "syndicator")
        if OPERATORS & {*place.parts} or (place.parts[0] == "bot" and file.name != "words.py"):
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            name = getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""
            if isinstance(node, ast.Call) and name in TO_PEOPLE and node.args:
                yield f"{place}:{node.lineno}", node.args[0]


def sentences() -> dict[str, str]:
    return {str(first.value): place for place, first in told_to_people() if isinstance(first, ast.Constant)}


def book(language: str) -> dict[str, str]:
    text = (ROOT / "templates" / "words" / f"errors.{language}.po").read_text("utf-8")
    catalog = read_po(io.StringIO(text), locale=language, abort_invalid=True)
    return {str(one.id): str(one.string) for one in catalog if one.id and one.string}


def test_what_people_are_told_can_be_said_in_another_language() -> None:
    mixed = [place for place, first in told_to_people() if isinstance(first, ast.JoinedStr)]
    assert mixed == [], "write the sentence with fields in braces, and tell what fills them"
    assert len(sentences()) > 130


@pytest.mark.parametrize("language", ["ckb", "ar"])
def test_every_fault_is_said_in_every_language(language: str) -> None:
    known, told = sentences(), book(language)
    assert {one: known[one] for one in known.keys() - told.keys()} == {}, "write their words"
    for said, words in told.items():
        assert set(FIELD.findall(words)) == set(FIELD.findall(said)), said
        assert set(re.findall(r"`[^`]*`|--\w+", said)) == set(re.findall(r"`[^`]*`|--\w+", words)), said


class Light(StrEnum):
    RED = "red"


def test_a_fault_is_spoken_with_what_is_in_it() -> None:
    words = {
        "no lamp is called {name!r}; {near}": "{near} {name!r}: neniu lampo",
        "there are: {known}": "jen: {known}",
        "it is {light}": "ĝi estas {light}",
        "red": "ruĝa",
    }

    def said(error: Refused | NotFound) -> str:
        return error.spoken(lambda text: words.get(text, text), lambda text: f"<{text}>")

    error = NotFound(
        "no lamp is called {name!r}; {near}", name="a", near=Phrase("there are: {known}", known="b, c")
    )
    assert str(error) == "no lamp is called 'a'; there are: b, c"
    assert said(error) == "jen: <b, c> <'a'>: neniu lampo"
    assert said(Refused("it is {light}", light=Light.RED)) == "ĝi estas ruĝa"
    assert said(Refused("nobody {wrote} this")) == "nobody {wrote} this"
    assert said(Unfit("push", [("the_lamp", "red")])) == "the lamp: ruĝa"
