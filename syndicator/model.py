"""The nouns of the newsroom: frozen data, no behaviour that needs the outside world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, NewType, Self, assert_never

ArticleId = NewType("ArticleId", str)  # hash of source and the publisher's own id
EditionId = NewType("EditionId", str)
ChannelId = NewType("ChannelId", str)  # the name in config/channels.toml, e.g. "tg-sorani"
SubscriberId = NewType("SubscriberId", int)
DeliveryId = NewType("DeliveryId", int)


Language = NewType(
    "Language", str
)  # BCP 47, from the configuration: "en", "ckb", "ar"; its direction is text/direction's


class EditionKind(StrEnum):
    DIGEST = "digest"  # many stories, on the timetable
    FLASH = "flash"  # one story, as soon as it is published
    PUSH = "push"  # one or more stories, because an editor said so
    CORRECTION = "correction"  # to those who got what was wrong
    CONFIRM = "confirm"  # to one who asked for a newsletter, and has not confirmed yet
    LETTER = "letter"  # to one reader, about their own subscription
    WELCOME = "welcome"  # the last digest once more, to one who has just confirmed


class Outcome(StrEnum):
    """What the network said of one attempt."""

    ACCEPTED = "accepted"
    DEFERRED = "deferred"  # certainly not sent; try again at ``retry_at``
    REJECTED = "rejected"  # certainly not sent; never try again
    UNCERTAIN = "uncertain"  # perhaps sent (timeout after the request left): never retry blindly


class DeliveryState(StrEnum):
    """Where a delivery stands; the legal moves are one table (PROTOCOL.md)."""

    PENDING = "pending"
    CLAIMED = "claimed"  # a worker holds the lease; nothing has left yet
    SENDING = "sending"  # durable before the first byte that could be accepted
    UNCERTAIN = "uncertain"  # perhaps sent: to be read back, never re-sent blindly
    HELD = "held"  # waits for a person
    SENT = "sent"
    FAILED = "failed"
    EXCLUDED = "excluded"  # left, suppressed, filtered: the reason is kept
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class Reason(StrEnum):
    """Why a delivery did not go out, where the newsroom itself decided so; a network's own words are free text."""

    LEFT = "left"  # no confirmed subscription any more, the moment before the body
    SUPPRESSED = "suppressed"  # complained or bounced
    ERASED = "erased"  # asked to be forgotten
    NO_STORIES = "no-stories-in-language"
    NO_TOPIC = "no-stories-in-topics"
    HAD_IT = "had-at-once"  # each of its stories came to them in a mail of its own
    RESTING = "reader-paused"  # asked for silence for a while
    OFTEN_ENOUGH = "often-enough"  # had one today, or this week, and wants no more
    TOO_LATE = "too-late"
    PAUSED = "paused"
    LEASE_OVER = "lease-over"
    RESTORED = "restored"


