"""Who is there. What changes who may what stands here nowhere: it wants a proof of a moment ago, which the console asks
for, or the machine itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from syndicator.model import Role

from . import answers
from .nouns import Actor, Told, Verb

if TYPE_CHECKING:
    from syndicator.app import App
    from syndicator.services.people import Shown


def person_told(one: Shown) -> dict[str, Any]:
    who = one.person
    told: dict[str, Any] = {name: getattr(who, name) for name in ("name", "role", "language", "telegram")}
    told |= {"channels": sorted(who.channels), "languages": sorted(who.languages)}
    names = ("email", "joined_at", "ended_at", "invited_until", "second_factor", "signed_in", "since", "by")
    return told | {name: getattr(one, name) for name in names}


def _list(newsroom: App, told: Told, actor: Actor) -> Any:
    return {"people": [person_told(one) for one in newsroom.people.listed()]}


VERBS = (
    Verb(
        name="user list",
        says="The newsroom's own people: who is there, as what, and who was ended.",
        role=Role.ADMIN,
        scope="people:read",
        method="GET",
        path="/people",
        answers=answers.People,
        act=_list,
    ),
)
