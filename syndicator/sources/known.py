"""What is known of a site that lists its stories by their last change: how far it was read, and what is still out."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from syndicator.manuscripts.reading import moment
from syndicator.model import Item

REMEMBERED = 500  # stories of which it is known in which form they were seen
WATCHED = timedelta(days=3)  # so long it is looked whether a story is still out
WATCHED_MOST = 100  # of them; one request asks about all
BEFORE = timedelta(days=1)  # a story may be dated back so far and still be news
AHEAD = timedelta(hours=1)  # a site's clock may be so far ahead of ours
MOST_GONE = 5  # stories that one look takes back; more at once is rather a fault of the site


class Seen(NamedTuple):
    changed: str  # as :func:`iso` has it, like the next one
    published: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A checkpoint. Its moments are the site's own: it is asked for what changed since by the same clock."""

    since: str  # the first look
    until: str = ""  # the newest change that was seen
    seen: dict[str, Seen] = field(default_factory=dict)  # by the site's own ids

    @classmethod
    def read(cls, checkpoint: str | None, now: datetime) -> Known:
        if not checkpoint:
            return cls(since=now.isoformat())
        told = json.loads(checkpoint)
        return cls(**told | {"seen": {one: Seen(*seen) for one, seen in told["seen"].items()}})

    def written(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)

    @property
    def first(self) -> bool:
        return not self.seen

    def after(self, overlap: timedelta) -> datetime | None:
        """From when on changes are asked for."""
        return datetime.fromisoformat(self.until) - overlap if self.until else None

    def is_new(self, one: str, seen: Seen) -> bool:
        return one not in self.seen or self.seen[one].changed != seen.changed

    def is_old(self, one: str, item: Item) -> bool:
        """New to us, and out long before we came: somebody has edited the archive. At first sight all is told."""
        begun = datetime.fromisoformat(self.since) - BEFORE
        return (
            not self.first and one not in self.seen and bool(item.published_at and item.published_at < begun)
        )

    def watched(self, now: datetime, besides: Collection[str]) -> list[str]:
        """Stories of the last days, the newest first."""
        since = (now - WATCHED).isoformat()
        young = [one for one, seen in self.seen.items() if seen.published >= since and one not in besides]
        return sorted(young, key=lambda one: self.seen[one].published, reverse=True)[:WATCHED_MOST]

    def keys(self, gone: Sequence[str]) -> tuple[str, ...]:
        return tuple(self.seen[one].key for one in gone)

    def next(self, found: Mapping[str, Seen], gone: Collection[str], now: datetime, *, whole: bool) -> Known:
        """Where to go on from; at the same place when the list moved under our hands.

        A change that is dated ahead, as after an import, is not gone on from: all others would be missed until then.
        """
        seen = {one: told for one, told in {**self.seen, **found}.items() if one not in gone}
        newest = sorted(seen, key=lambda one: seen[one].changed, reverse=True)[: max(REMEMBERED, len(found))]
        ahead = (now + AHEAD).isoformat()
        changes = [one.changed for one in found.values() if one.changed <= ahead]
        until = max([self.until, *changes]) if whole else self.until
        return Known(since=self.since, until=until, seen={one: seen[one] for one in newest})


def missing(
    watched: Sequence[str], listed: Collection[str], is_gone: Callable[[str], bool], where: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Which of the watched stories are not out any more, and what to tell.

    Each is asked about by itself before it is believed, and many at once are not believed at all.
    """
    unlisted = [one for one in watched if one not in listed]
    if len(unlisted) > MOST_GONE:
        return (), (too_many(where, len(unlisted)),)
    return tuple(one for one in unlisted if is_gone(one)), ()


def too_many(where: str, number: int) -> str:
    return (
        f"{where}: {number} stories are gone at once, and none of them was taken back; "
        "if that is meant, `syndicator retract` each"
    )


def iso(told: str) -> str:
    """A moment that can be compared as text; empty where it is none."""
    at = moment(told)
    return at.isoformat() if at else ""
