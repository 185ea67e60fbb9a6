"""Databases to test on: SQLite always, PostgreSQL where there is a server or one can be started."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp
from uuid import uuid4

import psycopg
import pytest

from syndicator.storage.database import Database

SERVERS = "/usr/lib/postgresql/*/bin"
FAST = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """Address of a server with the rights to create databases, without the database's name."""
    told = os.environ.get("SYNDICATOR_TEST_POSTGRESQL")
    if told:
        yield told.rstrip("/")
        return
    programs = sorted(Path("/").glob(SERVERS.lstrip("/")), reverse=True)
    if not programs:
        pytest.skip("needs PostgreSQL: a server's programs, or its address in SYNDICATOR_TEST_POSTGRESQL")
    folder = Path(mkdtemp(prefix="syndicator-pg-", dir="/tmp"))
    become: list[str] = []
    if os.geteuid() == 0:  # PostgreSQL does not run as root
        become = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]
        shutil.chown(folder, "postgres", "postgres")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    data = folder / "data"
    initdb = [
        programs[0] / "initdb",
        "-D",
        data,
        "-U",
        "postgres",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
    ]
    control = [*become, programs[0] / "pg_ctl", "-D", data, "-w"]
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 {FAST}"
    subprocess.run([*become, *initdb, "--no-sync"], check=True, capture_output=True, cwd="/")
    subprocess.run(
        [*control, "-l", folder / "log", "-o", options, "start"],
        check=True,
        stdout=subprocess.DEVNULL,
        cwd="/",
    )
    try:
        yield f"postgresql+psycopg://postgres@127.0.0.1:{port}"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], check=True, stdout=subprocess.DEVNULL, cwd="/")
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: str) -> str:
    """A migrated database to copy from."""
    name = f"template_{uuid4().hex[:8]}"
    _command(postgresql_server, f"CREATE DATABASE {name}")
    database = Database(f"{postgresql_server}/{name}")
    database.migrate()
    database.close()
    return name


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty, migrated database of each kind."""
    if request.param == "sqlite":
        database = Database(f"sqlite:///{tmp_path}/news.db")
        database.migrate()
        yield database
        database.close()
        return
    template = request.getfixturevalue("postgresql_template")
    server = request.getfixturevalue("postgresql_server")
    name = f"test_{uuid4().hex[:12]}"
    _command(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    database = Database(f"{server}/{name}")
    yield database
    database.close()
    _command(server, f"DROP DATABASE {name} WITH (FORCE)")


def _command(server: str, command: str) -> None:
    with psycopg.connect(f"{server.replace('+psycopg', '')}/postgres", autocommit=True) as connection:
        connection.execute(command)  # type: ignore[arg-type]
