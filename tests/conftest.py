"""Databases to test on: SQLite and PostgreSQL, on a server that is told, the system's, or one of a wheel."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from syndicator.storage.database import Database
from tests.postgres import Server

# Where a shell runs the tests in the background they and the programs they start would hear no interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """Address of a server with the rights to create databases, without the database's name."""
    told = os.environ.get("SYNDICATOR_TEST_POSTGRESQL")
    if told:
        yield told.rstrip("/")
        return
    with Server() as server:
        yield server.address


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: str) -> str:
    """A migrated database to copy from."""
    name = f"template_{uuid4().hex[:8]}"
    _command(postgresql_server, f"CREATE DATABASE {name}")
    database = Database(f"{postgresql_server}/{name}")
    database.migrate()
    database.close()
    return name


@pytest.fixture
def postgresql(postgresql_server: str, postgresql_template: str) -> Iterator[Database]:
    """An empty, migrated database on PostgreSQL."""
    name = f"test_{uuid4().hex[:12]}"
    _command(postgresql_server, f"CREATE DATABASE {name} TEMPLATE {postgresql_template}")
    database = Database(f"{postgresql_server}/{name}")
    yield database
    database.close()
    _command(postgresql_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty, migrated database of each kind."""
    if request.param == "postgresql":
        yield request.getfixturevalue("postgresql")
        return
    database = Database(f"sqlite:///{tmp_path}/news.db")
    database.migrate()
    yield database
    database.close()


def _command(server: str, command: str) -> None:
    with psycopg.connect(f"{server.replace('+psycopg', '')}/postgres", autocommit=True) as connection:
        connection.execute(command)  # type: ignore[arg-type]
