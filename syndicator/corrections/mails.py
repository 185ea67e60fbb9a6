"""Channels where every reader has a mail of their own: what waits is written anew; who got an earlier revision can be
sent a mail with the correction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from syndicator.composing import EARLIER
from syndicator.errors import TemplateError
from syndicator.model import Article, Edition, EditionId, EditionKind, How, Language, Post, Story
from syndicator.revising import Extent, compare
from syndicator.services.desk import Door, Newsletter
from syndicator.services.desk.nouns import URGENCY
from syndicator.storage import approvals, archive, holds, planning
from syndicator.storage import corrections as ledger
from syndicator.storage.corrections import ASK, Carrier, Written
from syndicator.storage.database import Connection, Database

from .nouns import REWRITTEN, Case, Corrected, Policy, correction, of_revision, says_the_same

TOLD = frozenset({How.MAIL, How.VISIBLE, How.POST, How.REPLACE})  # what means that readers are to hear of it


class Mails:
    def __init__(
        self,
        database: Database,
        *,
        now: Callable[[], datetime],
        doors: Mapping[str, Door],
        policies: Mapping[str, Policy],
        newsletters: Mapping[str, Newsletter],
        story: Callable[[Article, Door], Story],
        write: Callable[[Edition, Door, Newsletter | None], Sequence[Post]],
        gate: Callable[[Connection, str, str], None],
    ) -> None:
        self._database = database
        self._now = now
        self._doors = doors
        self._policies = policies
        self._newsletters = newsletters
        self._story = story
        self._write = write
        self._gate = gate

    def correct(self, case: Case) -> Corrected:
        """Raises :exc:`TemplateError`."""
        carrier = case.carrier
        with self._database.read() as connection:
            written = ledger.mailed(connection, *carrier)
            article = archive.article(connection, carrier.article)
        if article.revision != carrier.revision:
            return Corrected()
        found = self._anew([one for one in written if one.waiting], carrier)
        if any(one.on_their_way for one in written) or found.faults:
            return found  # the next look sees what became of them
        had = [one for one in written if one.sent and one.newsletter in self._newsletters]
        if had and case.word is None and self._held(carrier):
            return found  # it is decided when the story is let go
        extent = self._extent(article, had)
        tell = bool(had) and (case.how or self._policies[carrier.channel].of(extent)) in TOLD
        if tell and case.word:
            return found + self._mail(case, article, extent, had)
        how = ASK if tell else How.NONE if had else REWRITTEN
        with self._database.write() as connection:
            decision = case.decide(connection, extent, how, now=self._now())
        return found + Corrected(asked=(decision,) if decision and tell else ())

    def _held(self, carrier: Carrier) -> bool:
        with self._database.read() as connection:
            return bool(holds.held(connection, [carrier.article]))

    def _extent(self, article: Article, had: Sequence[Written]) -> Extent:
        if not had:
            return Extent.SAME
        with self._database.read() as connection:
            was = archive.article(connection, article.id, min(one.post.articles[article.id] for one in had))
        return compare(was, article).extent

    def anew(self, carriers: Sequence[Carrier], edition: str | None = None) -> Corrected:
        """What waits with these stories on a channel, of one edition or all, in the words of now."""
        waiting: dict[str, tuple[Written, Carrier]] = {}
        with self._database.read() as connection:
            for carrier in carriers:
                later = carrier._replace(revision=carrier.revision + 1)
                for one in ledger.mailed(connection, *later):
                    if one.waiting and edition in (None, one.post.edition):
                        waiting[one.post.id] = one, carrier
        found = Corrected()
        for one, carrier in waiting.values():
            found += self._anew([one], carrier)
        return found

    def _anew(self, waiting: Sequence[Written], carrier: Carrier) -> Corrected:
        """Posts of mails that wait, with every story as it is now. One that cannot be written stops no other."""
        found = Corrected()
        for one in waiting:
            try:
                new = self._written_anew(one, carrier)
            except TemplateError as error:
                found += Corrected(faults=(f"{one.post.id}: {error}",))
                continue
            if says_the_same(new, one.post):
                continue
            with self._database.write() as connection:
                if one.newsletter and one.kind is EditionKind.DIGEST:
                    self._gate(connection, one.post.edition, one.newsletter)  # it is looked at again
                found += Corrected(rewritten=ledger.re_point(connection, one.post.id, new))
                why, now = "it was written anew", self._now()
                approvals.changed(connection, one.post.edition, carrier.channel, why=why, now=now)
        return found

    def _written_anew(self, one: Written, carrier: Carrier) -> Post:
        newsletter, door = self._newsletters.get(one.newsletter), self._doors[carrier.channel]
        with self._database.read() as connection:
            articles = [archive.article(connection, name) for name in one.post.articles]
            places = ledger.under(connection, one.post.edition)
        language, whole = Language(one.post.language), one.kind in {EditionKind.DIGEST, EditionKind.FLASH}
        stories = tuple(
            replace(self._story(article, door), under=places.get(article.id, EARLIER)) for article in articles
        )
        edition = Edition(
            id=one.post.edition,
            kind=one.kind,
            language=language,
            due_at=one.due_at,
            stories=stories,
            title=newsletter.titles.get(language, newsletter.name)
            if newsletter and whole
            else stories[0].article.headline,
            headings=newsletter.headings(language) if newsletter else {},
            correction="" if one.kind is EditionKind.CORRECTION else None,
            subject=one.words["subject"],
            preheader=one.words["preheader"],
        )
        (post,) = self._write(edition, door, newsletter)
        return of_revision(replace(post, id=one.post.id, variant=one.post.variant), carrier.revision)

    def _mail(self, case: Case, article: Article, extent: Extent, had: Sequence[Written]) -> Corrected:
        """To those who got an earlier revision, and to nobody else: a letter for each newsletter that brought it."""
        door, now = self._doors[case.carrier.channel], self._now()
        told = correction(case.carrier, (self._story(article, door),), now, case.note)
        letters = []
        for name in dict.fromkeys(one.newsletter for one in had):
            edition = replace(told, id=EditionId(f"{told.id}:{name}"))
            (post,) = self._write(edition, door, self._newsletters[name])
            letters.append((edition, name, post, [one.post.id for one in had if one.newsletter == name]))
        first = letters[0][0].id
        with self._database.write() as connection:
            planning.steady(connection)
            if not case.decide(connection, extent, How.MAIL, edition=first, now=now):
                return Corrected()
            for edition, name, post, ids in letters:
                planning.add_edition(
                    connection, edition, newsletter=name, now=now, by=case.by, note=case.note
                )
                ledger.add_readers(
                    connection,
                    post,
                    name,
                    ids,
                    due_at=now,
                    not_after=now + self._newsletters[name].lives,
                    urgency=URGENCY[EditionKind.CORRECTION],
                )
                if self._newsletters[name].approval:
                    approvals.ask(connection, edition.id, door.id, by=case.by, now=now)
        return Corrected(editions=tuple(edition.id for edition, *_ in letters))