S = DeliveryState
ENDS = frozenset({S.SENT, S.FAILED, S.EXCLUDED, S.EXPIRED, S.CANCELLED})
# Every legal move of a delivery: from where it may come into each state.
COMES_FROM: Mapping[DeliveryState, frozenset[DeliveryState]] = {
    S.CLAIMED: frozenset({S.PENDING}),
    S.SENDING: frozenset({S.CLAIMED}),
    S.PENDING: frozenset({S.CLAIMED, S.SENDING, S.UNCERTAIN, S.HELD}),
    S.UNCERTAIN: frozenset({S.SENDING, S.PENDING, S.CLAIMED}),  # the latter in a restored database
    S.HELD: frozenset({S.PENDING, S.CLAIMED, S.UNCERTAIN}),
    S.SENT: frozenset({S.SENDING, S.UNCERTAIN, S.HELD}),
    S.FAILED: frozenset({S.CLAIMED, S.SENDING}),  # refused before its body, or after
    S.EXCLUDED: frozenset({S.PENDING, S.CLAIMED, S.HELD}),
    S.EXPIRED: frozenset({S.PENDING, S.CLAIMED}),
    S.CANCELLED: frozenset({S.PENDING, S.CLAIMED, S.UNCERTAIN, S.HELD}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One entry as the source gave it, page chrome and all."""

    source: str
    key: str
    url: str
    html: str  # of the body, as the source has it; a page source gives the whole page
    whole_page: bool = False
    headline: str | None = None
    published_at: datetime | None = None
    updated_at: datetime | None = None
    language: Language | None = None
    author: str | None = None
    section: str | None = None
    topics: tuple[str, ...] = ()
    image: str | None = None
    image_alt: str | None = None
    image_credit: str | None = None
    caption: str | None = None
    versions: tuple[tuple[str, str], ...] = ()  # language and URL of the same story


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """A published story, cleaned: no chrome, no dateline in the body."""

    id: ArticleId
    revision: int  # 1 is the first; an edit is a revision, never a new story
    url: str
    language: Language
    headline: str
    body: tuple[str, ...]  # paragraphs
    published_at: datetime
    dated: bool = (
        True  # False: its source gave no date that can be believed, and this is when it was first seen
    )
    dateline: str | None = None
    credits: tuple[str, ...] = ()  # "Reuters", ...
    caption: str | None = None
    contributors: str | None = None  # who else worked on it, as its last line says
    author: str | None = None  # the byline
    authors: tuple[str, ...] = ()  # the names in it
    section: str | None = None
    topics: frozenset[str] = frozenset()
    image: str | None = None
    image_alt: str | None = None
    image_credit: str | None = None
    updated_at: datetime | None = None  # as its source says
    versions: tuple[tuple[str, str], ...] = ()  # language and URL of the same story, as its source says
    fingerprint: str = ""  # of the text: same text, same story


class Standing(StrEnum):
    """What the gate says of a sentence, or of a summary as its worst sentence."""

    CLEAR = "clear"
    DOUBTFUL = "doubtful"  # no machine can tell: an editor may
    FALSE = "false"  # it says what the article does not


class Doubt(StrEnum):
    """Why the gate did not clear a sentence."""

    NUMBER = "number"  # a number, date or share that is not there
    NAME = "name"  # a name that is not there
    QUOTATION = "quotation"  # not word for word, or not a quotation there
    ATTRIBUTION = "attribution"  # who says so was left out, or is another
    NEGATION = "negation"  # denied here and not there, or the other way round
    HEDGE = "hedge"  # there it only may be so, or is only said to be
    LIMIT = "limit"  # about, only, at least, former: left out or put in
    OPPOSITE = "opposite"  # more for less, won for lost
    ORDER = "order"  # the same words with other roles
    WORD = "word"  # what the source sentence does not say
    FUSED = "fused"  # pieces of several sentences, joined to one claim
    SOURCE = "source"  # nothing in the article says this
    LANGUAGE = "language"  # not the article's
    MACHINE = "machine"  # the article speaks to machines there, not to readers


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    doubt: Doubt
    words: str = ""  # which ones
    grave: bool = False  # the sentence is false, not only doubtful


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One sentence of a summary, held against its article."""

    text: str
    sources: tuple[
        int, ...
    ] = ()  # the article's sentences it was made of, counted from 0; -1 is the headline
    findings: tuple[Finding, ...] = ()

    @property
    def standing(self) -> Standing:
        if any(one.grave for one in self.findings):
            return Standing.FALSE
        return Standing.DOUBTFUL if self.findings else Standing.CLEAR


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    article: ArticleId
    text: str
    method: str
    quotes: tuple[int, ...] = ()  # paragraphs it was taken from
    checked: tuple[Checked, ...] = ()  # its sentences as the gate saw them
    refused: tuple[Checked, ...] = ()  # what a model proposed instead, and the gate did not clear
    why: str = ""  # why the method that was asked for has not written it


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """An article and what we say of it: one line of an edition."""

    article: Article
    summary: Summary
    under: str = ""  # the section of the edition it stands in
    text: str = ""  # an editor's own words for the whole post, where it is alone in one


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """The stories that go out together, in order."""

    id: EditionId
    kind: EditionKind
    language: Language
    due_at: datetime
    stories: tuple[Story, ...]
    title: str = ""
    headings: Mapping[str, str] = field(default_factory=dict)  # of its sections, where they have one
    correction: str | None = None  # what was corrected, for followers to read; empty: only that it was
    retracted: bool = False  # its stories do not stand any more: only a notice is written
    subject: str = ""  # an editor's own, of its mail; empty: the template's
    preheader: str = ""  # an editor's own, beside the subject; empty: the template's


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one channel can carry, as the network itself counts it."""

    text: int | None = None
    unit: str = "chars"  # "chars", "utf16", "x-weighted"
    markup: str = "html"  # "html", "telegram", "plain"
    media: int = 0  # pictures of a story
    parts: int = 1  # posts of a thread that one story may take
    octets: int | None = None  # of a whole mail as it is encoded, beyond which programs cut it off


class Act(StrEnum):
    """What a post does on its channel."""

    POST = "post"
    EDIT = "edit"  # it takes the place of what stands there
    RETRACT = "retract"  # what stands there is taken away; its text is the notice where that cannot be


class How(StrEnum):
    """What becomes of what stands in a channel."""

    NONE = "none"  # it stays as it is
    EDIT = "edit"  # it is changed in its place, without a word
    VISIBLE = "visible"  # it is changed in its place, and says so
    POST = "post"  # a correction is posted as an answer to it
    REPLACE = "replace"  # a new post, then the old one is deleted
    MAIL = "mail"  # who got the earlier one gets a mail with the correction
    RETRACT = "retract"  # it is taken away, or says that the story is withdrawn


BLANK_START, BLANK_END = "\ue000", "\ue001"  # private use; cleaning strips them from everything that comes in


def blank(name: str) -> str:
    """Mark a place in a post that is filled per recipient: ``leave_url``, ``name`` ..."""
    return f"{BLANK_START}{name}{BLANK_END}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """An edition as one channel carries it in one variant; stored once, never changed.

    ``text``, ``html``, ``subject`` and ``headers`` may hold blanks (see :func:`blank`).
    """

    id: str  # edition:channel:variant:part
    edition: EditionId
    channel: ChannelId
    language: Language
    text: str  # plain text (email, X, file) or Telegram HTML
    variant: str = ""  # language, then the topics that matched
    part: int = 0
    subject: str | None = None
    sender: str = ""  # before the @ in From; empty: the channel's
    sender_name: str = ""  # in From; empty: the channel's
    html: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)  # List-Id, List-Unsubscribe ...
    media: tuple[str, ...] = ()
    alts: tuple[str, ...] = ()  # what stands in each picture, for those who do not see it
    silent: bool = False
    breaking: bool = False  # overtakes what waits; channels that can pin it
    articles: Mapping[str, int] = field(default_factory=dict)  # its stories, and in which revision
    act: Act = Act.POST
    mends: str = ""  # key of the delivery that it changes; where it is posted anew: the one it answers


class Delivery(NamedTuple):
    """One post to one recipient: a row of the outbox. One is made for every mail, like a receipt; a dataclass would
    take five times as long."""

    id: DeliveryId
    key: str  # edition:channel:recipient:part — unique, so nothing is planned twice
    channel: ChannelId
    edition: EditionId
    recipient: str  # the subscriber's id, or "-" where the channel itself is the recipient
    post: str  # the id of the post it carries; a correction re-points it while it is pending
    due_at: datetime
    not_after: datetime
    part: int = 0  # which message of a thread; an album is one row
    token: int = 0  # fencing: whoever holds an older one can settle nothing
    attempts: int = 0
    state: DeliveryState = DeliveryState.PENDING


class Receipt(NamedTuple):
    """What came of one attempt; receipts are added, never changed."""

    delivery: DeliveryId
    at: datetime
    outcome: Outcome
    remote_ids: tuple[str, ...] = ()  # an album has several
    retry_at: datetime | None = None
    detail: str = ""
    halt: bool = (
        False  # deferred because the door itself is shut (token revoked, kicked out): stop the channel
    )
    wire_hash: str = ""  # sha256 of what went over the wire
    waits: bool = (
        False  # deferred because nothing goes through the door before ``retry_at``: all wait, in their order
    )
    cost: int = 0  # of a look, in millionths of the channel's currency; what a post takes is known before


def settle(receipt: Receipt) -> DeliveryState:
    """The state a delivery is in after this receipt."""
    match receipt.outcome:
        case Outcome.ACCEPTED:
            return DeliveryState.SENT
        case Outcome.DEFERRED:
            return DeliveryState.PENDING
        case Outcome.REJECTED:
            return DeliveryState.FAILED
        case Outcome.UNCERTAIN:
            return DeliveryState.UNCERTAIN
        case other:
            assert_never(other)


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """A bucket: so many at once, and it fills again."""

    name: str
    rate: float  # a second; 0: it does not fill again
    most: float  # what it holds, and begins with

    @classmethod
    def never_more(cls, name: str, number: int, seconds: float) -> Self:
        """At most so many in any stretch of so many seconds, a quarter of them at once."""
        most = max(1, number // 4)
        return cls(name=name, rate=(number + 1 - most) / seconds, most=most)


class Frequency(StrEnum):
    """How many editions of a newsletter a reader wants."""

    EVERY = "every"
    DAILY = "daily"  # the first of a day
    WEEKLY = "weekly"  # the first of seven days


class Consent(StrEnum):
    ASKED = "asked"  # confirmation sent
    GIVEN = "given"  # confirmed
    WITHDRAWN = "withdrawn"
    SUPPRESSED = "suppressed"  # bounced or complained


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    id: SubscriberId
    address: str
    name: str = ""
    language: Language
    timezone: str = ""  # as they chose; empty: the newsroom's


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A subscriber's wish for one newsletter, and the proof that it is theirs."""

    subscriber: SubscriberId
    channel: ChannelId
    consent: Consent
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """An editor's order: these stories, to these channels, now."""

    editor: str
    articles: tuple[ArticleId, ...]
    channels: tuple[ChannelId, ...]
    note: str = ""


class Role(StrEnum):
    """What one of the newsroom's own people may do, the weakest first."""

    VIEWER = "viewer"  # sees everything but readers' addresses
    EDITOR = "editor"  # words, holds, made-up editions; asks for what goes out
    PUBLISHER = "publisher"  # lets go out, approves, corrects, retracts, stops
    ADMIN = "admin"  # people, keys, what is erased

    def covers(self, other: Role) -> bool:
        """Whether this one may do whatever the other may."""
        order = list(Role)
        return order.index(self) >= order.index(other)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One of the newsroom's own people."""

    name: str  # small letters, digits, hyphens: it stands in the audit trail
    role: Role
    language: Language  # of the console and the bot
    channels: frozenset[str] = frozenset()  # where their word counts; empty: everywhere
    languages: frozenset[str] = frozenset()  # of stories; empty: all
    telegram: int | None = None  # their numeric id there
