"""Mails that came back: each is heard once, and counts against its address for a while.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import text

from syndicator.storage.schema import Moment, RowId

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

FAILED = text("state = 'failed'")


def upgrade() -> None:
    op.create_table(
        "returned",
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("at", Moment, nullable=False),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("delivery", RowId),
        sa.Column("said", sa.Text, nullable=False),
    )
    op.create_index("ix_returned_kind_at", "returned", ["kind", "at"])
    op.create_table(
        "softness",
        sa.Column("address_hash", sa.String, primary_key=True),
        sa.Column("value", sa.Float, nullable=False),
        sa.Column("at", Moment, nullable=False),
    )
    op.create_index(
        "ix_deliveries_refused", "deliveries", ["settled_at"], sqlite_where=FAILED, postgresql_where=FAILED
    )


def downgrade() -> None:
    op.drop_index("ix_deliveries_refused", table_name="deliveries")
    op.drop_table("softness")
    op.drop_table("returned")
