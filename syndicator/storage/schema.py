"""The tables. Keys make doubles impossible; the migrations beside this file build what stands here."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMES)


class Moment(TypeDecorator[datetime]):
    """An aware moment, UTC on both sides; SQLite forgets zones, so they are put back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            message = f"a moment without a time zone: {value!r}"
            raise ValueError(message)
        return value if value.tzinfo is UTC else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        return value and value.astimezone(UTC)

    def bind_processor(self, dialect: Any) -> Any:
        """On SQLite straight to the text that is stored: this runs several times for every delivery."""
        usual = super().bind_processor(dialect)
        if dialect.name != "sqlite":
            return usual

        def as_text(value: datetime | None) -> str | None:
            moment = self.process_bind_param(value, dialect)
            return None if moment is None else moment.isoformat(" ", "microseconds")[:26]  # without +00:00

        return as_text

    def result_processor(self, dialect: Any, coltype: Any) -> Any:
        if dialect.name != "sqlite":
            return super().result_processor(dialect, coltype)
        return lambda told: told and _read(told)


@lru_cache(4096)  # the deliveries of an edition have the same moments
def _read(told: str) -> datetime:
    return datetime.fromisoformat(told).replace(tzinfo=UTC)


def moment(told: str | datetime) -> datetime:
    """A moment as the driver itself gives it."""
    return _read(told) if isinstance(told, str) else told.astimezone(UTC)


WAITING = text("state = 'waits'")
RowId = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows only as INTEGER


def _index(name: str, where: str, *columns: str) -> Index:
    """An index of some of the deliveries."""
    only = text(where)
    return Index(f"ix_deliveries_{name}", *columns, sqlite_where=only, postgresql_where=only)


sources = Table(
    "sources",
    metadata,
    Column("name", String, primary_key=True),
    Column("checkpoint", Text),
    Column("first_seen_at", Moment, nullable=False),
    Column("looked_at", Moment, nullable=False),
    Column("due_at", Moment),  # when to look again; none: at once
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("closed", Boolean, nullable=False, server_default=text("false")),
    Column("fault", Text),
)

# What called us about a source: each call is heard once.
calls = Table(
    "calls",
    metadata,
    Column("key", String, primary_key=True),
    Column("source", String, nullable=False),
    Column("at", Moment, nullable=False),
    Column("waits", Boolean, nullable=False),  # a look at the source is still to be made
    Index(None, "at"),
)

