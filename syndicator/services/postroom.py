"""Claim, send, settle: hands parcels to a channel and writes down what came of them.

The postroom never guesses. A row whose receipt could not be written stays ``sending`` until its lease is
over and is then in doubt; it is never sent again by itself.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any, TypeVar

from syndicator.errors import StorageAway
from syndicator.model import ChannelId, DeliveryId, DeliveryState, Outcome, Post, Receipt, settle
from syndicator.ports import Channel, Parcel
from syndicator.storage import allowances, approvals, brakes, outbox, webhooks
from syndicator.storage.allowances import Budget, Ration
from syndicator.storage.database import Connection, Database
from syndicator.storage.spending import Purse

log = logging.getLogger("syndicator")

CLAIM_LEASE = timedelta(minutes=10)  # a batch waits its turn within this
SENDING_LEASE = timedelta(minutes=15)  # longer than any time-out of a channel (RFC 5321: 10 min for the dot)
TURN = 5.0  # seconds that a channel waits for its turn; for a later one it comes again
BEGIN_WITHIN = timedelta(minutes=1)  # after the mark; a worker that slept longer begins nothing
AWAY = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0)  # seconds between two tries to reach a database that went away

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How far apart a delivery that was certainly not sent is tried again; its ``not_after`` ends it."""

    first: timedelta = timedelta(seconds=30)
    longest: timedelta = timedelta(minutes=30)

    def next_try(self, tries: int, now: datetime, rng: Random) -> datetime:
        """Doubling, with up to a quarter of jitter so that a crowd does not come back at once."""
        waited = min(self.longest, self.first * (1 << min(tries - 1, 20)))
        return now + waited * rng.uniform(0.75, 1.0)


class Blanks(dict[str, str]):
    """Worked out when somebody asks: this stands beside every single mail."""

    __slots__ = ("_made", "_one")

    def __init__(self, made: Mapping[str, Callable[[outbox.Claimed], str]], one: outbox.Claimed) -> None:
        self._made = made
        self._one = one

    def __missing__(self, name: str) -> str:
        self[name] = value = self._made[name](self._one)
        return value

    def get(self, name: str, default: Any = None) -> Any:
        return self[name] if name in self._made else default


