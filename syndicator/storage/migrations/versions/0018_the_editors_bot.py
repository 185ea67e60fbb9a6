"""What the editors' bot asked, each acted on once, and what it told to whom.

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op

from syndicator.storage.schema import Moment

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cards",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.Column("who", sa.BigInteger()),
        sa.Column("chat", sa.BigInteger(), nullable=False),
        sa.Column("message", sa.BigInteger()),
        sa.Column("until", Moment(), nullable=False),
        sa.Column("pressed_at", Moment()),
        sa.Column("pressed_by", sa.String()),
        sa.Column("choice", sa.String()),
        sa.Column("came", sa.JSON()),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_cards")),
    )
    op.create_index(op.f("ix_cards_until"), "cards", ["until"])
    op.create_table(
        "hints",
        sa.Column("who", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("who", "what", name=op.f("pk_hints")),
    )
    op.create_index(op.f("ix_hints_at"), "hints", ["at"])


def downgrade() -> None:
    op.drop_table("hints")
    op.drop_table("cards")
