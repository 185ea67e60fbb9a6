"""What came in, and what is said of it."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    text,
)

from .columns import Moment, metadata

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
    Column("sought", Text, nullable=False, server_default=""),  # the headline as its words are compared
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
