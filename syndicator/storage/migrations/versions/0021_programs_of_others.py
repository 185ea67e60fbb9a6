"""Programs of others: who listens to what, what they are to be told, and every try.

Revision ID: 0021
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op

from syndicator.storage.schema import WAITING, Moment, RowId

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "webhook_listeners",
        sa.Column("webhook", sa.String(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("since", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("webhook", "event", name=op.f("pk_webhook_listeners")),
    )
    op.create_table(
        "webhook_calls",
        sa.Column("id", RowId, nullable=False),
        sa.Column("webhook", sa.String(), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("due_at", Moment(), nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_calls")),
        sa.UniqueConstraint("about", "webhook", name=op.f("uq_webhook_calls_about_webhook")),
    )
    op.create_index(
        "ix_webhook_calls_waiting",
        "webhook_calls",
        ["webhook", "due_at"],
        sqlite_where=WAITING,
        postgresql_where=WAITING,
    )
    op.create_index(op.f("ix_webhook_calls_at"), "webhook_calls", ["at"])
    op.create_table(
        "webhook_attempts",
        sa.Column("id", RowId, nullable=False),
        sa.Column("call", RowId, nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("said", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["call"], ["webhook_calls.id"], name=op.f("fk_webhook_attempts_call")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_attempts")),
    )
    op.create_index(op.f("ix_webhook_attempts_call"), "webhook_attempts", ["call"])


def downgrade() -> None:
    op.drop_table("webhook_attempts")
    op.drop_table("webhook_calls")
    op.drop_table("webhook_listeners")
