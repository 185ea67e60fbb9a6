"""Compile, push, preview: from articles to editions, posts and deliveries, each in one commit."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from syndicator.composing import Marks
from syndicator.errors import Refused, TemplateError
from syndicator.model import Article, Edition, EditionId, EditionKind, Post, Story, Summary
from syndicator.storage import approvals, archive, brakes, holds, planning, retractions
from syndicator.storage.database import Connection, Database

from .digests import Digests
from .lateness import Lateness
from .nouns import URGENCY, Approval, Door, Newsletter, Planned, door_called, together

__all__ = ["Approval", "Desk", "Door", "Marks", "Newsletter", "Planned", "door_called", "together"]


class Order(NamedTuple):
    """A post of a push, before it is planned."""

    edition: Edition
    door: Door
    posts: Sequence[Post]
    carried: Mapping[str, int]  # how often the channel had each story before


NEVER: Mapping[str, int] = {}


class Desk:
    """The verbs of an editor, and of the timetable that acts in an editor's place.

    ``summarise`` and ``write`` are given: this room decides what goes out, not how it reads.
    """

    def __init__(
        self,
        database: Database,
        *,
        now: Callable[[], datetime],
        summarise: Callable[[Article, Door], Summary],
        write: Callable[[Edition, Door, Newsletter | None], Sequence[Post]],
        gate: Callable[[Connection, str, str], None] = lambda connection, edition, newsletter: None,
        edited: Callable[[Article, Door], tuple[Article, str]] = lambda article, door: (article, ""),
    ) -> None:
        """``gate`` is told, in the commit that plans it, of each edition of a newsletter; ``edited`` gives an editor's
        headline, and their words for a whole post."""
        self._database = database
        self._now = now
        self._summarise = summarise
        self._write = write
        self._gate = gate
        self._edited = edited
        self.lateness = Lateness(database, now=now, story=self.story, write=write)
        self.digests = Digests(database, now=now, story=self.story, write=write, gate=gate)

    def flashes(self, door: Door) -> Planned:
        """Plan every new story that the channel's flash rule lets through, oldest first."""
        if door.flash is None:
            return Planned()
        late = self.lateness.collapse(door)
        found = [article for article in self._unsent(door) if door.flash(article)]
        if len(found) > door.at_most and not self._allowed(door):
            return together([late, self._ask(door, len(found))])
        planned = [
            self._plan_one(EditionKind.FLASH, f"flash:{article.id}", article, door) for article in found
        ]
        return together([late, *planned])

    def flash_mails(self, newsletter: Newsletter) -> Planned:
        """Plan a mail of its own for each new story that the newsletter's flash rule lets through, oldest first."""
        door, flash = newsletter.door, newsletter.flash
        if flash is None:
            return Planned()
        found = [one for one in self._unsent(door, newsletter) if newsletter.keep(one) and flash(one)]
        if len(found) > door.at_most and not self._allowed(door):
            return self._ask(door, len(found))
        return together([self._flash_mail(one, newsletter) for one in found])

    def _flash_mail(self, article: Article, newsletter: Newsletter) -> Planned:
        door = newsletter.door
        edition = self._single(EditionKind.FLASH, f"flash:{article.id}:{newsletter.name}", article, door)
        title = newsletter.titles.get(edition.language, newsletter.name)
        try:
            (post,) = self._write(replace(edition, title=title), door, newsletter)
        except TemplateError as error:
            return Planned(faults=(f"{article.id} to {newsletter.name}: {error}",))
        due_at = door.quiet_until(edition.due_at, article)
        with self._database.write() as connection:
            planning.steady(connection)
            if self._moved_on(connection, article):
                return Planned()
            key = newsletter.name + archive.FLASH_MAIL
            had = planning.of_the_day(
                connection, newsletter.day_of(due_at), (EditionKind.FLASH,), newsletter.name
            )
            planning.add_edition(
                connection,
                edition,
                newsletter=newsletter.name,
                now=self._now(),
                by="timetable",
                headings={str(edition.language): {"title": title, "sections": {}}},
            )
            if not planning.claim(connection, [article.id], edition.id, channel=door.id, newsletter=key):
                return Planned()
            self._gate(connection, edition.id, newsletter.name)
            planning.add_posts(connection, [post])
            audience = planning.Audience(
                posts={edition.language: post.id},
                breaking=newsletter.breaking,
                cap=planning.Cap(had=had, at_most=newsletter.flashes),
            )
            topics = bool(newsletter.topics)
            groups = planning.groups(connection, newsletter.name, audience, due_at, topics=topics)
            others = {
                one: None
                for one in groups
                if one.topics and not newsletter.of_topics(edition.stories, one.topics.split(","))
            }
            deliveries = planning.add_readers(
                connection,
                edition.id,
                door.id,
                newsletter.name,
                replace(audience, variants=others),
                due_at=due_at,
                not_after=due_at + newsletter.lives,
                urgency=URGENCY[EditionKind.FLASH],
            )
            if newsletter.approval:
                approvals.ask(connection, edition.id, door.id, by="timetable", now=self._now())
        return Planned(editions=(edition.id,), deliveries=deliveries)

    def push(
        self,
        wanted: Sequence[str],
        doors: Sequence[Door],
        *,
        editor: str,
        again: bool = False,
        note: str = "",
        at: datetime | None = None,
        as_one: bool = False,
    ) -> Planned:
        """An editor's order: these stories to these channels, now or at a moment. All of it or nothing."""
        orders = self.preview(wanted, doors, again=again, at=at, as_one=as_one)
        return together([self._plan(*order[:3], again=order[3], by=editor, note=note) for order in orders])

    def preview(
        self,
        wanted: Sequence[str],
        doors: Sequence[Door],
        *,
        again: bool = False,
        at: datetime | None = None,
        as_one: bool = False,
    ) -> list[Order]:
        """What a push would send; ``as_one`` in one post a channel.

        Raises :exc:`Refused` for a story that is held or retracted, or that a channel has already unless ``again`` says
        so, and for a moment that has passed.
        """
        if at is not None and at <= self._now():
            raise Refused("{at:%Y-%m-%d %H:%M %Z} has passed; to push now, name no moment", at=at)
        with self._database.read() as connection:
            articles = [archive.article(connection, one) for one in wanted]
            _check(connection, [article.id for article in articles])
            times = {
                (article.id, door.id): planning.times_carried(connection, article.id, door.id)
                for article in articles
                for door in doors
            }
            for article_id, channel in times:
                if not again and planning.is_carried(connection, article_id, channel):
                    raise Refused(
                        "{channel} has {article} already; --again sends it once more",
                        channel=channel,
                        article=article_id,
                    )
        groups = [articles] if as_one else [[article] for article in articles]
        orders = []
        for group in groups:
            for door in doors:
                for article in group:
                    if article.language not in door.languages:
                        languages = ", ".join(door.languages)
                        raise Refused(
                            "{channel} speaks {languages}; {article} is in {language}",
                            channel=door.id,
                            languages=languages,
                            article=article.id,
                            language=article.language,
                        )
                carried = {str(article.id): times[article.id, door.id] for article in group}
                edition = self._pushed(group, carried, door, at or self._now())
                orders.append(Order(edition, door, self._write(edition, door, None), carried))
        return orders

    def _pushed(
        self, articles: Sequence[Article], carried: Mapping[str, int], door: Door, due_at: datetime
    ) -> Edition:
        languages = sorted({article.language for article in articles})
        if len(languages) > 1:
            raise Refused(
                "one post has one language; these stories are in {known}", known=" and ".join(languages)
            )
        names = [f"{article.id}:{article.revision}:{carried[article.id]}" for article in articles]
        told = names[0] if len(names) == 1 else hashlib.sha256("|".join(names).encode()).hexdigest()[:16]
        stories = tuple(self.story(article, door) for article in articles)
        return Edition(
            id=EditionId(f"push:{told}" if len(names) == 1 else f"push:together:{told}"),
            kind=EditionKind.PUSH,
            language=articles[0].language,
            due_at=due_at,
            stories=stories,
            title=stories[0].article.headline,
        )

    def worded(self, article: Article, door: Door, words: str) -> Sequence[Post]:
        """The story's posts on a channel in these words. Raises :exc:`Refused` where they do not fit."""
        edition = self._single(EditionKind.FLASH, f"flash:{article.id}", article, door)
        edition = replace(edition, stories=(replace(edition.stories[0], text=words),))
        try:
            return self._write(edition, door, None)
        except TemplateError as error:
            raise Refused(str(error)) from error

    def _unsent(self, door: Door, newsletter: Newsletter | None = None) -> list[Article]:
        now = self._now()
        with self._database.read() as connection:
            found = archive.unsent(
                connection,
                channel=door.id,
                newsletter=newsletter.name + archive.FLASH_MAIL if newsletter else "",
                languages=newsletter.languages if newsletter else door.languages,
                since=now - door.fresh_for,
                now=now,
            )
        return [article for article in found if door.keep(article)]

    def _allowed(self, door: Door) -> bool:
        """Whether an editor said that this many may go, once."""
        name = f"flood:{door.id}"
        with self._database.write() as connection:
            allowed = brakes.overridden(connection, name).get(name) == "allowed"
            if allowed:
                brakes.override(connection, name, "used", now=self._now(), by="desk")
        return allowed

    def _ask(self, door: Door, found: int) -> Planned:
        why = (
            f"{found} new stories at once, more than at_most = {door.at_most}: nothing was planned; "
            f"look at them, then `syndicator resume {door.id}` or push the ones you want"
        )
        with self._database.write() as connection:
            if door.id not in brakes.paused(connection):
                brakes.pause(connection, door.id, now=self._now(), by="desk", why=why)
                brakes.override(connection, f"flood:{door.id}", "asked", now=self._now(), by="desk")
        return Planned(faults=(f"{door.id}: {why}",))

    def _plan_one(self, kind: EditionKind, name: str, article: Article, door: Door) -> Planned:
        edition = self._single(kind, name, article, door)
        try:
            posts = self._write(edition, door, None)
        except TemplateError as error:
            return Planned(faults=(f"{article.id} to {door.id}: {error}",))
        return self._plan(edition, door, posts, by="timetable")

    def _plan(
        self,
        edition: Edition,
        door: Door,
        posts: Sequence[Post],
        *,
        again: Mapping[str, int] = NEVER,
        by: str,
        note: str = "",
    ) -> Planned:
        """``again`` is how often the channel had each story before."""
        due_at, pushed = edition.due_at, edition.kind is EditionKind.PUSH
        article = edition.stories[0].article
        if not pushed:
            due_at = door.quiet_until(due_at, article)
        breaking = edition.kind is EditionKind.FLASH and door.breaking(article)
        posts = [replace(post, silent=door.silent(due_at), breaking=breaking) for post in posts]
        with self._database.write() as connection:
            now, ids = self._now(), [story.article.id for story in edition.stories]
            if pushed:
                retractions.stay(connection, ids)
                _check(connection, ids)
            elif self._moved_on(connection, article):
                return Planned()
            new = planning.add_edition(connection, edition, newsletter=None, now=now, by=by, note=note)
            free = planning.claim_stories(connection, edition, channel=door.id, again=again)
            if not free:
                return Planned()
            if len(free) < len(ids):
                raise Refused(
                    "{channel} has {article} already; --again sends it once more",
                    channel=door.id,
                    article=min(set(ids) - free),
                )
            deliveries = planning.add_public(
                connection,
                posts,
                due_at=due_at,
                not_after=due_at + door.lives,
                urgency=URGENCY[edition.kind] - breaking,
            )
            if door.approval is Approval.EVERYTHING or (pushed and door.approval is Approval.PUSHES):
                approvals.ask(connection, edition.id, door.id, by=by, now=now)
            if pushed:
                when = f"for {due_at:%Y-%m-%d %H:%M} UTC" if due_at > now else ""
                why = "; ".join(filter(None, (when, note)))
                brakes.note(
                    connection, who=by, what="push", about=f"{edition.id} {door.id}", why=why, now=now
                )
        return Planned(editions=(edition.id,) if new else (), deliveries=deliveries)

    def _moved_on(self, connection: Connection, article: Article) -> bool:
        """Whether a story was held, taken back or revised since its flash was written; the next tick looks again."""
        retractions.stay(connection, [article.id])
        newest = archive.revisions_of(connection, [article.id]).get(article.id)
        return newest != article.revision or bool(holds.kept_back(connection, [article.id]))

    def _single(self, kind: EditionKind, name: str, article: Article, door: Door) -> Edition:
        story = self.story(article, door)
        return Edition(
            id=EditionId(name),
            kind=kind,
            language=article.language,
            due_at=self._now(),
            stories=(story,),
            title=story.article.headline,
        )

    def drafting(self, summarise: Callable[[Article, Door], Summary] | None, headline: str = "") -> Desk:
        """This desk, if that were said of stories. It is for looking: nothing that it shows is kept."""

        def edited(article: Article, door: Door) -> tuple[Article, str]:
            told, text = self._edited(article, door)
            return (replace(told, headline=headline) if headline else told), text

        more: dict[str, Any] = {"now": self._now, "write": self._write, "gate": self._gate, "edited": edited}
        return Desk(self._database, summarise=summarise or self._summarise, **more)

    def story(self, article: Article, door: Door) -> Story:
        """As it is told there, in an editor's words where there are any."""
        edited, text = self._edited(article, door)
        return Story(article=edited, summary=self._summarise(article, door), text=text)


def _check(connection: Connection, wanted: Sequence[str]) -> None:
    """Raises :exc:`Refused` for a story that is held or was taken back."""
    gone = holds.kept_back(connection, wanted)
    for article in sorted(retractions.moments(connection, sorted(gone))):
        raise Refused(retractions.RETRACTED, article=article)
    for article in sorted(gone):
        raise Refused("{article} is held; `syndicator lift {article}` lets it go", article=article)