# Hubs that tell us when a feed changes, each for one source.
hubs = Table(
    "hubs",
    metadata,
    Column("source", String, primary_key=True),
    Column("hub", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("until", Moment),  # the end of the lease; none: it is not verified yet
    Column("fault", Text, nullable=False, server_default=""),
)

OPENING = text("opens_at IS NOT NULL")  # few have an embargo

articles = Table(
    "articles",
    metadata,
    Column("id", String, primary_key=True),
    Column("source", String, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("url", Text, nullable=False),
    Column("language", String, nullable=False),
    Column("headline", Text, nullable=False),
    Column("fingerprint", String, nullable=False),
    Column("published_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("fresh", Boolean, nullable=False),  # false: listed already when the source was first seen
    Column("opens_at", Moment),  # an embargo: nothing carries it by itself before; none: it never had one
    Column("opens_by", String),  # the editor who said so; none: its source
    Index(None, "source"),
    Index(None, "language", "published_at"),
    Index(None, "url"),
    Index(None, "fingerprint"),
    Index("ix_articles_opening", "opens_at", sqlite_where=OPENING, postgresql_where=OPENING),
)

revisions = Table(
    "revisions",
    metadata,
    Column("article", ForeignKey("articles.id"), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("seen_at", Moment, nullable=False),
    Column("content", JSON, nullable=False),  # the whole Article
    Column(
        "change", JSON
    ),  # what it changed of the one before; none: it is the first, or older than the column
)

# Whatever a story was ever known by: any of them is the story.
article_names = Table(
    "article_names",
    metadata,
    Column("name", String, primary_key=True),  # kind:hash of an id, an address, a text
    Column("article", ForeignKey("articles.id"), nullable=False),
    Index(None, "article"),
)

# The same story in another language. Said by its page, or by an editor; or guessed, and then it is but a suggestion.
siblings = Table(
    "siblings",
    metadata,
    Column("article", ForeignKey("articles.id"), primary_key=True),
    Column("name", String, primary_key=True),  # of the other one; it may not have come in yet
    Column("language", String, nullable=False),
    Column("guessed", Boolean, nullable=False),
    Column("why", Text, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Index(None, "name"),
)

# What editors wrote of a story, and what a model proposed that the gate did not clear.
summaries = Table(
    "summaries",
    metadata,
    Column("article", ForeignKey("articles.id"), primary_key=True),
    Column("place", String, primary_key=True),  # "own", or what it was proposed for: unit and length
    Column("revision", Integer, nullable=False),  # of the story, as it was then
    Column("state", String, nullable=False),  # own, refused, waits, declined
    Column("by", String, nullable=False),
    Column("at", Moment, nullable=False),
    Column("content", JSON, nullable=False),  # the whole Summary
    Index(None, "state"),
)

# An editor's own words of a story, for each revision that they were written of.
edits = Table(
    "edits",
    metadata,
    Column("article", ForeignKey("articles.id"), primary_key=True),
    Column("place", String, primary_key=True),  # "headline", or "text:CHANNEL"
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("text", Text, nullable=False),
    Column("by", String, nullable=False),
    Column("at", Moment, nullable=False),
)

# What plug-ins paid for, so that nothing is paid twice, and what they spent in a day.
paid = Table(
    "paid",
    metadata,
    Column("key", String, primary_key=True),
    Column("text", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Index(None, "at"),
)
spent = Table(
    "spent",
    metadata,
    Column("purpose", String, primary_key=True),
    Column("day", String, primary_key=True),  # 2026-03-01, UTC
    Column("amount", BigInteger, nullable=False),
)

PRINTED = text("kind IN ('digest', 'flash')")  # what was read by many; letters are to one reader each
LATEST = text("kind IN ('digest', 'flash', 'push', 'correction')")

editions = Table(
    "editions",
    metadata,
    Column("id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("newsletter", String),
    Column("language", String, nullable=False),
    Column("title", Text, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("planned_at", Moment, nullable=False),
    Column("planned_by", String, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column(
        "headings", JSON(none_as_null=True)
    ),  # by language: its title, and its sections' as they were sent
    Column("sealed", JSON(none_as_null=True)),  # the report, once every delivery is at its end
    Column("sealed_at", Moment),
    Column("pruned_at", Moment),  # since then the sealed report is all there is
    Index("ix_editions_printed", "newsletter", "due_at", sqlite_where=PRINTED, postgresql_where=PRINTED),
    Index("ix_editions_latest", "planned_at", sqlite_where=LATEST, postgresql_where=LATEST),
)

WAITS = text("state = 'waits'")

# Editions that a second person has to approve on a channel before anything of them goes out there.
approvals = Table(
    "approvals",
    metadata,
    Column("edition", ForeignKey("editions.id"), primary_key=True),
    Column("channel", String, primary_key=True),
    Column("state", String, nullable=False),  # waits, approved, declined
    Column("asked_by", String, nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("hash", String),  # sha256 of what was approved
    Column("by", String),
    Column("at", Moment),
    Column("why", Text, nullable=False, server_default=""),
    Index("ix_approvals_waiting", "channel", sqlite_where=WAITS, postgresql_where=WAITS),
)

# Who was to get an edition through a channel, counted when it was planned and not from its deliveries.
candidates = Table(
    "candidates",
    metadata,
    Column("edition", ForeignKey("editions.id"), primary_key=True),
    Column("channel", String, primary_key=True),
    Column("number", Integer, nullable=False),
)

edition_stories = Table(
    "edition_stories",
    metadata,
    Column("edition", ForeignKey("editions.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("article", ForeignKey("articles.id"), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("summary", JSON, nullable=False),
    Column("under", String, nullable=False, server_default=""),  # its section of the edition
)

# What an edition would have had, and why it has not: a copy of another story, an editor's word.
left_out = Table(
    "left_out",
    metadata,
    Column("edition", ForeignKey("editions.id"), primary_key=True),
    Column("article", ForeignKey("articles.id"), primary_key=True),
    Column("why", Text, nullable=False),
)

# Stories of earlier editions that some of its posts hold, for readers who missed those.
caught_up = Table(
    "caught_up",
    metadata,
    Column("edition", ForeignKey("editions.id"), primary_key=True),
    Column("article", ForeignKey("articles.id"), primary_key=True),
)

# A story goes to a channel (for mail: a newsletter on that channel) once. These rows outlive pruning.
story_keys = Table(
    "story_keys",
    metadata,
    Column("article", String, primary_key=True),
    Column("channel", String, primary_key=True),
    Column("newsletter", String, primary_key=True),  # "" where the channel itself is the recipient
    Column("again", Integer, primary_key=True, autoincrement=False),  # 0, and 1, 2 ... for --again
    Column("edition", String, nullable=False),
    Column("given_back", Moment),  # an editor cancelled it before anybody saw it: it does not count
)

# What was decided about a revision of a story on a channel that had an earlier one. Without a row it is still open.
corrections = Table(
    "corrections",
    metadata,
    Column("article", ForeignKey("articles.id"), primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("channel", String, primary_key=True),
    Column("extent", String, nullable=False),  # how much was changed
    Column("how", String, nullable=False),  # ask: it waits for an editor; else what was done
    Column("edition", String),  # that carries the correction
    Column("at", Moment, nullable=False),
    Column("by", String, nullable=False),
    Index(None, "how"),
)

posts = Table(
    "posts",
    metadata,
    Column("id", String, primary_key=True),
    Column("edition", ForeignKey("editions.id"), nullable=False),
    Column("channel", String, nullable=False),
    Column("language", String, nullable=False),
    Column("hash", String, nullable=False),  # sha256 of content
    Column("content", JSON, nullable=False),  # the whole Post
    Index(None, "edition"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("key", String, nullable=False),
    Column("edition", ForeignKey("editions.id"), nullable=False),
    Column("channel", String, nullable=False),
    Column("recipient", String, nullable=False),
    Column("part", Integer, nullable=False),
    Column("post", ForeignKey("posts.id")),
    Column("state", String, nullable=False),
    Column("reason", String),  # why excluded, held, expired, cancelled or failed
    Column("urgency", Integer, nullable=False),  # -1 breaking, 0 flash, 1 push, 2 digest
    Column("due_at", Moment, nullable=False),
    Column("not_after", Moment, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("token", Integer, nullable=False, server_default="0"),
    Column("holder", String),  # the worker that has the lease
    Column("lease_until", Moment),
    Column("key_version", Integer, nullable=False, server_default="1"),
    Column("wire_hash", String),
    Column("remote_ids", JSON),
    Column("settled_at", Moment),
    UniqueConstraint("key"),
    Index(None, "edition"),
    # What is still to be done is a small part of all rows: these indexes hold only that, and stay small.
    _index("due", "state = 'pending'", "channel", "urgency", "due_at", "id", "not_after"),
    _index("waiting", "state = 'pending'", "edition", "channel", "due_at"),
    _index("leased", "state = 'claimed' OR state = 'sending'", "lease_until"),
    _index("open", "state = 'uncertain' OR state = 'held'", "state", "channel"),
    _index("refused", "state = 'failed'", "settled_at"),
    _index("followed", "recipient = '-' AND state = 'sent'", "channel", "settled_at"),
)

receipts = Table(
    "receipts",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("delivery", ForeignKey("deliveries.id"), nullable=False),
    Column("at", Moment, nullable=False),
    Column("token", Integer, nullable=False),
    Column("outcome", String, nullable=False),
    Column("remote_ids", JSON, nullable=False),
    Column("retry_at", Moment),
    Column("detail", Text, nullable=False),
    Column("by", String, nullable=False),  # the channel, or the person who settled a doubt
    Index(None, "delivery"),
)

NAMED = text("name <> ''")  # to be found by it
ELSEWHERE = text("timezone <> ''")  # few have an hour of their own

subscribers = Table(
    "subscribers",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("address", String, nullable=False),  # as typed
    Column("address_key", String, nullable=False),  # normalised, for comparing
    Column("name", String, nullable=False, server_default=""),
    Column("language", String, nullable=False),
    Column("timezone", String, nullable=False),  # as the reader chose; empty: the newsroom's
    Column("since", Moment, nullable=False),
    Column("address_hash", String),  # keyed, as the memory outside names readers; NULL: not made yet
    Column("paused_until", Moment),  # by their own wish
    UniqueConstraint("address_key"),
    Index(None, "address_hash"),
    Index(
        "ix_subscribers_name",
        "name",
        sqlite_where=NAMED,
        postgresql_where=NAMED,
        postgresql_ops={"name": "text_pattern_ops"},
    ),
    # How an address begins; SQLite has that by the key's own index.
    Index(
        "ix_subscribers_beginning", "address_key", postgresql_ops={"address_key": "text_pattern_ops"}
    ).ddl_if(dialect="postgresql"),
    Index("ix_subscribers_elsewhere", "timezone", sqlite_where=ELSEWHERE, postgresql_where=ELSEWHERE),
    sqlite_autoincrement=True,  # a number is given once (numbers.py)
)

# Addresses that no import brings back: who complained, bounced or asked to be erased. There is no address here.
barred = Table(
    "barred",
    metadata,
    Column("address_hash", String, primary_key=True),
    Column("reason", String, nullable=False),  # suppressed, erased
    Column("why", Text, nullable=False),
    Column("at", Moment, nullable=False),
)

# Mails and hooks about mails, each heard once. There is no address here, and no server's words but about ourselves.
returned = Table(
    "returned",
    metadata,
    Column("key", String, primary_key=True),  # hash of the mail, id of the hook, smtp:DELIVERY
    Column("at", Moment, nullable=False),
    Column("source", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("status", String, nullable=False),
    Column("delivery", RowId),
    Column("said", Text, nullable=False),
    Index(None, "kind", "at"),
)

# What stands against an address since its mail came back softly; it fades.
softness = Table(
    "softness",
    metadata,
    Column("address_hash", String, primary_key=True),
    Column("value", Float, nullable=False),
    Column("at", Moment, nullable=False),
)
SELDOM = text("frequency <> 'every'")  # few are, and only they are counted
MISSED = text("missed <> ''")

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("subscriber", ForeignKey("subscribers.id"), primary_key=True),
    Column("newsletter", String, primary_key=True),
    Column("consent", String, nullable=False),
    Column("since", Moment, nullable=False),
    Column("proof", Text, nullable=False),  # when, from where, which text
    Column("topics", String, nullable=False, server_default=""),  # "economy,sport"; empty: all
    Column("frequency", String, nullable=False, server_default="every"),
    Column("last_at", Moment),  # the edition they had last, where they do not want every one
    Column("missed", String, nullable=False, server_default=""),  # the first edition put off since then
    Column("breaking", Boolean),  # mails about one story at once; NULL: they did not say
    Index(None, "newsletter", "consent"),
    Index("ix_subscriptions_seldom", "newsletter", sqlite_where=SELDOM, postgresql_where=SELDOM),
    Index("ix_subscriptions_missed", "newsletter", sqlite_where=MISSED, postgresql_where=MISSED),
)

# How many readers came and went in a day (UTC), by newsletter and language. Nobody stands here.
turnout = Table(
    "turnout",
    metadata,
    Column("day", String, primary_key=True),  # 2026-03-01
    Column("newsletter", String, primary_key=True),
    Column("language", String, primary_key=True),
    Column("what", String, primary_key=True),
    Column("number", BigInteger, nullable=False),
)

# Links that were mailed and work once. The token itself is nowhere. They also count who asked from where.
links = Table(
    "links",
    metadata,
    Column("token_hash", String, primary_key=True),
    Column("purpose", String, nullable=False),
    Column("subscriber", RowId, nullable=False),
    Column("about", RowId),  # the reader whose address changes
    Column("newsletters", JSON, nullable=False),
    Column("address_hash", String, nullable=False),
    Column("domain", String, nullable=False),
    Column("place", String, nullable=False),  # the network it was asked from, cut short
    Column("wording", String, nullable=False),  # the version of what was agreed to
    Column("at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("used_at", Moment),
    Index(None, "subscriber"),
    Index(None, "address_hash", "at"),
    Index(None, "at"),
)

# What readers agreed to, word for word.
wordings = Table(
    "wordings",
    metadata,
    Column("version", String, primary_key=True),
    Column("language", String, nullable=False),
    Column("text", Text, nullable=False),
    Column("since", Moment, nullable=False),
)

# Programs that may use the API, each by a token that only it knows.
passes = Table(
    "passes",
    metadata,
    Column("name", String, primary_key=True),
    Column("token_hash", String, nullable=False),
    Column("scopes", String, nullable=False),  # "subscribers:read,subscribers:write"
    Column("since", Moment, nullable=False),
    Column("by", String, nullable=False),
    Column("ended_at", Moment),  # no longer good; the name stays for the audit trail
    Column("channels", String, nullable=False, server_default=""),  # "tg-en,mail"; empty: all
    Column("languages", String, nullable=False, server_default=""),  # "ckb,en"; empty: all
    Column("until", Moment),  # no longer good from then on
)

# Orders of programs that named them, so that none is done twice, and what was answered.
orders = Table(
    "orders",
    metadata,
    Column("by", String, primary_key=True),  # the pass
    Column("name", String, primary_key=True),  # as the program calls the order
    Column("fingerprint", String, nullable=False),
    Column("at", Moment, nullable=False),
    Column("status", Integer),  # NULL: begun, and not answered
    Column("body", Text, nullable=False, server_default=""),
    Index(None, "at"),
)

# What is changed at run time, laid over the files and shown as such: a pause, a moved chat.
overrides = Table(
    "overrides",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", JSON, nullable=False),
    Column("at", Moment, nullable=False),
    Column("by", String, nullable=False),
)

# A timetable's slot is fired once, whoever fires it.
slots = Table(
    "slots",
    metadata,
    Column("timetable", String, primary_key=True),
    Column("slot", Moment, primary_key=True),
    Column("fired_at", Moment, nullable=False),
    Column("edition", String),
    Column("outcome", String, nullable=False),  # planned, thin, held
)

# Slots that an editor moved once, or left out.
slot_moves = Table(
    "slot_moves",
    metadata,
    Column("timetable", String, primary_key=True),
    Column("slot", Moment, primary_key=True),
    Column("moved_to", Moment),  # none: nothing goes out for it
    Column("by", String, nullable=False),
    Column("at", Moment, nullable=False),
    Column("why", Text, nullable=False, server_default=""),
)

# How many may go: buckets that fill again. A queue's moment is the turn of the last that was put off.
allowances = Table(
    "allowances",
    metadata,
    Column("name", String, primary_key=True),
    Column("level", Float, nullable=False),
    Column("at", Moment, nullable=False),
)

# What was paid to networks that take money: for a delivery's try, or for asking.
spending = Table(
    "spending",
    metadata,
    Column("key", String, primary_key=True),  # DELIVERY:TOKEN, or what was asked and when
    Column("channel", String, nullable=False),
    Column("at", Moment, nullable=False),
    Column("amount", BigInteger, nullable=False),  # millionths of the channel's currency
    Index(None, "channel", "at"),
)

# Relays that could not be reached, until when they are left alone.
rests = Table(
    "rests",
    metadata,
    Column("name", String, primary_key=True),
    Column("until", Moment, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("why", Text, nullable=False),
)

# How often a story of an edition was opened. Nobody stands here.
clicks = Table(
    "clicks",
    metadata,
    Column("edition", String, primary_key=True),
    Column("story", String, primary_key=True),  # the article's id; empty: the mail itself was opened
    Column("people", Integer, nullable=False),
    Column("machines", Integer, nullable=False),
)

# What the editors' bot asked, or was told to do: each is acted on once.
cards = Table(
    "cards",
    metadata,
    Column("key", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("told", JSON, nullable=False),
    Column(
        "who", BigInteger
    ),  # the only one who may press, by their number at Telegram; none: whoever may act
    Column("chat", BigInteger, nullable=False),
    Column("message", BigInteger),
    Column("until", Moment, nullable=False),
    Column("pressed_at", Moment),
    Column("pressed_by", String),
    Column("choice", String),
    Column("came", JSON),  # what was shown then; none: it is not done, or nobody knows
    Index(None, "until"),
)

# What was told to whom, so that nobody hears it twice.
hints = Table(
    "hints",
    metadata,
    Column("who", BigInteger, primary_key=True, autoincrement=False),
    Column("what", String, primary_key=True),
    Column("at", Moment, nullable=False),
    Index(None, "at"),
)

# The newsroom's own people. Whoever was ended keeps their name: the audit trail knows them by it.
people = Table(
    "people",
    metadata,
    Column("name", String, primary_key=True),
    Column("role", String, nullable=False),
    Column("language", String, nullable=False),
    Column("channels", JSON, nullable=False),  # where their word counts; []: everywhere
    Column("languages", JSON, nullable=False),
    Column("telegram", BigInteger, unique=True),
    Column("email", String, unique=True),  # who signs on elsewhere is known by it
    Column("subject", String, unique=True),  # and from then on by this: ISSUER SUBJECT
    Column("password", String),  # argon2id, with its parameters and salt
    Column("totp", Text),  # sealed with the secret key
    Column("totp_step", BigInteger, nullable=False, server_default="0"),  # the last one that was used
    Column("recovery", JSON, nullable=False),  # salt and hashes of the codes that are left
    Column("since", Moment, nullable=False),
    Column("by", String, nullable=False),
    Column("joined_at", Moment),  # none: invited
    Column("ended_at", Moment),
)

# Links and codes for them that work once. The token itself is nowhere.
tickets = Table(
    "tickets",
    metadata,
    Column("token_hash", String, primary_key=True),
    Column("purpose", String, nullable=False),
    Column("person", ForeignKey("people.name"), nullable=False),
    Column("by", String, nullable=False),
    Column("at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("used_at", Moment),
    Index(None, "person"),
)

# Browsers in which somebody is signed in.
sessions = Table(
    "sessions",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("token_hash", String, nullable=False, unique=True),
    Column("person", ForeignKey("people.name"), nullable=False),
    Column("waits_for", String, nullable=False),  # "code", "factor"; empty: they are in
    Column("way", String, nullable=False),  # password, sign-on
    Column("place", String, nullable=False),  # the network, cut short
    Column("browser", String, nullable=False),
    Column("began_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("ends_at", Moment, nullable=False),
    Column("proven_at", Moment, nullable=False),  # when they last showed who they are
    Column("wrong", Integer, nullable=False, server_default="0"),  # codes
    Column("totp", Text),  # sealed: a second factor that is being set up
    Index(None, "person"),
)

# Who knocked in vain, by name and place as hashes, and how often in a row.
knocks = Table(
    "knocks",
    metadata,
    Column("key", String, primary_key=True),
    Column("tries", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    Index(None, "at"),
)

# Programs of others that are called, as the configuration names them, and to which events they listen.
webhook_listeners = Table(
    "webhook_listeners",
    metadata,
    Column("webhook", String, primary_key=True),
    Column("event", String, primary_key=True),
    Column("since", Moment, nullable=False),
)

# A fact for one of them; its number is what the called one knows it by.
webhook_calls = Table(
    "webhook_calls",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("webhook", String, nullable=False),
    Column("about", String, nullable=False),
    Column("number", String, nullable=False),
    Column("type", String, nullable=False),
    Column("told", JSON, nullable=False),
    Column("at", Moment, nullable=False),
    Column("state", String, nullable=False),  # waits, heard, given up
    Column("due_at", Moment, nullable=False),  # of the next try, or when the last one was
    Column("tries", Integer, nullable=False, server_default="0"),
    UniqueConstraint("about", "webhook"),
    Index("ix_webhook_calls_waiting", "webhook", "due_at", sqlite_where=WAITING, postgresql_where=WAITING),
    Index(None, "at"),
)

webhook_attempts = Table(
    "webhook_attempts",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("call", ForeignKey("webhook_calls.id"), nullable=False),
    Column("at", Moment, nullable=False),
    Column("status", Integer),  # of the answer; none came
    Column("said", Text, nullable=False),  # empty: it was heard
    Index(None, "call"),
)

audit = Table(
    "audit",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("who", String, nullable=False),
    Column("what", String, nullable=False),
    Column("about", String, nullable=False),
    Column("why", Text, nullable=False),
    Index(None, "at"),
    Index(None, "about", postgresql_ops={"about": "text_pattern_ops"}),
)

APPEND_ONLY = ("receipts", "audit")
