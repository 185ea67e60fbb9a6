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
from typing import Any

from syndicator.errors import ConfigError

AGAIN = timedelta(hours=1)  # the same fault is told again after this
REMEMBERED = 1000  # faults
Tell = Callable[[str], bool]

log = logging.getLogger(__name__)


def through_apprise(urls: Sequence[str]) -> Tell:
    """Raises :exc:`ConfigError` where Apprise is missing, or does not understand an address."""
    library = _apprise()
    told = library.Apprise()
    for number, one in enumerate(_understood(library, urls), 1):
        if not one:
            raise ConfigError(_not_understood(number, len(urls)))
        told.add(one)
    return lambda text: bool(told.notify(body=text, title="Syndicator"))


def doctor(urls: Sequence[str]) -> Iterator[tuple[str, bool, str]]:
    """Whether Apprise understands each address, and whose it is; nobody is told anything."""
    try:
        understood = _understood(_apprise(), urls) if urls else []
    except ConfigError as error:
        yield "alerts", False, str(error)
        return
    for number, found in enumerate(understood, 1):
        if found:
            yield (
                "alerts",
                True,
                f"editors are told by {found.service_name} (address {number} of {len(urls)})",
            )
        else:
            yield "alerts", False, _not_understood(number, len(urls))


def _apprise() -> Any:
    try:
        import apprise  # noqa: PLC0415 - an optional extra
    except ImportError as error:
        raise ConfigError("alerts need Apprise; install syndicator[alerts]") from error
    return apprise


def _understood(library: Any, urls: Sequence[str]) -> list[Any]:
    """Whom each address is about; None for one that makes no sense. The library would log such an address, secret and
    all."""
    its_log = logging.getLogger("apprise")
    its_log.disabled = True
    try:
        return [library.Apprise.instantiate(url) for url in urls]
    finally:
        its_log.disabled = False


def _not_understood(number: int, of: int) -> str:
    """An address holds a secret: it is not repeated."""
    return f"SYNDICATOR_ALERTS: Apprise does not understand address {number} of {of}"


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
