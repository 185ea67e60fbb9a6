"""A small torture at each run; `make torture` takes tens of thousands of deliveries."""

from .harness import torture
from .mail_run import CONNECTIONS, run


def test_workers_and_postgresql_are_killed_and_sink_and_ledger_agree() -> None:
    found = torture(600, workers=2, pause=(2.0, 4.0), limit=400)
    assert found.well, found
    assert found.kills + found.restarts >= 2


def test_a_mail_run_that_is_killed_leaves_no_more_in_doubt_than_lines() -> None:
    found = run(4_000, kills=3)
    assert found.well, found
    assert 0 < max(found.in_doubt) <= CONNECTIONS
