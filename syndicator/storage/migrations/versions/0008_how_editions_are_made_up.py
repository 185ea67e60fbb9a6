"""How editions are made up: their sections, what was left out, what readers were not sent yet.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

MISSED = sa.text("missed <> ''")


def upgrade() -> None:
    op.add_column("edition_stories", sa.Column("under", sa.String(), server_default="", nullable=False))
    op.add_column("subscriptions", sa.Column("missed", sa.String(), server_default="", nullable=False))
    op.add_column(
        "subscriptions", sa.Column("breaking", sa.Boolean(), server_default=sa.text("true"), nullable=False)
    )
    op.create_index(
        "ix_subscriptions_missed",
        "subscriptions",
        ["newsletter"],
        sqlite_where=MISSED,
        postgresql_where=MISSED,
    )
    op.create_table(
        "left_out",
        sa.Column("edition", sa.String(), nullable=False),
        sa.Column("article", sa.String(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["edition"], ["editions.id"], name=op.f("fk_left_out_edition")),
        sa.ForeignKeyConstraint(["article"], ["articles.id"], name=op.f("fk_left_out_article")),
        sa.PrimaryKeyConstraint("edition", "article", name=op.f("pk_left_out")),
    )


def downgrade() -> None:
    op.drop_table("left_out")
    op.drop_index("ix_subscriptions_missed", "subscriptions")
    for name in ("breaking", "missed"):
        op.drop_column("subscriptions", name)
    op.drop_column("edition_stories", "under")
