"""Something done in a process of its own, which may die of it."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.kill.worker"])  # with all that is heavy


def killed(act: Callable[..., object], *told: object) -> bool:
    """Whether it died by SIGKILL, and did not come to its end. ``act`` is a function of a module."""
    process = _context.Process(target=act, args=told)
    process.start()
    process.join()
    assert process.exitcode in {0, -signal.SIGKILL}
    return process.exitcode != 0
