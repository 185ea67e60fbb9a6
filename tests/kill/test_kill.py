"""A sample of the kill points on each channel and database; `make torture` takes all of them."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest

from .harness import CHANNELS, Harness, Tally, tally

EVERY = 7


def judge(found: Tally) -> None:
    assert found.points >= 8
    assert found.lost == []
    assert found.doubled == []
    assert found.open == []
    assert found.most_in_doubt <= 1  # one connection


@pytest.mark.parametrize("channel", CHANNELS)
def test_killed_at_many_steps_on_sqlite(channel: str) -> None:
    judge(tally(channel, every=EVERY))


@pytest.fixture
def copies(postgresql_server: str) -> Iterator[tuple[str, list[str]]]:
    made = [f"kill_{uuid4().hex[:8]}"]
    command(postgresql_server, f"CREATE DATABASE {made[0]}")
    yield postgresql_server, made
    for name in made:
        command(postgresql_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.parametrize("channel", CHANNELS)
def test_killed_at_many_steps_on_postgresql(channel: str, copies: tuple[str, list[str]]) -> None:
    server, made = copies

    def copy(url: str) -> str:
        made.append(f"kill_{uuid4().hex[:8]}")
        command(server, f"CREATE DATABASE {made[-1]} TEMPLATE {url.rpartition('/')[2]}")
        return f"{server}/{made[-1]}"

    judge(tally(channel, f"{server}/{made[0]}", copy, every=EVERY))


def command(server: str, told: str) -> None:
    with psycopg.connect(f"{server.replace('+psycopg', '')}/postgres", autocommit=True) as connection:
        connection.execute(told)  # type: ignore[arg-type]


def test_the_harness_notices_a_double_and_a_loss() -> None:
    with Harness("x") as harness:
        harness.prepare()
        found = Tally()
        post = harness.sandbox.x._post

        def twice(request: object) -> object:
            told = post(request)  # type: ignore[arg-type]
            harness.sandbox.x._tweets.append(harness.sandbox.x._tweets[-1])
            return told

        harness.sandbox.x._post = twice  # type: ignore[method-assign, assignment]
        harness.kill("before the run 1", found)
        assert len(found.doubled) == 3
        harness.sandbox.x._post = lambda request: {"id": "1"}  # type: ignore[method-assign]
        harness.kill("before the run 1", found)
        assert len(found.lost) == 1
