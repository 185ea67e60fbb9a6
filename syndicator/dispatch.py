"""What is due goes out: by this process, or, where a run is large, by one of its own, so that pages stay quick."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from threading import Event
from typing import Any

from .model import ChannelId, Outcome
from .ports import World
from .services import doubts, postroom
from .services.carriers import Carriers
from .settings import Settings
from .storage import outbox
from .storage.allowances import Budget, Ration
from .storage.database import Database
from .storage.lock import berth, place
from .storage.outbox import Claimed
from .storage.spending import Purse

log = logging.getLogger("syndicator")


class Dispatch:
    """Sends what is due on the channels of one newsroom."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        world: World,
        *,
        channel: Callable[[str], Any],
        blanks: Callable[[Claimed], Mapping[str, str]],
        ration: Callable[[str], Ration | Budget | None],
        purse: Callable[[str], Purse | None],
        stopping: Callable[[], bool],
    ) -> None:
        self._settings = settings
        self._database = database
        self._world = world
        self._channel = channel
        self._blanks = blanks
        self._ration = ration
        self._purse = purse
        self._stopping = stopping
        self.moved = Event()  # something went out; whoever minds takes it back
        self.carriers: Carriers | None = None  # who takes large runs over; None: nobody

    def deliver(
        self, name: str, settled: Callable[[int], None] = lambda number: None, *, at_most: int = 0
    ) -> Mapping[Outcome, int]:
        """Send what is due on one channel; ``settled`` hears how many have an outcome, as they get one.

        Nothing while as many as the channel allows are at it, in whatever process. After ``at_most`` nothing new is
        begun; 0: all goes.
        """
        with berth(self._database, name, self._settings.channels[name].parallel) as holder:
            if holder is None:
                return {}
            self._take_up(name, holder)
            if not self._waits(name):
                return {}
            counts = postroom.deliver(self._lane(name, holder, settled, at_most), self._channel(name))
        if said := ", ".join(f"{number} {outcome}" for outcome, number in counts.items() if number):
            log.info("%s: %s", name, said)
            self.moved.set()
        return counts

    def run(self, name: str) -> Mapping[Outcome, int]:
        """Send what is due; a run that has become large goes on in a process of its own, and this waits for it.

        Raises :exc:`ChannelError` where that process failed or died: what it had not begun waits for the next run.
        """
        apart = self._settings.schedule.apart if self.carriers else 0
        counts = Counter(self.deliver(name, at_most=apart))
        if self.carriers and 0 < apart <= counts.total() and not self._stopping() and self._waits(name):
            carried = self.carriers.carry(name)
            self.moved.set()
            counts.update(self.deliver(name) if carried is None else carried)
        return counts

    def reconcile(self) -> postroom.Reconciled:
        """Leases that are over, doubts, news that is too old."""
        found = postroom.reconcile(self._database, self._world.now())
        for name, told in self._settings.channels.items():
            with self.reader(name) as reader:
                policy, now = doubts.Policy(told.doubt), self._world.now()
                doubts.look_into(self._database, ChannelId(name), reader, policy, now, self._blanks)
        return found

    @contextmanager
    def reader(self, name: str) -> Iterator[Any]:
        """The channel, opened, where it can be read back and there is something to ask."""
        channel = self._channel(name)
        asked = doubts.to_look_into(self._database, ChannelId(name), self._world.now())
        if not channel.capabilities.can_look_up or not asked:
            yield None
            return
        with channel as opened:
            yield opened

    def _lane(
        self, name: str, holder: str, settled: Callable[[int], None], at_most: int
    ) -> postroom.CounterLane:
        done = 0

        def count(number: int) -> None:
            nonlocal done
            done += number
            settled(number)

        return postroom.CounterLane(
            self._database,
            ChannelId(name),
            holder=holder,
            now=self._world.now,
            rng=self._world.rng,
            wait=self._world.wait,
            stopping=lambda: self._stopping() or 0 < at_most <= done,
            blanks=self._blanks,
            patience=postroom.Patience(),
            batch=self._settings.channels[name].batch,
            settled=count,
            ration=self._ration(name),
            purse=self._purse(name),
            told=not self._channel(name).capabilities.addressed,
        )

    def _take_up(self, name: str, holder: str) -> None:
        """What holders that are no more had claimed waits again, whichever place they had."""
        with self._database.read() as connection:
            found = outbox.holders(connection, name)
        for one in found:
            with nullcontext(enter_result=True) if one == holder else place(self._database, one) as free:
                if free:
                    with self._database.write() as connection:
                        outbox.release_all(connection, one)

    def _waits(self, name: str) -> bool:
        with self._database.read() as connection:
            return outbox.waits(connection, name, self._world.now())
