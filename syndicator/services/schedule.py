"""What waits is moved to another moment, or called off."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from syndicator.errors import NotFound, Refused
from syndicator.model import EditionKind
from syndicator.storage import approvals, brakes
from syndicator.storage import schedule as stored
from syndicator.storage.database import Database
from syndicator.storage.schedule import Leg, Told

TO_ONE = frozenset({EditionKind.CONFIRM, EditionKind.LETTER, EditionKind.WELCOME})


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    edition: str
    at: datetime
    deliveries: int
    left: tuple[str, ...] = ()  # channels where it has begun: nothing changes there


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled:
    edition: str
    deliveries: int
    sent: int = 0  # they stay where they are
    open: int = 0  # nobody knows yet whether these went out
    given_back: tuple[str, ...] = ()  # channels that may have its stories again


class Schedule:
    def __init__(
        self, database: Database, *, now: Callable[[], datetime], anew: Callable[[str], object]
    ) -> None:
        """``anew`` lets what waits of an edition be written anew: it may tell the day, or make a sound."""
        self._database = database
        self._now = now
        self._anew = anew

    def move(self, edition: str, at: datetime, *, by: str, channels: Sequence[str] = ()) -> Moved:
        """What waits of it goes out at this moment; where readers have hours of their own, the first of them then.

        On these channels, or all. Raises :exc:`NotFound`, and :exc:`Refused` for a moment that has passed, and where
        it has begun.
        """
        now = self._now()
        if at <= now:
            raise Refused("{at:%Y-%m-%d %H:%M %Z} has passed; name a moment ahead", at=at)
        with self._database.write() as connection:
            told, legs = self._legs(stored.edition(connection, edition), channels)
            ready = [leg for leg in legs if leg.waits and not (leg.begun or leg.sent)]
            if not ready:
                raise Refused(
                    "{edition} has begun to go out, or is at its end: it cannot be moved", edition=edition
                )
            moved = 0
            for leg in ready:
                spans = stored.times(connection, edition, leg.channel)
                if len(spans) > stored.TIMES_MOST:
                    raise Refused(
                        "{edition} is spread over {channel} already: pause it, or cancel it",
                        edition=edition,
                        channel=leg.channel,
                    )
                moved += stored.move(connection, edition, leg.channel, spans, at - spans[0][0])
            stored.set_due(connection, edition, at)
            for leg in ready:
                approvals.changed(connection, edition, leg.channel, why=f"{by} moved it", now=now)
            about, where = f"{edition}", ", ".join(leg.channel for leg in ready)
            why = f"from {told.due_at:%Y-%m-%d %H:%M} to {at:%Y-%m-%d %H:%M %Z} on {where}"
            brakes.note(connection, who=by, what="move", about=about, why=why, now=now)
        self._anew(edition)
        left = tuple(leg.channel for leg in legs if leg not in ready)
        return Moved(edition=edition, at=at, deliveries=moved, left=left)

    def cancel(self, edition: str, *, why: str, by: str, channels: Sequence[str] = ()) -> Cancelled:
        """What has not begun goes nowhere. Where nobody saw anything of it, its stories may be pushed again, or stand
        in the newsletter's next edition. Raises :exc:`NotFound`, and :exc:`Refused` where nothing waits."""
        now = self._now()
        with self._database.write() as connection:
            told, legs = self._legs(stored.edition(connection, edition), channels)
            reason = f"called off by {by}: {why}"
            channels = [leg.channel for leg in legs]
            off = stored.call_off(connection, told, channels, why=reason, by=by, now=now)
            if not off.deliveries:
                raise Refused("nothing of {edition} waits: it is on its way, or at its end", edition=edition)
            brakes.note(connection, who=by, what="cancel", about=edition, why=why, now=now)
        return Cancelled(
            edition=edition,
            deliveries=off.deliveries,
            sent=off.sent,
            open=off.begun,
            given_back=off.given_back,
        )

    def channels_of(self, edition: str) -> list[str]:
        """Where it goes. Raises :exc:`NotFound`."""
        with self._database.read() as connection:
            return [leg.channel for leg in stored.edition(connection, edition).legs]

    def _legs(self, told: Told, channels: Sequence[str]) -> tuple[Told, list[Leg]]:
        if told.kind in TO_ONE:
            raise Refused("{edition} is a letter to one reader; it is theirs", edition=told.id)
        known = {leg.channel for leg in told.legs}
        for name in channels:
            if name not in known:
                raise NotFound(
                    "{edition} does not go to {name!r}; it goes to {known}",
                    edition=told.id,
                    name=name,
                    known=", ".join(sorted(known)),
                )
        return told, [leg for leg in told.legs if not channels or leg.channel in channels]
