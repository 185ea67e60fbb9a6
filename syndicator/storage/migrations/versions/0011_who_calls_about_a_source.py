"""Who calls about a source: calls that were heard, hubs that tell of a feed.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

from syndicator.storage.schema import Moment

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calls",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("waits", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_calls")),
    )
    op.create_index(op.f("ix_calls_at"), "calls", ["at"])
    op.create_table(
        "hubs",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("hub", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("asked_at", Moment, nullable=False),
        sa.Column("until", Moment, nullable=True),
        sa.Column("fault", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_hubs")),
    )


def downgrade() -> None:
    op.drop_table("hubs")
    op.drop_index(op.f("ix_calls_at"), "calls")
    op.drop_table("calls")
