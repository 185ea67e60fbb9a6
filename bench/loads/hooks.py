"""A story published, told by a hook, and out on Telegram: how long that takes a worker that does all else as well."""

from __future__ import annotations

from functools import partial

from bench.contenders.publisher import SLOWEST
from bench.measuring import Pairs, Run, Size, contender, interleaved

PROMISED = 2000.0  # ms


def run(size: Size) -> list[Pairs]:
    many = size.of(60, 5)
    pairs = Pairs(
        load="hooks",
        unit="stories",
        baseline="syndicator run",
        about=f"{many} stories, one after the other, each told to a hook of `syndicator run` (embedded engine, SQLite, "
        "pages, all jobs) and waited for until the sandbox's Telegram has it",
        facts={f"the slowest to {PROMISED:.0f} ms": _to_what_was_promised},
    )
    return [interleaved(pairs, {"syndicator run": partial(_contend, size, many)}, size.rounds)]


def _contend(size: Size, many: int) -> Run:
    return contender("publisher.told", size, many=many)


def _to_what_was_promised(pairs: Pairs) -> float:
    return round(max(run.more[SLOWEST] for run in pairs.runs["syndicator run"]) / PROMISED, 3)
