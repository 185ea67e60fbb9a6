"""Look at the sources: what is new, what was changed, what could not be read."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from queue import SimpleQueue
from random import Random

from syndicator.cleaning import article_id
from syndicator.errors import SourceError, SourceGone
from syndicator.model import Article, Item
from syndicator.ports import Answer, Ask, Harvest, News, Source, Stepwise
from syndicator.storage import archive, calls, hubs, identity, retractions, siblings
from syndicator.storage.archive import Arrival, SourceState
from syndicator.storage.database import Connection, Database

log = logging.getLogger("syndicator")

Carry = Callable[[Generator[Ask, Answer, Harvest]], Future[Harvest]]

TOLD_OF = 6  # a source of which a hub tells us is looked at so many times less often
ONCE_MORE = timedelta(minutes=1)  # after a call: what was published may not be in every cache yet
NEVER = datetime(2000, 1, 1, tzinfo=UTC)  # a hub that is still to be asked
FAR_AHEAD = timedelta(days=1)
RECENT = timedelta(days=1)
CALLS_KEPT = timedelta(days=40)  # longer than anybody may repeat one, or a hub's lease lasts
UNDER_WAY = 64  # sources that are looked at at the same time
THREADS = 8  # of them, those that wait for the network themselves
QUIET_TOGETHER = 256  # sources without news whose checkpoints are written in one commit
JITTER = 0.1  # of an interval, either way: thousands of sources do not come in step
FAILED_MAX = timedelta(hours=3)  # a source of others that fails is asked at least as often
OWN_MAX = timedelta(minutes=15)  # and one of the newsroom's own: its news of the night waits behind that


TICKS = 10  # in an interval


def tick(every: timedelta) -> timedelta:
    """How often it is worth asking which sources are due, when most of them are so often."""
    return max(every / TICKS, min(every, timedelta(seconds=1)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A source as it is configured."""

    name: str
    source: Source
    look_back: timedelta = timedelta(0)
    at_most: int = 50  # new stories of one look that go out by themselves
    own: bool = False  # the newsroom's own site


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one look at one source brought."""

    source: str
    first: bool = False
    arrivals: tuple[tuple[Article, Arrival], ...] = ()
    withdrawn: tuple[str, ...] = ()  # ids of stories that their publisher took back
    faults: tuple[str, ...] = ()  # of the source, or of single stories; the rest went on

    def count(self, arrival: Arrival) -> int:
        return sum(1 for _, one in self.arrivals if one is arrival)


class Intake:
    """Looks at many sources together, and writes down what each brought with its checkpoint in one commit.

    The first sight of a source marks what it already lists as seen, but for what was published within its
    ``look_back``; and of more new stories than ``at_most`` only recent ones go out: an archive never floods the
    channels. What the publisher takes back is retracted, and stands again when it is published again.
    """

    def __init__(
        self,
        database: Database,
        *,
        watched: Callable[[str], Watched],
        clean: Callable[[Item], Article],
        carry: Carry,
        now: Callable[[], datetime],
        rng: Random,
        every: timedelta,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        """``every``: how soon a source that has nothing to say about it is looked at again."""
        self._database = database
        self._watched = watched
        self._clean = clean
        self._carry = carry
        self._now = now
        self._rng = rng
        self._every = every
        self._stopping = stopping
        self._told_of: set[str] = set()  # sources of which a hub tells us

    def look(self, names: Iterable[str], *, due: bool = False) -> Iterator[Look]:
        """As the sources answer. ``due``: only those whose time has come, else each that is not closed."""
        with self._database.read() as connection:
            known = archive.sources_known(connection)
            self._told_of = hubs.telling(connection, self._now())
        wanted, now = [], self._now()
        for name in names:
            state = known.get(name)
            if state and state.closed:
                yield Look(source=name, faults=(f"{name} is closed: {state.fault}",))
            elif not due or state is None or state.due_at is None or state.due_at <= now:
                wanted.append(self._watched(name))
        quiet: list[SourceState] = []
        for one, found in self._harvests(wanted, known):
            state = known.get(one.name) or _never_seen(one.name, self._now())
            if isinstance(found, SourceError):
                yield self._failed(one, state, found)
            elif state.checkpoint is None or found.items or found.withdrawn:
                yield self._record(one, state, found)
            else:
                quiet.append(self._looked(state, found))
                yield Look(source=one.name, faults=found.faults)
            if len(quiet) >= QUIET_TOGETHER:
                self._save(quiet)
        self._save(quiet)

    def _harvests(
        self, wanted: Sequence[Watched], known: Mapping[str, SourceState]
    ) -> Iterator[tuple[Watched, Harvest | SourceError]]:
        """What the sources bring, in the order in which they come to an end."""
        done: SimpleQueue[tuple[Watched, Future[Harvest]]] = SimpleQueue()
        waiting, under_way = iter(wanted), 0
        with ThreadPoolExecutor(THREADS, thread_name_prefix="source") as pool:
            while True:
                while under_way < UNDER_WAY and not self._stopping() and (one := next(waiting, None)):
                    state = known.get(one.name)
                    begun = self._begun(one.source, state.checkpoint if state else None, pool)
                    begun.add_done_callback(lambda ended, one=one: done.put((one, ended)))  # type: ignore[misc]
                    under_way += 1
                if not under_way:
                    return
                one, ended = done.get()
                under_way -= 1
                yield one, _brought(one.name, ended)

    def _begun(self, source: Source, checkpoint: str | None, pool: ThreadPoolExecutor) -> Future[Harvest]:
        if isinstance(source, Stepwise):
            return self._carry(source.steps(checkpoint))
        return pool.submit(source.fetch, checkpoint)

    def _record(self, watched: Watched, state: SourceState, harvest: Harvest) -> Look:
        now, first = self._now(), state.checkpoint is None
        cleaned, faults = self._cleaned(harvest)
        looked = self._looked(replace(state, first_seen_at=now) if first else state, harvest)
        since = now - watched.look_back if first else min(state.looked_at, now - RECENT)
        with self._database.write() as connection:
            archive.in_turn(connection)
            if archive.looked_at(connection, watched.name) not in {None, state.looked_at}:
                archive.look_again(connection, watched.name)  # perhaps somebody has newer news than we
                return Look(source=watched.name)
            arrivals = _arrivals(connection, looked, cleaned, harvest, since if first else None)
            flood = _hold_flood(connection, watched, arrivals, since)
            withdrawn = _take_back(connection, looked, harvest)
            archive.save_sources(connection, [looked])
            hubs.put_down(connection, watched.name, _hub(harvest), NEVER)
        faults += flood + _dated_far_ahead(arrivals, now)
        return Look(
            source=watched.name,
            first=first,
            arrivals=arrivals,
            withdrawn=withdrawn,
            faults=(*harvest.faults, *faults),
        )

    def hear(self, name: str, news: News, key: str) -> Look | None:
        """Write down what the source itself told us; None when this call was heard before.

        What was published long ago is kept and is no news. Raises :exc:`SourceError` when nothing of it is a story,
        and :exc:`StorageError`: then it was not heard.
        """
        now = self._now()
        items = tuple(replace(item, source=name) for item in news.items)
        harvest = Harvest(items, "", withdrawn=news.withdrawn)
        cleaned, faults = self._cleaned(harvest)
        if faults and not cleaned:
            raise SourceError("; ".join(faults))
        told = _never_seen(name, now)
        with self._database.write() as connection:
            if not calls.hear(connection, key, source=name, now=now, waits=news.look):
                return None
            if news.look:
                calls.hear(connection, f"{key} once more", source=name, now=now + ONCE_MORE, waits=True)
            archive.in_turn(connection)
            archive.overtake(connection, name, now)
            arrivals = _arrivals(connection, told, cleaned, harvest, now - RECENT)
            withdrawn = _take_back(connection, told, harvest)
        return Look(source=name, arrivals=arrivals, withdrawn=withdrawn, faults=tuple(faults))

    def called(self) -> list[str]:
        """Sources whose publisher says that there is something new."""
        with self._database.read() as connection:
            return calls.waiting(connection, self._now())

    def answered(self, names: Sequence[str], begun: datetime) -> None:
        """They were looked at since then. What was called in meanwhile still waits."""
        with self._database.write() as connection:
            calls.looked(connection, names, begun)
            calls.forget(connection, begun - CALLS_KEPT)

    def _cleaned(self, harvest: Harvest) -> tuple[list[Article], list[str]]:
        cleaned, faults = [], []
        for item in harvest.items:
            try:
                cleaned.append(self._clean(item))
            except SourceError as error:
                faults.append(str(error))
        return cleaned, faults

    def _looked(self, state: SourceState, harvest: Harvest) -> SourceState:
        now = self._now()
        pace = TOLD_OF if state.name in self._told_of else 1
        usual = now + pace * self._every * self._rng.uniform(1 - JITTER, 1 + JITTER)
        due_at = max(usual, harvest.again_at or usual)
        return replace(
            state, checkpoint=harvest.checkpoint, looked_at=now, due_at=due_at, failures=0, fault=None
        )

    def _failed(self, watched: Watched, state: SourceState, error: SourceError) -> Look:
        """Remember the fault, and ask less and less often: each pause is drawn between the usual one and three times
        the last (decorrelated jitter). A source never seen well has not had its first sight yet."""
        now = self._now()
        last = state.due_at - state.looked_at if state.failures and state.due_at else self._every
        longest = max(OWN_MAX, self._every) if watched.own else FAILED_MAX
        pause = min(longest, self._every + max(3 * last - self._every, timedelta(0)) * self._rng.random())
        failed = replace(
            state,
            looked_at=now,
            due_at=now + pause,
            failures=state.failures + 1,
            fault=str(error),
            closed=isinstance(error, SourceGone),
        )
        self._save([failed])
        return Look(source=state.name, faults=(str(error),))

    def _save(self, states: list[SourceState]) -> None:
        if states:
            with self._database.write() as connection:
                archive.save_sources(connection, states)
            states.clear()


def _never_seen(name: str, now: datetime) -> SourceState:
    return SourceState(
        name=name,
        checkpoint=None,
        first_seen_at=now,
        looked_at=now,
        due_at=None,
        failures=0,
        closed=False,
        fault=None,
    )


def _brought(name: str, ended: Future[Harvest]) -> Harvest | SourceError:
    """A plug-in that stumbles stops only its own source."""
    error = ended.exception()
    if error is None:
        return ended.result()
    if isinstance(error, SourceError):
        return error
    log.error("%s: the plug-in stumbled", name, exc_info=error)
    return SourceError(f"{name}: the plug-in stumbled ({type(error).__name__}: {error})")


def _hold_flood(
    connection: Connection,
    watched: Watched,
    arrivals: Sequence[tuple[Article, Arrival]],
    since: datetime,
) -> list[str]:
    """Of more new stories than are let through only the newest since then go out; the others are kept."""
    ids = [article.id for article, arrival in arrivals if arrival is Arrival.NEW]
    fresh = archive.fresh_of(connection, ids)
    news = [article for article, _ in arrivals if article.id in fresh]
    if len(news) <= watched.at_most:
        return []
    newest = sorted(news, key=lambda article: article.published_at, reverse=True)
    recent = {one.id for one in newest[: watched.at_most] if one.dated and one.published_at > since}
    held = [article.id for article in news if article.id not in recent]
    archive.hold_back(connection, held)
    return [
        f"{watched.name}: {len(news)} new stories at once, more than its at_most of {watched.at_most}: {len(held)} of "
        "them are kept and do not go out by themselves; push those that should"
    ]


def _dated_far_ahead(arrivals: Sequence[tuple[Article, Arrival]], now: datetime) -> list[str]:
    """A date ahead is an embargo and is kept; one far ahead may be a slip, and somebody should know."""
    return [
        f"{article.url}: it is dated {article.published_at:%Y-%m-%d} and waits until then; if that is a slip, push it"
        for article, arrival in arrivals
        if arrival is Arrival.NEW and article.published_at > now + FAR_AHEAD
    ]


def _arrivals(
    connection: Connection,
    looked: SourceState,
    cleaned: Sequence[Article],
    harvest: Harvest,
    since: datetime | None,
) -> tuple[tuple[Article, Arrival], ...]:
    now = looked.looked_at
    arrivals: list[archive.Kept] = []
    # At first sight nothing is told apart that its publisher keeps apart.
    neighbours = identity.Neighbours(looked.name, now) if since is None else None
    old = {article_id(looked.name, key) for key in harvest.old}
    for article in cleaned:
        news = since is None or (article.dated and article.published_at > since)
        kept = archive.record(
            connection,
            article,
            source=looked.name,
            now=now,
            fresh=news and article.id not in old,
            neighbours=neighbours,
            listed={one.id for one, _ in arrivals},
        )
        arrivals.append(kept)
        if kept.arrival in {Arrival.NEW, Arrival.REVISED}:
            new = neighbours is not None and kept.arrival is Arrival.NEW
            siblings.note(connection, kept.article, now, guess=new)
    by = _who(looked)
    for one in retractions.taken_back_by(connection, by, [article.id for article, _ in arrivals]):
        retractions.readmit(connection, one, now=now, by=by)
    return tuple(arrivals)


def _take_back(connection: Connection, looked: SourceState, harvest: Harvest) -> tuple[str, ...]:
    wanted = [article_id(looked.name, key) for key in harvest.withdrawn]
    gone = identity.ids_of(connection, wanted, looked.name)
    for one in gone:
        why = "its publisher took it back"
        retractions.take_back(connection, one, now=looked.looked_at, by=_who(looked), why=why)
    return tuple(gone)


def _hub(harvest: Harvest) -> tuple[str, str] | None:
    return (harvest.hub.hub, harvest.hub.topic) if harvest.hub else None


def _who(looked: SourceState) -> str:
    return f"sources.{looked.name}"
