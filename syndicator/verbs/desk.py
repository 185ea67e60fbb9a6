"""What the desk says of stories and editions, and who said so."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pydantic import AwareDatetime, Field

from syndicator.errors import Refused
from syndicator.model import Post, Role
from syndicator.newsstand import counted, without_blanks
from syndicator.services.edits import Edited
from syndicator.services.holds import Held, Lifted
from syndicator.services.trail import Wanted

from . import answers
from .nouns import Actor, Reach, Told, Verb
from .stories import PUSH, READ, WRITE, OfStory, Which, of_story

if TYPE_CHECKING:
    from syndicator.app import App


class Holding(Told):
    article: Which
    why: str = Field(min_length=1, max_length=1000, description="whoever lifts it wants to know")


class Words(Told):
    """A headline, or the text of a channel; or to take one of them back."""

    article: Which
    headline: str | None = Field(None, max_length=300, description="your own, everywhere")
    channel: str = Field("", max_length=100, description="whose whole post the text is")
    text: str | None = Field(None, max_length=20_000, description="in the channel's markup")
    undo: bool = Field(default=False, description="take the headline back, or the channel's text")


class OfEdition(Told):
    edition: str = Field(min_length=1, max_length=300, description="the edition's id")


class Moving(OfEdition):
    at: AwareDatetime = Field(description="when it goes out instead")
    to: tuple[str, ...] = Field((), max_length=50, description="only on these channels")


class Cancelling(OfEdition):
    why: str = Field(min_length=1, max_length=1000, description="it is written down")
    to: tuple[str, ...] = Field((), max_length=50, description="only on these channels")


class Approving(OfEdition):
    hash: str = Field(
        min_length=12,
        max_length=64,
        description="of what was seen, as `approvals` tells it; twelve digits are enough",
    )


class Declining(OfEdition):
    why: str = Field(min_length=1, max_length=1000, description="it is written down")


class Days(Told):
    days: int = Field(7, ge=1, le=60, description="from now on")


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


def _edit(newsroom: App, told: Words, actor: Actor) -> Any:
    desk = newsroom.edits
    if told.undo and told.headline is None and told.text is None:
        desk.undo(told.article, told.channel, by=actor.by)
    elif told.headline is not None and not told.channel and told.text is None:
        desk.headline(told.article, told.headline, by=actor.by)
    elif told.channel and told.text is not None and told.headline is None:
        desk.text(told.article, told.channel, told.text, by=actor.by)
    else:
        raise Refused("say one of: a headline, a channel with its text, undo")
    return edits(newsroom, told.article)


def edits(newsroom: App, article: str) -> dict[str, Any]:
    found: list[Edited] = newsroom.edits.of(article)
    return {"edits": [asdict(one) for one in found]}


def _edits(newsroom: App, told: OfStory, actor: Actor) -> Any:
    return edits(newsroom, told.article)


def _move(newsroom: App, told: Moving, actor: Actor) -> Any:
    return asdict(newsroom.schedule.move(told.edition, told.at, by=actor.by, channels=told.to))


def _cancel(newsroom: App, told: Cancelling, actor: Actor) -> Any:
    return asdict(newsroom.schedule.cancel(told.edition, why=told.why, by=actor.by, channels=told.to))


def approvals(newsroom: App) -> dict[str, Any]:
    """What waits for a second person, as it would go out; and corrections that wait for an editor."""
    found = []
    for one in newsroom.approvals.waiting():
        shown = [post_told(newsroom, post) for post in newsroom.approvals.posts(one.edition)]
        found.append(asdict(one) | {"posts": shown})
    asked = [one._asdict() for one in newsroom.corrections.waiting()]
    return {"approvals": found, "corrections": asked}


def post_told(newsroom: App, post: Post) -> dict[str, Any]:
    """A post with the network's own count; a mail with its subject, readers' blanks named."""
    told = counted(post, newsroom.wiring.limits(post.channel)) | {"silent": post.silent, "part": post.part}
    return told if post.html is None else told | {"subject": post.subject, "text": without_blanks(post.text)}


def _approvals(newsroom: App, told: Told, actor: Actor) -> Any:
    return approvals(newsroom)


def _approve(newsroom: App, told: Approving, actor: Actor) -> Any:
    return asdict(newsroom.approvals.approve(told.edition, told.hash, by=actor.by))


def _decline(newsroom: App, told: Declining, actor: Actor) -> Any:
    number = newsroom.approvals.decline(told.edition, why=told.why, by=actor.by)
    return {"edition": told.edition, "deliveries": number}


def _calendar(newsroom: App, told: Days, actor: Actor) -> Any:
    return {"entries": [asdict(one) for one in newsroom.calendar.entries(told.days)]}


def of_edition(newsroom: App, told: Any) -> Reach:
    """The channels that an order about an edition touches."""
    return Reach(channels=getattr(told, "to", ()) or newsroom.schedule.channels_of(told.edition))


def _of_words(newsroom: App, told: Words) -> Reach:
    channels = (told.channel,) if told.channel else ()
    return Reach(channels=channels, languages=of_story(newsroom, told).languages)


def _audit(newsroom: App, told: Trailed, actor: Actor) -> Any:
    wanted = Wanted(told.since, told.who, told.about, told.what, told.before)
    found = newsroom.trail.newest(wanted, limit=told.limit + 1)
    shown = found[: told.limit]
    more = shown[-1].id if len(found) > told.limit else None
    return {"lines": [one._asdict() for one in shown], "next": more}


VERBS = (
    Verb(
        name="hold",
        says="Nothing carries the story until it is lifted, and what waits with it is paused.",
        role=Role.EDITOR,
        scope=WRITE,
        method="POST",
        path="/articles/{article}/hold",
        takes=Holding,
        answers=answers.Held,
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
        answers=answers.Lifted,
        act=_lift,
        reach=of_story,
    ),
    Verb(
        name="edit",
        says="Your own headline of a story, or your own words for its whole post on a channel.",
        role=Role.EDITOR,
        scope=WRITE,
        method="POST",
        path="/articles/{article}/edits",
        takes=Words,
        answers=answers.Edits,
        act=_edit,
        reach=_of_words,
    ),
    Verb(
        name="edits",
        says="What editors wrote of a story, and which of it is used.",
        role=Role.VIEWER,
        scope=READ,
        method="GET",
        path="/articles/{article}/edits",
        takes=OfStory,
        answers=answers.Edits,
        act=_edits,
    ),
    Verb(
        name="move",
        says="What waits of an edition goes out at another moment.",
        role=Role.PUBLISHER,
        scope=PUSH,
        method="POST",
        path="/editions/{edition}/move",
        takes=Moving,
        answers=answers.Moved,
        act=_move,
        reach=of_edition,
    ),
    Verb(
        name="cancel",
        says="What waits of an edition goes nowhere; what is out stays.",
        role=Role.PUBLISHER,
        scope=PUSH,
        method="POST",
        path="/editions/{edition}/cancel",
        takes=Cancelling,
        answers=answers.Cancelled,
        act=_cancel,
        reach=of_edition,
    ),
    Verb(
        name="approvals",
        says="What waits for a second person, as it would go out, and what waits to be corrected.",
        role=Role.VIEWER,
        scope="deliveries:read",
        method="GET",
        path="/approvals",
        answers=answers.Approvals,
        act=_approvals,
    ),
    Verb(
        name="approve",
        says="Let exactly what you saw go out.",
        role=Role.PUBLISHER,
        scope="approve",
        method="POST",
        path="/editions/{edition}/approve",
        takes=Approving,
        answers=answers.Asking,
        act=_approve,
        reach=of_edition,
    ),
    Verb(
        name="decline",
        says="What waits to be approved does not go out, and its stories are free again.",
        role=Role.PUBLISHER,
        scope=PUSH,
        method="POST",
        path="/editions/{edition}/decline",
        takes=Declining,
        answers=answers.Declined,
        act=_decline,
        reach=of_edition,
    ),
    Verb(
        name="calendar",
        says="What will go out when.",
        role=Role.VIEWER,
        scope="deliveries:read",
        method="GET",
        path="/calendar",
        takes=Days,
        answers=answers.Calendar,
        act=_calendar,
    ),
    Verb(
        name="audit",
        says="Who did what, and why, the newest first.",
        role=Role.VIEWER,
        scope="audit:read",
        method="GET",
        path="/audit",
        takes=Trailed,
        answers=answers.Audit,
        act=_audit,
    ),
)
