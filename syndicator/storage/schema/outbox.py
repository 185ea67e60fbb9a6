"""What goes out: editions, posts, deliveries, receipts."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from .columns import Moment, RowId, metadata


def _index(name: str, where: str, *columns: str) -> Index:
    """An index of some of the deliveries."""
    only = text(where)
    return Index(f"ix_deliveries_{name}", *columns, sqlite_where=only, postgresql_where=only)


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
    Index("ix_editions_due", "due_at", sqlite_where=LATEST, postgresql_where=LATEST),
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
    Index(None, "article"),
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
    Index(None, "article"),
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
