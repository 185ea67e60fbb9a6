"""Names of stories, what a revision changed, embargoes, siblings in other languages.

Revision ID: 0014
Revises: 0013
"""

import hashlib
import re
from datetime import timedelta

import sqlalchemy as sa
from alembic import op

from syndicator.storage.schema import Moment

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

BATCH = 1000
AHEAD = timedelta(minutes=10)
HOST = re.compile(r"^[a-z][a-z0-9+.-]*://(?:www\.)?")


def upgrade() -> None:
    op.add_column("articles", sa.Column("opens_at", Moment))
    op.add_column("articles", sa.Column("opens_by", sa.String()))
    op.add_column("revisions", sa.Column("change", sa.JSON()))
    op.create_table(
        "article_names",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("article", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["article"], ["articles.id"], name=op.f("fk_article_names_article")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_article_names")),
    )
    op.create_index(op.f("ix_article_names_article"), "article_names", ["article"])
    op.create_table(
        "siblings",
        sa.Column("article", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("guessed", sa.Boolean(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("seen_at", Moment, nullable=False),
        sa.ForeignKeyConstraint(["article"], ["articles.id"], name=op.f("fk_siblings_article")),
        sa.PrimaryKeyConstraint("article", "name", name=op.f("pk_siblings")),
    )
    op.create_index(op.f("ix_siblings_name"), "siblings", ["name"])
    _name_what_is_known(op.get_bind())


def _name_what_is_known(connection: sa.Connection) -> None:
    """Each story by its id, its address and its text, the oldest first: a name that is taken stays where it is."""
    found: dict[str, str] = {}
    query = sa.text("SELECT id, url, language, fingerprint FROM articles ORDER BY seen_at, id")
    for article, url, language, fingerprint in connection.execute(query):
        for name in (
            _name("id", article),
            _name("url", HOST.sub("", url).rstrip("/")),
            _name("text", language, fingerprint),
        ):
            found.setdefault(name, article)
    rows = [{"name": name, "article": article} for name, article in found.items()]
    names = sa.table("article_names", sa.column("name"), sa.column("article"))
    for start in range(0, len(rows), BATCH):
        connection.execute(sa.insert(names), rows[start : start + BATCH])
    _keep_what_waits(connection)


def _name(kind: str, *told: str) -> str:
    return f"{kind}:{hashlib.sha256(chr(0).join(told).encode()).hexdigest()[:32]}"


def _keep_what_waits(connection: sa.Connection) -> None:
    """A date ahead of the day on which a story came in was an embargo."""
    moments = ("published_at", "seen_at", "opens_at")
    articles = sa.table("articles", sa.column("id"), *(sa.column(name, Moment) for name in moments))
    told = sa.select(articles.c.id, articles.c.published_at, articles.c.seen_at)
    for row in connection.execute(told.where(articles.c.published_at > articles.c.seen_at)).all():
        if row.published_at > row.seen_at + AHEAD:
            moved = sa.update(articles).where(articles.c.id == row.id).values(opens_at=row.published_at)
            connection.execute(moved)


def downgrade() -> None:
    op.drop_table("siblings")
    op.drop_table("article_names")
    op.drop_column("revisions", "change")
    op.drop_column("articles", "opens_by")
    op.drop_column("articles", "opens_at")
