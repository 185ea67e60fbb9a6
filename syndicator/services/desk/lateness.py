"""Flashes that wait for too long go out together: nobody wants forty of them at once, hours later."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import groupby

from syndicator.errors import TemplateError
from syndicator.model import Article, Edition, EditionId, EditionKind, Language, Post, Story
from syndicator.storage import approvals, archive, backlog, brakes, holds, planning
from syndicator.storage.backlog import Waiting
from syndicator.storage.database import Database

from .nouns import URGENCY, Approval, Door, Planned, together

FEWEST = 3  # flashes that are put together; fewer go one by one
MOST = 10  # stories in one post


class _MovedOn(Exception):
    """Another worker has sent one of them meanwhile, or it is held or was taken back."""


class Lateness:
    def __init__(
        self,
        database: Database,
        *,
        now: Callable[[], datetime],
        story: Callable[[Article, Door], Story],
        write: Callable[[Edition, Door, None], Sequence[Post]],
    ) -> None:
        self._database = database
        self._now = now
        self._story = story
        self._write = write

    def collapse(self, door: Door) -> Planned:
        """One post, by language, of flashes that wait longer than the channel lets them; while it is paused nothing."""
        if door.collapse is None:
            return Planned()
        with self._database.read() as connection:
            if {door.id, "everything"} & brakes.paused(connection):
                return Planned()
            asked = approvals.shut(connection, door.id)  # these wait for somebody, and are not late
            late = backlog.since(connection, door.id, self._now() - door.collapse)
            waiting = [one for one in late if one.edition not in asked]
            gone = holds.kept_back(connection, [one.article for one in waiting])
        left = sorted((one for one in waiting if one.article not in gone), key=lambda one: one.language)
        found = [[*group] for _, group in groupby(left, key=lambda one: one.language)]
        return together(
            [
                self._together(door, group[start : start + MOST])
                for group in found
                for start in range(0, len(group), MOST)
                if len(group) - start >= FEWEST
            ]
        )

    def _together(self, door: Door, waiting: Sequence[Waiting]) -> Planned:
        now = self._now()
        with self._database.read() as connection:
            articles = [archive.article(connection, one.article) for one in waiting]
        edition = Edition(
            id=EditionId(f"push:late:{door.id}:{waiting[0].article}"),
            kind=EditionKind.PUSH,
            language=Language(waiting[0].language),
            due_at=now,
            stories=tuple(self._story(article, door) for article in articles),
            title=articles[0].headline,
        )
        try:
            posts = self._write(edition, door, None)
            return self._planned(door, edition, posts, {one.edition for one in waiting})
        except TemplateError as error:
            return Planned(faults=(f"{len(waiting)} late stories to {door.id}: {error}",))
        except _MovedOn:
            return Planned()

    def _planned(self, door: Door, edition: Edition, posts: Sequence[Post], instead_of: set[str]) -> Planned:
        now = self._now()
        with self._database.write() as connection:
            if holds.kept_back(connection, [story.article.id for story in edition.stories]):
                raise _MovedOn
            reason = f"late: {edition.id}"
            if backlog.give_up(connection, door.id, instead_of, reason, now) != instead_of:
                raise _MovedOn
            planning.add_edition(connection, edition, newsletter=None, now=now, by="lateness")
            deliveries = planning.add_public(
                connection, posts, due_at=now, not_after=now + door.lives, urgency=URGENCY[EditionKind.FLASH]
            )
            if door.approval is Approval.EVERYTHING:
                approvals.ask(connection, edition.id, door.id, by="lateness", now=now)
        return Planned(editions=(edition.id,), deliveries=deliveries)
