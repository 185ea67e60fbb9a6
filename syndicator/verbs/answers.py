"""What verbs answer, as JSON has it. A field may be added, none is taken away or means something else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from syndicator.inspection.findings import Finding
from syndicator.model import Consent, DeliveryState, Doubt, Frequency, Outcome, Role, Standing
from syndicator.revising import Change
from syndicator.services.doubts import Doubt as InDoubt
from syndicator.services.edits import Edited
from syndicator.services.rehearsal import Tried
from syndicator.services.reputation import Level


def _open(schema: dict[str, Any]) -> None:
    """For whoever reads answers: there may be more."""
    schema.pop("additionalProperties", None)


class Answer(BaseModel):
    """Ours are exact: a field that is not described is a fault."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=_open)


# Stories


class Brief(Answer):
    id: str
    revision: int = Field(description="1 is the first")
    published_at: datetime
    language: str
    headline: str
    url: str


class Articles(Answer):
    articles: list[Brief]
    next: str | None = Field(description="what to go on `after`; null at the end")


class Because(Answer):
    """Why the gate did not clear a sentence; `en` and the story's own language say it in words."""

    model_config = ConfigDict(extra="allow")

    doubt: Doubt
    words: str
    en: str


class Sentence(Answer):
    text: str
    sources: list[int] = Field(description="the story's sentences it was made of, from 0; -1 is the headline")
    standing: Standing
    reasons: list[Because]


class Summed(Answer):
    text: str
    method: str
    why: str = Field(description="why the method that was asked for has not written it")
    sentences: list[Sentence]
    refused: list[Sentence] = Field(description="what a model proposed, and the gate did not clear")


class Kept(Summed):
    article: str
    place: str
    revision: int
    state: str
    by: str
    at: datetime


class Carried(Summed):
    edition: str
    revision: int


class Went(Answer):
    channel: str
    state: DeliveryState
    deliveries: int


class Shown(Brief):
    dateline: str | None
    body: list[str] = Field(description="paragraphs")
    caption: str | None
    credits: list[str]
    author: str | None
    section: str | None
    image: str | None
    deliveries: list[Went]
    summaries: list[Kept]
    carried: list[Carried]


class Revised(Answer):
    revision: int
    seen_at: datetime
    headline: str
    change: Change | None


class Sibling(Answer):
    article: str
    language: str
    headline: str
    url: str
    guessed: bool
    why: str


class Life(Answer):
    article: str
    dated: bool = Field(description="false: its source gave no date that can be believed")
    waits_until: datetime | None
    revisions: list[Revised]
    siblings: list[Sibling]


class Post(Answer):
    edition: str
    channel: str
    language: str
    text: str
    pictures: list[str]
    count: int = Field(description="as the network counts")
    limit: int | None
    unit: str
    cost: Decimal | None = None
    currency: str | None = None


class Previewed(Answer):
    posts: list[Post]
    costs: list[str]


class Planned(Answer):
    editions: list[str]
    deliveries: int


class PostAsSent(Post):
    silent: bool
    part: int
    subject: str | None = None


class Asking(Answer):
    """What waits for a second person."""

    edition: str
    kind: str
    newsletter: str = Field(description="empty where nobody subscribed")
    due_at: datetime
    channels: list[str]
    asked_by: list[str]
    since: datetime
    edited_by: str = Field(description="who was the last to change its words; empty: nobody")
    articles: list[str]
    hash: str = Field(description="of exactly what is sent if it is approved now")


class Approval(Asking):
    posts: list[PostAsSent]


class Waits(Answer):
    article: str
    waits_until: datetime | None


class Linked(Answer):
    article: str
    sibling: str
    linked: bool


class Said(Answer):
    summary: Summed | None


class Summaries(Answer):
    summaries: list[Kept]


class Corrected(Answer):
    editions: list[str]
    rewritten: int
    faults: list[str]


class Revision(Answer):
    article: str
    revision: int
    channel: str
    extent: str
    how: str
    edition: str | None
    at: datetime
    by: str


class Decided(Revision):
    waits: bool = Field(description="for an editor's word")


class Corrections(Answer):
    corrections: list[Decided]


class Approvals(Answer):
    approvals: list[Approval]
    corrections: list[Revision]


class Declined(Answer):
    edition: str
    deliveries: int


class Retracted(Answer):
    article: str
    retracted: bool
    paused: list[str]
    editions: list[str]
    faults: list[str]


class Held(Answer):
    article: str
    headline: str
    since: datetime
    by: str
    why: str
    paused: list[str] = Field(description="editions that carry it")


class Lifted(Waits):
    resumed: list[str]
    still_paused: list[str]


class Edits(Answer):
    edits: list[Edited]


class Entry(Answer):
    """Something that will go out, or is to be decided."""

    when: datetime
    until: datetime = Field(description="when the last of it goes out")
    kind: str
    what: str = Field(description="a newsletter, a headline")
    about: str = Field(description="the newsletter, the edition's id, the story's id")
    channels: list[str]
    state: str
    why: str
    movable: bool
    slot: datetime | None = Field(description="by which a newsletter's slot is moved")
    stories: Mapping[str, int] = Field(description="of the next slot, by language, as it stands")


class Calendar(Answer):
    entries: list[Entry]


class Moved(Answer):
    edition: str
    at: datetime
    deliveries: int
    left: list[str] = Field(description="channels where it has begun: nothing changes there")


class Cancelled(Answer):
    edition: str
    deliveries: int
    sent: int = Field(description="they stay where they are")
    open: int = Field(description="nobody knows yet whether these went out")
    given_back: list[str] = Field(description="channels that may have its stories again")


class Line(Answer):
    id: int
    at: datetime
    who: str
    what: str
    about: str
    why: str


class Audit(Answer):
    lines: list[Line]
    next: int | None = Field(description="what to go on `before`; null at the end")


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


# Programs and people


class Webhook(Answer):
    webhook: str
    host: str | None
    events: list[str]
    waiting: int
    since: datetime | None
    given_up: int
    heard_at: datetime | None
    failing_since: str | None
    off: str | None = Field(description="why it is switched off; null: it is on")


class Webhooks(Answer):
    webhooks: list[Webhook]


class Try(Answer):
    at: datetime
    status: int | None
    said: str


class Called(Answer):
    id: str
    type: str
    about: str
    at: datetime
    state: str
    next: datetime | None = Field(description="when it is called again")
    tries: list[Try]


class Calls(Answer):
    webhook: str
    calls: list[Called]


class WebhookTried(Answer):
    webhook: str
    id: str
    heard: bool
    status: int | None
    said: str


class WebhookOn(Answer):
    webhook: str
    calls: int = Field(description="that are made now")


class Key(Answer):
    name: str
    scopes: list[str]
    channels: list[str] = Field(description="where its word counts; none: everywhere")
    languages: list[str] = Field(description="none: all")
    since: datetime
    until: datetime | None
    by: str
    ended_at: datetime | None


class Keys(Answer):
    keys: list[Key]


class Person(Answer):
    name: str
    role: Role
    language: str
    telegram: int | None
    channels: list[str] = Field(description="where their word counts; none: everywhere")
    languages: list[str] = Field(description="none: all")
    email: str | None
    joined_at: datetime | None
    ended_at: datetime | None
    invited_until: datetime | None
    second_factor: bool
    signed_in: int = Field(description="browsers")
    since: datetime
    by: str


class People(Answer):
    people: list[Person]
