"""What is answered of newsletters."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from pydantic import Field

from syndicator.inspection.findings import Finding
from syndicator.services.rehearsal import Tried

from .deliveries import Slot
from .nouns import Answer
from .stories import Planned

# Newsletters


class Newsletter(Answer):
    name: str
    titles: Mapping[str, str]
    languages: list[str]
    signup: bool
    topics: Mapping[str, Mapping[str, str]]
    breaking: bool | None = Field(
        description="whether who does not say gets mails about one story; null: it has none"
    )
    own_hours: bool


class Newsletters(Answer):
    newsletters: list[Newsletter]


class Proof(Answer):
    language: str
    stories: int
    subject: str
    text: str
    html: str


class Proofs(Answer):
    posts: list[Proof]


class Outlined(Answer):
    language: str
    under: str = Field(description="its section; empty where it is left out")
    article: str
    headline: str
    why: str = Field(description="it is left out")


class Composed(Answer):
    newsletter: str
    stories: list[Outlined]
    subject: Mapping[str, str] = Field(description="an editor's, by language")
    preheader: Mapping[str, str]
    added: list[str] = Field(description="stories that are in it, whatever the rules say")


class Released(Planned):
    faults: list[str]


class Named(Answer):
    newsletter: str


class SlotMoved(Slot):
    to: datetime


class SlotSkipped(Slot):
    skipped: bool


class Checked(Answer):
    findings: list[Finding]


class Let(Answer):
    through: list[str]
    held: Mapping[str, list[Finding]]


class Tested(Checked):
    sent: list[Tried]


class Opened(Answer):
    id: str = Field(description="empty: the mail itself")
    headline: str
    people: int
    machines: int


class Clicks(Answer):
    stories: list[Opened]
