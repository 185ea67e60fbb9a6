"""The headlines of stories in one spelling, in which words are sought; editions are found by their stories
and by when they were due.

Revision ID: 0023
Revises: 0022
"""

import sqlalchemy as sa
from alembic import op

from syndicator.text.words import plain

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

LATEST = "kind IN ('digest', 'flash', 'push', 'correction')"


def upgrade() -> None:
    op.add_column("articles", sa.Column("sought", sa.Text(), nullable=False, server_default=""))
    latest = sa.text(LATEST)
    op.create_index("ix_editions_due", "editions", ["due_at"], sqlite_where=latest, postgresql_where=latest)
    for table in ("edition_stories", "caught_up"):
        op.create_index(op.f(f"ix_{table}_article"), table, ["article"])
    connection = op.get_bind()
    known = connection.execute(sa.text("SELECT id, headline FROM articles")).all()
    if known:
        told = sa.text("UPDATE articles SET sought = :sought WHERE id = :id")
        connection.execute(told, [{"id": row.id, "sought": plain(row.headline)} for row in known])


def downgrade() -> None:
    op.drop_index("ix_editions_due", "editions")
    for table in ("edition_stories", "caught_up"):
        op.drop_index(f"ix_{table}_article", table)
    op.drop_column("articles", "sought")
