"""What was paid to networks that take money.

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

from syndicator.storage.schema import Moment

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "spending",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_spending")),
    )
    op.create_index(op.f("ix_spending_channel_at"), "spending", ["channel", "at"])


def downgrade() -> None:
    op.drop_index(op.f("ix_spending_channel_at"), "spending")
    op.drop_table("spending")
