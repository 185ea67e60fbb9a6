"""What is answered of readers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import Field

from syndicator.model import Consent, DeliveryState, Frequency

from .nouns import Answer

# Readers


class Wish(Answer):
    newsletter: str
    consent: Consent
    since: datetime
    topics: str = Field(description="with commas between them; empty: all")
    frequency: Frequency
    breaking: bool | None = Field(description="null: they did not say")


class Reader(Answer):
    id: int
    address: str
    name: str
    language: str
    since: datetime
    paused_until: datetime | None
    zone: str
    subscriptions: list[Wish]


class Readers(Answer):
    subscribers: list[Reader]
    next: int | None = Field(description="what to go on `after`; null at the end")


class Asked(Answer):
    """They were mailed a confirmation, if they may have one."""

    asked: bool


class Bar(Answer):
    reason: str
    why: str
    since: datetime


class Stands(Answer):
    newsletter: str
    consent: Consent


class Became(Answer):
    id: str
    newsletter: str
    kind: str
    title: str
    language: str | None
    due_at: datetime
    planned_at: datetime
    channel: str | None
    state: DeliveryState | None
    reason: str | None
    settled_at: datetime | None
    because: str


class WhyNot(Answer):
    address: str
    barred: Bar | None
    rests_until: datetime | None
    subscriptions: list[Stands]
    editions: list[Became]


class Everything(Answer):
    """For the reader who asks for it."""

    reader: Mapping[str, Any]
    subscriptions: list[Mapping[str, Any]]
    mails: list[Mapping[str, Any]]
    links: list[Mapping[str, Any]]


class RefusedRow(Answer):
    line: int
    address: str
    reason: str


class Imported(Answer):
    """How far a list is."""

    id: str
    stage: str = Field(description="looking, looked, writing, done or failed")
    octets: int
    octets_read: int
    read: int = Field(description="rows")
    new: int
    known: int = Field(description="they have it already; nothing of theirs is changed")
    refused: int
    reasons: dict[str, int] = Field(description="why rows were refused, and how many for each")
    rows: list[RefusedRow] = Field(description="the first of those that were refused")
    fault: str = Field(description="why the whole list was not taken; empty: it was, or is not over yet")
