"""What is answered of stories, and of what the desk does with them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from pydantic import ConfigDict, Field

from syndicator.model import DeliveryState, Doubt, Standing
from syndicator.revising import Change
from syndicator.services.edits import Edited

from .nouns import Answer

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
