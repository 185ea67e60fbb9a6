"""Readers of a newsletter, for tests: subscribe one, and look where one stands."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from syndicator.model import Consent
from syndicator.services import audience
from syndicator.services.audience import Wish
from syndicator.services.memory import Memory
from syndicator.storage import brakes, readers
from syndicator.storage.database import Database
from syndicator.tokens import Keys

from .lanes import NOW

KEYS = Keys({1: b"k" * 32})


def subscribe(database: Database, address: str, when: datetime = NOW, newsletter: str = "daily") -> None:
    wish = Wish(address=address, language="en", newsletter=newsletter, proof="p")
    memory = Memory(Path("/nowhere"), KEYS)  # it is only asked for hashes
    audience.subscribe(database, [wish], memory=memory, languages=["en"], now=when)


def stands(database: Database, address: str) -> Consent | None:
    with database.read() as connection:
        who = readers.find(connection, address)
        return readers.standing_of(connection, who.id, "daily") if who else None


def paused(database: Database) -> bool:
    with database.read() as connection:
        return "everything" in brakes.paused(connection)
