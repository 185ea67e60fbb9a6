"""Digests: one edition for each slot of a newsletter, made up, written and planned for its readers in one commit."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from syndicator.composing import EARLIER, Copy, Placed, compose, copies
from syndicator.errors import TemplateError
from syndicator.model import Article, ArticleId, Edition, EditionId, EditionKind, Language, Post, Story
from syndicator.storage import approvals, archive, brakes, compositions, holds, planning, timetables
from syndicator.storage.compositions import Composition, LeftOut
from syndicator.storage.database import Connection, Database
from syndicator.storage.planning import Group

from .nouns import URGENCY, Door, Newsletter, Planned
from .variants import Variants

LONG_AGO = datetime.min.replace(tzinfo=UTC)
TRIES = 5  # a story revised, or an order given, while the edition is written: it is written again
Made = Sequence[tuple[Edition, Post]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What an edition is made of, before it is written."""

    new: Sequence[Article]  # what an editor may choose from
    placed: Mapping[Language, Sequence[Placed]]
    dropped: Sequence[Article]  # by an editor
    copies: Sequence[Copy]
    composition: Composition
    flashed: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Of its stories, those that were sent at once: in which editions."""

    def left_out(self, languages: Collection[Language]) -> list[LeftOut]:
        """Which stories shall not come back in a later edition, and why; copies only of these languages."""
        said = [LeftOut(one.id, "dropped by an editor") for one in self.dropped]
        for copy in (one for one in self.copies if one.article.language in languages):
            said.append(LeftOut(copy.article.id, copy.why))
        return said


class Digests:
    def __init__(
        self,
        database: Database,
        *,
        now: Callable[[], datetime],
        story: Callable[[Article, Door], Story],
        write: Callable[[Edition, Door, Newsletter | None], Sequence[Post]],
        gate: Callable[[Connection, str, str], None],
    ) -> None:
        self._database = database
        self._now = now
        self._story = story
        self._write = write
        self._gate = gate

    def plan(
        self, newsletter: Newsletter, slot: datetime, *, released: bool = False, at: datetime | None = None
    ) -> Planned:
        """Plan one edition of a newsletter for its slot; a slot is planned once, whoever asks.

        ``released`` is a slot that was held: an editor lets it go now. ``at`` is when it is due, where an editor moved
        it; its key stays that of the slot.
        """
        for _ in range(TRIES):
            planned = self._plan(newsletter, slot, at=at or slot, released=released)
            if planned is not None:
                return planned
        return Planned(faults=(f"{newsletter.name}: its stories change faster than they can be written",))

    def _plan(
        self, newsletter: Newsletter, slot: datetime, *, at: datetime, released: bool
    ) -> Planned | None:
        """None where the world moved on meanwhile."""
        name = EditionId(f"digest:{newsletter.name}:{slot.isoformat()}")
        with self._database.read() as connection:
            if timetables.fired(connection, newsletter.name, slot) and not released:
                return Planned()
        due_at = self._due_at(newsletter, at, released=released)
        sheet = self.sheet(newsletter)
        editions, faults = self._in_languages(name, newsletter, sheet, due_at)
        audience = self._audience(newsletter, editions, sheet, at)
        with self._database.read() as connection:
            groups = self._groups(connection, newsletter, audience, due_at)
        put_off = self._put_off(newsletter, groups, at)
        variants = Variants(newsletter, self._write, put_off, sorted(sheet.flashed))
        chosen = variants.written(editions, groups)
        with self._database.write() as connection:
            planning.steady(connection)
            stories = [story for edition, _ in editions for story in edition.stories]
            if self._moved_on(connection, newsletter, sheet, [*stories, *variants.caught_up]) or _chosen(
                self._groups(connection, newsletter, audience, due_at)
            ) != _chosen(groups):
                return None
            if timetables.due_at(connection, newsletter.name, slot) != at and not released:
                return Planned()  # an editor has just moved it
            fired = timetables.release if released else timetables.fire
            edition, outcome = (name, "planned") if editions else (None, "thin")
            now = self._now()
            if not fired(connection, newsletter.name, slot, now=now, edition=edition, outcome=outcome):
                return Planned()
            if not editions:
                return Planned(faults=tuple(faults))
            self._keep(connection, newsletter, sheet, _whole(name, editions, due_at), _headings(editions))
            planning.add_caught_up(connection, name, [story.article.id for story in variants.caught_up])
            planning.add_posts(connection, [*(post for _, post in editions), *filter(None, chosen.values())])
            deliveries = planning.add_readers(
                connection,
                name,
                newsletter.door.id,
                newsletter.name,
                replace(
                    audience, variants={group: post.id if post else None for group, post in chosen.items()}
                ),
                due_at=due_at,
                not_after=due_at + newsletter.lives,
                urgency=URGENCY[EditionKind.DIGEST],
                elsewhere=self._elsewhere(newsletter, at, released=released),
                slot=at,
            )
            if newsletter.approval:
                asks = sheet.composition.by or "timetable"
                approvals.ask(connection, name, newsletter.door.id, by=asks, now=now)
        return Planned(editions=(name,), deliveries=deliveries, faults=(*faults, *variants.faults))

    def _due_at(self, newsletter: Newsletter, slot: datetime, *, released: bool) -> datetime:
        """The slot itself, though it is planned a little late, or now, if it begins before it to be done in time; the
        end of the quiet hours that lie there."""
        begun = slot if newsletter.elsewhere else min(slot, self._now())
        now = max(begun, self._now())
        end = newsletter.quiet_until(now)
        return end if released or end > now else begun

    def _elsewhere(
        self, newsletter: Newsletter, slot: datetime, *, released: bool
    ) -> dict[str, tuple[datetime, datetime]]:
        """By zone: from when on, and until when, the edition may go to who lives there."""
        earliest = self._now() if released else LONG_AGO
        dues = {zone: due(slot, earliest) for zone, due in newsletter.elsewhere.items()}
        return {zone: (due_at, due_at + newsletter.lives) for zone, due_at in dues.items()}

    def _audience(
        self, newsletter: Newsletter, editions: Made, sheet: Sheet, slot: datetime
    ) -> planning.Audience:
        cap = None
        if newsletter.mails_a_day:
            with self._database.read() as connection:
                kinds = (EditionKind.DIGEST, EditionKind.FLASH)
                had = planning.of_the_day(connection, newsletter.day_of(slot), kinds)
            cap = planning.Cap(had=had, at_most=newsletter.mails_a_day)
        return planning.Audience(
            posts={edition.language: post.id for edition, post in editions},
            since=newsletter.had_enough_since(slot),
            cap=cap,
            flashed=[
                [(edition, newsletter.door.id) for edition in sheet.flashed[one]]
                for one in sorted(sheet.flashed)
            ],
            catch_up=bool(newsletter.catch_up),
        )

    def _groups(
        self, connection: Connection, newsletter: Newsletter, audience: planning.Audience, due_at: datetime
    ) -> dict[Group, int]:
        """Readers that are not as everybody, as this transaction sees them."""
        topics = bool(newsletter.topics)
        return planning.groups(connection, newsletter.name, audience, due_at, topics=topics)

    def _put_off(
        self, newsletter: Newsletter, groups: Collection[Group], slot: datetime
    ) -> dict[str, list[Story]]:
        """By the first edition that was put off: the stories since then, those of the newest edition first."""
        with self._database.read() as connection:
            found = {
                first: archive.put_off(connection, newsletter.name, first, slot)
                for first in {group.missed for group in groups if group.missed}
            }
        return {
            first: [replace(self._story(one, newsletter.door), under=EARLIER) for one in articles]
            for first, articles in found.items()
        }

    def preview(self, newsletter: Newsletter) -> tuple[list[tuple[Edition, Post]], list[str]]:
        """What the newsletter would carry if it went out now, by language, and what could not be written."""
        now = self._now()
        name = EditionId(f"digest:{newsletter.name}:{now.isoformat()}")
        return self._in_languages(name, newsletter, self.sheet(newsletter), now)

    def _keep(
        self,
        connection: Connection,
        newsletter: Newsletter,
        sheet: Sheet,
        whole: Edition,
        headings: Mapping[str, Mapping[str, object]],
    ) -> None:
        """Write down what the edition is made of, and what was left out of it."""
        now, channel = self._now(), newsletter.door.id
        planning.add_edition(
            connection, whole, newsletter=newsletter.name, now=now, by="timetable", headings=headings
        )
        self._gate(connection, whole.id, newsletter.name)
        left_out = sheet.left_out({story.article.language for story in whole.stories})
        carried = [story.article.id for story in whole.stories]
        gone = [*carried, *(one.article for one in left_out)]
        planning.claim(connection, gone, whole.id, channel=channel, newsletter=newsletter.name)
        compositions.leave_out(connection, whole.id, left_out)
        if compositions.use(connection, sheet.composition, newsletter.name, now=now):
            brakes.note(
                connection,
                who=sheet.composition.by,
                what="composed",
                about=whole.id,
                why=sheet.composition.told,
                now=now,
            )

    def sheet(self, newsletter: Newsletter) -> Sheet:
        """The stories that are new, in their places; none that was carried, dropped or says the same again."""
        now, door = self._now(), newsletter.door
        since = now - newsletter.fresh_for
        with self._database.read() as connection:
            composition = compositions.standing(connection, newsletter.name, newsletter.name)
            found = self._candidates(connection, newsletter, since)
            found += self._added(connection, newsletter, composition, {one.id for one in found})
            ids = [one.id for one in found]
            pushed = archive.pushed(connection, ids, newsletter.pushed_on)
            flashed = archive.flashed(connection, ids, door.id) if newsletter.skip_pushed else {}
            carried = archive.carried(connection, door.id, newsletter.name, since) if newsletter.alike else []
        marks = composition.marks
        wanted = {*marks.wanted}
        found = [one for one in found if door.keep(one)]
        dropped = [one for one in found if one.id in marks.drop]
        stories = [
            one
            for one in found
            if one not in dropped and (one.id in wanted or (newsletter.keep(one) and one.id not in pushed))
        ]
        same = copies(stories, carried, newsletter.alike, newsletter.layout, marks)
        twice = {copy.article.id for copy in same}
        placed = {
            language: compose(
                [one for one in stories if one.language == language and one.id not in twice],
                newsletter.layout,
                marks,
            )
            for language in newsletter.languages
        }
        in_it = {one.article.id for part in placed.values() for one in part}
        return Sheet(
            new=found,
            placed=placed,
            flashed={one: editions for one, editions in flashed.items() if one in in_it},
            dropped=dropped,
            copies=same,
            composition=composition,
        )

    def _added(
        self, connection: Connection, newsletter: Newsletter, told: Composition, known: Collection[str]
    ) -> list[Article]:
        """What an editor wants in it besides: older, or of no interest to the rules."""
        ids = [one for one in told.marks.add if one not in known]
        return [
            archive.newest_of(connection, ArticleId(one))
            for one in ids
            if self._may(connection, newsletter, one)
        ]

    def _may(self, connection: Connection, newsletter: Newsletter, article: str) -> bool:
        """Whether nothing but the newsletter's rules keeps a story out of it."""
        gone = archive.keys_of(connection, newsletter.door.id, newsletter.name, [article])
        kept = holds.kept_back(connection, [article]) or archive.embargoes(connection, [article], self._now())
        return not (gone or kept)

    def may_add(self, newsletter: Newsletter, article: Article) -> bool:
        """Whether an editor may put it into the next edition."""
        with self._database.read() as connection:
            free = self._may(connection, newsletter, article.id)
        return free and article.language in newsletter.languages and newsletter.door.keep(article)

    def _candidates(self, connection: Connection, newsletter: Newsletter, since: datetime) -> list[Article]:
        """What is new, or was in other newsletters' editions, and was not in this newsletter's."""
        if newsletter.best_of is None:
            return archive.unsent(
                connection,
                channel=newsletter.door.id,
                newsletter=newsletter.name,
                languages=newsletter.languages,
                since=since,
                now=self._now(),
            )
        since = self._now() - newsletter.best_of
        found = archive.best(connection, newsletter.best_from, since, leads=newsletter.leads)
        gone = archive.keys_of(connection, newsletter.door.id, newsletter.name, [one.id for one in found])
        return [one for one in found if one.language in newsletter.languages and one.id not in gone]

    def _in_languages(
        self, name: EditionId, newsletter: Newsletter, sheet: Sheet, due_at: datetime
    ) -> tuple[list[tuple[Edition, Post]], list[str]]:
        """The edition as each language has it, with its post; a language that is too thin waits."""
        made, faults = [], []
        for language, placed in sheet.placed.items():
            if len(placed) < max(1, newsletter.minimum):
                continue
            edition = Edition(
                id=name,
                kind=EditionKind.DIGEST,
                language=language,
                due_at=due_at,
                stories=tuple(
                    replace(self._story(one.article, newsletter.door), under=one.under) for one in placed
                ),
                title=newsletter.titles.get(language, newsletter.name),
                headings=newsletter.headings(language),
                subject=sheet.composition.marks.subject.get(language, ""),
                preheader=sheet.composition.marks.preheader.get(language, ""),
            )
            try:
                (post,) = self._write(edition, newsletter.door, newsletter)
            except TemplateError as error:
                faults.append(f"{name} in {language}: {error}")
            else:
                made.append((edition, post))
        return made, faults

    def _moved_on(
        self, connection: Connection, newsletter: Newsletter, sheet: Sheet, stories: Sequence[Story]
    ) -> bool:
        """Whether a story was revised, held or taken back, or an editor gave another order, since it was written."""
        written = {story.article.id: story.article.revision for story in stories}
        if archive.revisions_of(connection, [*written]) != written or holds.kept_back(connection, [*written]):
            return True
        return compositions.standing(connection, newsletter.name, newsletter.name) != sheet.composition


def _chosen(groups: Collection[Group]) -> set[Group]:
    """What readers chose and missed. Flashes may be on their way meanwhile: who got one just now has it twice."""
    return {group._replace(had="") for group in groups if group.topics or group.missed}


def _headings(editions: Made) -> dict[str, dict[str, object]]:
    """As they are sent, by language: the newsroom may change its mind later."""
    return {
        str(edition.language): {
            "title": edition.title,
            "sections": dict(edition.headings),
            "subject": edition.subject,
            "preheader": edition.preheader,
        }
        for edition, _ in editions
    }


def _whole(name: EditionId, editions: Made, due_at: datetime) -> Edition:
    """The edition of all its languages, as it is written down."""
    stories = tuple(story for edition, _ in editions for story in edition.stories)
    language = Language("mul") if len(editions) != 1 else editions[0][0].language  # ISO 639-2: multiple
    title = editions[0][0].title if editions else ""
    return Edition(
        id=name, kind=EditionKind.DIGEST, language=language, due_at=due_at, stories=stories, title=title
    )
