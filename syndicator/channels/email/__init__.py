"""Mail over SMTP, stage by stage so that an answer means one thing (RFC 5321).

Up to the final dot nothing can have been accepted: a broken line there is ``deferred``. From the dot on until its
reply a broken line is ``uncertain`` (RFC 1047). Replies are definite: 4xx deferred, 5xx rejected.
"""

from __future__ import annotations

import asyncio
import gc
import ipaddress
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Literal, Self

import uvloop
from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from syndicator.errors import ChannelError
from syndicator.model import Allowance, ChannelId, Limits
from syndicator.ports import Capabilities, Lane, Parcel, Relaying, Sender, World
from syndicator.tables import Rate

from . import relay_log
from .letter import BOUNCES, DOT, Letter, envelope
from .line import LineBroken, Relay, opened
from .relays import ONLY, RelaySettings, WarmUp
from .seal import Seal
from .tour import Tour

# Gmail shows the first 102 KB of a mail and hides the rest: its foot, and the link to leave. Whether it counts the HTML
# or what came over the wire is not told, so the whole mail stays below.
OCTETS = 100_000


class EmailChannel:
    """One relay. One mail has one recipient, so a doubt is always about one reader."""

    limits = Limits(markup="html", octets=OCTETS)
    capabilities = Capabilities(addressed=True, recognised=True)

    class Settings(BaseModel):
        model_config = ConfigDict(frozen=True, extra="forbid")

        host: str = Field("", description="the relay's name or address; none: relays says where")
        port: int = Field(587, ge=1, le=65535, description="587 with starttls, 465 with implicit, 25 inside")
        tls: Literal["starttls", "implicit", "none"] = Field(
            "starttls", description="how the line is encrypted"
        )
        username: str | None = Field(None, description="for AUTH; none: no AUTH")
        password: SecretStr | None = Field(None, description="for AUTH")
        sender: str = Field(description="address in From", pattern=r"^[^@\s]+@[^@\s]+$")
        sender_name: str = Field("", description="name in From")
        relays: tuple[RelaySettings, ...] = Field((), description="several relays in place of host")
        rates: tuple[Rate, ...] = Field((), description='what host may carry, such as ["20/s", "50000/d"]')
        warm_up: WarmUp | None = Field(None, description="days on which host may carry less")
        domains: Mapping[str, Rate] = Field(
            default_factory=dict, description='what a receiver gets, such as { "gmail.com" = "600/m" }'
        )
        timeout: float = Field(30.0, gt=0, le=300, description="seconds to wait for a reply before the dot")
        bounces: str | None = Field(
            None, description="return path; each mail's gets a token of its own", pattern=BOUNCES
        )
        events: Path | None = Field(
            None, description="the log of a Postfix on this machine: doubts are read back from it"
        )
        connections: int = Field(
            4, ge=1, le=100, description="lines to the relay at the same time, as far as it lets us"
        )
        eightbit: bool = Field(
            default=False,
            description="shorter mails where the relay carries eight bits; a relay behind it may break a signature",
        )

        dkim_domain: str | None = Field(
            None, description="signs for this domain; it needs dkim_selector", pattern=r"^[A-Za-z0-9.-]+$"
        )
        dkim_selector: str | None = Field(
            None, description="name of the key in the DNS, before ._domainkey", pattern=r"^[A-Za-z0-9._-]+$"
        )
        dkim_key: SecretStr | None = Field(
            None, description="private key in PEM: RSA of 2048 bits or Ed25519", repr=False
        )

        @model_validator(mode="after")
        def check_relays(self) -> Self:
            if bool(self.host) == bool(self.relays):
                message = "write either host, or a table for each of several relays"
                raise ValueError(message)
            names = [one.name for one in self.relays]
            if len(set(names)) < len(names):
                message = "two relays have the same name"
                raise ValueError(message)
            if self.events and len(names) > 1:
                message = "events is the log of one relay; what another one took is not in it"
                raise ValueError(message)
            return self

        def all_relays(self) -> tuple[RelaySettings, ...]:
            """The relays, or the one that ``host`` tells of."""
            if self.relays:
                return self.relays
            own = {name: getattr(self, name) for name in RelaySettings.model_fields if hasattr(self, name)}
            return (RelaySettings.model_construct(**own, name=ONLY, priority=1),)

        @model_validator(mode="after")
        def check_dkim(self) -> Self:
            told = (self.dkim_domain, self.dkim_selector, self.dkim_key)
            if any(told) and not all(told):
                message = "dkim_domain, dkim_selector and the secret dkim_key go together: one is missing"
                raise ValueError(message)
            self.seal()
            return self

        def seal(self) -> Seal | None:
            if not (self.dkim_domain and self.dkim_selector and self.dkim_key):
                return None
            key = self.dkim_key.get_secret_value()
            return Seal(domain=self.dkim_domain, selector=self.dkim_selector, key=key)

    def __init__(self, settings: Settings, world: World, *, id: ChannelId) -> None:  # noqa: A002 - the port's word
        self._settings = settings
        self._world = world
        self._id = id
        self._relays = settings.all_relays()
        self.domains = {
            name.lower(): rate.allowance(f"{id}@{name.lower()}") for name, rate in settings.domains.items()
        }
        self._seal = settings.seal()
        self.capabilities = replace(type(self).capabilities, can_look_up=bool(settings.events))
        if settings.events:
            relay = relay_log.Relay(settings.events, knock=self.probe, now=world.now, wait=world.wait)
            self.look_up = relay.look_up

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        """Lines are open during a run only."""

    def run(self, lane: Lane) -> None:
        """Mails over several lines at once; what is in doubt after a death is at most one mail a line.

        One relay after the other, by priority: the next one takes what the one before may not, or cannot. A mail in
        doubt is none that waits, so it never goes through another relay by itself.
        """
        relaying = lane if isinstance(lane, Relaying) else None
        relays = self._in_order()
        for place, relay in enumerate(relays, 1):
            if relaying and not relaying.through(relay.name) and len(relays) > 1:
                continue
            with _unswept(), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                unreached = runner.run(self._tour(lane, relay, alone=place == len(relays)))
            if unreached and relaying and len(relays) > 1:
                relaying.rests(relay.name, str(unreached))

    def _in_order(self) -> list[RelaySettings]:
        relays = [*self._relays]
        self._world.rng.shuffle(relays)  # of those with the same priority any may be the first
        return sorted(relays, key=lambda one: one.priority)

    async def _tour(self, lane: Lane, relay: RelaySettings, *, alone: bool) -> LineBroken | None:
        settings = self._settings
        tour = Tour(
            lane,
            self._open(relay),
            connections=settings.connections,
            now=self._world.now,
            write=self._letter,
            eightbit=settings.eightbit,
            alone=alone,
        )
        await tour.go()
        return tour.unreached

    def _letter(self, parcel: Parcel, eightbit: bool) -> Letter:  # noqa: FBT001 - called by the tour only
        settings = self._settings
        date = format_datetime(self._world.now())
        return Letter(
            parcel.post,
            sender=settings.sender,
            sender_name=settings.sender_name,
            date=date,
            bounces=settings.bounces,
            eightbit=eightbit,
            seal=self._seal,
        )

    def _open(self, relay: RelaySettings) -> Relay:
        return relay.relay(ehlo=self._settings.sender.rpartition("@")[2], timeout=self._settings.timeout)

    def allowances(self, relay: str, now: datetime) -> Sequence[Allowance]:
        """What this relay may carry on this day."""
        return [
            allowance
            for one in self._relays
            if one.name == relay
            for allowance in one.allowances(self._id, now)
        ]

    @property
    def carries(self) -> float | None:
        """Mails a second over all relays; None where one of them is not limited."""
        each = [min((rate.rate for rate in one.rates), default=None) for one in self._relays]
        return sum(filter(None, each)) if all(each) else None

    @property
    def limited(self) -> bool:
        """Whether there is anything to count."""
        return (
            len(self._relays) > 1
            or bool(self.domains)
            or any(one.rates or one.warm_up for one in self._relays)
        )

    @property
    def sender(self) -> Sender:
        """Who we are to those who receive."""
        settings = self._settings
        domain = settings.sender.rpartition("@")[2]
        return Sender(
            domain=domain,
            envelope=(settings.bounces or settings.sender).rpartition("@")[2],
            seal=self._seal.published if self._seal else None,
            unencrypted=tuple(_in_the_clear(self._relays)),
        )

    def specimen(self, parcel: Parcel) -> bytes:
        """The mail as its reader would receive it. Raises :exc:`BadLetter`."""
        wire = self._letter(parcel, eightbit=False).written(parcel.blanks, envelope(parcel.address))
        return wire.removesuffix(DOT).replace(b"\r\n..", b"\r\n.")

    def probe(self) -> str:
        """Connect, encrypt, sign in and leave. Raises :exc:`ChannelError`."""
        relay_log.check(self._settings.events)
        said = [*filter(None, map(self._refusal, self._relays))]
        if said:
            raise ChannelError("; ".join(said))
        places = ", ".join(f"{one.host}:{one.port}" for one in self._relays)
        return f"{places} lets {self._settings.sender} in"

    def _refusal(self, relay: RelaySettings) -> str:
        """Why it does not let us in; empty where it does."""
        with asyncio.Runner() as runner:
            try:
                runner.run(opened(self._open(relay))).hang_up()
            except LineBroken as error:
                return str(error)
        return ""


def _in_the_clear(relays: Iterable[RelaySettings]) -> Iterator[str]:
    """Relays that are spoken to without TLS and stand neither on this machine nor in a network of ours."""
    for relay in relays:
        if relay.tls == "none" and not _is_near(relay.host):
            yield f"{relay.host}:{relay.port}"


def _is_near(host: str) -> bool:
    """A name without a dot is one of the local network, such as a container's."""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host


@contextmanager
def _unswept() -> Iterator[None]:
    """What stands before a run outlives it: the garbage collector does not look at all of it for every few hundred
    mails, which took one part in twenty of a run."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
