"""What readers say of their hours and of breaking news; headings as they were sent, and what was caught up.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ELSEWHERE = sa.text("timezone <> ''")


def upgrade() -> None:
    op.execute("UPDATE subscribers SET timezone = ''")  # nobody could choose before: each was the newsroom's
    op.create_index(
        "ix_subscribers_elsewhere",
        "subscribers",
        ["timezone"],
        sqlite_where=ELSEWHERE,
        postgresql_where=ELSEWHERE,
    )
    op.add_column("subscriptions", sa.Column("said", sa.Boolean()))
    op.execute("UPDATE subscriptions SET said = breaking WHERE NOT breaking")  # true was nobody's own word
    op.drop_column("subscriptions", "breaking")
    op.execute("ALTER TABLE subscriptions RENAME COLUMN said TO breaking")
    op.add_column("editions", sa.Column("headings", sa.JSON()))
    op.create_table(
        "caught_up",
        sa.Column("edition", sa.String(), nullable=False),
        sa.Column("article", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["edition"], ["editions.id"], name=op.f("fk_caught_up_edition")),
        sa.ForeignKeyConstraint(["article"], ["articles.id"], name=op.f("fk_caught_up_article")),
        sa.PrimaryKeyConstraint("edition", "article", name=op.f("pk_caught_up")),
    )


def downgrade() -> None:
    op.drop_table("caught_up")
    op.drop_column("editions", "headings")
    op.execute("ALTER TABLE subscriptions RENAME COLUMN breaking TO said")
    op.add_column(
        "subscriptions", sa.Column("breaking", sa.Boolean(), server_default=sa.text("true"), nullable=False)
    )
    op.execute("UPDATE subscriptions SET breaking = said WHERE said IS NOT NULL")
    op.drop_column("subscriptions", "said")
    op.drop_index("ix_subscribers_elsewhere", "subscribers")
