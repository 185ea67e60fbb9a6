"""What editors should know at once, told where they are: Slack, Discord, Teams, mail … through Apprise.

Whatever the worker warns of is told once an hour; nobody waits for it, and what cannot be told stops nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from logging.handlers import QueueHandler, QueueListener
from queue import SimpleQueue

from syndicator.errors import ConfigError

AGAIN = timedelta(hours=1)  # the same fault is told again after this
REMEMBERED = 1000  # faults
Tell = Callable[[str], bool]

log = logging.getLogger(__name__)


def through_apprise(urls: Sequence[str]) -> Tell:
    """Raises :exc:`ConfigError` where Apprise is missing, or does not understand an address."""
    try:
        import apprise  # noqa: PLC0415 - an optional extra
    except ImportError as error:
        raise ConfigError("alerts need Apprise; install syndicator[alerts]") from error
    told = apprise.Apprise()
    for number, url in enumerate(urls, 1):
        if not told.add(url):  # an address holds a secret: it is not repeated
            raise ConfigError(
                f"SYNDICATOR_ALERTS: Apprise does not understand address {number} of {len(urls)}"
            )
    return lambda text: bool(told.notify(body=text, title="Syndicator"))


class Alerts(logging.Handler):
    """Tells warnings and worse, each text once an hour."""

    def __init__(self, tell: Tell, now: Callable[[], datetime]) -> None:
        super().__init__(logging.WARNING)
        self._tell = tell
        self._now = now
        self._told: dict[str, datetime] = {}

    def emit(self, record: logging.LogRecord) -> None:
        text, now = record.getMessage(), self._now()
        if record.name == __name__ or (text in self._told and now < self._told[text] + AGAIN):
            return
        if len(self._told) >= REMEMBERED:
            self._told = {text: at for text, at in self._told.items() if now < at + AGAIN}
        self._told[text] = now
        try:
            heard = self._tell(text)
        except Exception:  # somebody else's library, somebody else's server
            log.exception("an alert could not be told")
        else:
            if not heard:
                log.warning("an alert could not be told: %s", text)


@contextmanager
def listening(tell: Tell | None, now: Callable[[], datetime], to: str = "syndicator") -> Iterator[None]:
    """Alerts for as long as this is open, told by a thread of their own; the last are told before it ends."""
    if tell is None:
        yield
        return
    queue: SimpleQueue[logging.LogRecord] = SimpleQueue()
    handler, listener = QueueHandler(queue), QueueListener(queue, Alerts(tell, now))
    handler.setLevel(logging.WARNING)
    logger = logging.getLogger(to)
    logger.addHandler(handler)
    listener.start()
    try:
        yield
    finally:
        logger.removeHandler(handler)
        listener.stop()
