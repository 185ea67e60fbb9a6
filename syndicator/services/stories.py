"""A story's own life: its revisions and what each changed, its embargo, its siblings in other languages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from syndicator.errors import Refused
from syndicator.model import Article
from syndicator.storage import archive, brakes, siblings
from syndicator.storage.archive import Revision
from syndicator.storage.database import Connection, Database
from syndicator.storage.siblings import Sibling


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    article: Article
    waits_until: datetime | None  # under an embargo
    revisions: Sequence[Revision]
    siblings: Sequence[Sibling]


class Stories:
    def __init__(self, database: Database, *, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    def life(self, wanted: str) -> Life:
        """Raises :exc:`NotFound`."""
        with self._database.read() as connection:
            article = archive.article(connection, wanted)
            return Life(
                article=article,
                waits_until=archive.embargoes(connection, [article.id], self._now()).get(article.id),
                revisions=archive.history(connection, article.id),
                siblings=siblings.siblings_of(connection, article.id),
            )

    def embargo(self, wanted: str, until: datetime, *, by: str) -> Article:
        """No channel carries the story by itself before; an editor's word stands whatever its source says later.

        Raises :exc:`NotFound`, and :exc:`Refused` for a moment that has passed.
        """
        if until <= self._now():
            raise Refused(
                "{until:%Y-%m-%d %H:%M} UTC has passed; name a moment ahead, or lift the embargo with --lift",
                until=until,
            )
        return self._set(wanted, until, "embargo", f"until {until:%Y-%m-%d %H:%M} UTC", by)

    def lift(self, wanted: str, *, by: str) -> Article:
        """The story may go out from now on, as if it had just come in. Raises :exc:`NotFound`, :exc:`Refused`."""
        with self._database.read() as connection:
            article = archive.article(connection, wanted)
            if not archive.embargoes(connection, [article.id], self._now()):
                raise Refused("{article} is under no embargo", article=article.id)
        return self._set(article.id, self._now(), "lift", "", by)

    def _set(self, wanted: str, until: datetime, what: str, why: str, by: str) -> Article:
        with self._database.write() as connection:
            article = archive.article(connection, wanted)
            archive.set_embargo(connection, article.id, until, by=by)
            brakes.note(connection, who=by, what=what, about=article.id, why=why, now=self._now())
        return article

    def link(self, one: str, other: str, *, by: str) -> tuple[Article, Article]:
        """These are one story in two languages. Raises :exc:`NotFound`, :exc:`Refused`."""
        with self._database.write() as connection:
            pair = archive.article(connection, one), archive.article(connection, other)
            if pair[0].language == pair[1].language:
                raise Refused(
                    "{one} and {other} are both in {language!r}: no siblings",
                    one=pair[0].id,
                    other=pair[1].id,
                    language=pair[0].language,
                )
            siblings.link(connection, *pair, now=self._now(), by=by)
            self._note(connection, "link", pair, by)
        return pair

    def unlink(self, one: str, other: str, *, by: str) -> tuple[Article, Article]:
        """They are not. Raises :exc:`NotFound`, also where nobody said that they are."""
        with self._database.write() as connection:
            pair = archive.article(connection, one), archive.article(connection, other)
            if not siblings.unlink(connection, pair[0].id, pair[1].id):
                raise Refused(
                    "nobody says that {one} and {other} are one story", one=pair[0].id, other=pair[1].id
                )
            self._note(connection, "unlink", pair, by)
        return pair

    def _note(self, connection: Connection, what: str, pair: tuple[Article, Article], by: str) -> None:
        brakes.note(connection, who=by, what=what, about=pair[0].id, why=f"and {pair[1].id}", now=self._now())
