"""Who reads, what they agreed to, and what came back from them."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from .columns import Moment, RowId, metadata

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
