"""Reading what came in and what became of it. Nothing here changes anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from syndicator.errors import Refused
from syndicator.model import Article, Post
from syndicator.storage import archive, board, brakes, identity, ledger, retractions
from syndicator.storage.board import Placed
from syndicator.storage.database import Database
from syndicator.storage.ledger import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    articles: Sequence[Article]
    next: str | None  # what to go on after


class Ledger:
    def __init__(self, database: Database, *, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    def articles(
        self, *, language: str | None = None, after: str | None = None, limit: int = 20, words: str = ""
    ) -> Page:
        """The newest first; with ``words`` those that have all of them in their headline, or an id that begins with the
        only one.

        Raises :exc:`Refused` for an ``after`` that no page gave.
        """
        with self._database.read() as connection:
            place = _place(after) if after else None
            found = archive.newest(connection, limit + 1, language, place, words.split())
        shown = found[:limit]
        more = len(found) > limit
        return Page(
            articles=shown,
            next=f"{shown[-1].published_at.isoformat()}~{shown[-1].id}" if more else None,
        )

    def story(self, wanted: str) -> Article:
        """By its id or how it begins. Raises :exc:`NotFound`."""
        with self._database.read() as connection:
            return archive.article(connection, wanted)

    def article(self, wanted: str) -> tuple[Article, list[dict[str, object]]]:
        """A story, and where it went: channel, state, number of deliveries. Raises :exc:`NotFound`."""
        with self._database.read() as connection:
            found = archive.article(connection, wanted)
            return found, ledger.of_article(connection, found.id)

    def linked(self, links: Sequence[str]) -> str | None:
        """The id of the story that one of these links leads to, whatever marks it carries."""
        bare = [one for link in links for one in (link, link.partition("?")[0])]
        names = [identity.address(link) for link in bare]
        with self._database.read() as connection:
            known = identity.known_as(connection, names)
        return next((known[name] for name in names if name in known), None)

    def deliveries(self, **wanted: Any) -> list[dict[str, object]]:
        """As :func:`syndicator.storage.ledger.listed` takes it."""
        with self._database.read() as connection:
            return ledger.listed(connection, **wanted)

    def refused(self, since: datetime) -> list[dict[str, Any]]:
        """What a channel's followers did not get since then, for good: edition, channel, number, reason."""
        with self._database.read() as connection:
            return ledger.refused(connection, since)

    def history(self, delivery: int) -> list[dict[str, object]]:
        """Every receipt of a delivery, oldest first. Raises :exc:`NotFound`."""
        with self._database.read() as connection:
            ledger.channel_of(connection, delivery)
            return ledger.history(connection, delivery)

    def channel_of(self, delivery: int) -> str:
        """Raises :exc:`NotFound`."""
        with self._database.read() as connection:
            return ledger.channel_of(connection, delivery)

    def retracted(self, article: str) -> datetime | None:
        """Since when the story is taken back."""
        with self._database.read() as connection:
            return retractions.moments(connection, [article]).get(article)

    def reports(self, wanted: Sequence[str], latest: int) -> list[Report]:
        """Of these editions, or of the latest. Raises :exc:`NotFound`."""
        with self._database.read() as connection:
            names = wanted or ledger.latest(connection, latest)
            return [ledger.report(connection, name) for name in names]

    def stories_of(self, edition: str) -> list[Placed]:
        """What an edition is made of, from top to bottom."""
        with self._database.read() as connection:
            return board.placed(connection, edition)

    def posts_of(self, edition: str) -> list[Post]:
        """An edition's posts, by channel, language and variant."""
        with self._database.read() as connection:
            return board.posts_of(connection, edition)

    def post(self, name: str) -> Post:
        """Raises :exc:`NotFound`."""
        with self._database.read() as connection:
            return board.post(connection, name)

    def paused(self) -> list[str]:
        """Channels, editions, ``everything``."""
        with self._database.read() as connection:
            return sorted(brakes.paused(connection))

    def gates(self) -> dict[str, Mapping[str, Any]]:
        """The editions that wait before their gate, and what is known of each."""
        with self._database.read() as connection:
            return brakes.gates(connection)

    def standing(self) -> dict[str, Any]:
        """What is paused, what waits before its gate, and how the channels are."""
        with self._database.read() as connection:
            return {
                "paused": sorted(brakes.paused(connection)),
                "waiting": brakes.gates(connection),
                "channels": ledger.by_channel(connection),
                "health": ledger.health(connection, self._now()),
            }


def _place(after: str) -> tuple[datetime, str]:
    moment, _, article = after.partition("~")
    try:
        return datetime.fromisoformat(moment), article
    except ValueError as error:
        raise Refused("after: {after!r} is no page's `next`", after=after) from error
