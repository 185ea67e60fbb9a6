"""What was decided about a revision of a story on a channel that had an earlier one.

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

from syndicator.storage.schema import Moment

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "corrections",
        sa.Column(
            "article",
            sa.String(),
            sa.ForeignKey("articles.id", name=op.f("fk_corrections_article")),
            nullable=False,
        ),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("extent", sa.String(), nullable=False),
        sa.Column("how", sa.String(), nullable=False),
        sa.Column("edition", sa.String()),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("article", "revision", "channel", name=op.f("pk_corrections")),
    )
    op.create_index(op.f("ix_corrections_how"), "corrections", ["how"])


def downgrade() -> None:
    op.drop_table("corrections")
