"""The relays of a mail channel: where they are, in which order they are tried, how much each may carry. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from syndicator.model import Allowance
from syndicator.tables import Rate

from .line import Relay

ONLY = "relay"  # the name of one that has none


class WarmUp(BaseModel):
    """A new relay, or a new address, makes its name slowly."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    start: int = Field(ge=1, description="mails on the first day")
    factor: float = Field(1.5, ge=1, le=10, description="times as many each day")
    since: date = Field(alias="from", description="the first day, such as 2026-12-01")

    def allowed(self, day: date) -> int:
        """Mails on this day; before the first one as many as on it."""
        days = max(0, (day - self.since).days)
        return int(min(float(10**9), self.start * self.factor ** min(days, 400)))


class RelaySettings(BaseModel):
    """One of several relays."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(description="what it is called here", pattern=r"^[a-z][a-z0-9-]{0,39}$")
    host: str = Field(description="its name or address")
    port: int = Field(587, ge=1, le=65535, description="587 with starttls, 465 with implicit, 25 inside")
    tls: Literal["starttls", "implicit", "none"] = Field("starttls", description="how the line is encrypted")
    username: str | None = Field(None, description="for AUTH; none: no AUTH")
    password: SecretStr | None = Field(None, description="for AUTH")
    priority: int = Field(1, ge=1, le=99, description="1 is tried first; of those with the same, any")
    rates: tuple[Rate, ...] = Field((), description='what it may carry, such as ["20/s", "50000/d"]')
    warm_up: WarmUp | None = Field(None, description="days on which it may carry less")

    def relay(self, *, ehlo: str, timeout: float) -> Relay:
        return Relay(
            host=self.host,
            port=self.port,
            tls=self.tls,
            username=self.username,
            password=self.password.get_secret_value() if self.password else None,
            ehlo=ehlo,
            timeout=timeout,
        )

    def allowances(self, channel: str, now: datetime) -> Iterator[Allowance]:
        """``now`` in the zone whose days are counted."""
        name = f"{channel}/{self.name}"
        for rate in self.rates:
            yield rate.allowance(f"{name}:{rate}")
        if self.warm_up:
            allowed = self.warm_up.allowed(now.date())
            yield Allowance(name=f"{name}:{now.date()}", rate=0.0, most=float(allowed))
