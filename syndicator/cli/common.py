"""What the commands share: options, opening the newsroom, progress, answers."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from syndicator.errors import ConfigError, Refused

if TYPE_CHECKING:
    from syndicator.app import App

MARKS = {
    "pending": "○", "claimed": "◐", "sending": "◐", "sent": "●", "uncertain": "◆",
    "held": "▮", "failed": "✕", "excluded": "–", "expired": "–", "cancelled": "–",
}  # fmt: skip
Config = Annotated[
    Path,
    typer.Option(
        "--config", "-c", envvar="SYNDICATOR_CONFIG", help="The configuration: a file, or a folder of them."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout, for scripts.")]
Editor = Annotated[str, typer.Option("--by", envvar="USER", help="Who says so; it is written down.")]
HERE = Path("syndicator.toml")


@contextmanager
def opened(config: Path) -> Iterator[App]:
    with unopened(config) as newsroom, newsroom:
        yield newsroom


@contextmanager
def unopened(config: Path) -> Iterator[App]:
    """A newsroom whose database is not looked at: it may be damaged, or not there."""
    from syndicator.app import App

    newsroom = App.opened(config, os.environ)
    for handler in logging.getLogger().handlers:
        handler.addFilter(Redaction(newsroom.wiring.secrets))
    try:
        yield newsroom
    finally:
        newsroom.database.close()


@contextmanager
def interruptible(newsroom: App) -> Iterator[None]:
    """SIGTERM and Ctrl-C finish what is in flight; a second Ctrl-C does not wait."""

    def stop(number: int, frame: object) -> None:
        newsroom.stop()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def progress(what: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """A bar with rate and time left on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty() or total == 0:
        yield lambda number: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda number: bar.advance(task, number)


def log_to(stream: Any, formatter: logging.Formatter | None = None) -> None:
    level = os.environ.get("SYNDICATOR_LOG", "INFO").upper()
    if level not in logging.getLevelNamesMapping():
        raise ConfigError(f"SYNDICATOR_LOG: {level!r} is no level; write DEBUG, INFO, WARNING or ERROR")
    logging.basicConfig(
        stream=stream, level=logging.WARNING, format="%(asctime)s %(levelname)-7s %(message)s"
    )
    for handler in logging.getLogger().handlers if formatter else ():
        handler.setFormatter(formatter)
    logging.getLogger("syndicator").setLevel(level)


def must_know(names: Sequence[str], known: Mapping[str, object], what: str) -> None:
    from syndicator.config import closest

    for name in names:
        if name not in known:
            raise Refused(f"no {what} is called {name!r}; {closest(name, known)}")


def moment(told: str, option: str) -> datetime:
    """A moment as a person types it. Raises :exc:`Refused` for one without its offset."""
    try:
        found = datetime.fromisoformat(told)
    except ValueError as error:
        raise Refused(f"{option}: {told!r} is no moment; write it like 2026-03-01T18:00+03:00") from error
    if found.tzinfo is None:
        raise Refused(f"{option}: {told!r} has no offset; write it like {told}+03:00, or {told}Z")
    return found


def print_json(told: object) -> None:
    typer.echo(json.dumps(told, ensure_ascii=False, default=str))


class Redaction(logging.Filter):
    """No secret of the configuration reaches a log, whoever writes it."""

    def __init__(self, secrets: frozenset[str]) -> None:
        super().__init__()
        self._secrets = [secret for secret in secrets if len(secret) >= 6]

    def filter(self, record: logging.LogRecord) -> bool:
        said = record.getMessage()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        for secret in self._secrets:
            said = said.replace(secret, "[secret]")
            record.exc_text = record.exc_text and record.exc_text.replace(secret, "[secret]")
        record.msg, record.args = said, ()
        return True
