"""A reader's number is given once, also on SQLite; passes of programs that use the API.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
# Which numbers were given before and are free now, nobody knows: go on above all that can have been (numbers.py).
ONWARDS = """
INSERT INTO sqlite_sequence (name, seq)
SELECT 'subscribers', CAST((julianday('now') - julianday('2020-01-01')) * 86400000000 AS INTEGER)
WHERE EXISTS (SELECT 1 FROM subscribers) OR EXISTS (SELECT 1 FROM barred)
"""


def upgrade() -> None:
    op.create_table(
        "passes",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("scopes", sa.String(), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_passes")),
    )
    if op.get_bind().dialect.name == "sqlite":
        _rebuild(sqlite_autoincrement=True)
        op.execute("DELETE FROM sqlite_sequence WHERE name = 'subscribers'")
        op.execute(ONWARDS)


def downgrade() -> None:
    op.drop_table("passes")
    if op.get_bind().dialect.name == "sqlite":
        _rebuild(sqlite_autoincrement=False)


def _rebuild(*, sqlite_autoincrement: bool) -> None:
    """SQLite numbers a table so from its beginning or never. What leans on it steps aside meanwhile."""
    op.execute("CREATE TABLE aside AS SELECT * FROM subscriptions")
    op.execute("DELETE FROM subscriptions")
    kept = {"sqlite_autoincrement": sqlite_autoincrement}
    with op.batch_alter_table("subscribers", recreate="always", table_kwargs=kept):
        pass
    op.execute("INSERT INTO subscriptions SELECT * FROM aside")
    op.execute("DROP TABLE aside")
