"""What a newsroom says of a newsletter: its timetable, its sections, who gets how much of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta
from typing import Literal

from pydantic import Field

from .tables import Code, Duration, Hours, Name, Rate, Rule, Table, TimeOfDay

VARIANTS = 256  # of an edition, at most: each is set and stored
Objection = tuple[str, str, str]  # key below the newsletter's, what is wrong, what to write instead


class TopicTable(Table):
    titles: Mapping[Code, str] = Field(default_factory=dict, description="its title by language")
    stories: Rule = Field(description="which stories belong to it")


class SectionTable(Table):
    name: Name = Field(description="what it is called here")
    titles: Mapping[Code, str] = Field(
        default_factory=dict, description="its heading by language; none: no heading"
    )
    stories: Rule = Field(description="which stories belong to it; the first section that fits has a story")
    at_most: int = Field(5, ge=1, le=100, description="stories it has room for; further ones wait")
    at_least: int = Field(
        1,
        ge=1,
        le=100,
        description="places kept for it within the maximum; with fewer stories it has no heading, "
        "and they stand among the rest",
    )


class RestTable(Table):
    titles: Mapping[Code, str] = Field(
        default_factory=dict, description='its heading by language; none: "More news"'
    )
    at_most: int = Field(
        100, ge=0, le=100, description="stories it has room for; 0: only what belongs to a section"
    )


class NewsletterTable(Table):
    channel: Name = Field(description="the channel that carries it")
    languages: tuple[Code, ...] = Field((), description="its languages; none: all of the channel's")
    titles: Mapping[Code, str] = Field(default_factory=dict, description="its title by language")
    timetable: str = Field(
        description='cron in the newsroom\'s zone, such as "0 7 * * *"', pattern=r"^\s*(\S+\s+){4}\S+\s*$"
    )
    zone: Literal["newsroom", "reader"] = Field(
        "newsroom", description='"reader": its hour is each reader\'s own, where they live'
    )
    late: Duration = Field(
        timedelta(hours=6), description="a slot missed by more than this is held for an editor"
    )
    quiet_hours: Hours = Field(None, description="no mail of it goes out in them; it waits for their end")
    minimum: int = Field(1, ge=1, le=100, description="fewer stories in a language: that language waits")
    maximum: int = Field(12, ge=1, le=100, description="more stories: the newest ones")
    lives: Duration = Field(timedelta(hours=12), description="after this a mail that did not go out is stale")
    fresh_for: Duration = Field(timedelta(days=2), description="older stories are not news any more")
    stories: Rule | None = Field(None, description="only these stories; none: all of them")
    sections: tuple[SectionTable, ...] = Field((), description="its sections, in their order", max_length=20)
    rest: RestTable = Field(default_factory=RestTable, description="the stories of no section, at its end")
    order: Literal["newest", "oldest", "priority"] = Field(
        "newest", description="which stories come first in a section"
    )
    priority: tuple[Rule, ...] = Field(
        (), description="rules about stories: the first one's stories come first, then the second one's"
    )
    lead: Literal["first", "newest", "priority"] = Field(
        "first", description='the story on top; "first": the first one of its first section'
    )
    alike: float = Field(
        0.4,
        ge=0,
        le=1,
        description="a story that has this much of its wording from another one is its copy and left out; "
        "0: nothing is compared",
    )
    skip_pushed: bool = Field(
        default=False, description="whether who got a story at once does not get it in an edition as well"
    )
    pushed_on: tuple[Name, ...] = Field(
        (), description="Telegram and X channels whose flashes and pushes are left out for everybody"
    )
    spread_until: TimeOfDay | None = Field(
        None, description="an edition goes out evenly until then, in the newsroom's zone; none: at once"
    )
    done_by: TimeOfDay | None = Field(
        None, description="an edition begins so early that all have it by then, in the newsroom's zone"
    )
    early: Duration = Field(timedelta(hours=2), description="it begins before its slot by this at most")
    pace: Rate | None = Field(None, description='an edition goes out no faster than this, such as "50/s"')
    clicks: bool = Field(default=False, description="count how often each story is opened; never by whom")
    opens: bool = Field(
        default=False, description="count opened mails by a picture; most of them are machines"
    )
    catch_up: int = Field(
        12,
        ge=0,
        le=100,
        description="stories of editions that were put off, at most, in the next one of a reader who wants few mails",
    )
    best_of: Duration | None = Field(
        None, description='its stories are those of other newsletters\' editions of so long, such as "7d"'
    )
    best_from: tuple[Name, ...] = Field((), description="the newsletters it is the best of; none: all others")
    leads: bool = Field(default=False, description="only what led an edition there")
    flash: Rule | bool = Field(
        default=False, description="stories that go to its readers at once, each in a mail of its own"
    )
    breaking: bool = Field(
        default=True, description="whether a reader who did not say gets such mails; the pages ask them"
    )
    flashes: int = Field(3, ge=1, le=100, description="such mails that a reader gets in a day, at most")
    approval: bool = Field(
        default=False, description="each of its editions waits until a second person approves it"
    )
    welcome: bool = Field(default=False, description="whether who confirms gets the last edition, once")
    signup: bool = Field(default=True, description="whether anybody may ask for it on the readers' pages")
    archive: bool | None = Field(
        None, description="whether anybody may read what went out on /archive/NAME/; none: as signup"
    )
    images: bool = Field(default=True, description="whether the first story has its picture")
    sender: str = Field(
        "", description="what stands before the @ in From; none: as the channel", pattern=r"^[\w.+-]{0,64}$"
    )
    sender_names: Mapping[Code, str] = Field(
        default_factory=dict, description="name in From by language; none: the channel's"
    )
    topics: Mapping[Name, TopicTable] = Field(
        default_factory=dict, description="what its readers may choose from; a story of none is for everybody"
    )


def objections(
    told: NewsletterTable,
    languages: Collection[str],
    channels: Collection[str],
    newsletters: Collection[str],
) -> Iterator[Objection]:
    """What is wrong between its keys. ``languages`` are those of its readers."""
    if len(languages) << len(told.topics) > VARIANTS:
        problem = f"languages and topics make more than {VARIANTS} variants of an edition"
        yield "topics", problem, "write fewer topics"
    if told.minimum > told.maximum:
        yield "minimum", "it is above the maximum", f"write at most {told.maximum}"
    yield from _about_sections(told, languages)
    if "priority" in (told.order, told.lead) and not told.priority:
        yield "priority", "no rule says which stories come first", "write priority = [{…}, …]"
    if told.priority and "priority" not in (told.order, told.lead):
        yield "priority", "nothing asks for it", 'write order = "priority" or lead = "priority"'
    if told.best_of is None and (told.best_from or told.leads):
        yield "best_of", "best_from and leads are for the best of other newsletters", 'write best_of = "7d"'
    yield from _about_hours(told)
    for name in told.best_from:
        if name not in newsletters:
            yield (
                "best_from",
                f"there is no newsletter {name!r}",
                f"write some of: {', '.join(sorted(newsletters))}",
            )
    for name in told.pushed_on:
        if name not in channels:
            known = ", ".join(sorted(channels))
            yield "pushed_on", f"there is no channel {name!r}", f"write some of: {known}"


def _about_hours(told: NewsletterTable) -> Iterator[Objection]:
    own = {"spread_until": told.spread_until, "done_by": told.done_by, "pace": told.pace}
    if told.zone == "reader" and (set_ := [name for name, value in own.items() if value is not None]):
        problem = 'with zone = "reader" an edition goes out when each reader\'s hour comes'
        yield set_[0], problem, f"leave {set_[0]} out; the relays' rates still hold"
    if told.spread_until and told.done_by:
        yield (
            "done_by",
            "an edition is spread until a time, or done by one",
            "leave spread_until or done_by out",
        )


def _about_sections(told: NewsletterTable, languages: Collection[str]) -> Iterator[Objection]:
    seen: set[str] = set()
    for number, section in enumerate(told.sections):
        at = f"sections.{number}"
        if section.name in seen or section.name in RESERVED:
            yield f"{at}.name", f"{section.name!r} is taken", "give it a name of its own"
        seen.add(section.name)
        if section.at_least > section.at_most:
            yield f"{at}.at_least", "it is above at_most", f"write at most {section.at_most}"
        yield from _spoken(f"{at}.titles", section.titles, languages)
    if sum(section.at_least for section in told.sections) > told.maximum:
        problem = f"its sections keep more places than the maximum of {told.maximum} stories"
        yield "sections", problem, "write smaller at_least, or a larger maximum"
    yield from _spoken("rest.titles", told.rest.titles, languages)


RESERVED = ("lead", "rest", "earlier")  # what a template knows of every edition


def _spoken(key: str, titles: Mapping[Code, str], languages: Collection[str]) -> Iterator[Objection]:
    for language in titles:
        if language not in languages:
            known = ", ".join(languages)
            yield key, f"the newsletter has no language {language!r}", f"write some of: {known}"
