"""The same story in other languages: as pages and editors say, and as it is guessed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select

from syndicator.kinship import WINDOW, resemblance
from syndicator.model import Article, ArticleId

from . import identity
from .archive import newest_of
from .content import ARTICLE
from .identity import Kind, name
from .schema import article_names, articles, revisions, siblings
from .statements import dialect

COMPARED = 100  # the newest stories of other languages


@dataclass(frozen=True, slots=True, kw_only=True)
class Sibling:
    article: ArticleId
    language: str
    headline: str
    url: str
    guessed: bool
    why: str


def note(connection: Connection, article: Article, now: datetime, *, guess: bool) -> None:
    """What the story's page says of its versions; with ``guess``, whom it resembles, too."""
    said = [
        _row(article.id, identity.address(url), language, now, why=f"its page says so: {url}")
        for language, url in article.versions
        if identity.address(url) != identity.address(article.url)
    ]
    _write(connection, said + (_guesses(connection, article, now) if guess else []))


def link(connection: Connection, one: Article, other: Article, *, now: datetime, by: str) -> None:
    row = _row(one.id, name(Kind.ID, other.id), other.language, now, why=f"{by} said so")
    unlink(connection, one.id, other.id)
    _write(connection, [row])


def unlink(connection: Connection, one: ArticleId, other: ArticleId) -> int:
    """Forget every word that these two are one story; returns how many there were."""
    gone = 0
    for article, sibling in ((one, other), (other, one)):
        names = select(article_names.c.name).where(article_names.c.article == sibling)
        ours = (siblings.c.article == article) & siblings.c.name.in_(names)
        gone += connection.execute(delete(siblings).where(ours)).rowcount
    return gone


def siblings_of(connection: Connection, wanted: ArticleId) -> list[Sibling]:
    """One in each language: what was said before what was guessed, then the newest word. Either may have said it."""
    found: dict[str, Sibling] = {}
    told = _words(connection, wanted)
    own = newest_of(connection, wanted).language if told else ""
    for other, guessed, why in told:
        story = newest_of(connection, other)
        if story.language != own and (story.language not in found or found[story.language].guessed > guessed):
            found[story.language] = Sibling(
                article=other,
                language=story.language,
                headline=story.headline,
                url=story.url,
                guessed=guessed,
                why=why,
            )
    return [found[language] for language in sorted(found)]


def _words(connection: Connection, wanted: ArticleId) -> list[tuple[ArticleId, bool, str]]:
    known = siblings.join(article_names, article_names.c.name == siblings.c.name)
    told = (siblings.c.guessed, siblings.c.why, siblings.c.seen_at)
    ours = select(article_names.c.article.label("other"), *told).select_from(known)
    theirs = select(siblings.c.article.label("other"), *told).select_from(known)
    rows = [
        *connection.execute(ours.where(siblings.c.article == wanted)),
        *connection.execute(theirs.where(article_names.c.article == wanted)),
    ]
    rows.sort(key=lambda row: (row.guessed, -row.seen_at.timestamp()))
    return [(ArticleId(row.other), row.guessed, row.why) for row in rows if row.other != wanted]


def _guesses(connection: Connection, article: Article, now: datetime) -> list[dict[str, object]]:
    if not article.image:
        return []
    recent = (
        select(revisions.c.content)
        .join(
            articles, (articles.c.id == revisions.c.article) & (articles.c.revision == revisions.c.revision)
        )
        .where(articles.c.language != article.language, articles.c.published_at >= now - WINDOW)
        .order_by(articles.c.published_at.desc())
        .limit(COMPARED)
    )
    others = [ARTICLE.validate_python(row.content) for row in connection.execute(recent)]
    return [
        _row(article.id, name(Kind.ID, other.id), other.language, now, why=why, guessed=True)
        for other in others
        if (why := resemblance(article, other))
    ]


def _row(
    article: ArticleId, other: str, language: str, now: datetime, *, why: str, guessed: bool = False
) -> dict[str, object]:
    return {
        "article": article,
        "name": other,
        "language": language,
        "guessed": guessed,
        "why": why,
        "seen_at": now,
    }


def _write(connection: Connection, rows: Sequence[dict[str, object]]) -> None:
    if rows:
        statement = dialect(connection).insert(siblings)
        connection.execute(
            statement.on_conflict_do_nothing(index_elements=["article", "name"]),
            list({str(row["name"]): row for row in rows}.values()),
        )
