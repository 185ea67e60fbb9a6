"""What the mails use beside what mail programs know: nothing that does harm where it is missing."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import html

from syndicator.model import EditionId, EditionKind
from syndicator.rendering import Renderer
from tests.test_rendering import ARCHIVE, MAIL, MASTHEAD, edition, long_edition, read

FACTS = tomllib.loads((Path(__file__).parent / "mail_clients.toml").read_text("utf-8"))
CLIENTS = 4  # Gmail, Outlook, Apple Mail, Yahoo
PURPOSES = ("confirm", "known", "move", "arrive", "export", "erase")
STRUCTURE = {"html", "head", "title", "meta", "tr", "td"}  # of every table and every page
HARMLESS = {
    "charset",
    "name",
    "content",
    "href",
    "src",
    "alt",
    "class",
    "style",
    "title",
}  # no program's question

SELECTORS = {"[": "[attribute]", ".": ".class", ",": "a, b", ":": ":root", " a": "a b"}


def mails() -> Iterator[str]:
    """Everything that the templates can write: each language, with a picture, with stories left out, each letter."""
    small = replace(MAIL, archive_url=ARCHIVE, limits=replace(MAIL.limits, octets=24_000))
    for language in ("en", "ckb", "ar"):
        told = long_edition(language, 20, 2)
        first = replace(told.stories[0].article, image="https://courier.example.com/p.png")
        told = replace(told, stories=(replace(told.stories[0], article=first), *told.stories[1:]))
        letters = [
            replace(edition(language, EditionKind.LETTER), id=EditionId(f"{purpose}:1:2"), stories=())
            for purpose in PURPOSES
        ]
        for one in (told, *letters):
            (post,) = Renderer(MASTHEAD, read()).write(one, small)
            yield post.html or ""


@pytest.fixture(scope="module", name="written")
def _written() -> list[str]:
    return list(mails())


def declarations(rules: str) -> Iterator[tuple[str, str]]:
    for one in rules.split(";"):
        name, colon, value = one.partition(":")
        if colon and not name.strip().startswith("mso-"):  # Word's own words
            yield name.strip(), value.strip()


def used_in(mail: str) -> set[str]:
    """Names of features: ``<h1>``, ``dir=``, ``border-radius``, ``@media (max-width``, ``.class``."""
    found = {"<!doctype>", "<!--[if mso]>"} if "<!--[if mso]>" in mail else {"<!doctype>"}
    tree = html.document_fromstring(re.sub(r"<!--.*?-->", "", mail, flags=re.DOTALL))
    rules = []
    for element in tree.iter():
        found.add(f"<{element.tag}>")
        found |= {f"{name}=" for name in element.attrib}
        if element.tag == "meta" and "color-scheme" in element.get("name", ""):
            found.add("meta color-scheme")
        if element.tag == "style":
            found |= set(re.findall(r"@media \([a-z-]+", element.text))
            for selector, inner in re.findall(r"([^{}]+)\{([^{}]*)\}", element.text):
                found |= {name for sign, name in SELECTORS.items() if sign in selector}
                rules.append(inner)
    rules += [element.get("style", "") for element in tree.iter()]
    for one in rules:
        for name, value in declarations(one):
            found.add(name if not name.startswith("border-t") else "border")
            found |= {unit for unit in ("px", "%") if re.search(rf"\d{unit}", value)}
            found |= {"!important"} if "!important" in value else set()
            found |= {f"{name}:{value}"} if name == "display" else set()
    return found - {f"<{name}>" for name in STRUCTURE} - {f"{name}=" for name in HARMLESS}


def test_everything_that_is_used_is_known_or_does_no_harm(written: list[str]) -> None:
    used = set().union(*map(used_in, written))
    assert used - set(FACTS) == set()
    assert set(FACTS) - used == set()  # and the table knows nothing that is not used


def test_what_is_not_known_everywhere_says_why_that_is_no_harm() -> None:
    for name, told in FACTS.items():
        known, harmless = told[:CLIENTS], told[CLIENTS:]
        assert set(known) <= {"y", "a", "n"}, name
        assert bool(harmless) != (known == ["y"] * CLIENTS), name


def test_what_programs_trip_over(written: list[str]) -> None:
    for mail in written:
        assert not re.search(r"\S!important", mail)  # Word wants a blank before it
        assert not re.search(r"margin[^;:]*:[^;]*-\d", mail)
        assert not re.search(
            r"<bdi|<script|<form|<iframe|<link|@import|url\(|position:|float:|flex|grid", mail
        )
        styles = re.findall(r"<style>.*?</style>", mail, re.DOTALL)
        assert sum(map(len, styles)) < 8_000  # Gmail drops them all beyond 16 KB
        dark = next(one for one in styles if "data-ogsc" in one)
        assert "max-width" not in dark  # what one program does not parse must not take the rest with it
        assert mail.count("<table") == mail.count('role="presentation"')
