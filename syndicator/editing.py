"""What goes out, where and when: a newsroom's rules put to a story. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from .model import Article
from .settings import Filter
from .tables import Hours, Rule

FLASH = "flash-"  # before the id of the story, in an address
_SLOT = re.compile(r"[0-9]{8}T[0-9]{6}(?:\.[0-9]{6})?Z")


def matches(rule: Rule, article: Article) -> bool:
    """Whether each list that the rule gives has a match in the article."""
    text = "\n".join((article.headline, *article.body))
    return (
        (not rule.languages or article.language in rule.languages)
        and (not rule.sections or _among(article.section, rule.sections))
        and (not rule.authors or any(_among(one, rule.authors) for one in (article.author, *article.authors)))
        and (not rule.topics or any(_among(topic, rule.topics) for topic in article.topics))
        and (not rule.keywords or any(_says(text, word) for word in rule.keywords))
    )


def flash_rule(told: Rule | bool) -> Callable[[Article], bool] | None:  # noqa: FBT001 - as configured
    """None when no story goes out by itself."""
    if isinstance(told, Rule):
        return lambda article: matches(told, article)
    return (lambda article: True) if told else None


def filtered(filters: Mapping[str, Filter], channel: str) -> Callable[[Article], bool]:
    """Whether a story may go out on the channel at all."""
    mine = [one for one in filters.values() if not one.channels or channel in one.channels]

    def keep(article: Article) -> bool:
        return not any(
            (one.drop is not None and matches(one.drop, article))
            or (one.keep is not None and not matches(one.keep, article))
            for one in mine
        )

    return keep


def quiet_until(hours: Hours, zone: ZoneInfo, night: Rule | None) -> Callable[[datetime, Article], datetime]:
    """The moment from which a flash may go out: now, or the end of the quiet hours in the newsroom's zone."""
    over = quiet_hours(hours, zone)

    def moment(now: datetime, article: Article) -> datetime:
        return now if night is not None and matches(night, article) else over(now)

    return moment


def quiet_hours(hours: Hours, zone: ZoneInfo) -> Callable[[datetime], datetime]:
    """The end of the quiet hours that a moment lies in, or the moment itself."""

    def moment(now: datetime) -> datetime:
        if hours is None:
            return now
        start, end = hours
        local = now.astimezone(zone)
        quiet = start <= local.time() < end if start <= end else local.time() >= start or local.time() < end
        if not quiet:
            return now
        day = local.date() if local.time() < end else local.date() + timedelta(days=1)
        return datetime.combine(day, end, zone).astimezone(UTC)

    return moment


def in_hours(hours: Hours, zone: ZoneInfo) -> Callable[[datetime], bool]:
    """Whether a moment lies in these hours."""
    over = quiet_hours(hours, zone)
    return lambda moment: over(moment) > moment


def hour_in(slot: datetime, zone: tzinfo, there: tzinfo) -> datetime:
    """When clocks there show what the newsroom's, in ``zone``, show at the slot. Of an hour that comes twice it is the
    first; one that is left out is as late as if the clocks had not been put forward."""
    wall = slot.astimezone(zone)
    return wall.replace(tzinfo=there, fold=0).astimezone(UTC)


def hours_elsewhere(
    zones: Iterable[ZoneInfo], zone: ZoneInfo, quiet: Hours
) -> dict[str, Callable[[datetime, datetime], datetime]]:
    """By zone: when an edition of a slot is due there, not before a moment and not in the quiet hours there."""

    def due(there: ZoneInfo) -> Callable[[datetime, datetime], datetime]:
        over = quiet_hours(quiet, there)
        return lambda slot, earliest: over(max(hour_in(slot, zone, there), earliest))

    return {there.key: due(there) for there in zones}


def rank(rules: Sequence[Rule], article: Article) -> int:
    """The place of the first rule that a story matches; after all of them where it matches none."""
    return next((place for place, rule in enumerate(rules) if matches(rule, article)), len(rules))


def _among(name: str | None, names: Iterable[str]) -> bool:
    return name is not None and name.casefold() in {one.casefold() for one in names}


def _says(text: str, word: str) -> bool:
    """The word by itself, in any script; not inside another word."""
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.IGNORECASE) is not None


def slot_name(slot: datetime) -> str:
    """What an edition's slot is called in addresses: ``20260301T150000Z``, with parts of a second where it has any."""
    told = slot.astimezone(UTC)
    return f"{told:%Y%m%dT%H%M%S}{f'.{told:%f}' if told.microsecond else ''}Z"


def edition_name(edition: str) -> str:
    """What an edition of a newsletter is called in addresses, always the same: by its slot, whenever it went out; a
    flash by its story. Empty for what has no page of its own."""
    kind, _, about = edition.partition(":")
    name, _, slot = about.partition(":")
    if kind == "flash" and slot:
        return f"{FLASH}{name}"
    try:
        return slot_name(datetime.fromisoformat(slot)) if kind == "digest" else ""
    except ValueError:
        return ""


def slot_called(name: str) -> datetime | None:
    """The slot of this name; None where it is none."""
    if not _SLOT.fullmatch(name):
        return None
    try:
        return datetime.fromisoformat(name)
    except ValueError:
        return None
