"""Which story it is: by its id, its address, its text, or a text that is nearly the same. Any of them is enough."""

from __future__ import annotations

import hashlib
import re
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import Connection, select

from syndicator.model import Article, ArticleId
from syndicator.text.likeness import likeness, shingles
from syndicator.text.words import words

from .schema import article_names, articles, revisions
from .statements import dialect

NEARLY = 0.85  # of the shorter text stands in the longer one
_WORDS_NEARLY = 0.6  # of its words; less is not nearly the same text
RECENT = timedelta(days=3)  # beyond it a text that comes again is a new one
COMPARED = 200  # the newest stories of a source
_TOLD = 12  # words; a shorter text ("Details follow.") may be anybody's, and counts with its headline
_STRANGE = 0.05  # of a text that an id was used for before
_HOST = re.compile(r"^[a-z][a-z0-9+.-]*://(?:www\.)?")


class Kind(StrEnum):
    ID = "id"
    ADDRESS = "url"
    TEXT = "text"


def name(kind: Kind, *told: str) -> str:
    return f"{kind}:{hashlib.sha256(chr(0).join(told).encode()).hexdigest()[:32]}"


def address(url: str) -> str:
    """Of an address without what does not tell stories apart: http or https, www., a slash at the end."""
    return name(Kind.ADDRESS, _HOST.sub("", url).rstrip("/"))


def names_of(article: Article) -> dict[Kind, str]:
    """What the story can be known by, the surest first."""
    found = {Kind.ID: name(Kind.ID, article.id), Kind.ADDRESS: address(article.url)}
    if article.fingerprint:
        short = len(words(" ".join(article.body))) < _TOLD
        title = [" ".join(words(article.headline))] if short else []
        found[Kind.TEXT] = name(Kind.TEXT, article.language, article.fingerprint, *title)
    return found


def known_as(connection: Connection, names: Iterable[str]) -> dict[str, ArticleId]:
    """The stories that have these names."""
    query = select(article_names.c.name, article_names.c.article).where(article_names.c.name.in_(list(names)))
    return {row.name: ArticleId(row.article) for row in connection.execute(query)}


def ids_of(connection: Connection, wanted: Sequence[ArticleId], source: str) -> list[ArticleId]:
    """The source's own stories that these ids are, or were taken for."""
    found = known_as(connection, [name(Kind.ID, one) for one in wanted]).values()
    query = select(articles.c.id).where(articles.c.id.in_(set(found)), articles.c.source == source)
    return sorted(ArticleId(one) for one in connection.execute(query).scalars())


def remember(connection: Connection, names: Iterable[str], article: ArticleId) -> None:
    """A name that is another story's already stays with it."""
    rows = [{"name": one, "article": article} for one in names]
    statement = dialect(connection).insert(article_names).on_conflict_do_nothing(index_elements=["name"])
    connection.execute(statement, rows)


def used_again(before: Article, article: Article) -> bool:
    """Whether the publisher gave an old story's id to another one: other address, other headline, other text."""
    if address(before.url) == address(article.url):
        return False
    old, new = shingles(before.body), shingles(article.body)
    titles = set(words(before.headline)), set(words(article.headline))
    if min(len(old), len(new)) < 2 * _TOLD or 2 * len(titles[0] & titles[1]) >= len(titles[0] | titles[1]):
        return False
    return len(old & new) < _STRANGE * min(len(old), len(new))


def id_of_another(article: Article) -> ArticleId:
    """An id for a story whose own is another story's."""
    told = f"{article.id}\0{address(article.url)}"
    return ArticleId(hashlib.sha256(told.encode()).hexdigest()[:16])


class _Text(NamedTuple):
    article: ArticleId
    body: Sequence[str]
    vocabulary: frozenset[str]


@dataclass(slots=True)
class Neighbours:
    """The newest stories of one source, read once for all that come with one look."""

    source: str
    now: datetime
    _texts: dict[str, deque[_Text]] = field(default_factory=dict)

    def nearest(self, connection: Connection, article: Article) -> ArticleId | None:
        """The story whose text this one nearly is, in the same language."""
        if article.language not in self._texts:
            self._texts[article.language] = self._read(connection, article.language)
        own = _text(article.id, article.body)
        close = [other for other in self._texts[article.language] if _may_be(own, other)]
        told = shingles(article.body) if close else frozenset()
        return next((one.article for one in close if likeness(shingles(one.body), told) >= NEARLY), None)

    def add(self, article: Article) -> None:
        if article.language in self._texts:
            self._texts[article.language].appendleft(_text(article.id, article.body))

    def _read(self, connection: Connection, language: str) -> deque[_Text]:
        query = (
            select(articles.c.id, revisions.c.content)
            .join(
                revisions,
                (articles.c.id == revisions.c.article) & (articles.c.revision == revisions.c.revision),
            )
            .where(articles.c.source == self.source, articles.c.language == language)
            .where(articles.c.seen_at >= self.now - RECENT)
            .order_by(articles.c.seen_at.desc())
            .limit(COMPARED)
        )
        found = (_text(ArticleId(row.id), row.content["body"]) for row in connection.execute(query))
        return deque(found, COMPARED)


def _text(article: ArticleId, body: Sequence[str]) -> _Text:
    return _Text(article, body, frozenset(" ".join(body).split()))


def _may_be(one: _Text, other: _Text) -> bool:
    """Whether it is worth comparing them: most words of the one are in the other, in whatever order."""
    shorter = min(len(one.vocabulary), len(other.vocabulary))
    return len(one.vocabulary & other.vocabulary) >= _WORDS_NEARLY * shorter
