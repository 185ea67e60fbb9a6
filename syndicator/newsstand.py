"""The newsroom's newsletters: what each is, when it is due, and what an editor says of its next edition."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial

from . import editing
from .composing import Layout, Marks, Section
from .errors import NotFound, Refused, TemplateError, near
from .letters import NewsletterTable
from .model import BLANK_END, BLANK_START, Article, ChannelId, Edition, Limits, Post
from .services.desk import Approval, Desk, Door, Newsletter, Planned
from .settings import Settings
from .storage import archive, brakes, compositions, planning, timetables
from .storage.compositions import Composition
from .storage.database import Connection, Database
from .storage.timetables import Move
from .text.measure import UNITS
from .text.telegram import shown

Slots = Callable[[str, datetime, datetime], list[datetime]]  # of a timetable: those in (after, until]
AHEAD = timedelta(hours=26)  # between the first place on earth and the last
MOMENT = timedelta(seconds=1)
WORDS_MOST = 250  # characters of a subject; programs show about 70
LONG_GONE = datetime.min.replace(tzinfo=UTC)
LONG_AGO = timedelta(days=7)  # a slot missed by more is no news to anybody


@dataclass(frozen=True, slots=True)
class Held:
    """A slot that was missed by too much to be sent without a person's word."""

    newsletter: str
    slot: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """A slot that is to come."""

    newsletter: str
    slot: datetime
    at: datetime  # when it is due: the slot itself, unless an editor moved it
    begins: (
        datetime  # when the first of its readers are to have it, or when it begins so as to be done in time
    )
    last: datetime  # when the last of its readers are to have it, where they have hours of their own
    move: Move | None = None

    @property
    def skipped(self) -> bool:
        return self.move is not None and self.move.to is None


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
            raise NotFound(
                "no newsletter is called {name!r}; {near}",
                name=name,
                near=near(name, self.newsletters),
            )
        return self.newsletters[name]

    def compile(self, at_once: Collection[str] = ()) -> list[Planned]:
        """Plan every digest that is due; newsletters named ``at_once`` do not wait for their slot."""
        planned = [self._desk.flash_mails(told) for told in self.newsletters.values()]
        for name, told in self.newsletters.items():
            if name in at_once:
                planned.append(self._desk.digests.plan(replace(told, elsewhere={}), self._now()))
            elif due := self._due(name):
                slot, at = due
                late = self._now() - at > self._settings.newsletters[name].late
                planned.append(self._hold(name, slot) if late else self._desk.digests.plan(told, slot, at=at))
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
        raise Refused("no edition of {name} is held; `syndicator status` lists those that are", name=name)

    def _hold(self, name: str, slot: datetime) -> Planned:
        now, late = self._now(), self._settings.newsletters[name].late
        with self._database.write() as connection:
            timetables.fire(connection, name, slot, now=now, edition=None, outcome=timetables.HELD)
            why = f"missed by more than {late}"
            brakes.note(connection, who="timetable", what="hold", about=f"{name} {slot}", why=why, now=now)
        return Planned(faults=(f"{name}: the edition of {slot:%Y-%m-%d %H:%M} UTC was {why} and is held",))

    def _due(self, name: str) -> tuple[datetime, datetime] | None:
        """A slot whose time has come and that was not fired, and when it is due: one that an editor moved, else the
        newest. A newsletter that is new begins now."""
        now, told = self._now(), self._settings.newsletters[name]
        with self._database.read() as connection:
            newest, begun = timetables.newest(connection, name), timetables.begun_at(connection, name)
            moves = timetables.moves(connection, name)
            fired = timetables.fired_since(connection, name, min(moves, default=now))
        if newest is None:
            with self._database.write() as connection:
                timetables.fire(connection, name, now, now=now, edition=None, outcome=timetables.BEGUN)
            return None
        since = begun or now - LONG_AGO
        moved = {slot: one.to for slot, one in moves.items() if one.to and slot not in fired}
        for slot, to in sorted(moved.items(), key=lambda pair: pair[1]):
            if max(since, now - LONG_AGO) < self._comes(name, to) <= now:
                return slot, to
        for back in (told.lives, LONG_AGO):
            coming = self._slots(told.timetable, max(newest, now - back), now + _ahead(told))
            for slot in reversed([one for one in coming if one not in moves]):
                if since < self._comes(name, slot) <= now:
                    return slot, slot
        return None

    def _comes(self, name: str, at: datetime) -> datetime:
        """When an edition that is due then is to be planned: before it, where the hour of some readers comes first, or
        where it would not be done in time."""
        newsletter, now = self.newsletters[name], self._now()
        if at - now > AHEAD:
            return at
        begins = min(at, newsletter.quiet_until(self._begins(name, at)))
        first = {zone: due(at, now - LONG_AGO) for zone, due in newsletter.elsewhere.items()}
        with self._database.read() as connection:
            for zone, due_at in sorted(first.items(), key=lambda pair: pair[1]):
                if due_at < begins and due_at <= now and planning.lived_in(connection, name, zone):
                    return due_at
        return begins

    # Slots that are to come

    def move(self, name: str, slot: datetime, to: datetime, *, by: str) -> None:
        """One slot goes out at another moment, once. Raises :exc:`NotFound`, :exc:`Refused`."""
        if to <= self._now():
            raise Refused("{to:%Y-%m-%d %H:%M %Z} has passed; name a moment ahead", to=to)
        self._say(name, slot, to, by, "")

    def skip(self, name: str, slot: datetime, *, by: str, why: str = "") -> None:
        """Nothing goes out for one slot; its stories wait for the next. Raises :exc:`NotFound`, :exc:`Refused`."""
        self._say(name, slot, None, by, why)

    def put_back(self, name: str, slot: datetime, *, by: str) -> None:
        """The slot goes out by its timetable again. Raises :exc:`NotFound`, :exc:`Refused`."""
        self.called(name)
        with self._database.write() as connection:
            if not timetables.put_back(connection, name, slot):
                raise Refused("nobody moved {name}, or it went out", name=_named(name, slot))
            self._note(connection, "slot put back", _named(name, slot), by)

    def _say(self, name: str, slot: datetime, to: datetime | None, by: str, why: str) -> None:
        self.called(name)
        timetable = self._settings.newsletters[name].timetable
        if slot not in self._slots(timetable, slot - MOMENT, slot):
            raise Refused(
                "{name} is no slot of {timetable!r}; `syndicator calendar` lists them",
                name=_named(name, slot),
                timetable=timetable,
            )
        move = timetables.Move(slot, to, by, self._now(), why)
        with self._database.write() as connection:
            if not timetables.put_off(connection, name, move):
                raise Refused(
                    "{name} was planned already; `syndicator move` moves its edition", name=_named(name, slot)
                )
            told = f"to {to:%Y-%m-%d %H:%M} UTC" if to else why
            self._note(connection, "slot moved" if to else "slot skipped", _named(name, slot), by, told)

    def _note(self, connection: Connection, what: str, about: str, by: str, why: str = "") -> None:
        brakes.note(connection, who=by, what=what, about=about, why=why, now=self._now())

    def stories(self, name: str) -> dict[str, int]:
        """How many the next edition would hold now, by language."""
        placed = self._desk.digests.sheet(self.called(name)).placed
        return {str(language): len(found) for language, found in placed.items()}

    def coming(self, until: datetime) -> list[Coming]:
        """The slots from now until then, as far as they can be told."""
        found = []
        for name, newsletter in self.newsletters.items():
            now, told = self._now(), self._settings.newsletters[name]
            with self._database.read() as connection:
                moves = timetables.moves(connection, name)
                fired = timetables.fired_since(connection, name, now - LONG_AGO)
                newest = timetables.newest(connection, name)
                there = [
                    due
                    for zone, due in newsletter.elsewhere.items()
                    if planning.lived_in(connection, name, zone)
                ]
            slots = {*self._slots(told.timetable, max(newest or now, now - told.late), until), *moves} - fired
            for slot in sorted(slots):
                move = moves.get(slot)
                at = (move.to if move else slot) or slot
                if not now - told.late < at <= until:
                    continue
                begins = min(
                    [newsletter.quiet_until(self._begins(name, at)), *(due(at, LONG_GONE) for due in there)]
                )
                ends = max([newsletter.quiet_until(at), *(due(at, LONG_GONE) for due in there)])
                found.append(Coming(newsletter=name, slot=slot, at=at, begins=begins, last=ends, move=move))
        return sorted(found, key=lambda one: one.at)

    # The next edition

    def compose(
        self,
        name: str,
        *,
        by: str,
        lead: Sequence[str] | None = None,
        drop: Sequence[str] | None = None,
        order: Sequence[str] | None = None,
        add: Sequence[str] | None = None,
        subject: Mapping[str, str] | None = None,
        preheader: Mapping[str, str] | None = None,
    ) -> Composition:
        """Fix lead, order, absence and presence of stories for the next edition, and its subject and preheader by
        language. What is None stays as it was fixed before, but lead, order and absence are said together; what is
        empty is taken back. Raises :exc:`NotFound`, :exc:`Refused`."""
        newsletter = self.called(name)
        new = {article.id for article in self._desk.digests.sheet(newsletter).new}
        with self._database.read() as connection:
            before = compositions.standing(connection, name, name).marks
            named = {*(lead or ()), *(drop or ()), *(order or ()), *(add or ())}
            found = {one: archive.article(connection, one) for one in sorted(named)}
        for one in add or ():
            if not self._desk.digests.may_add(newsletter, found[one]):
                raise Refused(
                    "{article} cannot be in {name}: it was carried, is held, retracted, under an embargo, in another "
                    "language, or filtered from its channel",
                    article=found[one].id,
                    name=name,
                )
        ids = {one: article.id for one, article in found.items()}
        added = before.add if add is None else tuple(ids[one] for one in add)
        for one in (*(lead or ()), *(drop or ()), *(order or ())):
            if ids[one] not in {*new, *added}:
                raise Refused(
                    "{article} is not among the new stories of {name}: it was carried, is too old, or is in another "
                    "language; --add puts it in",
                    article=ids[one],
                    name=name,
                )
        kept = lead is drop is order is None
        marks = Marks(
            lead=before.lead if kept else tuple(ids[one] for one in lead or ()),
            drop=before.drop if kept else tuple(ids[one] for one in drop or ()),
            order=before.order if kept else tuple(ids[one] for one in order or ()),
            add=added,
            subject=before.subject if subject is None else _said(newsletter, subject),
            preheader=before.preheader if preheader is None else _said(newsletter, preheader),
        )
        if both := set(marks.drop) & set(marks.wanted):
            raise Refused("{article} cannot be dropped and have a place", article=min(both))
        with self._database.write() as connection:
            return compositions.fix(connection, name, marks, by=by, now=self._now())

    def fixed(self, name: str) -> Composition:
        """What stands for the next edition. Raises :exc:`NotFound`."""
        self.called(name)
        with self._database.read() as connection:
            return compositions.standing(connection, name, name)

    def outline(self, name: str) -> list[Outlined]:
        """The next edition as it would be now, from top to bottom, and what it leaves out."""
        told: list[Outlined] = []
        sheet = self._desk.digests.sheet(self.called(name))
        for placed in sheet.placed.values():
            told += [_outlined(one.article, one.under) for one in placed]
        told += [_outlined(one, "", "dropped by an editor") for one in sheet.dropped]
        told += [_outlined(copy.article, "", copy.why) for copy in sheet.copies]
        known = {one.article for one in told}
        return told + [
            _outlined(one, "", "the newsletter's rules leave it out")
            for one in sheet.new
            if one.id not in known
        ]


def _said(newsletter: Newsletter, told: Mapping[str, str]) -> dict[str, str]:
    """An editor's words by language, each on one line. Raises :exc:`Refused`."""
    said = {language: " ".join(text.split()) for language, text in told.items()}
    for language, text in said.items():
        if language not in newsletter.languages:
            languages = ", ".join(newsletter.languages)
            raise Refused(
                "{name} has no language {language!r}; it has: {known}",
                name=newsletter.name,
                language=language,
                known=languages,
            )
        if len(text) > WORDS_MOST:
            raise Refused(
                "{text}… has {number} characters; {most} are enough",
                text=text[:40],
                number=len(text),
                most=WORDS_MOST,
            )
    return {language: text for language, text in said.items() if text}


def _named(name: str, slot: datetime) -> str:
    return f"{name} {slot.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


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
