"""Compile, push, preview: from articles to editions, posts and deliveries, each in one commit."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta, tzinfo

from syndicator.errors import NotFound, Refused, TemplateError
from syndicator.model import (
    Article,
    ChannelId,
    Edition,
    EditionId,
    EditionKind,
    Frequency,
    Language,
    Post,
    Story,
    Summary,
)
from syndicator.storage import archive, brakes, planning
from syndicator.storage.database import Connection, Database

URGENCY = {EditionKind.FLASH: 0, EditionKind.CORRECTION: 0, EditionKind.PUSH: 1, EditionKind.DIGEST: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """A channel as the desk sees it."""

    id: ChannelId
    languages: tuple[Language, ...]
    flash: Callable[[Article], bool] | None = None  # which stories go out by themselves; None: none do
    keep: Callable[[Article], bool] = lambda article: True  # the newsroom's filters
    quiet_until: Callable[[datetime, Article], datetime] = lambda now, article: (
        now
    )  # end of the quiet hours, or now
    at_most: int = 10  # stories one tick may send here before it stops and asks
    fresh_for: timedelta = timedelta(hours=24)  # a story first seen longer ago is no flash any more
    lives: timedelta = timedelta(hours=12)  # after this a post is stale and expires


@dataclass(frozen=True, slots=True, kw_only=True)
class Newsletter:
    """What readers subscribe to, as the desk sees it."""

    name: str
    door: Door
    languages: tuple[Language, ...]
    titles: Mapping[str, str]  # by language
    choose: Callable[[Sequence[Article]], Sequence[Article]]  # which of the new ones, in which order
    minimum: int = 1  # fewer stories than this in a language: that language waits
    lives: timedelta = timedelta(hours=12)
    fresh_for: timedelta = timedelta(days=2)
    topics: Mapping[str, Callable[[Article], bool]] = field(default_factory=dict)  # what readers may choose
    zone: tzinfo = UTC  # where a day begins

    def of_topics(self, stories: Sequence[Story], chosen: Collection[str]) -> tuple[Story, ...]:
        """The stories of these topics, and of none."""

        chosen = set(chosen) & set(self.topics) or set(self.topics)  # topics may be taken away

        def wanted(article: Article) -> bool:
            about = {name for name, has in self.topics.items() if has(article)}
            return not about or bool(about & chosen)

        return tuple(story for story in stories if wanted(story.article))

    def had_enough_since(self, slot: datetime) -> dict[Frequency, datetime]:
        """Who had an edition since the beginning of this day, or of the six days before it, too, waits."""
        day = slot.astimezone(self.zone).date()
        return {
            frequency: datetime.combine(day - timedelta(days=days), time(), self.zone).astimezone(UTC)
            for frequency, days in ((Frequency.DAILY, 0), (Frequency.WEEKLY, 6))
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What a tick or an order brought."""

    editions: tuple[EditionId, ...] = ()
    deliveries: int = 0
    faults: tuple[str, ...] = ()


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
    ) -> None:
        """``gate`` is told, in the commit that plans it, of each edition of a newsletter."""
        self._database = database
        self._now = now
        self._summarise = summarise
        self._write = write
        self._gate = gate

    def flashes(self, door: Door) -> Planned:
        """Plan every new story that the channel's flash rule lets through, oldest first."""
        if door.flash is None:
            return Planned()
        found = [article for article in self._unsent(door) if door.flash(article)]
        if len(found) > door.at_most and not self._allowed(door):
            return self._ask(door, len(found))
        planned = [
            self._plan_one(EditionKind.FLASH, f"flash:{article.id}", article, door) for article in found
        ]
        return together(planned)

    def digest(self, newsletter: Newsletter, slot: datetime) -> Planned:
        """Plan one edition of a newsletter for its slot; a slot is planned once, whoever asks."""
        name = EditionId(f"digest:{newsletter.name}:{slot.isoformat()}")
        with self._database.read() as connection:
            if planning.slot_fired(connection, newsletter.name, slot):
                return Planned()
        door = newsletter.door
        chosen = newsletter.choose(self._unsent(door, newsletter))
        editions, faults = self._in_languages(name, newsletter, chosen, slot)
        narrowed = self._narrowed([edition for edition, _ in editions], newsletter, faults)
        with self._database.write() as connection:
            planning.steady(connection)
            whole = _whole(name, editions, slot)
            outcome = "planned" if editions else "thin"
            if not planning.fire_slot(
                connection,
                newsletter.name,
                slot,
                now=self._now(),
                edition=name if editions else None,
                outcome=outcome,
            ):
                return Planned()
            if not editions:
                return Planned(faults=tuple(faults))
            planning.add_edition(
                connection, whole, newsletter=newsletter.name, now=self._now(), by="timetable"
            )
            self._gate(connection, name, newsletter.name)
            planning.claim_stories(connection, whole, channel=door.id, newsletter=newsletter.name)
            posts = {edition.language: post for edition, post in editions}
            planning.add_posts(connection, [*posts.values(), *filter(None, narrowed.values())])
            deliveries = planning.add_readers(
                connection,
                name,
                door.id,
                newsletter.name,
                planning.Audience(
                    posts={language: post.id for language, post in posts.items()},
                    narrowed={choice: post.id if post else None for choice, post in narrowed.items()},
                    since=newsletter.had_enough_since(slot),
                ),
                due_at=slot,
                not_after=slot + newsletter.lives,
                urgency=URGENCY[EditionKind.DIGEST],
            )
        return Planned(editions=(name,), deliveries=deliveries, faults=tuple(faults))

    def preview_digest(self, newsletter: Newsletter) -> tuple[list[tuple[Edition, Post]], list[str]]:
        """What the newsletter would carry if it went out now, by language, and what could not be written."""
        now = self._now()
        name = EditionId(f"digest:{newsletter.name}:{now.isoformat()}")
        chosen = newsletter.choose(self._unsent(newsletter.door, newsletter))
        return self._in_languages(name, newsletter, chosen, now)

    def _in_languages(
        self, name: EditionId, newsletter: Newsletter, chosen: Sequence[Article], slot: datetime
    ) -> tuple[list[tuple[Edition, Post]], list[str]]:
        """The edition as each language has it, with its post; a language that is too thin waits."""
        made, faults = [], []
        for language in newsletter.languages:
            articles = [article for article in chosen if article.language == language]
            if len(articles) < max(1, newsletter.minimum):
                continue
            edition = Edition(
                id=name,
                kind=EditionKind.DIGEST,
                language=language,
                due_at=slot,
                stories=tuple(self._story(article, newsletter.door) for article in articles),
                title=newsletter.titles.get(language, newsletter.name),
            )
            try:
                (post,) = self._write(edition, newsletter.door, newsletter)
            except TemplateError as error:
                faults.append(f"{name} in {language}: {error}")
            else:
                made.append((edition, post))
        return made, faults

    def _narrowed(
        self, editions: Sequence[Edition], newsletter: Newsletter, faults: list[str]
    ) -> dict[tuple[str, str], Post | None]:
        """For each choice of topics that leaves stories out: the post with the others, None where none is left.

        Choices that leave the same stories share a post. A story of no topic is for everybody. Where a post cannot be
        written with fewer stories its readers get all of them, and the fault is told.
        """
        if not newsletter.topics:
            return {}
        with self._database.read() as connection:
            chosen = planning.choices(connection, newsletter.name)
        found: dict[tuple[str, str], Post | None] = {}
        for edition in editions:
            written: dict[tuple[Story, ...], Post | None] = {(): None}
            for topics in (topics for language, topics in chosen if language == edition.language):
                stories = newsletter.of_topics(edition.stories, topics.split(","))
                if len(stories) == len(edition.stories):
                    continue
                try:
                    if stories not in written:
                        (post,) = self._write(replace(edition, stories=stories), newsletter.door, newsletter)
                        variant = f"{edition.language}+{topics}"
                        written[stories] = replace(post, id=f"{post.id}+{topics}", variant=variant)
                except TemplateError as error:
                    faults.append(f"{edition.id} in {edition.language}, of {topics}: {error}")
                else:
                    found[edition.language, topics] = written[stories]
        return found

    def push(
        self,
        wanted: Sequence[str],
        doors: Sequence[Door],
        *,
        editor: str,
        again: bool = False,
        note: str = "",
    ) -> Planned:
        """An editor's order: these stories to these channels, now. All of it or nothing."""
        planned = []
        for order in self.preview(wanted, doors, again=again):
            edition, door, posts, times = order
            planned.append(self._plan(edition, door, posts, again=times, by=editor, note=note))
        return together(planned)

    def preview(
        self, wanted: Sequence[str], doors: Sequence[Door], *, again: bool = False
    ) -> list[tuple[Edition, Door, Sequence[Post], int]]:
        """What a push would send: edition, channel, posts, and how often the channel had the story before.

        Raises :exc:`Refused` for a story that a channel has already, unless ``again`` says so.
        """
        with self._database.read() as connection:
            articles = [archive.article(connection, one) for one in wanted]
            times = {
                (article.id, door.id): planning.times_carried(connection, article.id, door.id)
                for article in articles
                for door in doors
            }
        for (article_id, channel), carried in times.items():
            if carried and not again:
                raise Refused(f"{channel} has {article_id} already; --again sends it once more")
        orders = []
        for article in articles:
            for door in doors:
                if article.language not in door.languages:
                    languages = ", ".join(door.languages)
                    raise Refused(f"{door.id} speaks {languages}; {article.id} is in {article.language}")
                carried = times[article.id, door.id]
                name = f"push:{article.id}:{article.revision}:{carried}"
                edition = self._single(EditionKind.PUSH, name, article, door)
                orders.append((edition, door, self._write(edition, door, None), carried))
        return orders

    def _unsent(self, door: Door, newsletter: Newsletter | None = None) -> list[Article]:
        now = self._now()
        with self._database.read() as connection:
            found = archive.unsent(
                connection,
                channel=door.id,
                newsletter=newsletter.name if newsletter else "",
                languages=newsletter.languages if newsletter else door.languages,
                since=now - (newsletter.fresh_for if newsletter else door.fresh_for),
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
        return self._plan(edition, door, posts, again=0, by="timetable")

    def _plan(
        self, edition: Edition, door: Door, posts: Sequence[Post], *, again: int, by: str, note: str = ""
    ) -> Planned:
        due_at = edition.due_at
        if edition.kind is not EditionKind.PUSH:
            due_at = door.quiet_until(due_at, edition.stories[0].article)
        with self._database.write() as connection:
            now = self._now()
            new = planning.add_edition(connection, edition, newsletter=None, now=now, by=by, note=note)
            free = planning.claim_stories(connection, edition, channel=door.id, again=again)
            if not free:
                return Planned()
            planning.add_posts(connection, posts)
            deliveries = sum(
                planning.add_delivery(
                    connection,
                    post,
                    due_at=due_at,
                    not_after=due_at + door.lives,
                    urgency=URGENCY[edition.kind],
                )
                for post in posts
            )
            if edition.kind is EditionKind.PUSH:
                brakes.note(
                    connection, who=by, what="push", about=f"{edition.id} {door.id}", why=note, now=now
                )
        return Planned(editions=(edition.id,) if new else (), deliveries=deliveries)

    def _single(self, kind: EditionKind, name: str, article: Article, door: Door) -> Edition:
        return Edition(
            id=EditionId(name),
            kind=kind,
            language=article.language,
            due_at=self._now(),
            stories=(self._story(article, door),),
            title=article.headline,
        )

    def _story(self, article: Article, door: Door) -> Story:
        return Story(article=article, summary=self._summarise(article, door))


def _whole(name: EditionId, editions: Sequence[tuple[Edition, Post]], slot: datetime) -> Edition:
    """The edition of all its languages, as it is written down."""
    stories = tuple(story for edition, _ in editions for story in edition.stories)
    language = Language("mul") if len(editions) != 1 else editions[0][0].language  # ISO 639-2: multiple
    title = editions[0][0].title if editions else ""
    return Edition(
        id=name, kind=EditionKind.DIGEST, language=language, due_at=slot, stories=stories, title=title
    )


def together(planned: Sequence[Planned]) -> Planned:
    """Several plans as one."""
    return Planned(
        editions=tuple(name for one in planned for name in one.editions),
        deliveries=sum(one.deliveries for one in planned),
        faults=tuple(fault for one in planned for fault in one.faults),
    )


def door_called(doors: Mapping[str, Door], name: str) -> Door:
    """Raises :exc:`NotFound` naming the channels there are."""
    if name not in doors:
        raise NotFound(f"no channel is called {name!r}; there are: {', '.join(sorted(doors))}")
    return doors[name]
