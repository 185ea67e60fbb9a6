"""`make torture SEEDS=n`: kills at every step, months of simulation, and the torture of workers and server."""

from __future__ import annotations

import sys

from tests.kill.harness import table
from tests.postgres import FAST, Server
from tests.simulation.month import many

from .harness import torture


def main(seeds: int, deliveries: int) -> int:
    tell = sys.stdout.write
    with Server(FAST) as server:  # SIGKILL asks nothing of the disk
        passed, failed = table(server.address, tell)
    well, ill, met = many(0, seeds)
    tell(f"{seeds} months, {len(met)} kinds of fault: {well} passed, {ill} failed\n")
    found = torture(deliveries, tell=tell)
    tell(f"{passed + well + found.well} passed, {failed + ill + (not found.well)} failed\n")
    return bool(failed + ill) or not found.well


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
