"""How many may go, which relays rest, and how often stories were opened.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "allowances",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("level", sa.Float, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
    )
    op.create_table(
        "rests",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("until", MOMENT, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
    )
    op.create_table(
        "clicks",
        sa.Column("edition", sa.String, primary_key=True),
        sa.Column("story", sa.String, primary_key=True),
        sa.Column("people", sa.Integer, nullable=False),
        sa.Column("machines", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    for name in ("clicks", "rests", "allowances"):
        op.drop_table(name)
