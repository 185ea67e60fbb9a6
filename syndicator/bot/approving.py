"""A second person sees exactly what waits to go out, and says yes to that, or no."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from syndicator.services.cards import Card

from . import asking
from .nouns import Button, Sheet
from .pushing import as_seen
from .visit import Visit

SHOWN = 5
LIVES = timedelta(days=1)


def approvals(visit: Visit, rest: str) -> None:
    """/approvals"""
    found = visit.does("approvals")["approvals"]
    if not found:
        visit.say(visit.words("● Nothing waits for a second person."))
    for one in found[:SHOWN]:
        present(visit, one)
    if len(found) > SHOWN:
        visit.say(visit.words("There are {number} more.", number=len(found) - SHOWN))


def present(visit: Visit, one: Mapping[str, Any]) -> None:
    """Each post as it would go out, then the question."""
    words = visit.words
    for post in one["posts"]:
        visit.wire.send(visit.told.chat, Sheet(text=as_seen(visit, post)))
    lines = [
        words("▮ This waits for a second person, as above:"),
        f"{words.name(one['edition'])} · {words.clock(one['due_at'])}",
        words.listed(one["channels"]),
        words("Asked for by {who}, {when}.", who=", ".join(one["asked_by"]), when=words.clock(one["since"])),
    ]
    if one["edited_by"]:
        lines.append(words("Last edited by {who}.", who=one["edited_by"]))
    row = (Button(words.plain("Approve"), "approve"), Button(words.plain("Decline…"), "decline"))
    told = {"edition": one["edition"], "hash": one["hash"]}
    visit.deal("approval", told, Sheet(text=words.page(*lines), rows=(row,)), lives=LIVES, anybody=True)


def decided(visit: Visit, card: Card, choice: str) -> None:
    edition = card.told["edition"]
    if choice == "decline":
        question = visit.words("Why does it not go out? Answer this message.")
        asking.ask(visit, "decline", {"edition": edition}, "why", visit.words.name(edition), question)
        return

    def approve() -> list[str]:
        visit.does("approve", edition=edition, hash=card.told["hash"])
        return [f"● {visit.words.name(edition)}", visit.signed("Approved by {who}, {when}.")]

    visit.act(card, choice, approve)
