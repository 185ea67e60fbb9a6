"""Look at the sources: what is new, what was changed, what could not be read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from syndicator.cleaning import article_id
from syndicator.errors import SourceError, SourceGone
from syndicator.model import Article, Item
from syndicator.ports import Harvest, Source
from syndicator.storage import archive, retractions
from syndicator.storage.archive import Arrival, SourceState
from syndicator.storage.database import Connection, Database

FAR_AHEAD = timedelta(days=1)


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


def look(
    database: Database,
    name: str,
    source: Source,
    *,
    clean: Callable[[Item], Article],
    now: datetime,
    look_back: timedelta = timedelta(0),
) -> Look:
    """Fetch, clean and record one source; articles and checkpoint are saved in one commit.

    The first sight of a source marks what it already lists as seen, but for what was published within
    ``look_back``: an archive never floods the channels. What the publisher takes back is retracted, and stands again
    when it is published again.
    """
    with database.read() as connection:
        known = archive.source(connection, name)
    state = known or SourceState(
        name=name, checkpoint=None, first_seen_at=now, looked_at=now, failures=0, closed=False, fault=None
    )
    if state.closed:
        return Look(source=name, faults=(f"{name} is closed: {state.fault}",))
    try:
        harvest = source.fetch(state.checkpoint)
    except SourceError as error:
        return _failed(database, known, state, error, now)
    cleaned, faults = _clean(harvest, clean)
    since = now - look_back if known is None else None
    looked = replace(state, checkpoint=harvest.checkpoint, looked_at=now, failures=0, fault=None)
    with database.write() as connection:
        arrivals = _record(connection, looked, cleaned, harvest, since)
        withdrawn = _take_back(connection, looked, harvest)
        archive.save_source(connection, looked)
    faults += _dated_far_ahead(arrivals, now)
    return Look(
        source=name,
        first=known is None,
        arrivals=arrivals,
        withdrawn=withdrawn,
        faults=(*harvest.faults, *faults),
    )


def _dated_far_ahead(arrivals: Sequence[tuple[Article, Arrival]], now: datetime) -> list[str]:
    """A date ahead is an embargo and is kept; one far ahead may be a slip, and somebody should know."""
    return [
        f"{article.url}: it is dated {article.published_at:%Y-%m-%d} and waits until then; if that is a slip, push it"
        for article, arrival in arrivals
        if arrival is Arrival.NEW and article.published_at > now + FAR_AHEAD
    ]


def _clean(harvest: Harvest, clean: Callable[[Item], Article]) -> tuple[list[Article], list[str]]:
    cleaned, faults = [], []
    for item in harvest.items:
        try:
            cleaned.append(clean(item))
        except SourceError as error:
            faults.append(str(error))
    return cleaned, faults


def _record(
    connection: Connection,
    looked: SourceState,
    cleaned: Sequence[Article],
    harvest: Harvest,
    since: datetime | None,
) -> tuple[tuple[Article, Arrival], ...]:
    now, arrivals = looked.looked_at, []
    old = {article_id(looked.name, key) for key in harvest.old}
    for article in cleaned:
        fresh = (since is None or article.published_at > since) and article.id not in old
        arrival = archive.record(connection, article, source=looked.name, now=now, fresh=fresh)
        arrivals.append((article, arrival))
    by = _who(looked)
    for one in retractions.taken_back_by(connection, by, [article.id for article in cleaned]):
        retractions.readmit(connection, one, now=now, by=by)
    return tuple(arrivals)


def _take_back(connection: Connection, looked: SourceState, harvest: Harvest) -> tuple[str, ...]:
    gone = archive.revisions_of(connection, [article_id(looked.name, key) for key in harvest.withdrawn])
    for one in sorted(gone):
        why = "its publisher took it back"
        retractions.take_back(connection, one, now=looked.looked_at, by=_who(looked), why=why)
    return tuple(sorted(gone))


def _who(looked: SourceState) -> str:
    return f"sources.{looked.name}"


def _failed(
    database: Database, known: SourceState | None, state: SourceState, error: SourceError, now: datetime
) -> Look:
    """Remember the fault; a source never seen well has not had its first sight yet."""
    gone = isinstance(error, SourceGone)
    if known or gone:
        failed = replace(state, looked_at=now, failures=state.failures + 1, fault=str(error), closed=gone)
        with database.write() as connection:
            archive.save_source(connection, failed)
    return Look(source=state.name, faults=(str(error),))
