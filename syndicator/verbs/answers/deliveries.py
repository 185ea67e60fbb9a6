"""What is answered of deliveries, brakes, and how the newsroom stands."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import Field

from syndicator.model import DeliveryState, Outcome
from syndicator.services.doubts import Doubt as InDoubt
from syndicator.services.reputation import Level

from .nouns import Answer
from .stories import Asking, Held

# Deliveries and brakes


class Delivery(Answer):
    id: int
    key: str
    channel: str
    edition: str
    recipient: str = Field(
        description="the reader's number, - for the channel itself, … where it is not shown"
    )
    part: int
    state: DeliveryState
    reason: str | None
    attempts: int
    due_at: datetime
    settled_at: datetime | None
    remote_ids: list[str] | None


class Deliveries(Answer):
    deliveries: list[Delivery]
    next: int | None = Field(description="what to go on `after`; null at the end")


class Receipt(Answer):
    id: int
    delivery: int
    at: datetime
    token: int
    outcome: Outcome
    remote_ids: list[str]
    retry_at: datetime | None
    detail: str
    by: str


class History(Answer):
    receipts: list[Receipt]


class Doubts(Answer):
    doubts: list[InDoubt]


class Settled(Answer):
    number: int
    state: DeliveryState


class Braked(Answer):
    name: str
    paused: bool


class Health(Answer):
    last: datetime | None = Field(description="when something last went out")
    waits_since: datetime | None
    doubts: int
    may_go_now: int | None = Field(description="posts that the network lets through; null: nothing limits it")
    left_today: Decimal | None
    left_month: Decimal | None


class Reputation(Answer):
    edition: str
    kind: str
    number: int
    of: int
    level: Level
    said: str


class Resting(Answer):
    until: datetime
    why: str


class Money(Answer):
    channel: str
    currency: str
    today: Decimal
    month: Decimal
    left_today: Decimal | None
    left_month: Decimal | None
    said: str


class Slot(Answer):
    newsletter: str
    slot: datetime


class Report(Answer):
    """What became of an edition; `faults` says where it does not add up."""

    edition: str
    kind: str
    title: str
    due_at: datetime
    stories: int
    candidates: Mapping[str, int]
    states: Mapping[str, int]
    reasons: Mapping[str, Mapping[str, int]]
    channels: Mapping[str, int]
    left_out: Mapping[str, str]
    sealed_at: datetime | None
    finished: bool
    sealed: bool
    faults: list[str]


class Status(Answer):
    paused: list[str]
    waiting: Mapping[str, Any] = Field(description="editions before their gate, and what is known of each")
    channels: Mapping[str, Mapping[str, int]]
    health: Mapping[str, Health]
    reputation: list[Reputation]
    resting: Mapping[str, Resting]
    learned: Mapping[str, list[str]]
    budgets: list[Money]
    held: list[Held]
    approvals: list[Asking]
    held_slots: list[Slot]
    mail_faults: Mapping[str, int]
    editions: list[Report]
