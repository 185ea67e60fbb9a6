"""A process of its own for a large run, so that the pages of this one stay quick.

The child is the same program with the same configuration. Its standard input is the line between us: it ends when we
are told to stop, or are no more, however we died; then the child finishes what is in flight and sends nothing new. Its
standard output is what it has to say: JSON lines for our log and of how it ended, and whatever an interpreter in need
says. Its own death is a death like any other: what it had marked comes into doubt, what it had claimed waits again.
"""

from __future__ import annotations

import json
import logging
import os
import signal
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from subprocess import PIPE, STDOUT, Popen
from threading import Thread
from typing import IO, Any

from syndicator.errors import ChannelError
from syndicator.model import Outcome

log = logging.getLogger("syndicator")

LAST_WORDS = 20  # lines, of a child that died


class Carriers:
    """``command`` is how a channel's run is started: no secret stands in it, they are in the environment."""

    def __init__(self, command: Callable[[str], Sequence[str]]) -> None:
        self._command = command
        self._lines: set[IO[bytes]] = set()
        self._stopped = False

    def carry(self, channel: str) -> Mapping[Outcome, int] | None:
        """Wait until a process of its own has sent what is due; returns how many had which outcome.

        None, and a warning, where it could not begin. Raises :exc:`ChannelError` where it failed or died.
        """
        command = self._command(channel)
        try:  # the words are our own, and no shell reads them
            child = Popen(command, stdin=PIPE, stdout=PIPE, stderr=STDOUT)  # noqa: S603
        except OSError as error:
            log.warning("%s: a large run has no process of its own: %s", channel, error)
            return None
        log.info("%s: a large run goes on in process %d", channel, child.pid)
        with child:
            line: Any = child.stdin
            self._lines.add(line)
            try:
                if self._stopped:  # between our look and its birth
                    line.close()
                heard = _heard(child.stdout or ())
            finally:
                self._lines.discard(line)
                line.close()
        return self._outcome(channel, heard, child.wait())

    def stop(self) -> None:
        """Let all of them finish what is in flight. Safe in a signal handler."""
        self._stopped = True
        for line in tuple(self._lines):
            line.close()

    def _outcome(self, channel: str, heard: Heard, status: int) -> Mapping[Outcome, int] | None:
        if heard.counts is not None or self._stopped:
            return heard.counts or {}
        how = signal.Signals(-status).name if status < 0 else f"status {status}"
        why = heard.error or "\n".join([f"it ended with {how}", *heard.noise])
        if not heard.begun:
            log.warning("%s: a large run has no process of its own: %s", channel, why)
            return None
        raise ChannelError(heard.error or f"{channel}: the process of a large run: {why}")


@dataclass(slots=True)
class Heard:
    """What a child has said."""

    begun: bool = False
    counts: Mapping[Outcome, int] | None = None
    error: str = ""
    noise: list[str] = field(default_factory=list)  # what is no word of ours; the last lines


def _heard(lines: Iterable[bytes]) -> Heard:
    """Pass on to our log what is for it, until the child has no more to say."""
    heard = Heard()
    for raw in lines:
        match _word(raw):
            case {"log": str(name), "level": int(level), "text": str(text)}:
                logging.getLogger(name).log(level, "%s", text)
            case {"begun": True}:
                heard.begun = True
            case {"counts": dict(counts)}:
                heard.counts = {Outcome(name): number for name, number in counts.items()}
            case {"error": str(error)}:
                heard.error = error
            case _:
                heard.noise = [*heard.noise, raw.decode(errors="replace").rstrip()][-LAST_WORDS:]
    return heard


def _word(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return None


# The child's side


class Lines(logging.Formatter):
    """A record as a line for the parent."""

    def format(self, record: logging.LogRecord) -> str:
        return json.dumps({"log": record.name, "level": record.levelno, "text": super().format(record)})


def said(**told: object) -> str:
    """One of the child's words: ``begun``, ``counts`` or ``error``."""
    return json.dumps(told)


def when_alone(line: int, stop: Callable[[], None]) -> None:
    """Call ``stop`` once the parent wants it or is no more: when this file descriptor ends."""

    def watch() -> None:
        while os.read(line, 1):
            pass
        stop()

    Thread(target=watch, name="parent", daemon=True).start()
