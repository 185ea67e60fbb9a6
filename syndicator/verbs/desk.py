"""What the desk says of stories and editions, and who said so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import AwareDatetime, Field

from syndicator.model import Role
from syndicator.services.holds import Held, Lifted
from syndicator.services.trail import Wanted

from .nouns import Actor, Told, Verb
from .stories import WRITE, OfStory, Which, of_story

if TYPE_CHECKING:
    from syndicator.app import App


class Holding(Told):
    article: Which
    why: str = Field(min_length=1, max_length=1000, description="whoever lifts it wants to know")


class Trailed(Told):
    since: AwareDatetime | None = Field(None, description="from this moment on")
    who: str = Field("", max_length=200, description="only this person, or part of the engine")
    about: str = Field("", max_length=300, description="only this story, edition, channel, or what begins so")
    what: str = Field("", max_length=100, description="only such deeds")
    before: int | None = Field(None, ge=0, description="only lines older than this one, by its id")
    limit: int = Field(100, ge=1, le=10_000, description="at most so many")


def held(one: Held) -> dict[str, Any]:
    told = {"article": one.article.id, "headline": one.article.headline, "since": one.since, "by": one.by}
    return told | {"why": one.why, "paused": list(one.editions)}


def lifted(one: Lifted) -> dict[str, Any]:
    told = {"article": one.article.id, "waits_until": one.waits_until}
    return told | {"resumed": list(one.freed), "still_paused": list(one.kept)}


def _hold(newsroom: App, told: Holding, actor: Actor) -> Any:
    return held(newsroom.holds.hold(told.article, why=told.why, by=actor.by))


def _lift(newsroom: App, told: OfStory, actor: Actor) -> Any:
    return lifted(newsroom.holds.lift(told.article, by=actor.by))


def _audit(newsroom: App, told: Trailed, actor: Actor) -> Any:
    wanted = Wanted(told.since, told.who, told.about, told.what, told.before)
    found = newsroom.trail.newest(wanted, limit=told.limit)
    more = found[-1].id if len(found) == told.limit else None
    return {"lines": [one._asdict() for one in found], "next": more}


VERBS = (
    Verb(
        name="hold",
        says="Nothing carries the story until it is lifted, and what waits with it is paused.",
        role=Role.EDITOR,
        scope=WRITE,
        method="POST",
        path="/articles/{article}/hold",
        takes=Holding,
        act=_hold,
        reach=of_story,
    ),
    Verb(
        name="lift",
        says="A story that is held, or else under an embargo, may go out from now on.",
        role=Role.EDITOR,
        scope=WRITE,
        method="POST",
        path="/articles/{article}/lift",
        takes=OfStory,
        act=_lift,
        reach=of_story,
    ),
    Verb(
        name="audit",
        says="Who did what, and why, the newest first.",
        role=Role.VIEWER,
        scope="audit:read",
        method="GET",
        path="/audit",
        takes=Trailed,
        act=_audit,
    ),
)
