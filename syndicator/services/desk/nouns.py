"""What the desk speaks of: doors, newsletters, and what an order brought."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta, tzinfo
from enum import StrEnum

from syndicator.composing import Layout
from syndicator.errors import NotFound
from syndicator.model import Article, ChannelId, EditionId, EditionKind, Frequency, Language, Story

URGENCY = {EditionKind.FLASH: 0, EditionKind.CORRECTION: 0, EditionKind.PUSH: 1, EditionKind.DIGEST: 2}


class Approval(StrEnum):
    """What a second person has to approve before it goes out on a channel."""

    NOTHING = "nothing"
    PUSHES = "pushes"  # what editors order
    EVERYTHING = "everything"  # also flashes and corrections; never that a story is taken away


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
    breaking: Callable[[Article], bool] = lambda article: False  # which flashes overtake what waits
    silent: Callable[[datetime], bool] = lambda now: False  # whether what is due then makes no sound
    at_most: int = 10  # stories one tick may send here before it stops and asks
    fresh_for: timedelta = timedelta(hours=24)  # a story first seen longer ago is no flash any more
    collapse: timedelta | None = None  # flashes that wait longer go out together; None: one by one
    lives: timedelta = timedelta(hours=12)  # after this a post is stale and expires
    approval: Approval = Approval.NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Newsletter:
    """What readers subscribe to, as the desk sees it."""

    name: str
    door: Door
    languages: tuple[Language, ...]
    titles: Mapping[str, str]  # by language
    layout: Layout = field(default_factory=Layout)
    keep: Callable[[Article], bool] = lambda article: True  # which stories are for it at all
    alike: float = 0.0  # stories with this much of the same wording are copies; 0: nothing is compared
    pushed_on: Collection[ChannelId] = ()  # what went out there as a flash or a push is left out
    skip_pushed: bool = False  # a reader who got a story by itself does not get it in an edition
    minimum: int = 1  # fewer stories than this in a language: that language waits
    lives: timedelta = timedelta(hours=12)
    fresh_for: timedelta = timedelta(days=2)
    quiet_until: Callable[[datetime], datetime] = lambda now: now  # end of its quiet hours, or now
    elsewhere: Mapping[str, Callable[[datetime, datetime], datetime]] = field(default_factory=dict)
    """By zone that a reader may live in: when an edition of a slot is due there, not before a moment. None: everywhere
    at once."""
    topics: Mapping[str, Callable[[Article], bool]] = field(default_factory=dict)  # what readers may choose
    zone: tzinfo = UTC  # where a day begins
    catch_up: int = 0  # stories of editions that were put off, at most, in a reader's next one
    mails_a_day: int | None = None  # that a reader gets from all newsletters
    best_of: timedelta | None = None  # its stories are those of other newsletters' editions of so long
    best_from: Sequence[str] = ()  # these newsletters'
    leads: bool = False  # only what led an edition there
    flash: Callable[[Article], bool] | None = None  # stories that go to its readers at once
    breaking: bool = True  # whether who did not say gets them
    flashes: int = 3  # of them in a day, at most
    approval: bool = False  # a second person has to approve each of its editions

    def headings(self, language: str) -> dict[str, str]:
        """Of its sections, those that have one in this language."""
        return {name: titles[language] for name, titles in self.layout.titles.items() if titles.get(language)}

    def of_topics(self, stories: Sequence[Story], chosen: Collection[str]) -> tuple[Story, ...]:
        """The stories of these topics, and of none."""

        chosen = set(chosen) & set(self.topics) or set(self.topics)  # topics may be taken away

        def wanted(article: Article) -> bool:
            about = {name for name, has in self.topics.items() if has(article)}
            return not about or bool(about & chosen)

        return tuple(story for story in stories if wanted(story.article))

    def day_of(self, moment: datetime) -> datetime:
        """When its day began."""
        return datetime.combine(moment.astimezone(self.zone).date(), time(), self.zone).astimezone(UTC)

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
        raise NotFound(
            "no channel is called {name!r}; there are: {known}", name=name, known=", ".join(sorted(doors))
        )
    return doors[name]
