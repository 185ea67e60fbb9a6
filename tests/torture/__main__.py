"""`make torture SEEDS=n`: kills at every step, months of simulation, the torture of workers and server,
and a large mail run whose worker is killed fifty times."""

from __future__ import annotations

import sys

from tests.kill.harness import table
from tests.postgres import FAST, Server
from tests.simulation.month import many

from .harness import torture
from .mail_run import run


def main(seeds: int, deliveries: int) -> int:
    tell = sys.stdout.write
    with Server(FAST) as server:  # SIGKILL asks nothing of the disk
        passed, failed = table(server.address, tell)
    well, ill, met = many(0, seeds)
    tell(f"{seeds} months, {len(met)} kinds of fault: {well} passed, {ill} failed\n")
    found = torture(deliveries, tell=tell)
    mails = run(2 * deliveries, 50, tell=tell)
    passed, failed = (
        passed + well + found.well + mails.well,
        failed + ill + (not found.well) + (not mails.well),
    )
    tell(f"{passed} passed, {failed} failed\n")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
