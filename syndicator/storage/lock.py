"""Who may work: one worker for one SQLite file, and so many at a time for one channel."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from syndicator.errors import StorageError

from .database import Connection, Database

OTHERS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
    "AND backend_type = 'client backend'"
)
TRY = text("SELECT pg_try_advisory_lock(hashtext(current_database()), hashtext(:name))")
FREE = text("SELECT pg_advisory_unlock(hashtext(current_database()), hashtext(:name))")


@contextmanager
def only_worker(database: Path) -> Iterator[None]:
    """Hold the lock beside the database; the kernel lets go of it when this process dies, however it dies."""
    path = database.with_name(database.name + ".worker")
    try:
        with path.open("a+", encoding="ascii") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                file.seek(0)
                pid = file.read().strip() or "unknown"
                message = f"{database}: a worker runs on it already (process {pid}); stop that one first"
                raise StorageError(message) from error
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            yield
    except PermissionError as error:
        raise StorageError(
            f"{path}: {error.strerror}; give this user the right to write its folder"
        ) from error


@contextmanager
def nobody_at_work(database: Database, berths: Mapping[str, int]) -> Iterator[None]:
    """No worker runs and none sends until the block ends; ``berths`` are the channels' places to send from.

    Raises :exc:`StorageError` when somebody is at it.
    """
    with ExitStack() as open_:
        if database.path:
            open_.enter_context(only_worker(database.path))
        else:
            _nobody_connected(database)
        for channel, number in berths.items():
            for _ in range(number):
                if open_.enter_context(berth(database, channel, number)) is None:
                    raise StorageError(f"{database.shown}: {channel} is sending; stop the workers first")
        yield


def _nobody_connected(database: Database) -> None:
    with database.read() as connection:
        others = connection.execute(OTHERS).scalar_one()
    if others:
        raise StorageError(
            f"{database.shown}: {others} other connections are open; stop the workers and whoever else uses it"
        )


@contextmanager
def berth(database: Database, channel: str, berths: int) -> Iterator[str | None]:
    """The name of one of the channel's places to send from, None while all are taken.

    It is free again the moment its holder dies: what was claimed under its name is then nobody's.
    """
    with ExitStack() as open_:
        names = [f"{channel}-{number}" for number in range(berths)]
        yield next((name for name in names if _taken(database, name, open_)), None)


@contextmanager
def place(database: Database, name: str) -> Iterator[bool]:
    """Whether this one place to send from was free; it is ours until the block ends."""
    with ExitStack() as open_:
        yield _taken(database, name, open_)


def _taken(database: Database, name: str, open_: ExitStack) -> bool:
    if database.engine.dialect.name == "postgresql":
        return _taken_on_server(database, name, open_)
    if database.path is None:
        return True  # in memory: nobody else can see it
    file = open_.enter_context(database.path.with_name(f"{database.path.name}.{name}.lock").open("ab"))
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _taken_on_server(database: Database, name: str, open_: ExitStack) -> bool:
    """The lock is the connection's: the server lets go of it when that ends."""
    with database.told():
        connection = open_.enter_context(database.engine.connect())
        connection.execution_options(isolation_level="AUTOCOMMIT")
        if not connection.execute(TRY, {"name": name}).scalar_one():
            return False
    open_.callback(_let_go, connection, name)
    return True


def _let_go(connection: Connection, name: str) -> None:
    """Before the connection goes back to its pool, where it would keep the lock; what ended let go by itself."""
    try:
        connection.execute(FREE, {"name": name})
    except DBAPIError:
        connection.invalidate()
