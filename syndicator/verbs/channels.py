"""What is done with deliveries, doubts and brakes."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from syndicator.model import DeliveryState, Role
from syndicator.services.doubts import Verdict

from . import answers
from .nouns import Actor, Reach, Told, Verb

if TYPE_CHECKING:
    from syndicator.app import App

Number = Annotated[int, Field(ge=1, lt=2**63, description="the delivery's number")]
Braked = Annotated[
    str, Field(min_length=1, max_length=200, description="a channel, an edition, or `everything`")
]


class Sought(Told):
    state: DeliveryState | None = Field(None, description="only those in this state")
    channel: str | None = Field(None, description="only this channel's")
    edition: str | None = Field(None, description="only this edition's")
    after: int | None = Field(None, ge=1, lt=2**63, description="begin after this one: the page's `next`")
    limit: int = Field(50, ge=1, le=1000, description="at most so many")


class One(Told):
    number: Number


class Settled(Told):
    number: Number
    verdict: Verdict = Field(description="sent: it is there; resend: send it; drop: it shall not go out")
    why: str = Field(min_length=1, max_length=1000, description="how you know; it is written down")


class Stopped(Told):
    name: Braked
    why: str = Field("", max_length=1000, description="it is written down")


class Freed(Told):
    name: Braked


def _deliveries(newsroom: App, told: Sought, actor: Actor) -> Any:
    found = newsroom.ledger.deliveries(
        state=told.state,
        channel=told.channel,
        edition=told.edition,
        after=told.after,
        limit=told.limit + 1,
    )
    shown = [{**one, "recipient": _masked(one["recipient"], actor)} for one in found[: told.limit]]
    return {"deliveries": shown, "next": shown[-1]["id"] if len(found) > told.limit else None}


def _masked(recipient: object, actor: Actor) -> object:
    """A viewer sees that there is a reader, not who."""
    return recipient if actor.role.covers(Role.EDITOR) or recipient == "-" else "…"


def _delivery(newsroom: App, told: One, actor: Actor) -> Any:
    return {"receipts": newsroom.ledger.history(told.number)}


def _doubts(newsroom: App, told: Told, actor: Actor) -> Any:
    return {"doubts": [asdict(one) for one in newsroom.open_doubts()]}


def _settle(newsroom: App, told: Settled, actor: Actor) -> Any:
    state = newsroom.settle(told.number, told.verdict, by=actor.by, why=told.why)
    return {"number": told.number, "state": state}


def _pause(newsroom: App, told: Stopped, actor: Actor) -> Any:
    newsroom.pause(told.name, by=actor.by, why=told.why)
    return {"name": told.name, "paused": True}


def _resume(newsroom: App, told: Freed, actor: Actor) -> Any:
    newsroom.resume(told.name, by=actor.by)
    return {"name": told.name, "paused": False}


def _of_brake(newsroom: App, told: Any) -> Reach:
    """Whoever may not act everywhere stops or lets go their own channels only."""
    return Reach(channels=[told.name])


def _of_doubt(newsroom: App, told: Settled) -> Reach:
    return Reach(channels=[newsroom.ledger.channel_of(told.number)])


VERBS = (
    Verb(
        name="deliveries",
        says="Deliveries, newest first.",
        role=Role.VIEWER,
        scope="deliveries:read",
        method="GET",
        path="/deliveries",
        takes=Sought,
        answers=answers.Deliveries,
        act=_deliveries,
    ),
    Verb(
        name="delivery",
        says="The history of one delivery: every receipt it has.",
        role=Role.VIEWER,
        scope="deliveries:read",
        method="GET",
        path="/deliveries/{number}",
        takes=One,
        answers=answers.History,
        act=_delivery,
    ),
    Verb(
        name="doubts",
        says="Deliveries that perhaps went out.",
        role=Role.VIEWER,
        scope="deliveries:read",
        method="GET",
        path="/doubts",
        answers=answers.Doubts,
        act=_doubts,
    ),
    Verb(
        name="settle",
        says="Say what became of a delivery in doubt.",
        role=Role.PUBLISHER,
        scope="deliveries:write",
        method="POST",
        path="/deliveries/{number}/settle",
        takes=Settled,
        answers=answers.Settled,
        act=_settle,
        reach=_of_doubt,
    ),
    Verb(
        name="pause",
        says="Put a brake on: nothing more goes out there, from the next body on.",
        role=Role.PUBLISHER,
        scope="channels:write",
        method="POST",
        path="/pauses",
        takes=Stopped,
        answers=answers.Braked,
        act=_pause,
        reach=_of_brake,
    ),
    Verb(
        name="resume",
        says="Take a brake off.",
        role=Role.PUBLISHER,
        scope="channels:write",
        method="POST",
        path="/pauses/lift",
        takes=Freed,
        answers=answers.Braked,
        act=_resume,
        reach=_of_brake,
    ),
)
