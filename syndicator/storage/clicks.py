"""How often stories were opened. Nobody stands here."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, and_, func, select

from syndicator.errors import NotFound

from .schema import articles, edition_stories, editions
from .schema import clicks as counted
from .statements import dialect


def url_of(connection: Connection, article: str) -> str:
    """Where a story stands now. Raises :exc:`NotFound`."""
    url: str | None = connection.execute(select(articles.c.url).where(articles.c.id == article)).scalar()
    if url is None or not url.startswith(("http://", "https://")):
        raise NotFound("this story is no longer on record")
    return url


def begun(connection: Connection, edition: str, story: str) -> tuple[datetime, int] | None:
    """When an edition was due, and how many stories it has in the story's language; None where there is none."""
    language = select(articles.c.language).where(articles.c.id == story).scalar_subquery()
    stories = (
        select(func.count())
        .select_from(edition_stories)
        .join(articles, articles.c.id == edition_stories.c.article)
        .where(edition_stories.c.edition == edition, articles.c.language == language)
    )
    query = select(editions.c.due_at, stories.scalar_subquery()).where(editions.c.id == edition)
    found = connection.execute(query).one_or_none()
    return (found[0], found[1]) if found else None


def add(connection: Connection, edition: str, story: str, *, people: int, machines: int) -> None:
    values = {"edition": edition, "story": story, "people": people, "machines": machines}
    statement = dialect(connection).insert(counted).values(values)
    more = {"people": counted.c.people + people, "machines": counted.c.machines + machines}
    connection.execute(statement.on_conflict_do_update(index_elements=["edition", "story"], set_=more))


def counts(connection: Connection, edition: str) -> list[dict[str, object]]:
    """By story, in the edition's order; the mail itself first, where it was counted. Raises :exc:`NotFound`."""
    if begun(connection, edition, "") is None:
        raise NotFound("no edition is called {name!r}; `syndicator status` lists the latest", name=edition)
    mine = and_(counted.c.edition == edition_stories.c.edition, counted.c.story == edition_stories.c.article)
    people, machines = func.coalesce(counted.c.people, 0), func.coalesce(counted.c.machines, 0)
    query = (
        select(articles.c.id, articles.c.headline, people.label("people"), machines.label("machines"))
        .select_from(edition_stories)
        .join(articles, articles.c.id == edition_stories.c.article)
        .outerjoin(counted, mine)
        .where(edition_stories.c.edition == edition)
        .order_by(edition_stories.c.position)
    )
    itself = select(counted.c.people, counted.c.machines).where(
        counted.c.edition == edition, counted.c.story == ""
    )
    mail = [
        {"id": "", "headline": "the mail itself", "people": row.people, "machines": row.machines}
        for row in connection.execute(itself)
    ]
    return mail + [dict(row._mapping) for row in connection.execute(query)]
