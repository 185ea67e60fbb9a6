"""What is done with newsletters and their editions."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AwareDatetime, Field

from syndicator.errors import Refused
from syndicator.model import Role
from syndicator.tables import Check
from syndicator.text.addresses import checked_address

from . import answers
from .nouns import Actor, Reach, Told, Verb

if TYPE_CHECKING:
    from syndicator.app import App
    from syndicator.services.desk import Planned

Name = Annotated[str, Field(min_length=1, max_length=100, description="the newsletter")]


class OfNewsletter(Told):
    name: Name


class Composed(Told):
    """Nothing but the name: the next edition as it would be now."""

    name: Name
    lead: tuple[str, ...] = Field((), max_length=50, description="the story on top, one for each language")
    drop: tuple[str, ...] = Field((), max_length=200, description="stories that shall not be in it")
    order: tuple[str, ...] = Field((), max_length=200, description="stories that come first")
    add: tuple[str, ...] | None = Field(
        None,
        max_length=50,
        description="stories that are in it, whatever the rules say; without it as before",
    )
    subject: dict[str, str] | None = Field(None, description="by language; without it as before")
    preheader: dict[str, str] | None = Field(None, description="by language; without it as before")
    clear: bool = Field(default=False, description="take back what was fixed")


class Dropped(Told):
    name: Name
    why: str = Field("", max_length=1000, description="it is written down")


class Slot(Told):
    """With ``undo`` the slot is due by its timetable again."""

    name: Name
    slot: AwareDatetime = Field(description="the slot, as `calendar` has it")
    undo: bool = Field(default=False, description="it is due by its timetable again")


class MovedSlot(Slot):
    to: AwareDatetime | None = Field(None, description="when it goes out instead, once")


class Skipped(Slot):
    why: str = Field("", max_length=1000, description="it is written down")


class Sent(Told):
    name: Name
    despite: tuple[Check, ...] = Field((), description="checks that shall not hold it")


class Tried(Told):
    name: Name
    to: tuple[str, ...] = Field(min_length=1, max_length=10, description="addresses of your own")


class Opened(Told):
    edition: str = Field(min_length=1, max_length=300, description="as `status` names it")


def _list(newsroom: App, told: Told, actor: Actor) -> Any:
    return {"newsletters": newsroom.circulation.register.newsletters()}


def _preview(newsroom: App, told: OfNewsletter, actor: Actor) -> Any:
    return {"posts": newsroom.newsstand.shown(told.name)}


def _compose(newsroom: App, told: Composed, actor: Actor) -> Any:
    more: dict[str, Any] = {"add": told.add, "subject": told.subject, "preheader": told.preheader}
    if told.clear:
        empty: dict[str, Any] = {
            "lead": (),
            "drop": (),
            "order": (),
            "add": (),
            "subject": {},
            "preheader": {},
        }
        newsroom.newsstand.compose(told.name, by=actor.by, **empty)
    elif told.lead or told.drop or told.order:
        fixed: dict[str, Any] = {"lead": told.lead, "drop": told.drop, "order": told.order} | more
        newsroom.newsstand.compose(told.name, by=actor.by, **fixed)
    elif any(one is not None for one in more.values()):
        newsroom.newsstand.compose(told.name, by=actor.by, **more)
    return composed(newsroom, told.name)


def composed(newsroom: App, name: str) -> dict[str, Any]:
    """The next edition as it would be now, and an editor's words for it."""
    stories = [asdict(one) for one in newsroom.newsstand.outline(name)]
    marks = newsroom.newsstand.fixed(name).marks
    return {
        "newsletter": name,
        "stories": stories,
        "subject": dict(marks.subject),
        "preheader": dict(marks.preheader),
        "added": list(marks.add),
    }


def _release(newsroom: App, told: OfNewsletter, actor: Actor) -> Any:
    return _planned(newsroom.newsstand.release(told.name, by=actor.by))


def _planned(done: Planned) -> dict[str, Any]:
    return {"editions": list(done.editions), "deliveries": done.deliveries, "faults": list(done.faults)}


def _drop(newsroom: App, told: Dropped, actor: Actor) -> Any:
    newsroom.newsstand.drop(told.name, by=actor.by, why=told.why)
    return {"newsletter": told.name}


def _move(newsroom: App, told: MovedSlot, actor: Actor) -> Any:
    if (told.to is None) is not told.undo:
        raise Refused("say where to, or undo")
    if told.to:
        newsroom.newsstand.move(told.name, told.slot, told.to, by=actor.by)
    else:
        newsroom.newsstand.put_back(told.name, told.slot, by=actor.by)
    return {"newsletter": told.name, "slot": told.slot, "to": told.to or told.slot}


def _skip(newsroom: App, told: Skipped, actor: Actor) -> Any:
    if told.undo:
        newsroom.newsstand.put_back(told.name, told.slot, by=actor.by)
    else:
        newsroom.newsstand.skip(told.name, told.slot, by=actor.by, why=told.why)
    return {"newsletter": told.name, "slot": told.slot, "skipped": not told.undo}


