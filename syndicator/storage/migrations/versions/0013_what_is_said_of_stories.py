"""What is said of stories: editors' own summaries, proposals that wait for them, what plug-ins pay for.

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "summaries",
        sa.Column("article", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["article"], ["articles.id"], name=op.f("fk_summaries_article")),
        sa.PrimaryKeyConstraint("article", "place", name=op.f("pk_summaries")),
    )
    op.create_index(op.f("ix_summaries_state"), "summaries", ["state"])
    op.create_table(
        "paid",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_paid")),
    )
    op.create_index(op.f("ix_paid_at"), "paid", ["at"])
    op.create_table(
        "spent",
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("purpose", "day", name=op.f("pk_spent")),
    )


def downgrade() -> None:
    op.drop_table("spent")
    op.drop_table("paid")
    op.drop_table("summaries")
