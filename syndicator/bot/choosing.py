"""What can be done with a story that is shown."""

from __future__ import annotations

from collections.abc import Mapping

from syndicator.errors import sentence
from syndicator.services.cards import Card
from syndicator.verbs import VERBS

from . import asking, doing, pushing
from .visit import Visit

# By the button: the verb, which of its fields is asked for, and the question.
WRITTEN: Mapping[str, tuple[str, str, str]] = {
    "hold": ("hold", "why", sentence("Why is it held? Answer this message.")),
    "summary": ("summarise", "text", sentence("What shall be said of it? Answer this message.")),
    "headline": ("edit", "headline", sentence("Which headline shall it have? Answer this message.")),
    "retract": ("retract", "why", sentence("It is taken back everywhere. Why? Answer this message.")),
}


def chosen(visit: Visit, card: Card, choice: str) -> None:
    told = {"article": card.told["article"]}
    if choice == "push":
        pushing.choose(visit, told["article"])
    elif choice == "lift":
        visit.say(*doing.done(visit, VERBS["lift"], told))
    elif choice == "correct":
        doing.ask(visit, VERBS["correct"], told)
    else:
        verb, field, question = WRITTEN[choice]
        asking.ask(visit, verb, told, field, *doing.about(visit, told), visit.words(question))
