"""Deliveries that perhaps went out: a person looks, and says what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from syndicator.errors import sentence
from syndicator.services.cards import Card

from .nouns import Button, Sheet
from .visit import Visit

SHOWN = 10
TEXT_MAX = 300  # characters
LIVES = timedelta(days=1)


def doubts(visit: Visit, rest: str) -> None:
    """/doubts"""
    found = visit.does("doubts")["doubts"]
    if not found:
        visit.say(visit.words("● Nothing is in doubt."))
    for one in found[:SHOWN]:
        ask(visit, one)
    if len(found) > SHOWN:
        visit.say(visit.words("There are {number} more.", number=len(found) - SHOWN))


def ask(visit: Visit, one: Mapping[str, Any]) -> None:
    told = {"number": one["id"]}
    visit.deal("doubt", told, sheet(visit, one), lives=LIVES, anybody=True)


def sheet(visit: Visit, one: Mapping[str, Any]) -> Sheet:
    words = visit.words
    text = one["text"] if len(one["text"]) <= TEXT_MAX else one["text"][: TEXT_MAX - 1] + "…"
    since = f" · {words.clock(one['since'])}" if one["since"] else ""
    lines = [
        f"◆ {words.name(one['channel'])}{since}",
        words.bdi(text),
        words.bdi(one["reason"] or ""),
        words("Look there, then say:"),
    ]
    rows = (
        (Button(words.plain("● It is there"), "sent"),),
        (Button(words.plain("Send again"), "resend"), Button(words.plain("Drop"), "drop")),
    )
    return Sheet(text=words.page(*lines), rows=rows)


def settled(visit: Visit, card: Card, choice: str) -> None:
    def settle() -> list[str]:
        number = card.told["number"]
        visit.does("settle", number=number, verdict=choice, why="looked, and said so by the bot")
        said = {
            "sent": sentence("● It is there, says {who}, {when}."),
            "resend": sentence("○ It is sent again, says {who}, {when}."),
            "drop": sentence("– It was dropped by {who}, {when}."),
        }
        return [visit.signed(said[choice])]

    visit.act(card, choice, settle)
