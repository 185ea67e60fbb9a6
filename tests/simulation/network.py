"""The world outside, in virtual time: networks that fail in all their ways, and remember what they took."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Self

from syndicator.channels.email import EmailChannel
from syndicator.channels.telegram import TelegramChannel
from syndicator.channels.x import XChannel
from syndicator.errors import ChannelError, SourceError
from syndicator.model import ChannelId, Item, Outcome, Receipt
from syndicator.ports import Harvest, Lane, Parcel, World, one_by_one

KINDS = {"letters": EmailChannel, "tg": TelegramChannel, "x": XChannel}
AFTER_THE_QUARANTINE = "taken long after it was read back"

# What a network does to one request: was it taken, and what does the worker believe?
ANSWERS: dict[str, tuple[bool, Outcome]] = {
    "accepted": (True, Outcome.ACCEPTED),
    "connection refused": (False, Outcome.DEFERRED),
    "dropped before it was taken": (False, Outcome.UNCERTAIN),
    "dropped after it was taken": (True, Outcome.UNCERTAIN),
    "half an answer": (True, Outcome.UNCERTAIN),
    "garbage for an answer": (True, Outcome.UNCERTAIN),
    "no answer in time": (True, Outcome.UNCERTAIN),
    "server error": (False, Outcome.UNCERTAIN),
    "greylisted": (False, Outcome.DEFERRED),
    "rate limited": (False, Outcome.DEFERRED),
    "refused for good": (False, Outcome.REJECTED),
    "kicked out": (False, Outcome.DEFERRED),
    "taken late": (False, Outcome.UNCERTAIN),
    AFTER_THE_QUARANTINE: (False, Outcome.UNCERTAIN),  # the declared limit: this one may come twice
}


@dataclass
class Network:
    """All servers: what they took, by delivery key; what is still on its way."""

    now: Callable[[], datetime]
    taken: Counter[str] = field(default_factory=Counter)
    beyond: Counter[str] = field(default_factory=Counter)  # what arrived later than a late request lives
    late: list[tuple[datetime, str]] = field(default_factory=list)
    answer: Callable[[], str] = lambda: "accepted"
    on_body: Callable[[Parcel], None] = lambda parcel: None  # before the body is on its way
    on_taken: Callable[[Parcel], None] = lambda parcel: None  # after it was taken, before anybody is told
    unreadable: Callable[[], str | None] = lambda: None  # why the timeline cannot be read just now
    check: Callable[[Parcel], None] = lambda parcel: None  # whether it may be sent at this moment

    def arrive(self) -> None:
        """What was on its way until now is there."""
        for at, key in [one for one in self.late if one[0] <= self.now()]:
            self.late.remove((at, key))
            self.taken[key] += 1

    def send(self, parcel: Parcel) -> Receipt:
        self.check(parcel)
        answer = self.answer()
        taken, outcome = ANSWERS[answer]
        self.on_body(parcel)
        if answer == "taken late":
            self.late.append((self.now() + timedelta(minutes=4), parcel.delivery.key))
        if answer == AFTER_THE_QUARANTINE:
            self.late.append((self.now() + timedelta(hours=2), parcel.delivery.key))
            self.beyond[parcel.delivery.key] += 1
        self.taken[parcel.delivery.key] += taken
        self.on_taken(parcel)
        return Receipt(
            delivery=parcel.delivery.id,
            at=self.now(),
            outcome=outcome,
            remote_ids=(parcel.delivery.key,) if outcome is Outcome.ACCEPTED else (),
            retry_at=self.now() + timedelta(minutes=2) if answer == "rate limited" else None,
            halt=answer == "kicked out",
            detail=answer,
        )

    def look_up(self, parcel: Parcel) -> Receipt:
        self.arrive()
        fault = self.unreadable()
        if fault:
            outcome, detail = Outcome.UNCERTAIN, fault
        elif self.taken[parcel.delivery.key]:
            outcome, detail = Outcome.ACCEPTED, "it is there"
        else:
            outcome, detail = Outcome.DEFERRED, "it is not there"
        ids = (parcel.delivery.key,) if outcome is Outcome.ACCEPTED else ()
        return Receipt(
            delivery=parcel.delivery.id, at=self.now(), outcome=outcome, remote_ids=ids, detail=detail
        )


class Door:
    """A channel of the simulation; its limits and capabilities are those of the real one.

    Telegram and mail can be read back in some months: with an audit chat, with the relay's log.
    """

    def __init__(self, network: Network, name: str, *, readable: bool) -> None:
        self.network = network
        self.limits = KINDS[name].limits
        told = KINDS[name].capabilities
        self.capabilities = replace(told, can_look_up=told.can_look_up or readable)

    def __call__(self, options: Any, world: World, *, id: ChannelId) -> Self:  # noqa: A002 - the port's word
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        """Nothing is open."""

    def run(self, lane: Lane) -> None:
        one_by_one(lane, self.network.send, self.network.now)

    def look_up(self, parcel: Parcel, since: datetime) -> Receipt:
        return self.network.look_up(parcel)

    def probe(self) -> str:
        raise ChannelError("nobody asks")


@dataclass
class Site:
    """The newsroom's feed."""

    items: list[Item] = field(default_factory=list)
    away: Callable[[], bool] = lambda: False

    def __call__(self, options: Any, world: World, *, name: str) -> Self:
        return self

    def fetch(self, checkpoint: str | None) -> Harvest:
        if self.away():
            raise SourceError("the site does not answer")
        new: Sequence[Item] = self.items[int(checkpoint or 0) :]
        return Harvest(tuple(new), str(len(self.items)))
