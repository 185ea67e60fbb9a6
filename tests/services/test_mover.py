"""A newsroom moves from one kind of database to the other and back, and nothing of it is different there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, text

from syndicator.errors import Refused, StorageError
from syndicator.model import DeliveryState
from syndicator.services.memory import Memory
from syndicator.services.mover import Mover
from syndicator.storage import brakes, moving
from syndicator.storage.database import Database
from syndicator.storage.lock import berth
from syndicator.storage.schema import audit, deliveries, editions, metadata, overrides, posts, subscribers
from tests.circulation import KEYS, paused, subscribe
from tests.lanes import NOW

BERTHS = {"letters": 1}


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path}/news.db")
    database.migrate()
    yield database
    database.close()


def mover(database: Database) -> Mover:
    return Mover(database, now=lambda: NOW, berths=BERTHS)


def furnish(database: Database) -> None:
    """Readers, an epoch, an edition with a delivery in each state, words in three scripts."""
    subscribe(database, "sara@x.example")
    with database.write() as connection:
        brakes.override(connection, "epoch", "abc", now=NOW, by="memory")
        connection.execute(
            insert(editions).values(
                id="digest:e",
                kind="digest",
                newsletter="daily",
                language="ckb",
                title="هەواڵی ئێوارە \u2028 \u200fنص",
                due_at=NOW,
                planned_at=NOW,
                planned_by="t",
            )
        )
        connection.execute(
            insert(posts).values(
                id="p",
                edition="digest:e",
                channel="mail",
                language="ckb",
                hash="h",
                content={"b": [1, 2.5, None], "a": "ێ", "n": {"z": True, "y": "😀"}},
            )
        )
        for number, state in enumerate(DeliveryState, 7):
            sent = {"remote_ids": ["<1@x>", "2"]} if state is DeliveryState.SENT else {}
            connection.execute(
                insert(deliveries).values(
                    id=number,
                    key=f"k{number}",
                    edition="digest:e",
                    channel="mail",
                    recipient=str(number),
                    part=0,
                    post="p",
                    state=state.value,
                    urgency=2,
                    due_at=NOW,
                    not_after=NOW + timedelta(hours=1),
                    settled_at=datetime.fromisoformat("2026-03-01T12:00:00.123456+03:00"),
                    **sent,
                )
            )


def whole(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """Everything but what moving itself writes down."""
    with database.read() as connection:
        return {
            table.name: sorted(
                (tuple(row) for row in connection.execute(select(table)) if "pause" not in str(row)), key=str
            )
            for table in metadata.sorted_tables
        }


def test_there_and_back_again(sqlite: Database, postgresql: Database, tmp_path: Path) -> None:
    furnish(sqlite)
    moved = mover(sqlite).move(postgresql.url, by="dana")
    assert {one.table: one.rows for one in moved}["deliveries"] == len(DeliveryState)
    assert {one.table for one in moved} == set(metadata.tables)
    assert whole(postgresql) == whole(sqlite)
    back = f"sqlite:///{tmp_path}/back.db"
    again = mover(postgresql).move(back, by="dana")
    at_home = Database(back)
    assert whole(at_home) == whole(sqlite)
    digests = [{one.table: one.digest for one in some if one.table != "audit"} for some in (moved, again)]
    assert digests[0] == digests[1]
    at_home.close()


def test_the_old_one_is_paused_and_says_where_it_went_and_the_new_one_is_not(
    sqlite: Database, postgresql: Database, tmp_path: Path
) -> None:
    memory = Memory(tmp_path / "memory", KEYS)
    memory.turn(sqlite, NOW)
    mover(sqlite).move(postgresql.url, by="dana")
    assert not paused(postgresql)
    assert memory.recall(postgresql, NOW)  # the epoch came along
    with sqlite.read() as connection:
        why = str(brakes.overridden(connection)["pause:everything"])
    assert "moved to postgresql+psycopg://" in why
    memory.turn(postgresql, NOW)
    assert not memory.recall(sqlite, NOW)  # from now on it is an old copy, too


def test_a_pause_of_a_persons_own_moves_along(sqlite: Database, postgresql: Database) -> None:
    with sqlite.write() as connection:
        brakes.pause(connection, "everything", now=NOW, by="dana", why="night")
    mover(sqlite).move(postgresql.url, by="dana")
    assert paused(postgresql)


def test_new_rows_are_numbered_after_those_that_came(sqlite: Database, postgresql: Database) -> None:
    furnish(sqlite)
    with sqlite.write() as connection:
        row = {"id": 900, "address": "a@x.example", "address_key": "a@x.example", "since": NOW}
        connection.execute(insert(subscribers).values(row | {"language": "en", "timezone": "UTC"}))
    mover(sqlite).move(postgresql.url, by="dana")
    subscribe(postgresql, "noor@x.example")
    with postgresql.write() as connection:
        assert connection.execute(select(func.max(subscribers.c.id))).scalar() == 901
        brakes.note(connection, who="dana", what="look", about="", why="", now=NOW)


def test_a_database_with_something_in_it_is_refused_and_the_old_one_goes_on(
    sqlite: Database, postgresql: Database
) -> None:
    subscribe(postgresql, "noor@x.example")
    with pytest.raises(Refused, match="there are subscribers in it already"):
        mover(sqlite).move(postgresql.url, by="dana")
    assert not paused(sqlite)
    with pytest.raises(Refused, match="that is the database of this newsroom"):
        mover(sqlite).move(sqlite.url, by="dana")


def test_a_newsroom_at_work_is_not_moved(sqlite: Database, postgresql: Database) -> None:
    other = Database(sqlite.url)
    with berth(other, "letters", 1), pytest.raises(StorageError, match="letters is sending"):
        mover(sqlite).move(postgresql.url, by="dana")
    assert not paused(sqlite)
    other.close()


def test_a_copy_that_is_not_equal_is_none(sqlite: Database, postgresql: Database) -> None:
    """The server changes what it is given, as a trigger of somebody else's might."""
    furnish(sqlite)
    with postgresql.write() as connection:
        connection.execute(
            text(
                "CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN NEW.title = upper(NEW.title) || '!'; RETURN NEW; END $$"
            )
        )
        connection.execute(
            text("CREATE TRIGGER shout BEFORE INSERT ON editions FOR EACH ROW EXECUTE FUNCTION shout()")
        )
    with pytest.raises(StorageError, match=r"editions came back .* nothing was copied"):
        mover(sqlite).move(postgresql.url, by="dana")
    assert not any(whole(postgresql).values())
    assert not paused(sqlite)


def test_more_rows_than_fit_at_a_time(sqlite: Database, postgresql: Database) -> None:
    rows = 2 * moving.BATCH + 1
    with sqlite.write() as connection:
        connection.execute(
            insert(overrides),
            [{"name": f"n{n}", "value": {"n": n}, "at": NOW, "by": "t"} for n in range(rows)],
        )
    told: list[int] = []
    moved = mover(sqlite).move(postgresql.url, by="dana", told=told.append)
    assert {one.table: one.rows for one in moved}["overrides"] == rows
    assert max(told) == moving.BATCH
    with postgresql.read() as connection:
        assert connection.execute(select(func.count()).select_from(audit)).scalar() == 1
