"""Indexes that hold only what is still to be done.

Revision ID: 0003
Revises: 0002
"""

from alembic import op
from sqlalchemy import text

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

OPEN = {
    "due": ("state = 'pending'", ["channel", "urgency", "due_at", "id", "not_after"]),
    "leased": ("state = 'claimed' OR state = 'sending'", ["lease_until"]),
    "open": ("state = 'uncertain' OR state = 'held'", ["state", "channel"]),
    "followed": ("recipient = '-' AND state = 'sent'", ["channel", "settled_at"]),
}


def upgrade() -> None:
    op.drop_index("ix_deliveries_channel_state_due_at", table_name="deliveries")
    op.drop_index("ix_deliveries_edition_state", table_name="deliveries")
    op.create_index("ix_deliveries_edition", "deliveries", ["edition"])
    for name, (where, columns) in OPEN.items():
        only = text(where)
        op.create_index(
            f"ix_deliveries_{name}", "deliveries", columns, sqlite_where=only, postgresql_where=only
        )


def downgrade() -> None:
    for name in OPEN:
        op.drop_index(f"ix_deliveries_{name}", table_name="deliveries")
    op.drop_index("ix_deliveries_edition", table_name="deliveries")
    op.create_index("ix_deliveries_edition_state", "deliveries", ["edition", "state"])
    op.create_index("ix_deliveries_channel_state_due_at", "deliveries", ["channel", "state", "due_at"])
