"""Who works here, what they did, and what is changed at run time."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from .columns import WAITING, Moment, RowId, metadata

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
