"""The newsroom's own people, their links, where they are signed in, and who knocked in vain.

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op

from syndicator.storage.schema import Moment, RowId

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "people",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("channels", sa.JSON(), nullable=False),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.Column("telegram", sa.BigInteger()),
        sa.Column("email", sa.String()),
        sa.Column("subject", sa.String()),
        sa.Column("password", sa.String()),
        sa.Column("totp", sa.Text()),
        sa.Column("totp_step", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("recovery", sa.JSON(), nullable=False),
        sa.Column("since", Moment(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("joined_at", Moment()),
        sa.Column("ended_at", Moment()),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_people")),
        *(
            sa.UniqueConstraint(one, name=op.f(f"uq_people_{one}"))
            for one in ("telegram", "email", "subject")
        ),
    )
    op.create_table(
        "tickets",
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.Column("used_at", Moment()),
        sa.ForeignKeyConstraint(["person"], ["people.name"], name=op.f("fk_tickets_person")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_tickets")),
    )
    op.create_index(op.f("ix_tickets_person"), "tickets", ["person"])
    _create_sessions()
    op.create_table(
        "knocks",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_knocks")),
    )
    op.create_index(op.f("ix_knocks_at"), "knocks", ["at"])


def _create_sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", RowId, nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("waits_for", sa.String(), nullable=False),
        sa.Column("way", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("browser", sa.String(), nullable=False),
        sa.Column("began_at", Moment(), nullable=False),
        sa.Column("seen_at", Moment(), nullable=False),
        sa.Column("ends_at", Moment(), nullable=False),
        sa.Column("proven_at", Moment(), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("totp", sa.Text()),
        sa.ForeignKeyConstraint(["person"], ["people.name"], name=op.f("fk_sessions_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sessions_token_hash")),
    )
    op.create_index(op.f("ix_sessions_person"), "sessions", ["person"])


def downgrade() -> None:
    for name in ("knocks", "sessions", "tickets", "people"):
        op.drop_table(name)
