"""Texts to judge by: our own cases beside the tests, and collections of others where this machine has them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
OTHERS = ROOT.parent / "shared" / "corpora"
OWN = ROOT / "tests" / "text"
SORANI = OTHERS / "text" / "sorani_sentences.txt"
_WHOLE = re.compile(r"[^.!?؟…]+[.!?؟…]+[\"”»)]*")


@dataclass(frozen=True, slots=True)
class Case:
    """A text and its sentences as a reader tells them apart."""

    text: str
    sentences: tuple[str, ...]


def boundaries(language: str) -> list[Case]:
    """Our own cases: a sentence a line, a blank line between cases, ``+`` where no blank stands before a sentence.

    ``later/en`` and its like are those that no rule was written on.
    """
    written = (OWN / "boundaries" / f"{language}.txt").read_text("utf-8")
    blocks = ([*_lines(block)] for block in written.split("\n\n"))
    return [_case(block) for block in blocks if block]


def _case(lines: list[str]) -> Case:
    text = "".join(line[1:] if line[0] == "+" else f" {line}" for line in lines)
    return Case(text[1:], tuple(line.removeprefix("+") for line in lines))


def _lines(block: str) -> Iterator[str]:
    return (line for line in block.splitlines() if line and not line.startswith("#"))


def sorani() -> list[Case]:
    """Lines of a news site, five together; only those with one end, which nobody can read otherwise."""
    lines = [line.strip() for line in SORANI.read_text("utf-8").splitlines()]
    whole = [line for line in lines if _WHOLE.fullmatch(line)]
    fives = zip(*(whole[n::5] for n in range(5)), strict=False)
    return [Case(" ".join(five), five) for five in fives]


def declaration(name: str) -> str:
    """The Declaration of Human Rights, without the English words above it."""
    written = (OTHERS / f"text/udhr/data/udhr/bidi/udhr_{name}.txt").read_text("utf-8")
    return written.partition("---")[2]


def spoken(language: str) -> list[str]:
    """Our own lines in one language, of forty characters or so."""
    return [*_lines((OWN / "languages" / f"{language}.txt").read_text("utf-8"))]


def pieces(text: str, least: int) -> list[str]:
    """The text in pieces of whole words, each as long as this or a little longer; the rest is left out."""
    found, piece = [], ""
    for word in text.split():
        piece = f"{piece} {word}".strip()
        if len(piece) >= least:
            found.append(piece)
            piece = ""
    return found


@dataclass(frozen=True, slots=True)
class Told:
    """A story and what people wrote as its summary."""

    language: str
    paragraphs: tuple[str, ...]
    references: tuple[str, ...]


def stories(name: str) -> list[Told]:
    lines = (OTHERS / "summaries" / f"{name}.jsonl").read_text("utf-8").splitlines()
    found = map(json.loads, lines)
    return [
        Told(one["lang"], tuple(filter(None, one["article"].split("\n"))), tuple(one["refs"]))
        for one in found
    ]
