"""The console's sentences: in every language there is, whole, and with the same names in them."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from babel.messages.extract import extract_python
from babel.messages.pofile import read_po
from jinja2.ext import babel_extract

HERE = Path(__file__).parents[2]
OURS = HERE / "templates"
CODE = HERE / "syndicator" / "web" / "console"
PLACE = re.compile(r"%\((\w+)\)s")
Sentence = tuple[str, ...]  # one, or its singular and plural


def whole(message: str | Iterable[str | None] | None) -> Sentence:
    return (message,) if isinstance(message, str) else tuple(one for one in message or () if one)


def in_templates() -> Iterator[Sentence]:
    for file in (OURS / "console").rglob("*.html"):
        source = io.BytesIO(file.read_bytes())
        for _, _, message, _ in babel_extract(source, ["_", "ngettext"], [], {"trim_blocks": "true"}):
            yield whole(message)


def in_code() -> Iterator[Sentence]:
    for file in CODE.rglob("*.py"):
        source = io.BytesIO(file.read_bytes())
        for _, _, message, _ in extract_python(source, dict.fromkeys(["_", "gettext", "ngettext"]), [], {}):
            if message:  # none where the sentence stands elsewhere
                yield whole(message)


def written(language: str) -> dict[Sentence, Sentence]:
    text = (OURS / "words" / f"console.{language}.po").read_text("utf-8")
    catalog = read_po(io.StringIO(text), locale=language, abort_invalid=True)
    return {whole(one.id): whole(one.string) for one in catalog if one.id}


@pytest.mark.parametrize(("language", "plurals"), [("ckb", 2), ("ar", 6)])
def test_every_sentence_of_the_console_is_in_every_language(language: str, plurals: int) -> None:
    templates, code, told = {*in_templates()}, {*in_code()}, written(language)
    assert len(templates) > 200
    assert len(code) > 5
    assert (templates | code) - {*told} == set(), "write their words"
    assert {*told} - templates - code == set(), "nobody says these any more"
    for sentence, words in told.items():
        assert len(words) == (plurals if len(sentence) > 1 else 1), sentence
        names = {*PLACE.findall(sentence[-1])}
        for one in words:  # "one reader" may be a word, without its number
            assert {*PLACE.findall(one)} | {"num"} == names | {"num"}, sentence
            assert len(sentence) > 1 or {*PLACE.findall(one)} == names, sentence
            assert one.count("%") == len(PLACE.findall(one)), sentence
