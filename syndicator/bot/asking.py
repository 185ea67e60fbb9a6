"""What has to be written: the bot asks, and the answer to its message is the rest of an order."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from syndicator.services.cards import Card
from syndicator.verbs import VERBS

from . import doing
from .nouns import Sheet
from .visit import Visit

LIVES = timedelta(minutes=30)


def ask(visit: Visit, verb: str, told: Mapping[str, Any], field: str, *lines: str) -> None:
    """The answer will be this field of what the verb takes."""
    sheet = Sheet(text=visit.words.page(*lines), answered=True)
    visit.deal("ask", {"verb": verb, "told": dict(told), "field": field}, sheet, lives=LIVES)


def answered(visit: Visit, card: Card, text: str) -> None:
    told = {**card.told["told"], card.told["field"]: text}
    visit.act(card, "answered", lambda: doing.done(visit, VERBS[card.told["verb"]], told))
