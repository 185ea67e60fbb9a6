"""``python -m syndicator.cli.carrier CHANNEL MARK CONFIG``: a large run of `syndicator run`, in a process of its own.

No command of its own: it speaks to the worker that started it, and ends with it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from syndicator.errors import ConfigError, SyndicatorError
from syndicator.services.carriers import Lines, said, when_alone

from .common import interruptible, log_to, opened


def command(config: Path, mark: str, channel: str) -> list[str]:
    """How it is started. ``mark`` is the configuration as the worker understood it."""
    return [sys.executable, "-P", "-m", __name__, channel, mark, str(config)]


def main() -> int:
    channel, mark, config = sys.argv[1:]
    log_to(sys.stdout, Lines())
    try:
        with opened(Path(config)) as newsroom, interruptible(newsroom):
            when_alone(sys.stdin.fileno(), newsroom.stop)
            if newsroom.wiring.mark != mark:
                raise ConfigError(f"{config} was changed since the worker began; start that again")
            _say(begun=True)
            counts = newsroom.deliver(channel)
            _say(counts={str(outcome): number for outcome, number in counts.items()})
    except SyndicatorError as error:
        _say(error=str(error))
        return 1
    except BrokenPipeError:  # the worker is no more: nobody listens
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _say(**told: object) -> None:
    sys.stdout.write(said(**told) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
