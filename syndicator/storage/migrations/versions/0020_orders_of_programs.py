"""Orders of programs, so that none is done twice; where the word of a key counts, and until when.

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op

from syndicator.storage.schema import Moment

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "orders",
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("body", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("by", "name", name=op.f("pk_orders")),
    )
    op.create_index(op.f("ix_orders_at"), "orders", ["at"])
    op.add_column("passes", sa.Column("channels", sa.String(), server_default="", nullable=False))
    op.add_column("passes", sa.Column("languages", sa.String(), server_default="", nullable=False))
    op.add_column("passes", sa.Column("until", Moment()))


def downgrade() -> None:
    op.drop_column("passes", "until")
    op.drop_column("passes", "languages")
    op.drop_column("passes", "channels")
    op.drop_table("orders")
