"""Readers who come and go are counted by the day, and found by how their name or address begins.

Revision ID: 0022
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

NAMED = sa.text("name <> ''")

# What is known of the days before: when a reader came, and when they went. Who left may have come on another day
# than the one their row is of; the sums are right from here on.
PAST = """
INSERT INTO turnout (day, newsletter, language, what, number)
SELECT day, newsletter, language, what, count(*) FROM (
  SELECT {since} AS day, u.newsletter, s.language,
    CASE u.consent WHEN 'given' THEN 'added' WHEN 'asked' THEN 'asked' WHEN 'withdrawn' THEN 'left' ELSE 'suppressed' END AS what
  FROM subscriptions u JOIN subscribers s ON s.id = u.subscriber
  UNION ALL
  SELECT {came}, u.newsletter, s.language, 'added'
  FROM subscriptions u JOIN subscribers s ON s.id = u.subscriber WHERE u.consent IN ('withdrawn', 'suppressed')
) AS past GROUP BY day, newsletter, language, what
"""


def upgrade() -> None:
    op.create_table(
        "turnout",
        *(sa.Column(name, sa.String(), nullable=False) for name in ("day", "newsletter", "language", "what")),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "newsletter", "language", "what", name=op.f("pk_turnout")),
    )
    op.create_index(
        "ix_subscribers_name",
        "subscribers",
        ["name"],
        sqlite_where=NAMED,
        postgresql_where=NAMED,
        postgresql_ops={"name": "text_pattern_ops"},
    )
    sqlite = op.get_bind().dialect.name == "sqlite"
    if not sqlite:
        op.create_index(
            "ix_subscribers_beginning",
            "subscribers",
            ["address_key"],
            postgresql_ops={"address_key": "text_pattern_ops"},
        )
    day = "substr({}, 1, 10)" if sqlite else "to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD')"
    op.execute(PAST.format(since=day.format("u.since"), came=day.format("s.since")))


def downgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        op.drop_index("ix_subscribers_beginning", "subscribers")
    op.drop_index("ix_subscribers_name", "subscribers")
    op.drop_table("turnout")
