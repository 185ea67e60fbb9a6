"""Holding a story: an editor is not sure of it, and nothing carries it until they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from syndicator.errors import Refused
from syndicator.model import Article
from syndicator.storage import archive, brakes, holds
from syndicator.storage.database import Connection, Database
from syndicator.storage.holds import Hold


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    article: Article
    since: datetime
    by: str
    why: str
    editions: tuple[str, ...] = ()  # that carry it and are paused for it


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifted:
    article: Article
    freed: tuple[str, ...] = ()  # editions that go on
    kept: tuple[str, ...] = ()  # that stay paused, for another of their stories
    waits_until: datetime | None = None  # under an embargo


class Holds:
    def __init__(self, database: Database, *, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    def hold(self, wanted: str, *, why: str, by: str) -> Held:
        """Nothing new carries the story, and editions that wait with it are paused. Twice is once: what waits by then
        is paused, too. Raises :exc:`NotFound`."""
        with self._database.write() as connection:
            article = archive.article(connection, wanted)
            holds.hold(connection, article.id, now=self._now(), by=by, why=why)
            told = holds.of_article(connection, article.id)
            assert told is not None  # noqa: S101 - it was written a line ago
            return _held(connection, told)

    def lift(self, wanted: str, *, by: str) -> Lifted:
        """The story is held no more, or, where nobody holds it, its embargo is over: it may go out from now on as if it
        had just come in, and what was paused for it goes on. Raises :exc:`NotFound`, :exc:`Refused`."""
        with self._database.write() as connection:
            article, now = archive.article(connection, wanted), self._now()
            told = holds.of_article(connection, article.id)
            until = archive.embargoes(connection, [article.id], now).get(article.id)
            if told is None and until is None:
                raise Refused("{article} is neither held nor under an embargo", article=article.id)
            if told is None:
                archive.set_embargo(connection, article.id, now, by=by)
                brakes.note(connection, who=by, what="lift", about=article.id, why="an embargo", now=now)
                return Lifted(article=article)
            freed, kept = holds.lift(connection, told, now=now, by=by)
            archive.see_now(connection, article.id, now, by=by)
        return Lifted(article=article, freed=tuple(freed), kept=tuple(kept), waits_until=until)

    def standing(self) -> list[Held]:
        """What is held, since longest first."""
        with self._database.read() as connection:
            return [_held(connection, one) for one in holds.standing(connection)]


def _held(connection: Connection, told: Hold) -> Held:
    article = archive.article(connection, told.article)
    return Held(article=article, since=told.since, by=told.by, why=told.why, editions=told.paused)
