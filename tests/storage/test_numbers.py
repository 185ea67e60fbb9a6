"""A reader's number is given once: what stands in the mails of one who was erased never reaches another reader."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, text

from syndicator.errors import NotFound
from syndicator.model import Consent
from syndicator.services import audience
from syndicator.services.memory import Memory
from syndicator.services.mover import Mover
from syndicator.services.vault import Vault
from syndicator.storage import numbers, readers
from syndicator.storage.database import Database
from syndicator.storage.schema import subscribers, subscriptions
from syndicator.tokens import sign
from tests.circulation import KEYS, stands, subscribe
from tests.lanes import NOW
from tests.storage.test_upgrades import REVISIONS, build

LATER = NOW + timedelta(hours=1)
SARA, NOOR = "sara@x.example", "noor@x.example"


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    return Memory(tmp_path / "memory", KEYS)


def token_of(database: Database, address: str) -> str:
    """What leads out of each mail to this reader."""
    with database.read() as connection:
        who = readers.find(connection, address)
    assert who
    return sign(KEYS, "leave", str(who.id), "daily")


def cannot_touch(token: str, database: Database, memory: Memory, address: str) -> None:
    with pytest.raises(NotFound):
        audience.leave_by_token(database, KEYS, token, memory=memory, now=LATER)
    assert stands(database, address) is Consent.GIVEN


def erased(database: Database, memory: Memory, address: str = SARA) -> str:
    """Somebody came, got mail and was erased; the token of that mail."""
    subscribe(database, address)
    token = token_of(database, address)
    audience.erase(database, address, memory=memory, by="t", now=NOW)
    return token


def test_the_next_reader_has_another_number(database: Database, memory: Memory) -> None:
    token = erased(database, memory)
    subscribe(database, NOOR)
    cannot_touch(token, database, memory, NOOR)


def test_not_after_a_restore_either(database: Database, memory: Memory, tmp_path: Path) -> None:
    """Sara came after the backup: the database that is put back has never heard of her number."""
    vault = Vault(database, memory=memory, now=lambda: LATER, berths={})
    memory.turn(database, NOW)
    backup = vault.back_up(tmp_path / "copy")
    token = erased(database, memory)
    vault.restore(backup)
    subscribe(database, NOOR)
    cannot_touch(token, database, memory, NOOR)


def test_not_after_two_restores_with_many_readers_between_them(
    database: Database, memory: Memory, tmp_path: Path
) -> None:
    moments = iter(NOW + timedelta(seconds=number) for number in range(20))
    vault = Vault(database, memory=memory, now=lambda: next(moments), berths={})
    memory.turn(database, NOW)
    backup = vault.back_up(tmp_path / "copy")
    given = set()
    for turn in range(3):
        vault.restore(backup)
        with database.write() as connection:
            for number in range(50):
                given.add(reader(connection, f"r{turn}-{number}@x.example"))
    assert len(given) == 150


def reader(connection: readers.Connection, address: str) -> int:
    return readers.add(connection, address, name="", language="en", now=NOW)


@pytest.mark.parametrize("way", ["sqlite to postgresql", "postgresql to sqlite", "sqlite to sqlite"])
def test_not_after_a_copy_to_another_database(
    postgresql: Database, memory: Memory, tmp_path: Path, way: str
) -> None:
    here = Database(f"sqlite:///{tmp_path}/here.db")
    here.migrate()
    source, url = {
        "sqlite to postgresql": (here, postgresql.url),
        "postgresql to sqlite": (postgresql, f"sqlite:///{tmp_path}/there.db"),
        "sqlite to sqlite": (here, f"sqlite:///{tmp_path}/there.db"),
    }[way]
    subscribe(source, "zana@x.example")
    token = erased(source, memory)
    Mover(source, now=lambda: LATER, berths={}).move(url, by="t")
    there = Database(url)
    subscribe(there, NOOR)
    cannot_touch(token, there, memory, NOOR)
    there.close()
    here.close()


@pytest.mark.parametrize("revision", [one for one in REVISIONS if one < "0006"])  # since then they are kept
def test_not_in_a_database_of_an_older_version(tmp_path: Path, memory: Memory, revision: str) -> None:
    """Its highest numbers were free again when it was brought up to date."""
    database = Database(f"sqlite:///{tmp_path}/news.db")
    build(database, revision)
    token = sign(KEYS, "leave", "7", "daily")
    database.migrate()
    subscribe(database, NOOR + ".net")
    cannot_touch(token, database, memory, NOOR + ".net")
    database.close()


def test_a_new_newsroom_begins_with_one(database: Database) -> None:
    with database.write() as connection:
        assert numbers.given(connection) == 0
        numbers.begin_after(connection, 0)
        assert (reader(connection, SARA), numbers.given(connection)) == (1, 1)
        connection.execute(delete(subscribers))
        assert (reader(connection, SARA), numbers.given(connection)) == (2, 2)
        numbers.begin_after(connection, 1)
        assert reader(connection, NOOR) == 3


def test_what_leans_on_readers_is_whole_after_the_table_was_built_anew(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/news.db")
    build(database, "0005")
    database.migrate()
    with database.read() as connection:
        told = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
        sql = {row.name: row.sql for row in told}
        assert "AUTOINCREMENT" in sql["subscribers"]
        assert "REFERENCES subscribers" in sql["subscriptions"]
        assert {f"ix_{name}" for name in ("subscribers_address_hash", "subscriptions_seldom")} <= set(sql)
        assert connection.execute(text("PRAGMA foreign_key_check")).all() == []
        assert len(connection.execute(subscriptions.select()).all()) == 6
    database.close()
