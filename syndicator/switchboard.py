"""Who calls the newsroom: providers about mail that came back, publishers about stories that have just come out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence

from .bounces import Report
from .errors import NotFound, Refused
from .ports import Caller, Hook, News, World
from .services.hubs import Hubs
from .services.ingest import Intake, Look
from .services.returns import Returns
from .storage.database import Database
from .wiring import Wiring

log = logging.getLogger("syndicator")

CALLED = "called"  # the job that looks at the sources whose publisher has called


class Switchboard:
    """``tell`` hears what was found, ``wake`` wakes a job."""

    def __init__(
        self,
        wiring: Wiring,
        world: World,
        database: Database,
        *,
        caller: Caller,
        returns: Returns,
        intake: Intake,
        tell: Callable[[Look], None],
        wake: Callable[[Sequence[str]], None],
    ) -> None:
        self._settings = wiring.settings
        self._hooks: Mapping[str, Hook] = {
            name: one.factory(one.options, world) for name, one in wiring.hooks.items()
        }
        newsroom = wiring.settings.newsroom
        self._reachable = "public_url" in newsroom.model_fields_set
        self.hubs = Hubs(
            database,
            keys=wiring.keys,
            public_url=newsroom.public_url if self._reachable else "",
            caller=caller,
            now=world.now,
        )
        self._sources = wiring.told_of
        self._returns = returns
        self._intake = intake
        self._now = world.now
        self._tell = tell
        self._wake = wake

    def call(self, name: str, headers: Mapping[str, str], body: bytes) -> int:
        """Hear a call; returns how much of it is new. What is a story goes on its way at once.

        Raises :exc:`NotFound`, :exc:`Refused` for one who cannot prove who they are, :exc:`SourceError` for what makes
        no sense, and :exc:`StorageError`: then it was not heard.
        """
        if name not in self._hooks:
            raise NotFound("no hook is called {name!r}", name=name)
        new = 0
        for number, told in self._hooks[name].read(headers, body):
            key = f"hook:{name}:{number}"
            if isinstance(told, Report):
                new += not self._returns.hear(told, key=key, source=f"hooks.{name}", trusted=True).again
            else:
                new += self.hear(self._sources[name], told, key)
        return new

    def hear(self, source: str, news: News, key: str) -> bool:
        """Whether that is news to us."""
        found = self._intake.hear(source, news, key)
        if found is None:
            return False
        self._tell(found)
        if news.look:
            self._wake([CALLED])
        if found.arrivals:
            self._wake(["compile"])
        return True

    def distributed(self, source: str, token: str, signature: str, body: bytes) -> bool:
        """A hub's word that a feed has changed; whether that is news, and true. Raises :exc:`NotFound`."""
        try:
            key = self.hubs.heard(source, token, signature, body)
        except Refused as error:
            log.warning("%s: its hub: %s", source, error)
            return False
        return self.hear(source, News(look=True), key)

    def look(self, look: Callable[[Sequence[str]], list[Look]]) -> list[Look]:
        """Look at the sources whose publisher has called; ask the hubs whose turn it is."""
        self.hubs.keep(self._settings.sources)
        begun = self._now()
        names = self._intake.called()
        if not names:
            return []
        found = look([name for name in names if name in self._settings.sources])
        self._intake.answered(names, begun)
        if any(one.arrivals for one in found):
            self._wake(["compile"])
        return found

    def doctor(self) -> Iterator[tuple[str, bool, str]]:
        """Where publishers may call: what it is, whether they can, and about which source."""
        public = self._settings.newsroom.public_url.rstrip("/")
        given = self._reachable
        yield from self.hubs.doctor()
        for name, source in self._sources.items():
            said = f"stories of {source} are told at {public}/hooks/{name}"
            yield (
                f"hooks.{name}",
                given,
                said if given else f"{said}; say newsroom.public_url, so that others reach it",
            )
