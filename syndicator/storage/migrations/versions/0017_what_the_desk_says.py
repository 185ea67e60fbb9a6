"""What the desk says: its own words, orders that are approved, slots that are moved; and the trail, which nobody cuts.

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

from syndicator.storage.schema import Moment

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

INDEXES = (
    ("ix_deliveries_waiting", "deliveries", ["edition", "channel", "due_at"], "state = 'pending'"),
    ("ix_editions_latest", "editions", ["planned_at"], "kind IN ('digest', 'flash', 'push', 'correction')"),
    ("ix_articles_opening", "articles", ["opens_at"], "opens_at IS NOT NULL"),
    ("ix_audit_at", "audit", ["at"], None),
)


def upgrade() -> None:
    op.create_table(
        "edits",
        sa.Column(
            "article",
            sa.String(),
            sa.ForeignKey("articles.id", name=op.f("fk_edits_article")),
            nullable=False,
        ),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("article", "place", "revision", name=op.f("pk_edits")),
    )
    op.create_table(
        "approvals",
        sa.Column(
            "edition",
            sa.String(),
            sa.ForeignKey("editions.id", name=op.f("fk_approvals_edition")),
            nullable=False,
        ),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("asked_at", Moment(), nullable=False),
        sa.Column("hash", sa.String()),
        sa.Column("by", sa.String()),
        sa.Column("at", Moment()),
        sa.Column("why", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("edition", "channel", name=op.f("pk_approvals")),
    )
    waits = sa.text("state = 'waits'")
    op.create_index(
        "ix_approvals_waiting", "approvals", ["channel"], sqlite_where=waits, postgresql_where=waits
    )
    op.create_table(
        "slot_moves",
        sa.Column("timetable", sa.String(), nullable=False),
        sa.Column("slot", Moment(), nullable=False),
        sa.Column("moved_to", Moment()),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("why", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("timetable", "slot", name=op.f("pk_slot_moves")),
    )
    op.add_column("story_keys", sa.Column("given_back", Moment(), nullable=True))
    for name, table, columns, where in INDEXES:
        only = sa.text(where) if where else None
        op.create_index(name, table, columns, sqlite_where=only, postgresql_where=only)
    op.create_index("ix_audit_about", "audit", ["about"], postgresql_ops={"about": "text_pattern_ops"})
    if op.get_bind().dialect.name == "sqlite":  # REPLACE deletes a row without asking the trigger
        for table in ("receipts", "audit"):
            op.execute(
                f"CREATE TRIGGER {table}_replace BEFORE INSERT ON {table} "
                f"WHEN EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id) "
                f"BEGIN SELECT RAISE(ABORT, '{table} are append-only'); END"
            )
        return
    op.execute(
        "CREATE TRIGGER audit_whole BEFORE TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()"
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table in ("receipts", "audit"):
            op.execute(f"DROP TRIGGER {table}_replace")
    else:
        op.execute("DROP TRIGGER audit_whole ON audit")
    op.drop_index("ix_audit_about", "audit")
    for name, table, *_ in INDEXES:
        op.drop_index(name, table)
    op.drop_column("story_keys", "given_back")
    for table in ("slot_moves", "approvals", "edits"):
        op.drop_table(table)
