"""A newsletter's editions are found by their moment, among the letters of a million readers.

Revision ID: 0012
Revises: 0011
"""

from alembic import op
from sqlalchemy import text

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

PRINTED = text("kind IN ('digest', 'flash')")


def upgrade() -> None:
    op.create_index(
        "ix_editions_printed",
        "editions",
        ["newsletter", "due_at"],
        sqlite_where=PRINTED,
        postgresql_where=PRINTED,
    )


def downgrade() -> None:
    op.drop_index("ix_editions_printed", "editions")
