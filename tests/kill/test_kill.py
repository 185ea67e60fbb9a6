"""A sample of the kill points on each channel and database; `make torture` takes all of them."""

from __future__ import annotations

from functools import partial

import pytest

from .harness import (
    CONNECTIONS,
    FORMS,
    Harness,
    Tally,
    mail_run,
    on_postgresql,
    on_server,
    tally,
)

EVERY = 150  # make torture takes all
POINTS = 60  # at least, of each channel on each database


def judge(found: Tally, connections: int = 1) -> None:
    assert found.points >= 3
    assert found.lost == []
    assert found.doubled == []
    assert found.open == []
    assert found.most_in_doubt <= connections


@pytest.mark.parametrize("form", FORMS)
def test_killed_at_many_steps_on_sqlite(form: str) -> None:
    found = tally(form, every=EVERY)
    judge(found)
    assert found.distinct >= POINTS


@pytest.mark.parametrize("form", FORMS)
def test_killed_at_many_steps_on_postgresql(form: str, postgresql_server: str) -> None:
    found = on_postgresql(form, postgresql_server, every=EVERY)
    judge(found)
    assert found.distinct >= POINTS


def test_a_mail_run_killed_in_its_middle_on_sqlite() -> None:
    judge(mail_run(5), CONNECTIONS)


def test_a_mail_run_killed_in_its_middle_on_postgresql(postgresql_server: str) -> None:
    judge(on_server(postgresql_server, partial(mail_run, 5)), CONNECTIONS)


def test_the_harness_notices_a_double_and_a_loss() -> None:
    with Harness(FORMS["X"]) as harness:
        harness.prepare()
        planned = harness.planned
        found = Tally()
        post = harness.sandbox.x._post

        def twice(request: object) -> object:
            told = post(request)  # type: ignore[arg-type]
            harness.sandbox.x._tweets.append(harness.sandbox.x._tweets[-1])
            return told

        harness.sandbox.x._post = twice  # type: ignore[method-assign, assignment]
        harness.kill("before the run 1", found)
        assert len(found.doubled) == planned - 1  # the first one stands there already
        harness.sandbox.x._post = lambda request: {"id": "1"}  # type: ignore[method-assign]
        harness.kill("before the run 1", found)
        assert len(found.lost) == 1
