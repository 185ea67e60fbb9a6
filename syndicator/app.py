"""The newsroom at work: every verb of it, the worker that uses them, and the one place with a real clock."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random, SystemRandom
from threading import Event
from typing import Any, Self, cast
from urllib.parse import urlsplit

from . import config, editing
from .bounces import Patience
from .circulation import Circulation, ways_to_fill
from .corrections import Corrections, assembled
from .diary import Calendar
from .dispatch import Dispatch
from .errors import Refused, StorageError, SyndicatorError
from .gate import Gate
from .model import ChannelId, DeliveryState, Edition, Outcome, Post
from .net.asking import Limits
from .net.web import GuardedWeb
from .newsstand import Newsstand, counted, door
from .ports import Box, Engine, Linked, Names, Source, World
from .services import alerts, audience, doubts, ingest, postroom
from .services.alerts import listening, through_apprise
from .services.approvals import Approvals
from .services.board import Board
from .services.cashier import Cashier
from .services.desk import Desk, Door, Newsletter, Planned, door_called, together
from .services.edits import Edits
from .services.holds import Holds
from .services.ingest import Look
from .services.keeper import Keeper
from .services.ledger import Ledger
from .services.memory import WHY, Memory
from .services.mover import Mover
from .services.notebook import Notebook
from .services.people import People
from .services.porter import Porter
from .services.rehearsal import Rehearsal
from .services.returns import Returns
from .services.schedule import Schedule
from .services.stories import Stories
from .services.summaries import CashBook, Summaries
from .services.trail import Trail
from .services.vault import Vault
from .services.webhooks import Webhooks
from .storage import brakes, outbox
from .storage.archive import Arrival
from .storage.database import Database
from .storage.lock import only_worker
from .storage.outbox import Claimed
from .switchboard import CALLED, Switchboard
from .wiring import Wiring, database_url, examine, utc_now

log = logging.getLogger("syndicator")


DAY = timedelta(days=1)
STILL = timedelta(minutes=10)  # without any job done: not even the quickest comes to its end


class App:
    """One newsroom at work. ``with App.opened(path, environ) as app: app.look()``."""

    def __init__(
        self,
        wiring: Wiring,
        *,
        now: Callable[[], datetime] = utc_now,
        rng: Random | None = None,
        wait: Callable[[float], bool] | None = None,
        database: Callable[[str], Database] = Database,
        names: Names | None = None,
    ) -> None:
        """``names`` is the DNS, this machine's unless another is given."""
        self.settings = wiring.settings
        self.stopping = Event()
        self.database = database(database_url(wiring))
        self.notebook = Notebook(self.database, now=now)
        self.wiring = wiring = replace(wiring, notes=self.notebook)
        self.memory = Memory(wiring.folder / self.settings.database.memory, wiring.keys)
        berths = {name: told.parallel for name, told in self.settings.channels.items()}
        self.vault = Vault(self.database, memory=self.memory, now=now, berths=berths)
        self.mover = Mover(self.database, now=now, berths=berths)
        self.keeper = Keeper(
            self.database,
            now=now,
            keep=self.settings.database.keep,
            wait=wait or self.stopping.wait,
        )
        network = self.settings.network
        limits = Limits(at_once=network.at_once, gap=network.pause)
        self._web = GuardedWeb(private_allowed=network.private_allowed, limits=limits)
        told: dict[str, Any] = {"rng": rng or SystemRandom(), "wait": wait or self.stopping.wait}
        told |= {"notes": self.notebook, "till": CashBook(self.database, now)}
        self.world = World(now=now, web=self._web, **told)
        self.intake = ingest.Intake(
            self.database,
            watched=self._watched,
            clean=lambda item: wiring.clean(item, self.world.now()),
            carry=self._web.carry,
            now=now,
            rng=self.world.rng,
            every=self.settings.schedule.ingest,
            stopping=self.stopping.is_set,
        )
        self.stories, self.ledger = Stories(self.database, now=now), Ledger(self.database, now=now)
        self.holds, self.trail = Holds(self.database, now=now), Trail(self.database)
        self.board = Board(self.database, now=now, channels=list(self.settings.channels))
        self.porter = Porter(
            self.database,
            now=now,
            chance=self.world.rng.randbytes,
            per_minute=self.settings.api.per_minute,
            channels=[*self.settings.channels],
            languages=self.settings.newsroom.languages,
        )
        self.people = People(
            self.database,
            settings=self.settings,
            keys=wiring.keys,
            now=now,
            chance=self.world.rng.randbytes,
            ask=self._web.ask,
        )
        self.returns = Returns(
            self.database,
            keys=wiring.keys,
            host=self._host,
            channels=[name for name, one in wiring.channels.items() if one.factory.capabilities.addressed],
            patience=Patience(half_life=self.settings.bounces.half_life, most=self.settings.bounces.most),
            now=now,
            hash=self.memory.hash,
            suppress=partial(self.suppress, by="bounces"),
            complain=partial(self.suppress, why=audience.COMPLAINT, by="bounces"),
            box=self._box,
        )
        self.summaries = Summaries(self.database, now=now, **wiring.summarisers(self.world))
        self.doors = {name: self._door(name) for name in self.settings.channels}
        seen: dict[str, Any] = {"preview": self._preview, "channel": self._channel, "blanks": self._blanks}
        self.rehearsal = Rehearsal(now=now, **seen)
        self.gate = Gate(wiring, self.database, self.world, names=names, **seen)
        self.cashier = Cashier(
            self.database,
            now=now,
            zone=self.settings.newsroom.timezone,
            budgets={name: told.budget for name, told in self.settings.channels.items()},
            channel=self._channel,
            tell=lambda name, why: self._warn(f"budget of {name}", (why,)),
        )
        self.desk = Desk(
            self.database,
            now=now,
            summarise=lambda article, door: self.summaries.of(article, wiring.space(door.id)),
            write=self._write,
            gate=self.gate.preflight.wait,
            edited=lambda article, door: self.edits.applied(article, door.id),
        )
        self.circulation = Circulation(
            wiring,
            self.database,
            memory=self.memory,
            now=now,
            wake=lambda channel: self.engine.soon(self._deliveries(channel)),
        )
        self.webhooks = Webhooks(
            self.settings.webhooks,
            self.database,
            now=now,
            rng=self.world.rng,
            stopping=self.stopping.is_set,
            link=self.link_of,
        )
        self.engine: Engine = wiring.engine.factory(
            wiring.engine.options,
            self.world,
            zone=self.settings.newsroom.timezone,
            database=database_url(wiring),
        )
        self.switchboard = Switchboard(
            wiring,
            self.world,
            self.database,
            caller=self._web,
            returns=self.returns,
            intake=self.intake,
            tell=self._tell_look,
            wake=self.engine.soon,
        )
        self.newsstand = Newsstand(
            self.settings,
            self.database,
            self.desk,
            self.doors,
            now=now,
            slots=self.engine.slots,
            begins=self.gate.pacer.begins,
            wake=lambda channel: self.engine.soon(self._deliveries(channel)),
        )
        self.newsletters = self.newsstand.newsletters
        self.calendar = Calendar(self.database, self.newsstand, now=now)
        self.corrections: Corrections = assembled(
            self.database,
            self.settings.channels,
            now=now,
            doors=self.doors,
            newsletters=self.newsletters,
            addressed=[name for name, one in wiring.channels.items() if one.factory.capabilities.addressed],
            channel=self._channel,
            story=self.desk.story,
            write=self._write,
            gate=self.gate.preflight.wait,
        )
        self.edits = Edits(
            self.database,
            now=now,
            written=lambda article, name, words: self.desk.worded(article, self._doors([name])[0], words),
            anew=self.corrections.anew,
        )
        self.summaries.anew = self.corrections.anew
        self.schedule = Schedule(self.database, now=now, anew=self.corrections.anew_edition)
        self.approvals = Approvals(
            self.database,
            now=now,
            opened=lambda channels: self.engine.soon(
                [
                    "preflight",
                    *(job for name in channels if name in self.doors for job in self._deliveries(name)),
                ]
            ),
        )
        self._made_blanks = ways_to_fill(wiring, self._host)
        self.dispatch = Dispatch(
            self.settings,
            self.database,
            self.world,
            channel=self._channel,
            blanks=self._blanks,
            ration=self.gate.ration,
            purse=self.cashier.purse,
            stopping=self.stopping.is_set,
        )
        self._said: dict[str, frozenset[str]] = {}
        self._beat: datetime | None = None  # when a job of the worker last came to its end

    @classmethod
    def opened(cls, path: Path, environ: Mapping[str, str], **more: Any) -> Self:
        """``more`` as ``App(...)`` takes it. Raises :exc:`~syndicator.config.Unusable` with all faults."""
        wiring, book = examine(path, environ)
        if wiring is None:
            raise config.Unusable(book.faults)
        return cls(wiring, **more)

    def __enter__(self) -> Self:
        self.database.migrate()
        self.webhooks.listen()
        self._web.__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        self._web.__exit__(None, None, None)
        self.gate.close()
        self.database.close()

    def look(
        self,
        names: Sequence[str] = (),
        *,
        due: bool = False,
        looked: Callable[[int], None] = lambda number: None,
    ) -> list[Look]:
        """Look at the sources, those named or all, or where their time has come. ``looked`` hears of each."""
        found = []
        for one in self.intake.look(names or self.settings.sources, due=due):
            self._tell_look(one)
            found.append(one)
            looked(1)
        return found

    def compile(self, at_once: Sequence[str] = ()) -> Planned:
        """Plan what is due, as :meth:`plan` does, and let through what may go out."""
        planned = self.plan(at_once)
        self.gate.preflight.look()
        return planned

    def plan(self, at_once: Sequence[str] = ()) -> Planned:
        """Plan every flash and every digest that is due; newsletters named ``at_once`` do not wait for their slot."""
        self._warn("correct", self.corrections.look().told)
        planned = [self.desk.flashes(door) for door in self.doors.values()]
        found = together([*planned, *self.newsstand.compile(at_once)])
        if found.deliveries:
            log.info("planned %d deliveries: %s", found.deliveries, ", ".join(found.editions))
        self._warn("compile", found.faults)
        return found

    def deliver(
        self, name: str, settled: Callable[[int], None] = lambda number: None
    ) -> Mapping[Outcome, int]:
        """Send what is due on one channel, in this process; see :meth:`Dispatch.deliver`."""
        return self.dispatch.deliver(name, settled)

    def deliver_due(self) -> dict[str, Mapping[Outcome, int]]:
        """Send what is due on every channel, one after the other."""
        with self.database.read() as connection:
            due = outbox.due_channels(connection, self.world.now())
        for name in set(due) - set(self.doors):
            self._warn(
                f"deliver {name}", (f"posts wait for {name}, which the configuration does not know any more",)
            )
        return {name: self.deliver(name) for name in due if name in self.doors}

    def reconcile(self) -> postroom.Reconciled:
        """Leases that are over, doubts, news that is too old."""
        return self.dispatch.reconcile()

    def look_after(self) -> None:
        """Reconcile, and begin a new epoch where something went out: a copy made before is an old one then."""
        self.reconcile()
        self.returns.refusals()
        self.webhooks.look()
        self.gate.reputation.look()
        if self.dispatch.moved.is_set():
            self.dispatch.moved.clear()
            self.memory.turn(self.database, self.world.now())

    def tidy_up(self) -> None:
        """Seal and prune; say which reports do not add up."""
        self._warn("prune", self.keeper.tidy_up().faults)
        self.circulation.front.sweep()
        self.webhooks.sweep()
        self.summaries.forget()
        self.gate.sweep()
        self.approvals.sweep()
        self.cashier.sweep()
        self.people.sweep()
        self.porter.sweep()

    def address_of(self, url: str) -> str:
        """A database's address as the configuration would have it."""
        return database_url(self.wiring, url)

    def open_doubts(self) -> list[doubts.Doubt]:
        """Every doubt that is not settled."""
        return doubts.listed(self.database)

    def settle(self, number: int, verdict: doubts.Verdict, *, by: str, why: str) -> DeliveryState:
        """A person's word on one doubt. Raises :exc:`NotFound`, :exc:`Refused`."""
        return doubts.decide(self.database, number, verdict, who=by, why=why, now=self.world.now())

    def resume(self, name: str, *, by: str) -> None:
        """Take a brake off, and let what it held go on."""
        with self.database.write() as connection:
            brakes.resume(connection, name, now=self.world.now(), by=by)
            if brakes.overridden(connection).get(f"flood:{name}") == "asked":
                brakes.override(connection, f"flood:{name}", "allowed", now=self.world.now(), by=by)
            outbox.resume_paused(connection, name)
        if name == outbox.EVERYTHING:  # whoever says so knows this database: it is the one from here on
            self.memory.turn(self.database, self.world.now())

    def preview(self, wanted: Sequence[str], to: Sequence[str], **more: Any) -> list[dict[str, object]]:
        """Exactly what a push would send, with the network's own count; ``more`` as :meth:`Desk.preview` takes it."""
        return [
            counted(post, self.wiring.limits(door.id)) | self.cashier.told(door.id, post)
            for _, door, posts, _ in self.desk.preview(wanted, self._doors(to), **more)
            for post in posts
        ]

    def _preview(self, name: str) -> tuple[list[tuple[Edition, Post]], list[str]]:
        return self.newsstand.preview(name)

    def push(self, wanted: Sequence[str], to: Sequence[str], **more: Any) -> Planned:
        """An editor's order, as :meth:`Desk.push` takes it. Raises :exc:`Refused`, :exc:`NotFound`."""
        planned = self.desk.push(wanted, self._doors(to), **more)
        self.engine.soon(job for name in to for job in self._deliveries(name))
        return planned

    def subscribe(self, wishes: Iterable[audience.Wish], newsletter: str) -> int:
        """Write confirmed wishes for one newsletter down, all or none; returns how many are new."""
        told = self.newsstand.called(newsletter)
        return audience.subscribe(
            self.database,
            wishes,
            memory=self.memory,
            languages=told.languages,
            now=self.world.now(),
        )

    def suppress(self, address: str, why: str, *, by: str) -> None:
        """No mail to this address any more, whoever imports it again. Raises :exc:`Refused`."""
        audience.suppress(self.database, address, why, memory=self.memory, by=by, now=self.world.now())

    def subscription_of(self, token: str) -> tuple[str, str]:
        """Title and language of the subscription that a leave link is about. Raises :exc:`NotFound`."""
        if tried := self.gate.tried_by(token):
            return self._title(tried, ""), self.settings.newsroom.languages[0]
        who, newsletter = audience.subscription_of(self.database, self.wiring.keys, token)
        return self._title(newsletter, who.language), who.language

    def leave_by_token(self, token: str) -> tuple[str, str]:
        """End the subscription that a leave link is about; title and language. Raises :exc:`NotFound`."""
        if self.gate.tried_by(token):
            return self.subscription_of(token)
        newsletter, language = audience.leave_by_token(
            self.database, self.wiring.keys, token, memory=self.memory, now=self.world.now()
        )
        return self._title(newsletter, language), language

    def link_of(self, channel: str, remote_id: str) -> str:
        """Where people can see a post; empty where that cannot be told."""
        made = self._channel(channel) if channel in self.doors else None
        return made.link(remote_id) if isinstance(made, Linked) else ""

    def page(self, name: str, language: str, **told: Any) -> str:
        """A page for readers, written by a template."""
        return self.wiring.renderer.page(name, language, **told)

    def check_health(self) -> None:
        """Raises :exc:`StorageError` when the database does not answer or the worker stands still."""
        with self.database.read() as connection:
            brakes.paused(connection)
        if self._beat and self.world.now() - self._beat > STILL:
            raise StorageError(
                f"the worker stands still since {self._beat:%Y-%m-%d %H:%M} UTC; start it again"
            )

    def _title(self, newsletter: str, language: str) -> str:
        told = self.newsletters.get(newsletter)
        return told.titles.get(language, newsletter) if told else newsletter

    def pause(self, name: str, *, by: str, why: str) -> None:
        with self.database.write() as connection:
            brakes.pause(connection, name, now=self.world.now(), by=by, why=why)

    def doctor(self) -> Iterator[tuple[str, bool, str]]:
        """Try each source and channel live, publishing nothing: what it is, whether it works, what it said."""
        yield from self.gate.doctor(self._source, self.returns)
        yield from self.switchboard.doctor()
        yield from self.summaries.doctor()
        yield from alerts.doctor(self.wiring.alerts)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Raises :exc:`StorageError` when another worker runs on the same SQLite file."""
        with only_worker(self.database.path) if self.database.path else nullcontext():
            self.recall()
            self.memory.turn(self.database, self.world.now())
            yield

    def stop(self) -> None:
        """Finish what is in flight and send nothing new. Safe in a signal handler."""
        self.stopping.set()
        if self.dispatch.carriers:
            self.dispatch.carriers.stop()
        self.engine.stop()

    def recall(self) -> None:
        """Replay who left, and pause everything where the database was restored or copied. Before anything is sent."""
        if not self.memory.recall(self.database, self.world.now()):
            self.people.reception.all_out()
            log.warning("everything is paused: %s", WHY)

    def work(self) -> None:
        """The scheduled worker, until :meth:`stop`. Be :meth:`alone` first."""
        tell = through_apprise(self.wiring.alerts) if self.wiring.alerts else None
        schedule = self.settings.schedule
        deliveries = {job: name for name in self.doors for job in self._deliveries(name)}
        calls = self.webhooks.jobs

        def look() -> None:
            if any(one.arrivals for one in self.look(due=True)):
                self.engine.soon(["compile"])

        def plan() -> None:
            self.engine.soon(calls)  # whoever woke us has news, perhaps for others, too
            if self.plan().deliveries:
                self.engine.soon(["preflight", *deliveries])

        def send(name: str) -> None:
            if any(self.dispatch.run(name).values()):
                self.engine.soon(calls)

        def preflight() -> None:
            if self.gate.preflight.look().through:
                self.engine.soon(deliveries)

        self.engine.every(schedule.reconcile, self._guarded(self.look_after, "reconcile"), "reconcile")
        tick = ingest.tick(schedule.ingest)
        self.engine.every(tick, self._guarded(look, "ingest"), "ingest")
        called = partial(self.switchboard.look, self.look)
        self.engine.every(schedule.deliver, self._guarded(called, CALLED), CALLED)
        self.engine.every(schedule.deliver, self._guarded(plan, "compile"), "compile")
        self.engine.every(schedule.deliver, self._guarded(preflight, "preflight"), "preflight")
        self.engine.every(
            self.settings.bounces.every, self._guarded(self.returns.collect, "bounces"), "bounces"
        )
        self.engine.every(DAY, self._guarded(self.tidy_up, "prune"), "prune")
        for job, name in deliveries.items():
            self.engine.every(schedule.deliver, self._guarded(partial(send, name), job), job)
        for job, name in calls.items():
            self.engine.every(schedule.deliver, self._guarded(partial(self.webhooks.run, name), job), job)
        log.info("at work: %d sources, %d channels", len(self.settings.sources), len(self.doors))
        with listening(tell, self.world.now):
            self.engine.run()
        log.info("stopped: nothing is in flight")

    def _deliveries(self, name: str) -> list[str]:
        """The names of the jobs that send through a channel, as many as may do so at the same time."""
        return [f"deliver {name} {number}" for number in range(self.settings.channels[name].parallel)]

    def _guarded(self, job: Callable[[], object], name: str) -> Callable[[], None]:
        """A job that fails is told about and comes again; the others go on."""

        def run() -> None:
            try:
                job()
            except SyndicatorError as error:
                self._warn(f"job {name}", (str(error),))
            except Exception:
                log.exception("%s failed in a way nobody foresaw", name)
            else:
                self._beat = self.world.now()
                self._warn(f"job {name}", ())

        return run

    def _warn(self, about: str, faults: Sequence[str]) -> None:
        """Tell a fault when it comes, not again at each tick while it lasts."""
        for fault in sorted(set(faults) - self._said.get(about, frozenset())):
            log.warning("%s: %s", about, fault)
        self._said[about] = frozenset(faults)

    def _tell_look(self, found: Look) -> None:
        for article, arrival in found.arrivals:
            if arrival in {Arrival.NEW, Arrival.REVISED}:
                log.info("%s: %s %s “%s”", found.source, arrival.value, article.language, article.headline)
        for article_id in found.withdrawn:
            log.warning("%s: %s was taken back by its publisher", found.source, article_id)
        self._warn(f"source {found.source}", found.faults)

    def _doors(self, names: Sequence[str]) -> list[Door]:
        found = [door_called(self.doors, name) for name in names]
        for one in found:
            if self.wiring.channels[one.id].factory.capabilities.addressed:
                raise Refused(
                    "{channel} writes to subscribers; its stories go out with a newsletter", channel=one.id
                )
        return found

    def _is_own(self, options: Any) -> bool:
        """Whether a source is the newsroom's own site, where nobody said."""
        said = getattr(options, "own", None)
        return urlsplit(getattr(options, "url", "")).hostname == self._host if said is None else bool(said)

    def _source(self, name: str) -> Source:
        socket = self.wiring.sources[name]
        options: Any = socket.options
        if "own" in type(options).model_fields:
            options = options.model_copy(update={"own": self._is_own(options)})
        made: Source = socket.factory(options, self.world, name=name)
        return made

    def _watched(self, name: str) -> ingest.Watched:
        told, own = self.settings.sources[name], self._is_own(self.wiring.sources[name].options)
        limits: dict[str, Any] = {"look_back": told.look_back, "at_most": told.at_most, "own": own}
        return ingest.Watched(name=name, source=self._source(name), **limits)

    def _channel(self, name: str) -> Any:
        socket = self.wiring.channels[name]
        return socket.factory(socket.options, self.world, id=ChannelId(name))

    def _box(self) -> Box | None:
        socket = self.wiring.box
        return cast(Box, socket.factory(socket.options, self.world)) if socket else None

    def _door(self, name: str) -> Door:
        keep = editing.filtered(self.settings.filters, name)
        return door(
            self.settings, name, keep=self.summaries.ready_for(keep, partial(self.wiring.space, name))
        )

    def _write(self, edition: Edition, door: Door, newsletter: Newsletter | None) -> Sequence[Post]:
        outlet = self.wiring.outlet(door.id, newsletter.name if newsletter else "")
        return self.wiring.renderer.write(edition, outlet)

    @property
    def _host(self) -> str:
        """The domain of the Message-IDs."""
        return urlsplit(self.settings.newsroom.url).hostname or "localhost"

    def _blanks(self, one: Claimed) -> Mapping[str, str]:
        return postroom.Blanks(self._made_blanks, one)
