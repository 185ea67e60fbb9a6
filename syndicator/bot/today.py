"""How the newsroom stands, on one screen of a phone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .visit import Visit
from .words import MARKS, Words

LATEST = 5  # editions
NEED = ("uncertain", "held", "failed")


def today(visit: Visit, rest: str) -> None:
    """/today"""
    visit.say(*board(visit.words, visit.does("status")))


def board(words: Words, told: Mapping[str, Any]) -> Iterator[str]:
    """What needs somebody first, then what went out."""
    needs = [*_needs(words, told)]
    yield f"<b>{words('Needs you')}</b>" if needs else words("● Nothing needs you.")
    yield from needs
    if told["editions"]:
        yield ""
        yield f"<b>{words('Went out of late')}</b>"
    for one in told["editions"][:LATEST]:
        states = " ".join(f"{MARKS[state]}{number}" for state, number in sorted(one["states"].items()))
        title = words.bdi(one["title"]) if one["title"] else words.name(one["edition"])
        yield f"{words.clock(one['due_at'])} {title} {states}"


def _needs(words: Words, told: Mapping[str, Any]) -> Iterator[str]:
    for name in told["paused"]:
        said = words("everything is paused") if name == "everything" else words("paused: {name}", name=name)
        yield f"▮ {said} · /resume"
    for name, states in told["channels"].items():
        counts = " ".join(f"{MARKS[one]}{states[one]}" for one in NEED if states.get(one))
        if counts:
            more = " · /doubts" if states.get("uncertain") or states.get("held") else ""
            yield f"{words.name(name)} {counts}{more}"
    for edition in told["waiting"]:
        yield f"▮ {words('waits before its gate: {edition}', edition=edition)}"
    for name, one in told["resting"].items():
        yield f"○ {words('{name} rests until {when}', name=name, when=words.clock(one['until']))}"
