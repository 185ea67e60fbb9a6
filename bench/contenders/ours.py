"""The house as it sends mail."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from threading import enumerate as enumerate_threads
from types import CodeType, FrameType

from bench import newsroom
from bench.measuring import Run, measured


def mail(configuration: str, profile: str | None = None) -> Run:
    """Everything that is due on the channel, through the App, its ledger durable."""
    counts: dict[str, int] = {}
    with newsroom.opened(Path(configuration)) as app, measured(lambda: counts.get("accepted", 0)) as found:
        if profile:
            _profiled(lambda: counts.update(app.deliver("letters")), Path(profile))
        else:
            counts.update(app.deliver("letters"))
    if sum(counts.values()) != found[0].done:
        raise SystemExit(f"not everything was accepted: {counts}")
    return found[0]


def _profiled(job: Callable[[], object], path: Path) -> None:
    """The loop's thread as a tree, the pen's as a list: the tree's profiler sees the thread it began in alone."""
    from pyinstrument import Profiler

    with Profiler() as profiler, sampled("pen") as pen:
        job()
    tree = profiler.output_text(unicode=True, color=False, show_all=False)
    path.write_text(f"{tree}\n{pen()}\n", "utf-8")


@contextmanager
def sampled(name: str, every: float = 0.001) -> Iterator[Callable[[], str]]:
    """Look again and again where the thread of that name is; tells how often each function was in its stack."""
    seen: Counter[str] = Counter()
    ended = Event()

    def look() -> None:
        while not ended.wait(every):
            number = next((thread.ident for thread in enumerate_threads() if thread.name == name), None)
            frame = sys._current_frames().get(number or 0)
            seen.update({code.co_qualname for code in _stack(frame)})

    looking = Thread(target=look, name="sampler", daemon=True)
    looking.start()
    try:
        yield lambda: _shares(name, seen)
    finally:
        ended.set()
        looking.join()


def _stack(frame: FrameType | None) -> Iterator[CodeType]:
    while frame:
        yield frame.f_code
        frame = frame.f_back


def _shares(name: str, seen: Counter[str]) -> str:
    whole = max(seen.values(), default=1)
    found = [f"{100 * times / whole:5.1f} %  {function}" for function, times in seen.most_common(30)]
    return "\n".join([f"The thread {name!r}: share of its time, with what is called from there", *found])
