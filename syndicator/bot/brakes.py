"""Stop and go on."""

from __future__ import annotations

from datetime import timedelta

from syndicator.errors import NotFound
from syndicator.services.cards import Card

from .nouns import Button, Sheet
from .visit import Visit

EVERYTHING = "everything"
LIVES = timedelta(days=1)


def pause(visit: Visit, rest: str) -> None:
    """/pause [what] [why]; without a name everything."""
    name, _, why = rest.strip().partition(" ")
    if not _is_known(visit, name):  # it is no name: everything stops, rather than nothing
        name, why = EVERYTHING, rest.strip()
    words = visit.words

    def stop() -> list[str]:
        visit.does("pause", name=name, why=why)
        return [f"▮ {_said(visit, name)} {visit.signed('Paused by {who}, {when}.')}"]

    if said := visit.once(stop):
        rows = ((Button(words.plain("Let it go on"), "resume"),),)
        visit.deal("brake", {"name": name}, Sheet(text=said, rows=rows), lives=LIVES, anybody=True)


def resume(visit: Visit, rest: str) -> None:
    """/resume [what]"""
    name = rest.strip() or EVERYTHING
    if name not in visit.newsroom.ledger.standing()["paused"]:
        raise NotFound(visit.words.plain("{name} is not paused.", name=name))
    if said := visit.once(lambda: _resume(visit, name)):
        visit.send(said)


def released(visit: Visit, card: Card, choice: str) -> None:
    visit.act(card, choice, lambda: _resume(visit, card.told["name"]))


def _resume(visit: Visit, name: str) -> list[str]:
    visit.does("resume", name=name)
    return [f"● {_said(visit, name)} {visit.signed('Goes on, says {who}, {when}.')}"]


def _is_known(visit: Visit, name: str) -> bool:
    """A channel's name or an edition's id."""
    return name in visit.newsroom.doors or name == EVERYTHING or ":" in name


def _said(visit: Visit, name: str) -> str:
    return f"<b>{visit.words('Everything')}</b>:" if name == EVERYTHING else f"{visit.words.name(name)}:"
