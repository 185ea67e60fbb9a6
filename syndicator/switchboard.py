"""Who calls the newsroom: providers about mail that came back, publishers about stories that have just come out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from .bounces import Report
from .errors import NotFound
from .ports import Hook, News, World
from .services.ingest import Intake, Look
from .services.returns import Returns
from .wiring import Wiring

CALLED = "called"  # the job that looks at the sources whose publisher has called


class Switchboard:
    """``tell`` hears what was found, ``wake`` wakes a job."""

    def __init__(
        self,
        wiring: Wiring,
        world: World,
        *,
        returns: Returns,
        intake: Intake,
        tell: Callable[[Look], None],
        wake: Callable[[Sequence[str]], None],
    ) -> None:
        self._settings = wiring.settings
        self._hooks: Mapping[str, Hook] = {
            name: one.factory(one.options, world) for name, one in wiring.hooks.items()
        }
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
            raise NotFound(f"no hook is called {name!r}")
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

    def look(self, look: Callable[[Sequence[str]], list[Look]]) -> list[Look]:
        """Look at the sources whose publisher has called."""
        begun = self._now()
        names = self._intake.called()
        if not names:
            return []
        found = look([name for name in names if name in self._settings.sources])
        self._intake.answered(names, begun)
        return found

    def doctor(self) -> Iterator[tuple[str, bool, str]]:
        """Where publishers may call: what it is, whether they can, and about which source."""
        public = self._settings.newsroom.public_url.rstrip("/")
        given = "public_url" in self._settings.newsroom.model_fields_set
        for name, source in self._sources.items():
            said = f"stories of {source} are told at {public}/hooks/{name}"
            yield (
                f"hooks.{name}",
                given,
                said if given else f"{said}; say newsroom.public_url, so that others reach it",
            )
