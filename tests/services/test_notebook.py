"""What plug-ins learn outlives them."""

from datetime import UTC, datetime

from syndicator.services.notebook import Notebook
from syndicator.storage import brakes
from syndicator.storage.database import Database

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)


def test_a_note_is_read_by_whoever_comes_next(database: Database) -> None:
    first = Notebook(database, now=lambda: NOW)
    assert first.read("x:windows") is None
    first.write("x:windows", {"remaining": 3})
    first.write("x:windows", {"remaining": 2})
    assert Notebook(database, now=lambda: NOW).read("x:windows") == {"remaining": 2}
    with database.read() as connection:
        assert brakes.paused(connection) == frozenset()
