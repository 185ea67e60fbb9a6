"""What can be written to the bot, and what its buttons do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from syndicator.errors import NotFound, sentence
from syndicator.model import Role
from syndicator.services.cards import Card
from syndicator.verbs import VERBS, Verb

from . import alerts, approving, asking, brakes, choosing, doing, doubts, pushing, stories, today
from .visit import Visit
from .words import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What somebody may write."""

    name: str
    says: str
    act: Callable[[Visit, str], None]
    role: Role = Role.VIEWER


def help_(visit: Visit, rest: str) -> None:
    """/help"""
    visit.say(*(f"/{name} {says}" for name, says in offered(visit.words, visit.person.role)))


def start(visit: Visit, rest: str) -> None:
    """/start: what there is to say."""
    visit.say(visit.words("Hello, {name}. This is what you can tell me:", name=visit.person.name))
    help_(visit, "")


def offered(words: Words, role: Role) -> list[tuple[str, str]]:
    """What somebody of this role may write, with what it is for."""
    ours = [
        (one.name, words.plain(one.says)) for one in ORDERS.values() if one.says and role.covers(one.role)
    ]
    verbs = [(written(one), words.plain(one.says)) for one in VERBS.values() if role.covers(one.role)]
    return [*ours, *(one for one in verbs if one[0] not in ORDERS)]


def written(verb: Verb) -> str:
    """As Telegram lets an order be called."""
    return verb.slug.replace("-", "_")


def obey(visit: Visit, name: str, rest: str) -> None:
    """Raises :exc:`NotFound` where there is no such order."""
    if order := ORDERS.get(name):
        order.act(visit, rest)
        return
    verb = next((one for one in VERBS.values() if written(one) == name), None)
    if verb is None:
        raise NotFound(visit.words.plain("There is no order /{name}; /help has them all.", name=name))
    doing.do(visit, verb, rest)


def status(visit: Visit, rest: str) -> None:
    """/status with an edition is its report; without it says no more than /today."""
    if rest.strip():
        doing.do(visit, VERBS["status"], rest)
    else:
        today.today(visit, rest)


ORDERS: Mapping[str, Order] = {
    one.name: one
    for one in (
        Order(
            name="today", says=sentence("What went out, what will go out, what needs you."), act=today.today
        ),
        Order(name="latest", says=sentence("The newest stories."), act=stories.latest),
        Order(
            name="story",
            says=sentence("One story: by its number, its words, or as an answer."),
            act=stories.story,
        ),
        Order(name="push", says=sentence("Send a story to channels."), act=pushing.push, role=Role.PUBLISHER),
        Order(name="doubts", says=sentence("What perhaps went out."), act=doubts.doubts),
        Order(name="approvals", says=sentence("What waits for a second person."), act=approving.approvals),
        Order(
            name="pause",
            says=sentence("Stop everything, or what you name."),
            act=brakes.pause,
            role=Role.PUBLISHER,
        ),
        Order(name="resume", says=sentence("Let it go on."), act=brakes.resume, role=Role.PUBLISHER),
        Order(
            name="alerts",
            says=sentence("Whether you are told at once what fails or waits."),
            act=alerts.alerts,
        ),
        Order(name="status", says=sentence("An edition's report."), act=status),
        Order(name="help", says=sentence("All of this."), act=help_),
        Order(name="start", says="", act=start),
    )
}
PRESSES: Mapping[str, Callable[[Visit, Card, str], None]] = {
    "list": stories.chosen,
    "story": choosing.chosen,
    "push": pushing.chosen,
    "go": pushing.decided,
    "doubt": doubts.settled,
    "brake": brakes.released,
    "do": doing.decided,
    "stop": pushing.stopped,
    "approval": approving.decided,
}
ANSWERS: Mapping[str, Callable[[Visit, Card, str], None]] = {"ask": asking.answered, "later": pushing.timed}
