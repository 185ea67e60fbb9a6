"""Every verb of the newsroom by its name, ``/newsletter_compose``: what looks answers, what acts is done once.

What a publisher's word is needed for is asked before, with what was understood, and is done by a button.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from syndicator.errors import Refused
from syndicator.model import Role
from syndicator.services.cards import Card
from syndicator.verbs import VERBS, Unfit, Verb, checked

from . import stories
from .nouns import Button, Sheet
from .plainly import plainly
from .told import understood, usage
from .visit import Visit

LIVES = timedelta(minutes=15)
UNDONE = frozenset({"pause", "resume", "hold", "lift"})  # what can be taken back at once is not asked first


def do(visit: Visit, verb: Verb, rest: str) -> None:
    told = understood(verb.takes, _withabout(visit, verb, rest), visit.now)
    if verb.scope.startswith("subscribers") and not visit.told.private:
        raise Refused(visit.words.plain("Readers are spoken of in private only; write to me there."))
    try:
        checked(visit.newsroom, verb, told, visit.actor)
    except Unfit as error:
        visit.say(*_unfit(visit, verb, error))
        return
    if verb.reads:
        visit.say(*(plainly(visit.words, visit.does(verb.name, **told)) or [visit.words("Nothing.")]))
    elif verb.role.covers(Role.PUBLISHER) and verb.name not in UNDONE:
        ask(visit, verb, told)
    else:
        visit.send(visit.once(lambda: done(visit, verb, told)))


def _withabout(visit: Visit, verb: Verb, rest: str) -> str:
    """The order may be an answer to a message about its story."""
    if "article" not in verb.takes.model_fields or stories.names_one(rest):
        return rest
    replied = stories.replied_to(visit)
    return f"{replied} {rest}" if replied else rest


def ask(visit: Visit, verb: Verb, told: Mapping[str, Any]) -> None:
    words = visit.words
    lines = [f"<b>{words(verb.says)}</b>", *about(visit, told), *plainly(words, told)]
    rows = ((Button(words.plain("Do it"), "do"), Button(words.plain("Cancel"), "cancel")),)
    orders = {"do": [verb.name, dict(told)]}
    visit.deal("do", orders, Sheet(text=words.page(*lines), rows=rows), lives=LIVES)


def decided(visit: Visit, card: Card, choice: str) -> None:
    """The order that stands behind a button; a card may hold several."""
    if choice == "cancel":
        visit.close(card, choice, visit.words("Nothing was done."))
        return
    name, told = card.told[choice]
    visit.act(card, choice, lambda: [*about(visit, told), *done(visit, VERBS[name], told)])


def done(visit: Visit, verb: Verb, told: Mapping[str, Any]) -> list[str]:
    """Do it; what came of it, and who said so."""
    came = visit.does(verb.name, **told)
    name = visit.words.name(verb.name)
    return [f"● {name} · {visit.signed('{who}, {when}')}", *plainly(visit.words, came)]


def about(visit: Visit, told: Mapping[str, Any]) -> list[str]:
    """Its headline and where it stands: that is what the order is about."""
    if "article" not in told:
        return []
    article, went = visit.newsroom.ledger.article(told["article"])
    return [visit.words.bdi(article.headline), *(stories.went_line(visit.words, one) for one in went)]


def _unfit(visit: Visit, verb: Verb, error: Unfit) -> Sequence[str]:
    words = visit.words
    faults = [f"{words.name(field)}: {words.fault(what)}" for field, what in error.faults]
    order = words.name(f"/{verb.slug.replace('-', '_')} {usage(verb.takes)}")
    return [words("✕ Not done."), *faults, order]
