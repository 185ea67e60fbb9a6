"""The database with a hook at each step of a write, where a test may kill, fail or jump."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from syndicator.storage.database import Database


class SteppedDatabase(Database):
    """Calls ``step`` with "before BEGIN", "after BEGIN", "before COMMIT", "after COMMIT"."""

    step: Callable[[str], None] = staticmethod(lambda name: None)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        self.step("before BEGIN")
        with super().write() as connection:
            self.step("after BEGIN")
            yield connection
            self.step("before COMMIT")
        self.step("after COMMIT")
