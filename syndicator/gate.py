"""The preflight as a newsroom's configuration makes it, and the doctor that asks as it does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any, cast
from urllib.parse import urlsplit

from .bounces import Kind
from .errors import ChannelError, SourceError
from .inspection import Severity
from .model import Allowance, Edition, Post
from .net.asking import Limits
from .net.names import SystemNames
from .net.web import GuardedWeb
from .ports import Budgeted, Mailer, Names, Source, World
from .services.clicks import Clicks
from .services.pacing import Pacer, Pacing
from .services.preflight import Preflight, Surroundings
from .services.reputation import ASKED, Reputation, Shares
from .services.returns import Returns
from .storage import allowances, brakes
from .storage.allowances import Budget, Ration
from .storage.database import Database
from .storage.outbox import Claimed
from .storage.specimens import NOBODY
from .tokens import verify
from .wiring import Wiring

KEPT = timedelta(days=3)
PATIENCE = 8.0  # seconds for one link, or for a page of ours


class Gate:
    def __init__(
        self,
        wiring: Wiring,
        database: Database,
        world: World,
        *,
        channel: Callable[[str], Any],
        blanks: Callable[[Claimed], Mapping[str, str]],
        preview: Callable[[str], tuple[Sequence[tuple[Edition, Post]], Sequence[str]]],
        names: Names | None = None,
    ) -> None:
        self._wiring = wiring
        self._channel = channel
        self._database = database
        self._now = world.now
        settings = wiring.settings
        public = settings.newsroom.public_url
        self._webs = [
            GuardedWeb(private_allowed=allowed, limits=Limits(seconds=PATIENCE))
            for allowed in (settings.network.private_allowed, [_place(public)])
        ]
        links, own = self._webs
        self.clicks = Clicks(
            database,
            keys=wiring.keys,
            now=world.now,
            marks=lambda name: dict(settings.channels[name].utm.items()) if name in settings.channels else {},
        )
        told = settings.reputation
        self.reputation = Reputation(
            database,
            shares={
                Kind.COMPLAINT: Shares(told.complaints_told / 100, told.complaints_most / 100),
                Kind.HARD: Shares(told.bounces_told / 100, told.bounces_most / 100),
            },
            now=world.now,
        )
        self.pacer = Pacer(database, now=world.now, pacing=self._pacing)
        self.preflight = Preflight(
            database,
            outside=Surroundings(
                names=names or SystemNames(settings.preflight.nameservers),
                links=links,
                own=own,
                public_url=public,
                postal_address=settings.newsroom.postal_address,
            ),
            mailer=self._mailer,
            blanks=blanks,
            preview=preview,
            now=world.now,
            despite=settings.preflight.despite,
            opened=self.pacer.spread,
            more=self.pacer.foresee,
        )

    def close(self) -> None:
        for web in self._webs:
            web.close()

    def ration(self, channel: str) -> Ration | Budget | None:
        """What limits a channel; None where nothing does."""
        made = self._channel(channel)
        if isinstance(made, Budgeted):
            return Budget(made.door, made.budgets, made.takes)
        mailer, settings = self._mailer(channel), self._wiring.settings
        if mailer is None or not mailer.limited:
            return None
        tick, zone = settings.schedule.deliver.total_seconds(), settings.newsroom.timezone

        def relays(relay: str, now: datetime) -> Sequence[Allowance]:
            return [_by_tick(one, tick) for one in mailer.allowances(relay, now.astimezone(zone))]

        domains = {name: _by_tick(one, tick) for name, one in mailer.domains.items()}
        return Ration(channel=channel, relays=relays, domains=domains)

    def _pacing(self, newsletter: str) -> Pacing | None:
        """How a newsletter wants to be spread; None: not at all."""
        told = self._wiring.settings.newsletters.get(newsletter)
        if told is None or not (told.spread_until or told.pace or told.done_by):
            return None
        zone, end, last = self._wiring.settings.newsroom.timezone, told.spread_until, told.done_by or time()

        def until(now: datetime) -> datetime | None:
            then = datetime.combine(now.astimezone(zone).date(), end, zone).astimezone(UTC) if end else now
            return then if then > now else None

        def done_by(slot: datetime) -> datetime:
            """The first such time of the day from a slot on."""
            day = slot.astimezone(zone).date()
            then = (datetime.combine(day + timedelta(days), last, zone) for days in (0, 1))
            return next(one for one in then if one >= slot).astimezone(UTC)

        return Pacing(
            until=until,
            rate=told.pace.rate if told.pace else None,
            carries=self._carries(told.channel),
            done_by=done_by if told.done_by else None,
            early=told.early,
        )

    def _carries(self, channel: str) -> float | None:
        """Mails a second that a channel's relays may carry together; None where one of them is not limited."""
        mailer = self._mailer(channel)
        return mailer.carries if mailer else None

    def sweep(self) -> None:
        """Forget allowances of days that are over, and what was told of editions that are."""
        with self._database.write() as connection:
            allowances.sweep(connection, self._now() - KEPT)
            brakes.forget(connection, ASKED, self._now() - 2 * KEPT)

    def rooms(self) -> dict[str, int]:
        """Of each channel whose network lets only so much through: how many posts may go now."""
        budgets = {name: self.ration(name) for name in self._wiring.channels}
        with self._database.read() as connection:
            return {
                name: one.room(connection, self._now())
                for name, one in budgets.items()
                if isinstance(one, Budget)
            }

    def resting(self) -> dict[str, tuple[datetime, str]]:
        """Relays that are left alone now: until when, and why."""
        with self._database.read() as connection:
            return allowances.all_resting(connection, self._now())

    def tried_by(self, token: str) -> str | None:
        """The newsletter of a leave link that belongs to nobody, as our own look and test mails have it."""
        facts = verify(self._wiring.keys, "leave", token)
        return facts[1] if facts and len(facts) == 2 and facts[0] == NOBODY else None

    def doctor(self, source: Callable[[str], Source], returns: Returns) -> Iterator[tuple[str, bool, str]]:
        """Try each source and channel live, publishing nothing: what it is, whether it works, what it said."""
        for name in self._wiring.settings.sources:
            try:
                harvest = source(name).fetch(None)
            except SourceError as error:
                yield f"sources.{name}", False, str(error)
            else:
                said = f"{len(harvest.items)} stories" + "".join(f"; {fault}" for fault in harvest.faults)
                yield f"sources.{name}", bool(harvest.items), said
        yield from returns.doctor()
        for name in self._wiring.channels:
            try:
                yield f"channels.{name}", True, self._channel(name).probe()
            except ChannelError as error:
                yield f"channels.{name}", False, str(error)
            for found in self.preflight.doctor(name):
                yield f"channels.{name}", found.severity is not Severity.ERROR, str(found)

    def _mailer(self, name: str) -> Mailer | None:
        """The channel, where it can show its mails."""
        if name not in self._wiring.channels:
            return None
        made = self._channel(name)
        return cast(Mailer, made) if hasattr(made, "specimen") else None


def _by_tick(one: Allowance, tick: float) -> Allowance:
    """Whoever looks seldom finds as much as came together meanwhile."""
    return replace(one, most=max(one.most, one.rate * tick))


def _place(url: str) -> str:
    """Host and port, as ``network.private_allowed`` has them: our own pages may stand in our own network."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"
