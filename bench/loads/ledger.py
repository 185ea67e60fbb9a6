"""The ledger alone: claim, mark and settle, durable, beside bare synced commits of as many rows."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from bench import databases
from bench.measuring import Pairs, Run, Size, contender, interleaved
from bench.newsroom import Relay

from .mail import prepared

TOGETHER = {"full": (1, 20, 500), "quick": (20, 500), "tiny": (20,)}


def run(size: Size) -> list[Pairs]:
    return [_one(size, kind, together) for kind in databases.KINDS for together in TOGETHER[size.name]]


def _one(size: Size, kind: str, together: int) -> Pairs:
    many = size.of(min(4_000, 400 * together), 40)
    pairs = Pairs(
        load=f"ledger, {kind}, {together} together",
        unit="deliveries",
        baseline="synced commits",
        about=f"{many} deliveries claimed, marked and settled, beside as many rows in bare synced commits",
    )
    with databases.KINDS[kind](lambda app: prepared(app, many, 2_000)) as planned:

        def contend(name: str, **told: object) -> Run:
            copy = planned.copy(Relay(port=25))
            return contender(
                name, size, configuration=str(copy), together=together, postgres=planned.pid, **told
            )

        contenders: dict[str, Callable[[], Run]] = {
            "synced commits": partial(contend, "rows.synced", many=many),
            "syndicator": partial(contend, "rows.settle"),
        }
        return interleaved(pairs, contenders, size.rounds)
