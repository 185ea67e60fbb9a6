"""Open a database: pragmas, transactions, migrations, and errors an operator understands."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property, partial
from pathlib import Path
from threading import Lock, local
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry

from syndicator.errors import StorageAway, StorageError

__all__ = ["Connection", "Database"]

BUSY_MS = 10_000  # how long a writer waits for another one

PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",  # a commit is on the disk before the body leaves
    "PRAGMA foreign_keys=ON",
    "PRAGMA wal_autocheckpoint=2000",  # pages: 8 MB, so that its file soon grows no more
)

AWAY = ("is full", "disk i/o error", "is locked")  # of what SQLite says: what may be over in a moment

# What SQLite says, and what the operator can do about it.
ADVICE = {
    "database or disk is full": "the disk is full; free some space, nothing that was recorded is lost",
    "disk i/o error": "the disk does not answer; look at its health before starting again",
    "database is locked": "another program holds it; stop the other one or wait",
    "readonly database": "it may not be written; give this user the right to write the file and its folder",
    "unable to open database file": "the file or its folder cannot be opened; check the path and the rights",
    "file is not a database": "the file is something else; name another one under database.url",
    "no such table": "it is not one of ours, or of an older version; run `syndicator migrate`",
    "malformed": "the file is damaged; restore the last backup",
}


class Database:
    """One engine; :meth:`write` serialises writers on SQLite, :meth:`read` never blocks them."""

    def __init__(self, url: str, *, busy_ms: int = BUSY_MS) -> None:
        self.url = url
        self._view = local()
        self._idle: list[Connection] = []
        try:
            self._turnstile = Turnstile(self.path)
            self.engine = _engine(url, busy_ms, self._turnstile)
        except (ArgumentError, ImportError) as error:
            raise StorageError(f"database.url cannot be used: {error}") from error

    @cached_property
    def path(self) -> Path | None:
        """The SQLite file, None for PostgreSQL, for a database in memory and for one that is told as a URI."""
        url = make_url(self.url)
        told = url.database if url.get_backend_name() == "sqlite" else None
        return Path(told) if told and not told.startswith((":memory:", "file:")) else None

    @property
    def shown(self) -> str:
        """The address as a person may see it."""
        return _shown(self.url)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that may change rows; committed durably when the block ends without an error."""
        with self.told(), self._writer() as writer, writer.begin():
            yield writer

    @contextmanager
    def _writer(self) -> Iterator[Connection]:
        """On SQLite a connection that is kept: fetching one from the pool costs as much as a small commit."""
        writer = self._idle.pop() if self._idle else self.engine.connect().execution_options(writes=True)
        try:
            yield writer
        except BaseException:
            writer.close()
            raise
        if self.path:
            self._idle.append(writer)
        else:
            writer.close()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """In one transaction: that of :meth:`view`, where this thread has one open."""
        if open_ := getattr(self._view, "connection", None):
            with self.told():
                yield open_
            return
        with self.told(), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def view(self) -> Iterator[None]:
        """All that this thread reads until the end of the block is of one moment, and in one transaction. What is
        written meanwhile, by whomever, is not seen."""
        if getattr(self._view, "connection", None):
            yield
            return
        level = {} if self.engine.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
        with self.told(), self.engine.connect() as plain:
            connection = plain.execution_options(**level)
            with connection.begin():
                self._view.connection = connection
                try:
                    yield
                finally:
                    self._view.connection = None

    def migrate(self, to: str = "head") -> str:
        """Bring the schema to this version; returns the revision. Refuses a database from a newer version."""
        with self.told(), self.engine.connect() as connection:
            current = MigrationContext.configure(connection).get_current_revision()
            head = newest_known(current)
            connection.rollback()
            if current != head:
                config = _alembic()
                config.attributes["connection"] = connection.execution_options(writes=True)
                command.upgrade(config, to)
                connection.commit()
            return head

    def check_ready(self) -> None:
        """Raises :exc:`StorageError` where it does not answer or its schema is not the one of this version."""
        current, head = self.revision(), newest_known(None)
        if current != head:
            raise StorageError(
                f"{self.shown}: schema {current or 'none'}, needed is {head}; `syndicator migrate`"
            )

    def revision(self) -> str:
        """The schema's revision, empty for a database without one."""
        with self.read() as connection:
            return MigrationContext.configure(connection).get_current_revision() or ""

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()
        self._turnstile.close()
        self.engine.dispose()

    @contextmanager
    def told(self) -> Iterator[None]:
        """What the driver raises becomes an error that an operator understands."""
        try:
            yield
        except DBAPIError as error:
            raise self._meaning(error.orig, error) from error
        except self.engine.dialect.loaded_dbapi.Error as error:
            raise self._meaning(error, error) from error

    def _meaning(self, driver: BaseException | None, error: Exception) -> Exception:
        said = str(driver).lower()
        advice = next((advice for sign, advice in ADVICE.items() if sign in said), None)
        if advice is None and isinstance(driver, sqlite3.IntegrityError):
            return error
        away = not isinstance(driver, sqlite3.Error) or any(sign in said for sign in AWAY)
        operational = isinstance(driver, self.engine.dialect.loaded_dbapi.OperationalError)
        kind = StorageAway if away and operational else StorageError
        return kind(f"{_shown(self.url)}: {driver}" + (f"; {advice}" if advice else ""))


