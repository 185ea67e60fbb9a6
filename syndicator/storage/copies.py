"""One consistent copy of a database in a file, taken while others write, and put back in one step."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from sqlalchemy import make_url

from syndicator.errors import StorageError

from .database import Database
from .schema import APPEND_ONLY, metadata

PAGES = 1000  # of SQLite, copied between two words of progress
CLIENT = "install PostgreSQL's client programs (Debian: postgresql-client) of the server's version or newer"


def kind_of(database: Database) -> str:
    """``sqlite`` or ``postgresql``."""
    return database.engine.dialect.name


def snapshot(database: Database, file: Path, told: Callable[[int], None]) -> None:
    """Write one moment of the database to a new file, synced; ``told`` hears of pages. Raises :exc:`StorageError`."""
    if database.path:
        _copy_pages(database.path, file, told)
    else:
        _run(
            database,
            "pg_dump",
            "--format=custom",
            "--no-owner",
            "--exclude-schema=engine_*",
            f"--file={file}",
        )
    sync(file)


def put_back(database: Database, file: Path, kept: str) -> Path | None:
    """Put a copy in the database's place, in one step: whoever dies before has the old one, after it the new one.

    Returns the file that the old one was kept in, named with ``kept``; on PostgreSQL it is gone. Nobody may be at work.
    """
    if database.path is None:
        _restore_dump(database, file)
        return None
    database.close()
    return _put_file_back(database.path, file, kept)


def sync(path: Path) -> None:
    """A file, or a folder with the names in it, is on the disk when this returns."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _copy_pages(path: Path, file: Path, told: Callable[[int], None]) -> None:
    """SQLite's own online backup, inside of one transaction: writers neither wait for it nor make it begin again."""
    try:
        with closing(_opened(path)) as source, closing(_opened(file)) as copy:
            source.execute("BEGIN")
            source.execute("SELECT 1 FROM sqlite_master").fetchone()  # from here on it is this moment's
            source.backup(copy, pages=PAGES, progress=lambda status, left, total: told(min(PAGES, total)))
            copy.execute("PRAGMA journal_mode=DELETE")  # one file, without a journal beside it
            (said,) = copy.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        raise StorageError(f"{path}: it could not be copied to {file}: {error}") from error
    if said != "ok":
        raise StorageError(f"{path}: it is damaged ({said}); restore the last backup that was well")


def _put_file_back(path: Path, file: Path, kept: str) -> Path | None:
    fresh, old = path.with_name(f"{path.name}.restoring"), path.with_name(f"{path.name}.{kept}")
    there = path.exists()
    try:
        shutil.copyfile(file, fresh)
        sync(fresh)
        if there:
            _fold_journal(path)
            _keep(path, old)
        fresh.replace(path)
        sync(path.parent)
    except OSError as error:
        raise StorageError(f"{error.filename}: {error.strerror}; nothing was put back") from error
    return old if there else None


def _keep(path: Path, old: Path) -> None:
    """A second name for the file, so that there is one at every moment."""
    os.link(path, old)
    for tail in ("-wal", "-shm"):  # of a damaged one: they would be taken for the new one's
        beside = path.with_name(path.name + tail)
        if beside.exists():
            beside.rename(old.with_name(old.name + tail))


def _opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=1, isolation_level=None)


def _fold_journal(path: Path) -> None:
    """What stands in the journal beside the file goes into it. Refused while somebody else has it open."""
    try:
        with closing(_opened(path)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE").fetchone()
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise StorageError(f"{path}: another program has it open; stop that one first") from error
    except sqlite3.DatabaseError:
        return  # damaged, or something else: that is why it is replaced


def _restore_dump(database: Database, file: Path) -> None:
    """The dump as a script into one transaction that begins with dropping what is there."""
    tables = ", ".join([*metadata.tables, "alembic_version"])
    functions = ", ".join(f"{table}_append_only" for table in APPEND_ONLY)
    drop = f"DROP TABLE IF EXISTS {tables} CASCADE; DROP FUNCTION IF EXISTS {functions} CASCADE"
    script = [_program("pg_restore"), "--no-owner", "--file=-", str(file)]
    psql = [_program("psql"), "--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1", "--single-transaction"]
    command = [*psql, f"--command={drop}", "--file=-", f"--dbname={_address(database)}"]
    with subprocess.Popen(script, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as reading:  # noqa: S603
        done = subprocess.run(  # noqa: S603
            command, stdin=reading.stdout, capture_output=True, text=True, check=False, env=_environ(database)
        )
        assert reading.stderr is not None  # noqa: S101
        complaint = reading.stderr.read().decode(errors="replace")
    if reading.returncode or done.returncode:
        raise StorageError(f"{file}: it could not be put back: {(complaint + done.stderr).strip()}")


def _run(database: Database, program: str, *words: str) -> None:
    command = [_program(program), *words, f"--dbname={_address(database)}"]
    done = subprocess.run(  # noqa: S603
        command, capture_output=True, text=True, check=False, env=_environ(database)
    )
    if done.returncode:
        raise StorageError(f"{program} could not do it: {done.stderr.strip()}")


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise StorageError(f"{name} is not there; {CLIENT}")
    return found


def _address(database: Database) -> str:
    """Without its password, which a list of processes would show."""
    url = make_url(database.url).set(drivername="postgresql", password=None)
    return url.render_as_string(hide_password=False)


def _environ(database: Database) -> dict[str, str]:
    password = make_url(database.url).password
    return {**os.environ, **({"PGPASSWORD": str(password)} if password else {})}
