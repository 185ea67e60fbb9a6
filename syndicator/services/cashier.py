"""What channels may spend, have spent, and what a post would cost: told before it goes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from syndicator.model import Post
from syndicator.ports import Priced
from syndicator.storage import spending
from syndicator.storage.database import Database
from syndicator.storage.spending import Purse
from syndicator.tables import Budget

MILLION = 1_000_000
KEPT = timedelta(days=400)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A channel's money now. Without a budget what is left is None."""

    channel: str
    currency: str
    today: Decimal
    month: Decimal
    left_today: Decimal | None
    left_month: Decimal | None

    def __str__(self) -> str:
        told = [f"{self.today} {self.currency} today{_of(self.left_today)}"]
        return ", ".join([*told, f"{self.month} this month{_of(self.left_month)}"])

    def covers(self, cost: Decimal) -> bool:
        return all(left is None or cost <= left for left in (self.left_today, self.left_month))


class Cashier:
    """``channel`` makes a channel by its name; ``tell`` hears of a channel, and what its editors should know."""

    def __init__(
        self,
        database: Database,
        *,
        now: Callable[[], datetime],
        zone: ZoneInfo,
        budgets: Mapping[str, Budget],
        channel: Callable[[str], Any],
        tell: Callable[[str, str], None],
    ) -> None:
        self._database = database
        self._now = now
        self._zone = zone
        self._budgets = budgets
        self._channel = channel
        self._tell = tell

    def purse(self, name: str) -> Purse | None:
        """What the channel is paid from; None where nothing is to be paid."""
        made = self._channel(name)
        if not isinstance(made, Priced):
            return None
        budget = self._budgets[name]

        def wait(number: int, until: datetime) -> None:
            which = "day" if until - self._now() <= timedelta(hours=25) and budget.day else "month"
            self._tell(
                name,
                f"the {which}'s budget is spent; what waits goes on {until:%Y-%m-%d %H:%M %Z}, if it is news then",
            )

        return Purse(
            channel=name,
            price=made.price,
            zone=self._zone,
            day=_millionths(budget.day),
            month=_millionths(budget.month),
            tell=wait,
        )

    def told(self, name: str, post: Post) -> dict[str, object]:
        """What a post would cost there, and in which currency; nothing where nothing is to be paid."""
        made = self._channel(name)
        return (
            {"cost": _amount(made.price(post)), "currency": made.currency} if isinstance(made, Priced) else {}
        )

    def forecast(self, costs: Sequence[tuple[str, Decimal]]) -> list[str]:
        """What posts would cost together, by their channels, and what is left there: a line for each."""
        told = []
        for name in dict.fromkeys(name for name, _ in costs):
            standing, cost = self.standing_of(name), sum((c for n, c in costs if n == name), Decimal(0))
            if standing:
                end = "" if standing.covers(cost) else "; that is more than is left: it would wait"
                told.append(f"{name}: costs {cost} {standing.currency}; spent {standing}{end}")
        return told

    def standing(self) -> list[Standing]:
        """Of every channel that is paid."""
        return [one for name in self._budgets if (one := self.standing_of(name))]

    def standing_of(self, name: str) -> Standing | None:
        made, purse = self._channel(name), self.purse(name)
        if purse is None:
            return None
        now = self._now()
        with self._database.read() as connection:
            today, month = (spending.spent(connection, name, since) for since in purse.begun(now))
            left_today, left_month = purse.left(connection, now)
        return Standing(
            channel=name,
            currency=made.currency,
            today=_amount(today),
            month=_amount(month),
            left_today=None if left_today is None else _amount(left_today),
            left_month=None if left_month is None else _amount(left_month),
        )

    def sweep(self) -> None:
        """Forget what was paid long ago."""
        with self._database.write() as connection:
            spending.sweep(connection, self._now() - KEPT)


def _millionths(amount: Decimal | None) -> int | None:
    return None if amount is None else int(amount * MILLION)


def _amount(millionths: int) -> Decimal:
    return (Decimal(millionths) / MILLION).quantize(Decimal("0.001"))


def _of(left: Decimal | None) -> str:
    return "" if left is None else f", {left} left"
