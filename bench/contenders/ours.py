"""The house as it sends mail."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

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
    from pyinstrument import Profiler

    with Profiler() as profiler:
        job()
    path.write_text(f"{profiler.output_text(unicode=True, color=False, show_all=False)}\n", "utf-8")
