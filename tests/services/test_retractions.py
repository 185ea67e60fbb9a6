"""A story that is taken back: nothing carries it, what waits with it is held, and the archive says so."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from syndicator.errors import NotFound, Refused
from syndicator.services.desk import Desk
from syndicator.services.retractions import Retractions
from syndicator.storage import archive, brakes
from syndicator.storage.database import Database
from syndicator.storage.schema import audit
from tests.services.test_desk import MAIL, NOW, TG, publish, summarise, write


def unsent(database: Database) -> list[str]:
    since = NOW - timedelta(days=1)
    with database.read() as connection:
        told = {"channel": MAIL.id, "newsletter": "daily", "languages": ["en"], "since": since, "now": NOW}
        return [article.id for article in archive.unsent(connection, **told)]  # type: ignore[arg-type]


def test_nothing_new_carries_it_until_it_stands_again(database: Database) -> None:
    publish(database, "a", "b")
    retractions = Retractions(database, now=lambda: NOW)
    assert retractions.retract("a", by="sara", why="wrong").held == ()
    assert unsent(database) == ["b"]
    retractions.retract("a", by="sara", why="again")
    assert retractions.readmit("a", by="sara").article.id == "a"
    assert unsent(database) == ["a", "b"]
    with database.read() as connection:
        assert [row.what for row in connection.execute(select(audit))] == ["retract", "readmit"]


def test_no_editor_pushes_it(database: Database) -> None:
    publish(database, "a")
    Retractions(database, now=lambda: NOW).retract("a", by="sara", why="wrong")
    with pytest.raises(Refused, match="a is retracted; `syndicator retract a --undo`"):
        Desk(database, now=lambda: NOW, summarise=summarise, write=write).push(["a"], [TG], editor="dana")


def test_what_waits_with_it_is_held(database: Database) -> None:
    publish(database, "a", "b")
    Desk(database, now=lambda: NOW, summarise=summarise, write=write).flashes(TG)
    told = Retractions(database, now=lambda: NOW).retract("a", by="sara", why="wrong")
    assert told.held == ("flash:a",)
    with database.read() as connection:
        assert brakes.paused(connection) == {"flash:a"}
    assert Retractions(database, now=lambda: NOW).retract("a", by="sara", why="").held == ()


def test_a_story_that_nobody_knows(database: Database) -> None:
    with pytest.raises(NotFound):
        Retractions(database, now=lambda: NOW).retract("zz", by="sara", why="")
