from __future__ import annotations

import pytest

from syndicator.storage.database import Database
from tests.people.house import House


@pytest.fixture
def house(database: Database) -> House:
    return House(database)


@pytest.fixture
def strict(database: Database) -> House:
    """Where nobody comes in without a second factor."""
    return House(database, second_factor=["viewer", "editor", "publisher", "admin"])
