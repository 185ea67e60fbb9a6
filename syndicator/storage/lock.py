"""One worker for one SQLite file: the second is refused and told who the first is."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from syndicator.errors import StorageError


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
