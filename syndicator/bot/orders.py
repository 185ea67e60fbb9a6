"""What can be written to the bot, and what its buttons do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from syndicator.model import Role
from syndicator.services.cards import Card

from . import brakes, doubts, pushing, stories, today
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
    return [
        (one.name, words.plain(one.says)) for one in ORDERS.values() if one.says and role.covers(one.role)
    ]


ORDERS: Mapping[str, Order] = {
    one.name: one
    for one in (
        Order(name="today", says="What went out, what will go out, what needs you.", act=today.today),
        Order(name="latest", says="The newest stories.", act=stories.latest),
        Order(name="story", says="One story: by its number, its words, or as an answer.", act=stories.story),
        Order(name="push", says="Send a story to channels.", act=pushing.push, role=Role.PUBLISHER),
        Order(name="doubts", says="What perhaps went out.", act=doubts.doubts),
        Order(name="pause", says="Stop everything, or what you name.", act=brakes.pause, role=Role.PUBLISHER),
        Order(name="resume", says="Let it go on.", act=brakes.resume, role=Role.PUBLISHER),
        Order(name="help", says="All of this.", act=help_),
        Order(name="start", says="", act=start),
    )
}
PRESSES: Mapping[str, Callable[[Visit, Card, str], None]] = {
    "list": stories.chosen,
    "story": pushing.pushed_from,
    "push": pushing.chosen,
    "go": pushing.decided,
    "doubt": doubts.settled,
    "brake": brakes.released,
}
