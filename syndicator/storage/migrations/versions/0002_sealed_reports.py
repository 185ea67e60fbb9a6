"""candidates counted, reports sealed, readers barred; receipts go with the deliveries of a sealed edition"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# An edition that is open keeps its receipts.
SEALED = (
    "EXISTS (SELECT 1 FROM deliveries d JOIN editions e ON e.id = d.edition "
    "WHERE d.id = OLD.delivery AND e.sealed_at IS NOT NULL)"
)
# What a network said may name a reader who is to be forgotten: its words go, its facts stay.
FACTS = ("id", "delivery", "at", "token", "outcome", "retry_at", "by")
WIPED = "NEW.detail = 'erased'"
SAID = "receipts are append-only"


def upgrade() -> None:
    op.add_column("editions", sa.Column("sealed", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("editions", sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("editions", sa.Column("pruned_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "candidates",
        sa.Column("edition", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["edition"], ["editions.id"], name=op.f("fk_candidates_edition")),
        sa.PrimaryKeyConstraint("edition", "channel", name=op.f("pk_candidates")),
    )
    op.execute(  # nobody had counted until now
        "INSERT INTO candidates (edition, channel, number) "
        "SELECT edition, channel, count(*) FROM deliveries GROUP BY edition, channel"
    )
    op.add_column("subscribers", sa.Column("address_hash", sa.String(), nullable=True))
    op.create_index(op.f("ix_subscribers_address_hash"), "subscribers", ["address_hash"], unique=False)
    op.create_table(
        "barred",
        sa.Column("address_hash", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("address_hash", name=op.f("pk_barred")),
    )
    _guard_receipts()


def _guard_receipts() -> None:
    if op.get_bind().dialect.name == "sqlite":
        same = " AND ".join(f'NEW."{name}" IS OLD."{name}"' for name in FACTS)
        op.execute("DROP TRIGGER receipts_update")
        op.execute("DROP TRIGGER receipts_delete")
        op.execute(
            f"CREATE TRIGGER receipts_update BEFORE UPDATE ON receipts WHEN NOT ({WIPED} AND {same}) "
            f"BEGIN SELECT RAISE(ABORT, '{SAID}'); END"
        )
        op.execute(
            f"CREATE TRIGGER receipts_delete BEFORE DELETE ON receipts WHEN NOT {SEALED} "
            f"BEGIN SELECT RAISE(ABORT, '{SAID}'); END"
        )
        return
    same = " AND ".join(f'NEW."{name}" IS NOT DISTINCT FROM OLD."{name}"' for name in FACTS)
    op.execute(
        "CREATE OR REPLACE FUNCTION receipts_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF TG_OP = 'UPDATE' AND {WIPED} AND {same} THEN RETURN NEW; END IF; "
        f"IF TG_OP = 'DELETE' AND {SEALED} THEN RETURN OLD; END IF; "
        f"RAISE EXCEPTION '{SAID}'; END $$"
    )