class CounterLane:
    """The lane of one channel: claims in batches, commits before every body."""

    def __init__(
        self,
        database: Database,
        channel: ChannelId,
        *,
        holder: str,
        now: Callable[[], datetime],
        rng: Random,
        wait: Callable[[float], object],
        stopping: Callable[[], bool],
        blanks: Callable[[outbox.Claimed], Mapping[str, str]],
        patience: Patience,
        batch: int,
        settled: Callable[[int], None] = lambda number: None,
        ration: Ration | Budget | None = None,
        purse: Purse | None = None,
        told: bool = False,
    ) -> None:
        """``ration`` where something limits the channel, ``purse`` where its network takes money; without one nobody
        counts. ``told``: what becomes of its posts is told to programs of others."""
        self._database = database
        self._channel = channel
        self._holder = holder
        self._now = now
        self._rng = rng
        self._wait = wait
        self._stopping = stopping
        self._blanks = blanks
        self._patience = patience
        self._batch = batch
        self._tell_settled = settled
        self._ration = ration
        self._purse = purse
        self._told = told
        self._claimed: deque[Parcel] = deque()
        self._posts: dict[str, Post] = {}
        # Tokens by delivery: of what we claimed, and of what we marked. A delivery may be in both, with two tokens,
        # when we slept after its body and it waits again meanwhile.
        self._tokens: dict[int, int] = {}
        self._marked: dict[int, int] = {}
        self.counts: dict[Outcome, int] = dict.fromkeys(Outcome, 0)

    def take(self) -> Parcel | None:
        if self._stopping():
            return None
        while not self._claimed and self._claim() and not self._stopping():
            pass  # all of a claim may be put off, and there is more behind it
        return self._claimed.popleft() if self._claimed else None

    def _claim(self) -> int:
        """Returns how many there were, whether they may go now or not."""

        def claim(connection: Connection, tries: int) -> tuple[list[outbox.Claimed], int]:
            if tries:  # what we may have claimed without hearing of it
                outbox.release_all(connection, self._holder)
            now = self._now()

            def won(limit: int) -> list[outbox.Claimed]:
                return outbox.claim(
                    connection,
                    self._channel,
                    holder=self._holder,
                    now=now,
                    lease=CLAIM_LEASE,
                    limit=limit,
                    paused=brakes.shut(connection) | approvals.shut(connection, self._channel),
                    read=self._posts,
                )

            if self._ration:
                found, number = self._ration.claim(connection, won, self._batch, now)
            else:
                found = won(self._batch)
                number = len(found)
            return self._purse.affordable(connection, found, now) if self._purse else found, number

        found, number = self._written(claim)
        for one in found:
            self._tokens[one.delivery.id] = one.delivery.token
            self._claimed.append(self._parcel(one))
        return number

    def through(self, relay: str) -> bool:
        """What is taken from here on goes through this relay; False: it rests."""
        ration = self._ration
        if not isinstance(ration, Ration):
            return True
        with self._database.read() as connection:
            return ration.through(connection, relay, self._now())

    def rests(self, relay: str, why: str) -> None:
        """Leave a relay alone for a while, whoever sends."""
        name = f"{self._channel}/{relay}"
        until = self._written(lambda connection, tries: allowances.rest(connection, name, why, self._now()))
        log.warning(
            "%s: the relay %s is left alone until %s UTC: %s", self._channel, relay, f"{until:%H:%M:%S}", why
        )

    def _written(self, what: Callable[[Connection, int], T]) -> T:
        """A commit that fails may have been made all the same: ask again, until the database is back."""
        for tries, wait in enumerate(AWAY):
            try:
                with self._database.write() as connection:
                    return what(connection, tries)
            except StorageAway:
                self._wait(wait)
        with self._database.write() as connection:
            return what(connection, len(AWAY))

    def _parcel(self, one: outbox.Claimed) -> Parcel:
        return Parcel(one.delivery, one.post, one.address, self._blanks(one), one.reply_to, one.mends)

    def commit(self, receipts: Sequence[Receipt], sending: Sequence[Parcel]) -> Sequence[Parcel]:
        settlements = [self._settlement(receipt) for receipt in receipts]
        halting = next((receipt for receipt in receipts if receipt.halt), None)
        waiting = next((receipt for receipt in receipts if receipt.waits), None)

        def commit(connection: Connection, tries: int) -> tuple[set[DeliveryId], datetime]:
            now = self._now()
            outbox.settle(connection, settlements, repeated=tries > 0)
            if self._told:
                webhooks.tell_posts(connection, settlements, now)
            if receipts and isinstance(self._ration, Budget):
                self._ration.heard(connection, now)
                if waiting and waiting.retry_at:
                    allowances.rest_until(connection, self._ration.door, waiting.retry_at, waiting.detail)
            if self._purse:
                self._purse.settle(connection, [(one.receipt, one.token) for one in settlements])
            if halting:
                brakes.pause(connection, self._channel, now=now, by="postroom", why=halting.detail)
            if not sending:
                return set(), now
            marked = outbox.mark_sending(
                connection,
                [parcel.delivery for parcel in sending],
                now=now,
                lease=SENDING_LEASE,
                repeated=tries > 0,
            )
            if self._purse:
                going = [one for one in sending if one.delivery.id in marked]
                posts = {(one.delivery.id, one.delivery.token): one.post for one in going}
                self._purse.pay(connection, posts, now)
            return marked, now

        marked, at = self._written(commit)
        if halting:
            log.error("%s is paused, nothing is lost: %s", self._channel, halting.detail)
        for receipt in receipts:
            self.counts[receipt.outcome] += 1
            held = self._marked if receipt.delivery in self._marked else self._tokens
            del held[receipt.delivery]
        allowed = []
        for parcel in sending:
            number = parcel.delivery.id
            token = self._tokens.pop(number)
            if number in marked:
                self._marked[number] = token
                parcel.begin_by = at + BEGIN_WITHIN
                allowed.append(parcel)
        self._tell_settled(len(receipts))
        return allowed

    def _settlement(self, receipt: Receipt) -> outbox.Settlement:
        token = self._marked.get(receipt.delivery) or self._tokens[receipt.delivery]
        state = settle(receipt)
        due_at = None
        if state is DeliveryState.PENDING and not receipt.waits:  # else it keeps its place before the others
            due_at = receipt.retry_at or self._patience.next_try(token, receipt.at, self._rng)
        reason = None if state is DeliveryState.SENT else receipt.detail or None
        return outbox.Settlement(receipt, token, state, self._channel, due_at=due_at, reason=reason)

    def next_turn(self) -> bool:
        """Wait for it where it is near and something is due; the results of before are written down by then."""
        budget = self._ration
        if not isinstance(budget, Budget) or self._stopping():
            return False
        with self._database.read() as connection:
            now = self._now()
            seconds = (budget.opens(connection, now) - now).total_seconds()
            if not 0 < seconds <= TURN or not outbox.waits(connection, self._channel, now):
                return False
        self._wait(seconds)
        return not self._stopping() and self._now() > now

    def take_over(self) -> None:
        """What a dead holder of our name had claimed waits again."""
        self._written(lambda connection, tries: outbox.release_all(connection, self._holder))

    def hand_back(self) -> None:
        """What was claimed and not begun waits again, for whoever comes next."""
        if self._tokens:
            with suppress(StorageAway), self._database.write() as connection:  # else its lease ends
                outbox.release(connection, self._tokens)


def deliver(lane: CounterLane, channel: Channel) -> Mapping[Outcome, int]:
    """Send everything that is due through one channel; returns how many had which outcome."""
    lane.take_over()
    try:
        with channel:
            channel.run(lane)
            while lane.next_turn():
                channel.run(lane)
    finally:
        lane.hand_back()
    return lane.counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """What a look at the open rows found."""

    waiting_again: int
    in_doubt: int
    expired: int


def reconcile(database: Database, now: datetime) -> Reconciled:
    """Leases that are over, news that is too old."""
    with database.write() as connection:
        back, doubt = outbox.reap(connection, now)
        return Reconciled(waiting_again=back, in_doubt=doubt, expired=outbox.expire(connection, now))