def newest_known(current: str | None) -> str:
    """The newest schema this version knows. Raises :exc:`StorageError` when ``current`` is none of those it knows."""
    script = ScriptDirectory.from_config(_alembic())
    head = script.get_current_head() or ""
    if current and current not in {known.revision for known in script.walk_revisions()}:
        raise StorageError(
            f"the database is from a newer version of Syndicator (schema {current}, this one knows "
            f"{head}); upgrade Syndicator, or restore a backup made with this version"
        )
    return head


def _shown(url: str) -> str:
    return make_url(url).render_as_string(hide_password=True)


def _alembic() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


def _engine(url: str, busy_ms: int, turnstile: Turnstile) -> Engine:
    if make_url(url).get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True, max_overflow=200)  # each berth holds one
    engine = create_engine(url)
    event.listen(engine, "connect", partial(_prepare, busy_ms))
    event.listen(engine, "begin", partial(_begin, turnstile))
    return engine


class Turnstile:
    """Writers of a SQLite file begin in turn, also those of other processes.

    SQLite lets those who wait look again now and then, and whoever writes without a pause is always there first: an
    editor's pause would not get in while a large mail run goes on. Who waits here holds the turnstile, and the one
    who writes cannot begin again before.
    """

    def __init__(self, database: Path | None) -> None:
        """``database`` is its file, None where nobody else can write it."""
        self._path = database and database.with_name(f"{database.name}.turn")
        self._threads = Lock()
        self._file: int | None = None

    def close(self) -> None:
        with self._threads:
            if self._file is not None:
                os.close(self._file)
                self._file = None

    @contextmanager
    def passed(self) -> Iterator[None]:
        with self._threads:
            if self._path is None:
                yield
                return
            if self._file is None:
                self._file = _opened(self._path)
            fcntl.flock(self._file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(self._file, fcntl.LOCK_UN)


def _prepare(busy_ms: int, connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    cursor = connection.cursor()
    for pragma in (f"PRAGMA busy_timeout={busy_ms}", *PRAGMAS):
        cursor.execute(pragma)
    cursor.close()


def _opened(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        message = f"{path}: {error.strerror}; give this user the right to write its folder"
        raise StorageError(message) from error


def _begin(turnstile: Turnstile, connection: Connection) -> None:
    # IMMEDIATE: a writer waits at the door, not in the middle where SQLite would refuse it at once.
    options: dict[str, Any] = dict(connection.get_execution_options())
    if not options.get("writes"):
        connection.exec_driver_sql("BEGIN")
        return
    with turnstile.passed():
        connection.exec_driver_sql("BEGIN IMMEDIATE")
