"""How many may go, and when: buckets that fill again, shared by all workers and kept over a restart.

A claim takes what it may for a whole batch at once; where nothing is limited nobody asks here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, select, update

from syndicator.model import Allowance, DeliveryId, DeliveryState, Post

from .outbox import Claimed
from .schema import Moment, allowances, deliveries, rests
from .statements import dialect, insert_new, stands

FIRST_REST = timedelta(seconds=30)  # of a relay that cannot be reached; doubled each time
LONGEST_REST = timedelta(minutes=30)
MOMENT = 0.001  # seconds: what a float may lack
FORGIVEN = timedelta(hours=6)  # after so long without a fault the next one is a first one


def take(connection: Connection, buckets: Sequence[Allowance], wanted: int, now: datetime) -> int:
    """As many as every bucket has, at most ``wanted``; they are taken from each."""
    if not buckets:
        return wanted
    levels = {one.name: _level(connection, one, now) for one in sorted(buckets, key=lambda one: one.name)}
    granted = max(0, min(wanted, *(int(level) for level in levels.values())))
    _write(connection, {name: level - granted for name, level in levels.items()}, now)
    return granted


def put_back(connection: Connection, buckets: Sequence[Allowance], number: int) -> None:
    """What was taken and not used; less than nothing is taken besides."""
    if not number:
        return
    for one in sorted(buckets, key=lambda one: one.name):
        mine = allowances.c.name == one.name
        connection.execute(update(allowances).where(mine).values(level=allowances.c.level + number))


def _level(connection: Connection, one: Allowance, now: datetime) -> float:
    """What is in the bucket now; its row is ours until the commit."""
    insert_new(connection, allowances, [{"name": one.name, "level": one.most, "at": now}])
    found = connection.execute(
        select(allowances).where(allowances.c.name == one.name).with_for_update()
    ).one()
    return _filled(one, found.level, max(0.0, (now - found.at).total_seconds()))  # a clock may be set back


def _filled(one: Allowance, level: float, seconds: float) -> float:
    return float(min(one.most, level + seconds * one.rate))


def _write(connection: Connection, levels: Mapping[str, float], now: datetime) -> None:
    for name, level in levels.items():
        connection.execute(update(allowances).where(allowances.c.name == name).values(level=level, at=now))


def sweep(connection: Connection, before: datetime) -> int:
    """Forget buckets that nobody asked for since: days that are over."""
    return connection.execute(delete(allowances).where(allowances.c.at < before)).rowcount


def resting(connection: Connection, name: str, now: datetime) -> bool:
    until = connection.execute(select(rests.c.until).where(rests.c.name == name)).scalar()
    return until is not None and until > now


def rest(connection: Connection, name: str, why: str, now: datetime) -> datetime:
    """Leave it alone for a while, each time longer; returns until when."""
    found = connection.execute(select(rests).where(rests.c.name == name)).one_or_none()
    tries = found.tries + 1 if found and found.until + FORGIVEN > now else 1
    until = now + min(LONGEST_REST, FIRST_REST * (1 << min(tries - 1, 16)))
    values = {"name": name, "until": until, "tries": tries, "why": why}
    statement = dialect(connection).insert(rests).values(values)
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))
    return until


def rest_until(connection: Connection, name: str, until: datetime, why: str) -> None:
    """Somebody said when it may go on; who said a later moment stays right."""
    values = {"name": name, "until": until, "tries": 1, "why": why}
    statement = dialect(connection).insert(rests).values(values)
    later = rests.c.until < until
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values, where=later))


def all_resting(connection: Connection, now: datetime) -> dict[str, tuple[datetime, str]]:
    """What is left alone now: until when, and why."""
    found = connection.execute(select(rests).where(rests.c.until > now).order_by(rests.c.name))
    return {row.name: (row.until, row.why) for row in found}


def _one(post: Post) -> int:
    return 1


@dataclass(frozen=True, slots=True)
class Budget:
    """What a network lets through one door. One at a time, so that what is urgent overtakes what waits.

    What takes more than one leaves a bucket owing: nothing goes before that has come together again.
    """

    door: str
    buckets: Sequence[Allowance]
    takes: Callable[[Post], int] = _one

    def claim(
        self, connection: Connection, won: Callable[[int], list[Claimed]], wanted: int, now: datetime
    ) -> tuple[list[Claimed], int]:
        if resting(connection, self.door, now) or not take(connection, self.buckets, 1, now):
            return [], 0
        found = won(1)
        put_back(connection, self.buckets, 1 - sum(self.takes(one.post) for one in found))
        return found, len(found)

    def heard(self, connection: Connection, now: datetime) -> None:
        """Somebody answered. What was on its way may have arrived only now: nothing came together meanwhile."""
        own = [one.name for one in self.buckets if one.name.startswith(self.door)]
        mine = (allowances.c.name.in_(own), allowances.c.at < now)
        connection.execute(update(allowances).where(*mine).values(at=now))

    def room(self, connection: Connection, now: datetime) -> int:
        """How many may go now."""
        if resting(connection, self.door, now):
            return 0
        rows = connection.execute(
            select(allowances).where(allowances.c.name.in_([one.name for one in self.buckets]))
        )
        levels = {row.name: (row.level, max(0.0, (now - row.at).total_seconds())) for row in rows}
        return max(0, min(int(_filled(one, *levels.get(one.name, (one.most, 0.0)))) for one in self.buckets))

    def opens(self, connection: Connection, now: datetime) -> datetime:
        """When the next one may go; now, where nothing is in the way."""
        until: datetime | None = connection.execute(
            select(rests.c.until).where(rests.c.name == self.door)
        ).scalar()
        found = select(allowances).where(allowances.c.name.in_([one.name for one in self.buckets]))
        buckets = {one.name: one for one in self.buckets}
        turns: list[datetime] = [now, *([until] if until else [])]
        for row in connection.execute(found):
            lacking = 1 - row.level
            if lacking > 0:
                turns.append(row.at + timedelta(seconds=lacking / buckets[row.name].rate + MOMENT))
        return max(turns)


@dataclass(slots=True)
class Ration:
    """What limits one channel. ``relays`` gives a relay's buckets for a day, ``domains`` those of receivers."""

    channel: str
    relays: Callable[[str, datetime], Sequence[Allowance]]
    domains: Mapping[str, Allowance]
    relay: str = ""  # the one that is sent through just now

    def through(self, connection: Connection, relay: str, now: datetime) -> bool:
        """From here on it is this relay; False: it rests."""
        self.relay = relay
        return not resting(connection, f"{self.channel}/{relay}", now)

    def claim(
        self, connection: Connection, won: Callable[[int], list[Claimed]], wanted: int, now: datetime
    ) -> tuple[list[Claimed], int]:
        """As many as the relay may carry: those that may go now, and how many there were. ``won`` claims so many."""
        buckets = self.relays(self.relay, now)
        granted = take(connection, buckets, wanted, now)
        found = won(granted) if granted else []
        kept = self._sifted(connection, found, now)
        if len(kept) < granted:
            put_back(connection, buckets, granted - len(kept))
        return kept, len(found)

    def _sifted(self, connection: Connection, won: Sequence[Claimed], now: datetime) -> list[Claimed]:
        """Those whose domain has not had enough; the others wait again, each until its turn."""
        counts = Counter(domain for one in won if (domain := self._domain(one)))
        left = {name: take(connection, [self.domains[name]], counts[name], now) for name in sorted(counts)}
        late: dict[str, list[Claimed]] = {}
        kept = []
        for one in won:
            domain = self._domain(one)
            if domain and left[domain] < 1:
                late.setdefault(domain, []).append(one)
                continue
            if domain:
                left[domain] -= 1
            kept.append(one)
        for domain, waiting in late.items():
            self._put_off(connection, self.domains[domain], waiting, now)
        return kept

    def _domain(self, one: Claimed) -> str:
        domain = one.address.rpartition("@")[2].lower()
        return domain if domain in self.domains else ""

    def _put_off(
        self, connection: Connection, bucket: Allowance, waiting: Sequence[Claimed], now: datetime
    ) -> None:
        """One after the other, behind those that were put off before."""
        queue = f"{bucket.name}/queue"  # its moment is the turn of the last one
        insert_new(connection, allowances, [{"name": queue, "level": 0.0, "at": now}])
        mine = allowances.c.name == queue
        last = max(
            now, connection.execute(select(allowances.c.at).where(mine).with_for_update()).scalar_one()
        )
        apart = timedelta(seconds=1 / bucket.rate)
        turns = {
            one.delivery.id: (one.delivery.token, last + apart * place)
            for place, one in enumerate(waiting, 1)
        }
        put_off(connection, turns)
        connection.execute(update(allowances).where(mine).values(at=max(turn for _, turn in turns.values())))


def put_off(connection: Connection, turns: Mapping[DeliveryId, tuple[int, datetime]]) -> None:
    """What was claimed waits again: by delivery, the token it is held with and its turn."""
    told = [{"number": number, "held": held, "turn": turn} for number, (held, turn) in turns.items()]
    connection.execute(_AGAIN, told)


_AGAIN = (
    update(deliveries)
    .where(
        deliveries.c.id == bindparam("number"),
        deliveries.c.token == bindparam("held"),
        stands(DeliveryState.CLAIMED),
    )
    .values(state=DeliveryState.PENDING.value, due_at=bindparam("turn", type_=Moment))
)
