"""A small torture at each run; `make torture` takes tens of thousands of deliveries."""

from .harness import torture


def test_workers_and_postgresql_are_killed_and_sink_and_ledger_agree() -> None:
    found = torture(600, workers=2, pause=(1.0, 2.0), limit=300)
    assert found.well, found
    assert found.kills + found.restarts >= 2
