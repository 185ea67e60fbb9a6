"""The bot at work: one poller over all workers, or a webhook; each update is acknowledged after it was acted on."""

from __future__ import annotations

import hmac
import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any

from syndicator.errors import ConfigError, SyndicatorError
from syndicator.services.alerts import listening
from syndicator.services.cards import Cards

from .desk import Desk, Who
from .nouns import Away, Shut, Taken
from .wire import Wire

if TYPE_CHECKING:
    from syndicator.app import App

POLL = 10.0  # seconds that one question waits for updates
PATIENCE = (1.0, 2.0, 5.0, 15.0, 30.0, 60.0)  # seconds after so many failures in a row
LOOK = timedelta(seconds=10)  # between two looks for what is to be told
SWEEP = timedelta(hours=6)
TRIES = 5  # of one update whose answer cannot be given; then it is passed over
log = logging.getLogger(__name__)


class Bot:
    """``with Bot(newsroom, wire, who) as bot``. Who polls calls :meth:`run` in a thread."""

    def __init__(self, newsroom: App, wire: Wire, who: Who) -> None:
        self._newsroom = newsroom
        self._wire = wire
        self.cards = Cards(
            newsroom.database,
            keys=newsroom.wiring.keys,
            now=newsroom.world.now,
            chance=newsroom.world.rng.randbytes,
        )
        self.desk = Desk(newsroom, self.cards, wire, who)
        self._offset = 0
        self._failures = 0
        self._tries: dict[int, int] = {}
        self._turn = Lock()
        self._looked = self._swept = newsroom.world.now()
        self.stopping = Event()

    @property
    def path(self) -> str:
        """Where Telegram calls; nobody can guess it."""
        return f"/bot/{self._token('path')}"

    @property
    def secret(self) -> str:
        """What Telegram says in the head of each call."""
        return self._token("secret")

    def _token(self, purpose: str) -> str:
        keys = self._newsroom.wiring.keys
        return keys.digest(keys.current, f"bot webhook\0{purpose}").hex()

    def round(self, seconds: float = POLL) -> int:
        """Hear once, act on what came; how many. Raises :exc:`Away`, and keeps what was not acted on."""
        heard = self._wire.hear(self._offset, seconds)
        for raw in heard:
            self._take(raw)
            self._offset = int(raw["update_id"]) + 1
        return len(heard)

    def called(self, path: str, secret: str, body: bytes) -> int:
        """The status that Telegram gets; it comes again with what was not acted on."""
        if not hmac.compare_digest(path.encode(), self.path.encode()):
            return 404
        if not hmac.compare_digest(secret.encode(), self.secret.encode()):
            return 403
        try:
            raw = json.loads(body)
            number = int(raw["update_id"])
        except (ValueError, KeyError, TypeError):
            return 400
        try:
            with self._turn:
                self._take(raw)
        except (Away, SyndicatorError) as error:
            log.warning("bot: update %s waits: %s", number, error)
            return 503
        return 200

    def _take(self, raw: Mapping[str, Any]) -> None:
        number = int(raw["update_id"])
        try:
            update = self._wire.understood(raw)
            if update:
                self.desk.take(update)
        except (Away, SyndicatorError) as error:
            self._tries[number] = self._tries.get(number, 0) + 1
            if self._tries[number] < TRIES:
                raise
            log.warning("bot: update %s is passed over after %d tries: %s", number, TRIES, error)
        except Exception:
            log.exception("bot: update %s is passed over", number)
        self._tries.pop(number, None)

    def run(self) -> None:
        """Until :meth:`stop`; only while no other worker does, on whatever machine. Whose line is cut lets another."""
        while not self.stopping.is_set():
            try:
                with self.cards.alone() as free:
                    if free:
                        self._work()
                    else:
                        self.stopping.wait(PATIENCE[-1])
            except Exception as error:
                self._rest(error)

    def _work(self) -> None:
        self.begin()
        while not self.stopping.is_set():
            self.step()
            self._failures = 0

    def _rest(self, error: Exception) -> None:
        """For as long as Telegram says, or longer each time."""
        self._failures += 1
        seconds = getattr(error, "seconds", None) or PATIENCE[min(self._failures, len(PATIENCE)) - 1]
        if isinstance(error, Away | Shut | SyndicatorError):
            log.log(self._level(error), "bot: %s; asking again in %d s", error, seconds)
        else:
            log.exception("bot: this went wrong in a way nobody foresaw; asking again in %d s", seconds)
        self.stopping.wait(seconds)

    def step(self) -> None:
        """Hear, or wait to be called; then tell what is new, and once in a while forget what is over."""
        if self._newsroom.settings.bot.mode == "polling":
            self.round()
        else:
            self.stopping.wait(POLL)
        now = self._newsroom.world.now()
        if now >= self._looked + LOOK:
            self._looked = now
            self.desk.tell()
        if now >= self._swept + SWEEP:
            self._swept = now
            self.cards.sweep()

    def _level(self, error: Exception) -> int:
        """A cut line is no news at first; another poller is."""
        return logging.WARNING if isinstance(error, Taken) or self._failures == 3 else logging.INFO

    def stop(self) -> None:
        self.stopping.set()
        self._wire.hush()

    def begin(self) -> None:
        """Say how updates come."""
        told = self._newsroom.settings
        if told.bot.mode == "webhook":
            self._wire.be_called(told.newsroom.public_url.rstrip("/") + self.path, self.secret)
        else:
            self._wire.be_polled()

    def end(self) -> None:
        """Acknowledge what was acted on; else it comes once more, and is known."""
        if self._offset:
            with suppress(Away, Shut):
                self._wire.hear(self._offset, 0)


@contextmanager
def beside(newsroom: App) -> Iterator[Bot | None]:
    """The bot in a thread of its own, None where none is configured. Raises :exc:`ConfigError`."""
    told = newsroom.settings.bot
    if told.token is None:
        yield None
        return
    if told.mode == "webhook" and not newsroom.settings.newsroom.public_url.startswith("https://"):
        raise ConfigError(
            'bot.mode: Telegram calls by https only; mend newsroom.public_url, or write "polling"'
        )
    with Wire(told.token.get_secret_value(), told.base_url) as wire:
        bot = Bot(newsroom, wire, newsroom.people.by_telegram)
        thread = Thread(target=bot.run, name="bot", daemon=True)
        thread.start()
        try:
            with listening(bot.desk.warn, newsroom.world.now):
                yield bot
        finally:
            bot.stop()
            thread.join()
            bot.end()


def probe(newsroom: App) -> tuple[str, bool, str] | None:
    """Whether Telegram knows the bot, and the editors' group lets it in; None where none is configured."""
    told = newsroom.settings.bot
    if told.token is None:
        return None
    try:
        with Wire(told.token.get_secret_value(), told.base_url) as wire:
            said = f"@{wire.name}, by {told.mode}"
            if told.group is not None:
                said += f", in {wire.title(told.group)}"
    except (Away, Shut) as error:
        return "bot", False, str(error)
    return "bot", True, said
