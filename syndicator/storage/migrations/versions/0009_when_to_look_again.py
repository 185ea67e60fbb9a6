"""When to look at a source again.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

from syndicator.storage.schema import Moment

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sources", sa.Column("due_at", Moment, nullable=True))


def downgrade() -> None:
    op.drop_column("sources", "due_at")