def _check(newsroom: App, told: OfNewsletter, actor: Actor) -> Any:
    return {"findings": [asdict(one) for one in newsroom.gate.preflight.check(told.name)]}


def _send(newsroom: App, told: Sent, actor: Actor) -> Any:
    looked = newsroom.gate.preflight.send(told.name, told.despite, by=actor.by)
    held = {edition: [asdict(one) for one in found] for edition, found in looked.held.items()}
    return {"through": list(looked.through), "held": held}


def _test(newsroom: App, told: Tried, actor: Actor) -> Any:
    found = newsroom.gate.preflight.check(told.name)
    tried = newsroom.rehearsal.send(told.name, [checked_address(one) for one in told.to])
    return {"sent": [asdict(one) for one in tried], "findings": [asdict(one) for one in found]}


def _clicks(newsroom: App, told: Opened, actor: Actor) -> Any:
    return {"stories": newsroom.gate.clicks.counts(told.edition)}


def _of_newsletter(newsroom: App, told: Any) -> Reach:
    known = newsroom.newsstand.called(told.name)
    return Reach(channels=[known.door.id], languages=list(known.languages))


READ, WRITE = "newsletters:read", "newsletters:write"

VERBS = (
    Verb(
        name="newsletter list",
        says="What there is to subscribe to, in which languages, with which topics.",
        role=Role.VIEWER,
        scope=READ,
        method="GET",
        path="/newsletters",
        answers=answers.Newsletters,
        act=_list,
    ),
    Verb(
        name="newsletter preview",
        says="A newsletter as it would go out now.",
        role=Role.VIEWER,
        scope=READ,
        method="GET",
        path="/newsletters/{name}/preview",
        takes=OfNewsletter,
        answers=answers.Proofs,
        act=_preview,
    ),
    Verb(
        name="newsletter compose",
        says="The next edition as it would be now, or what is fixed of it: its lead, its order, what is left out.",
        role=Role.EDITOR,
        scope=WRITE,
        method="POST",
        path="/newsletters/{name}/compose",
        takes=Composed,
        answers=answers.Composed,
        act=_compose,
        reach=_of_newsletter,
    ),
    Verb(
        name="newsletter release",
        says="Let an edition go that was held because its slot was missed by too much.",
        role=Role.PUBLISHER,
        scope="push",
        method="POST",
        path="/newsletters/{name}/release",
        takes=OfNewsletter,
        answers=answers.Released,
        act=_release,
        reach=_of_newsletter,
    ),
    Verb(
        name="newsletter drop",
        says="An edition that is held shall not go out; its stories wait for the next one.",
        role=Role.PUBLISHER,
        scope="push",
        method="POST",
        path="/newsletters/{name}/drop",
        takes=Dropped,
        answers=answers.Named,
        act=_drop,
        reach=_of_newsletter,
    ),
    Verb(
        name="newsletter move",
        says="One slot of a newsletter goes out at another moment, once.",
        role=Role.PUBLISHER,
        scope="push",
        method="POST",
        path="/newsletters/{name}/move",
        takes=MovedSlot,
        answers=answers.SlotMoved,
        act=_move,
        reach=_of_newsletter,
    ),
    Verb(
        name="newsletter skip",
        says="Nothing goes out for one slot of a newsletter.",
        role=Role.PUBLISHER,
        scope="push",
        method="POST",
        path="/newsletters/{name}/skip",
        takes=Skipped,
        answers=answers.SlotSkipped,
        act=_skip,
        reach=_of_newsletter,
    ),
    Verb(
        name="newsletter check",
        says="Look at a newsletter as it would go out now: the DNS, one click, links, pictures, size.",
        role=Role.EDITOR,
        scope=READ,
        method="POST",
        path="/newsletters/{name}/check",
        takes=OfNewsletter,
        answers=answers.Checked,
        act=_check,
    ),
    Verb(
        name="newsletter send",
        says="Look again at the editions of a newsletter that wait, and let them go out, despite what you name.",
        role=Role.PUBLISHER,
        scope="push",
        method="POST",
        path="/newsletters/{name}/send",
        takes=Sent,
        answers=answers.Let,
        act=_send,
        reach=_of_newsletter,
    ),
    Verb(
        name="newsletter test",
        says="Send a newsletter as it would go out now to your own addresses, in each language.",
        role=Role.EDITOR,
        scope=WRITE,
        method="POST",
        path="/newsletters/{name}/test",
        takes=Tried,
        answers=answers.Tested,
        act=_test,
        reach=_of_newsletter,
    ),
    Verb(
        name="newsletter clicks",
        says="How often each story of an edition was opened, where its newsletter counts that.",
        role=Role.VIEWER,
        scope=READ,
        method="GET",
        path="/editions/{edition}/clicks",
        takes=Opened,
        answers=answers.Clicks,
        act=_clicks,
    ),
)
