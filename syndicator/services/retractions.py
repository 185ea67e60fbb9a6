"""Taking a story back: nothing carries it any more, what still waits with it is held, and the archive says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from syndicator.model import Article
from syndicator.storage import archive, retractions
from syndicator.storage.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Retracted:
    article: Article
    held: tuple[str, ...] = ()  # editions that carry it and still waited: they are paused
    spared: int = 0  # deliveries that were to take it away, and do not any more


class Retractions:
    def __init__(self, database: Database, *, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    def retract(self, wanted: str, *, by: str, why: str) -> Retracted:
        """Raises :exc:`NotFound`. Retracting twice is retracting once; what is out stays where it is."""
        with self._database.write() as connection:
            article = archive.article(connection, wanted)
            held = retractions.take_back(connection, article.id, now=self._now(), by=by, why=why)
        return Retracted(article=article, held=tuple(held))

    def readmit(self, wanted: str, *, by: str) -> Retracted:
        """The story stands again, and what has not been taken away yet stays. What was held stays held.

        Raises :exc:`NotFound`.
        """
        with self._database.write() as connection:
            article = archive.article(connection, wanted)
            spared = retractions.readmit(connection, article.id, now=self._now(), by=by)
        return Retracted(article=article, spared=spared)
