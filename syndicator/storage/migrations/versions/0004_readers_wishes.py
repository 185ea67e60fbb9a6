"""Topics, frequency and rest of readers; links that work once; what was agreed to.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SELDOM = sa.text("frequency <> 'every'")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("subscribers", sa.Column("paused_until", MOMENT, nullable=True))
    op.add_column("subscriptions", sa.Column("topics", sa.String(), server_default="", nullable=False))
    op.add_column(
        "subscriptions", sa.Column("frequency", sa.String(), server_default="every", nullable=False)
    )
    op.add_column("subscriptions", sa.Column("last_at", MOMENT, nullable=True))
    op.create_index(
        "ix_subscriptions_seldom",
        "subscriptions",
        ["newsletter"],
        sqlite_where=SELDOM,
        postgresql_where=SELDOM,
    )
    op.create_table(
        "links",
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("subscriber", ROW_ID, nullable=False),
        sa.Column("about", ROW_ID, nullable=True),
        sa.Column("newsletters", sa.JSON(), nullable=False),
        sa.Column("address_hash", sa.String(), nullable=False),
        sa.Column("domain", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("wording", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_links")),
    )
    op.create_index(op.f("ix_links_subscriber"), "links", ["subscriber"])
    op.create_index(op.f("ix_links_address_hash_at"), "links", ["address_hash", "at"])
    op.create_index(op.f("ix_links_at"), "links", ["at"])
    op.create_table(
        "wordings",
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_wordings")),
    )


def downgrade() -> None:
    op.drop_table("wordings")
    op.drop_table("links")
    op.drop_index("ix_subscriptions_seldom", "subscriptions")
    for name in ("last_at", "frequency", "topics"):
        op.drop_column("subscriptions", name)
    op.drop_column("subscribers", "paused_until")
