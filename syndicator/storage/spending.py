"""What networks that take money were paid, and a purse that gives no more than it may. Amounts are millionths of the
channel's currency.

A delivery is paid for in the commit that marks it, before its body: a death in between counts too much, never too
little. What was certainly not sent is given back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, delete, func, select

from syndicator.model import DeliveryId, Outcome, Post, Receipt

from .allowances import put_off
from .content import POST
from .outbox import Claimed
from .schema import deliveries, posts, spending
from .statements import insert_new


def spent(connection: Connection, channel: str, since: datetime) -> int:
    """On the channel, from this moment on."""
    mine = (spending.c.channel == channel, spending.c.at >= since)
    return int(
        connection.execute(select(func.coalesce(func.sum(spending.c.amount), 0)).where(*mine)).scalar_one()
    )


def pay(connection: Connection, channel: str, amounts: Mapping[str, int], now: datetime) -> None:
    """Each key is paid once."""
    told = [
        {"key": key, "channel": channel, "at": now, "amount": amount}
        for key, amount in amounts.items()
        if amount
    ]
    if told:
        insert_new(connection, spending, told)


def sweep(connection: Connection, before: datetime) -> int:
    return connection.execute(delete(spending).where(spending.c.at < before)).rowcount


@dataclass(frozen=True, slots=True, kw_only=True)
class Purse:
    """One channel's money. A day and a month begin where the newsroom is."""

    channel: str
    price: Callable[[Post], int]
    zone: ZoneInfo
    day: int | None = None  # None: as much as it takes
    month: int | None = None
    tell: Callable[[int, datetime], None] = lambda number, until: None  # how many wait, and until when

    def begun(self, now: datetime) -> tuple[datetime, datetime]:
        """When this day and this month began."""
        day = now.astimezone(self.zone).replace(hour=0, minute=0, second=0, microsecond=0)
        return day, day.replace(day=1)

    def next(self, now: datetime) -> tuple[datetime, datetime]:
        """When the next day and the next month begin."""
        day, month = self.begun(now)
        noon = timedelta(hours=12)  # a day may have 23 or 25 hours
        tomorrow = (day + timedelta(days=1) + noon).replace(hour=0)
        return tomorrow, (month + timedelta(days=32)).replace(day=1)

    def left(self, connection: Connection, now: datetime) -> tuple[int | None, int | None]:
        """Of this day's and this month's budget; None where there is none."""
        had = [spent(connection, self.channel, since) for since in self.begun(now)]
        day, month = (
            None if all_ is None else all_ - one
            for all_, one in zip((self.day, self.month), had, strict=True)
        )
        return day, month

    def affordable(self, connection: Connection, found: Sequence[Claimed], now: datetime) -> list[Claimed]:
        """Those that are still paid for, first come, first served; the others wait for the next day or month."""
        day, month = self.left(connection, now)
        tomorrow, next_month = self.next(now)
        kept: list[Claimed] = []
        late: dict[datetime, list[Claimed]] = {}
        for one in found:
            price = self.price(one.post) + self._behind(connection, one)
            if month is not None and price > month:
                late.setdefault(next_month, []).append(one)
            elif day is not None and price > day:
                late.setdefault(tomorrow, []).append(one)
            else:
                kept.append(one)
                day, month = (None if left is None else left - price for left in (day, month))
        for until, waiting in late.items():
            put_off(connection, {one.delivery.id: (one.delivery.token, until) for one in waiting})
            self.tell(len(waiting), until)
        return kept

    def _behind(self, connection: Connection, one: Claimed) -> int:
        """What the rest of a thread will take: nobody begins one that cannot be paid to its end."""
        if one.delivery.part:
            return 0
        d = deliveries.c
        rest = (d.edition == one.delivery.edition, d.channel == self.channel, d.part > 0)
        query = select(posts.c.content).join(deliveries, d.post == posts.c.id).where(*rest)
        return sum(self.price(POST.validate_python(told)) for told in connection.execute(query).scalars())

    def pay(
        self, connection: Connection, posts: Mapping[tuple[DeliveryId, int], Post], now: datetime
    ) -> None:
        """For what is about to be sent, by delivery and token."""
        told = {_key(*one): self.price(post) for one, post in posts.items()}
        pay(connection, self.channel, told, now)

    def settle(self, connection: Connection, receipts: Sequence[tuple[Receipt, int]]) -> None:
        """Give back what was paid for posts that certainly did not go out."""
        back = [
            _key(receipt.delivery, token)
            for receipt, token in receipts
            if receipt.outcome in {Outcome.DEFERRED, Outcome.REJECTED}
        ]
        if back:
            connection.execute(delete(spending).where(spending.c.key.in_(back)))


def _key(delivery: DeliveryId, token: int) -> str:
    return f"{delivery}:{token}"
