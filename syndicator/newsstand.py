"""The newsroom's newsletters: what each is, when it is due, and what an editor says of its next edition."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from . import config, editing
from .composing import Layout, Marks, Section
from .errors import NotFound, Refused, TemplateError
from .letters import NewsletterTable
from .model import BLANK_END, BLANK_START, Article, ChannelId, Edition, Limits, Post
from .services.desk import Approval, Desk, Door, Newsletter, Planned
from .settings import Settings
from .storage import archive, brakes, compositions, planning, timetables
from .storage.compositions import Composition
from .storage.database import Database
from .text.measure import UNITS
from .text.telegram import shown

Slots = Callable[[str, datetime, datetime], list[datetime]]  # of a timetable: those in (after, until]
AHEAD = timedelta(hours=26)  # between the first place on earth and the last
LONG_AGO = timedelta(days=7)  # a slot missed by more is no news to anybody


@dataclass(frozen=True, slots=True)
class Held:
    """A slot that was missed by too much to be sent without a person's word."""

    newsletter: str
    slot: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlined:
    """A story in the next edition, or left out of it."""

    language: str
    under: str  # its section; empty where it is left out
    article: str
    headline: str
    why: str = ""  # it is left out


class Newsstand:
    """``slots`` is the engine's, ``wake`` tells a channel that something waits for it; ``begins`` says when an edition
    is to begin so that it is done in time."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        desk: Desk,
        doors: Mapping[str, Door],
        *,
        now: Callable[[], datetime],
        slots: Slots,
        begins: Callable[[str, datetime], datetime] = lambda newsletter, slot: slot,
        wake: Callable[[str], None],
    ) -> None:
        self._settings = settings
        self._database = database
        self._desk = desk
        self._now = now
        self._slots = slots
        self._begins = begins
        self._wake = wake
        self.newsletters = {
            name: newsletter(settings, name, doors[told.channel])
            for name, told in settings.newsletters.items()
        }

    def called(self, name: str) -> Newsletter:
        """Raises :exc:`NotFound`."""
        if name not in self.newsletters:
            raise NotFound(f"no newsletter is called {name!r}; {config.closest(name, self.newsletters)}")
        return self.newsletters[name]

    def compile(self, at_once: Collection[str] = ()) -> list[Planned]:
        """Plan every digest that is due; newsletters named ``at_once`` do not wait for their slot."""
        planned = [self._desk.flash_mails(told) for told in self.newsletters.values()]
        for name, told in self.newsletters.items():
            slot = self._now() if name in at_once else self._due(name)
            if slot and name not in at_once and self._now() - slot > self._settings.newsletters[name].late:
                planned.append(self._hold(name, slot))
            elif slot:
                planned.append(
                    self._desk.digests.plan(replace(told, elsewhere={}) if name in at_once else told, slot)
                )
        return planned

    def shown(self, name: str) -> list[dict[str, object]]:
        """What a newsletter would carry if it went out now. Raises :exc:`TemplateError`, :exc:`NotFound`."""
        made, faults = self.preview(name)
        if faults:
            raise TemplateError("\n".join(faults))
        return [
            {
                "language": post.language,
                "stories": len(edition.stories),
                "subject": post.subject,
                "text": without_blanks(post.text),
                "html": without_blanks(post.html or ""),
            }
            for edition, post in made
        ]

    def preview(self, name: str) -> tuple[list[tuple[Edition, Post]], list[str]]:
        """Its posts by language as they would be now, and what could not be written. Raises :exc:`NotFound`."""
        return self._desk.digests.preview(self.called(name))

    # Slots that were missed

    def held(self) -> list[Held]:
        """Slots that wait for a person."""
        with self._database.read() as connection:
            found = timetables.held(connection)
        return [Held(name, slot) for name, slot in sorted(found.items()) if name in self.newsletters]

    def release(self, name: str, *, by: str) -> Planned:
        """Let the held edition go, with the stories of now. Raises :exc:`NotFound`, :exc:`Refused`."""
        newsletter, slot = self.called(name), self._held_slot(name)
        planned = self._desk.digests.plan(newsletter, slot, released=True)
        with self._database.write() as connection:
            about = f"{name} {slot:%Y-%m-%d %H:%M} UTC"
            brakes.note(connection, who=by, what="release", about=about, why="", now=self._now())
        self._wake(newsletter.door.id)
        return planned

    def drop(self, name: str, *, by: str, why: str) -> None:
        """The held edition shall not go out. Raises :exc:`NotFound`, :exc:`Refused`."""
        self.called(name)
        slot, now = self._held_slot(name), self._now()
        with self._database.write() as connection:
            timetables.release(connection, name, slot, now=now, edition=None, outcome="dropped")
            about = f"{name} {slot:%Y-%m-%d %H:%M} UTC"
            brakes.note(connection, who=by, what="drop", about=about, why=why, now=now)

    def _held_slot(self, name: str) -> datetime:
        for one in self.held():
            if one.newsletter == name:
                return one.slot
        raise Refused(f"no edition of {name} is held; `syndicator status` lists those that are")

    def _hold(self, name: str, slot: datetime) -> Planned:
        now, late = self._now(), self._settings.newsletters[name].late
        with self._database.write() as connection:
            timetables.fire(connection, name, slot, now=now, edition=None, outcome=timetables.HELD)
            why = f"missed by more than {late}"
            brakes.note(connection, who="timetable", what="hold", about=f"{name} {slot}", why=why, now=now)
        return Planned(faults=(f"{name}: the edition of {slot:%Y-%m-%d %H:%M} UTC was {why} and is held",))

    def _due(self, name: str) -> datetime | None:
        """The newest slot whose time has come and that was not fired. A newsletter that is new begins now."""
        now, told = self._now(), self._settings.newsletters[name]
        with self._database.read() as connection:
            newest, begun = timetables.newest(connection, name), timetables.begun_at(connection, name)
        if newest is None:
            with self._database.write() as connection:
                timetables.fire(connection, name, now, now=now, edition=None, outcome=timetables.BEGUN)
            return None
        for back in (told.lives, LONG_AGO):
            coming = self._slots(told.timetable, max(newest, now - back), now + _ahead(told))
            for slot in reversed(coming):
                if (begun or now - LONG_AGO) < self._comes(name, slot) <= now:
                    return slot
        return None

    def _comes(self, name: str, slot: datetime) -> datetime:
        """When the edition of a slot is to be planned: before it, where the hour of some readers comes first, or where
        it would not be done in time."""
        newsletter, now = self.newsletters[name], self._now()
        if slot - now > AHEAD:
            return slot
        begins = min(slot, newsletter.quiet_until(self._begins(name, slot)))
        first = {zone: due(slot, now - LONG_AGO) for zone, due in newsletter.elsewhere.items()}
        with self._database.read() as connection:
            for zone, due_at in sorted(first.items(), key=lambda pair: pair[1]):
                if due_at < begins and due_at <= now and planning.lived_in(connection, name, zone):
                    return due_at
        return begins

    # The next edition

    def compose(
        self, name: str, *, lead: Sequence[str], drop: Sequence[str], order: Sequence[str], by: str
    ) -> Composition:
        """Fix lead, order or absence of stories for the next edition, in place of what was fixed before; nothing of
        all that takes it back. Raises :exc:`NotFound`, :exc:`Refused`."""
        new = {article.id for article in self._desk.digests.sheet(self.called(name)).new}
        with self._database.write() as connection:
            found = {one: archive.article(connection, one) for one in (*lead, *drop, *order)}
            for article in found.values():
                if article.id not in new:
                    raise Refused(
                        f"{article.id} is not among the new stories of {name}: it was carried, is too old, "
                        "or is in another language"
                    )
            ids = {one: article.id for one, article in found.items()}
            marks = Marks(
                lead=tuple(ids[one] for one in lead),
                drop=tuple(ids[one] for one in drop),
                order=tuple(ids[one] for one in order),
            )
            if both := set(marks.drop) & {*marks.lead, *marks.order}:
                raise Refused(f"{min(both)} cannot be dropped and have a place")
            return compositions.fix(connection, name, marks, by=by, now=self._now())

    def outline(self, name: str) -> list[Outlined]:
        """The next edition as it would be now, from top to bottom, and what it leaves out."""
        told: list[Outlined] = []
        sheet = self._desk.digests.sheet(self.called(name))
        for placed in sheet.placed.values():
            told += [_outlined(one.article, one.under) for one in placed]
        told += [_outlined(one, "", "dropped by an editor") for one in sheet.dropped]
        told += [_outlined(copy.article, "", copy.why) for copy in sheet.copies]
        return told


def _outlined(article: Article, under: str, why: str = "") -> Outlined:
    return Outlined(
        language=article.language, under=under, article=article.id, headline=article.headline, why=why
    )


def door(settings: Settings, name: str, *, keep: Callable[[Article], bool]) -> Door:
    """A channel as it is configured; ``keep`` is its filter."""
    told, newsroom = settings.channels[name], settings.newsroom
    return Door(
        id=ChannelId(name),
        languages=settings.languages_of(name),
        flash=editing.flash_rule(told.flash),
        keep=keep,
        quiet_until=editing.quiet_until(
            told.quiet_hours or newsroom.quiet_hours, newsroom.timezone, told.night
        ),
        breaking=editing.flash_rule(told.breaking or False) or (lambda article: False),
        silent=editing.in_hours(told.silent_hours, newsroom.timezone),
        at_most=told.at_most,
        fresh_for=told.fresh_for,
        collapse=told.collapse,
        lives=told.lives,
        approval=Approval(told.approval or "nothing") if told.approval is not True else Approval.PUSHES,
    )


def newsletter(settings: Settings, name: str, door: Door) -> Newsletter:
    """As it is configured."""
    told, zone = settings.newsletters[name], settings.newsroom.timezone
    quiet = editing.quiet_hours(told.quiet_hours, zone)
    return Newsletter(
        name=name,
        door=door,
        languages=settings.languages_in(name),
        titles=dict(told.titles.items()),
        layout=_layout(told),
        keep=partial(editing.matches, told.stories) if told.stories else lambda article: True,
        alike=told.alike,
        pushed_on={ChannelId(one) for one in told.pushed_on if one != told.channel},
        skip_pushed=told.skip_pushed or told.channel in told.pushed_on,
        minimum=told.minimum,
        lives=told.lives,
        fresh_for=told.fresh_for,
        quiet_until=quiet,
        elsewhere=editing.hours_elsewhere(
            settings.newsroom.elsewhere.values() if told.zone == "reader" else (), zone, told.quiet_hours
        ),
        topics={topic: partial(editing.matches, one.stories) for topic, one in told.topics.items()},
        zone=zone,
        catch_up=told.catch_up,
        flash=editing.flash_rule(told.flash),
        breaking=told.breaking,
        flashes=told.flashes,
        mails_a_day=settings.newsroom.mails_a_day,
        best_of=told.best_of,
        best_from=told.best_from or [one for one in settings.newsletters if one != name],
        leads=told.leads,
        approval=told.approval,
    )


def _ahead(told: NewsletterTable) -> timedelta:
    """How long before its slot an edition may begin."""
    if told.zone == "reader":
        return AHEAD
    return told.early if told.done_by else timedelta(0)


def _layout(told: NewsletterTable) -> Layout:
    sections = [
        Section(
            name=one.name,
            has=partial(editing.matches, one.stories),
            titles=dict(one.titles.items()),
            at_most=one.at_most,
            at_least=one.at_least,
        )
        for one in told.sections
    ]
    rest = Layout().rest
    return Layout(
        sections=sections,
        rest=Section(
            name=rest.name, has=rest.has, titles=dict(told.rest.titles.items()), at_most=told.rest.at_most
        ),
        maximum=told.maximum,
        order=told.order,
        lead=told.lead,
        rank=partial(editing.rank, told.priority),
    )


def counted(post: Post, limits: Limits) -> dict[str, object]:
    """A post as an editor looks at it, with the network's own count."""
    seen = shown(post.text) if limits.markup == "telegram" else post.text
    return {
        "edition": post.edition,
        "channel": post.channel,
        "language": post.language,
        "text": post.text,
        "pictures": list(post.media),
        "count": UNITS[limits.unit](seen),
        "limit": limits.text,
        "unit": limits.unit,
    }


def without_blanks(text: str) -> str:
    """For people to read: a reader's own blanks shown as (leave_url) and the like."""
    return text.replace(BLANK_START, "(").replace(BLANK_END, ")")
