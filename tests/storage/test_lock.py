"""The places to send from: as many as the channel has, free again when their holder dies."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable
from pathlib import Path
from threading import Event

from syndicator.storage.database import Database
from syndicator.storage.lock import berth


def test_a_channel_has_so_many_places(database: Database) -> None:
    with (
        berth(database, "letters", 2) as first,
        berth(database, "letters", 2) as second,
        berth(database, "letters", 2) as third,
        berth(database, "tg", 1) as other,
    ):
        assert (first, second, third, other) == ("letters-0", "letters-1", None, "tg-0")
    with berth(database, "letters", 2) as again:
        assert again == "letters-0"


def _sit(url: str, sign: str) -> None:
    with berth(Database(url), "letters", 1) as place:
        Path(sign).write_text(str(place), "ascii")
        signal.pause()


def test_the_place_of_a_dead_worker_is_free(database: Database, tmp_path: Path) -> None:
    sign = tmp_path / "sign"
    child = multiprocessing.get_context("spawn").Process(target=_sit, args=(database.url, str(sign)))
    child.start()
    until(lambda: sign.exists() and sign.read_text("ascii") == "letters-0")
    with berth(database, "letters", 1) as place:
        assert place is None
    child.kill()
    child.join()

    def free() -> bool:
        with berth(database, "letters", 1) as place:
            return place == "letters-0"

    until(free)


def until(true: Callable[[], bool]) -> None:
    waiting = Event()
    for _ in range(600):
        if true():
            return
        waiting.wait(0.05)
    raise AssertionError("it did not come about in 30 s")


def test_a_place_whose_line_broke_is_free_again(postgresql: Database) -> None:
    with berth(postgresql, "letters", 1) as place, postgresql.write() as connection:
        assert place == "letters-0"
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(l.pid) FROM pg_locks l JOIN pg_database d ON d.oid = l.database "
            "WHERE l.locktype = 'advisory' AND d.datname = current_database()"
        )

    def free() -> bool:
        with berth(postgresql, "letters", 1) as place:
            return place == "letters-0"

    until(free)
