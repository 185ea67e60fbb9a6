"""The audit trail: found by moment, person and thing, exported whole, and never changed."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from syndicator.services.trail import Trail, Wanted
from syndicator.storage import brakes
from syndicator.storage.database import Database

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)


@pytest.fixture
def trail(database: Database) -> Trail:
    told = [
        ("sara", "hold", "3f9a01", "the ministry denies it"),
        ("dana", "correct edit", "3f9a01 on tg-ckb", "=HYPERLINK()"),
        ("sara", "push", "push:3f9b:1:0 tg-ckb", ""),
        ("timetable", "hold", "morning 2026-03-01", "missed\nby much, “late”"),
    ]
    with database.write() as connection:
        for number, (who, what, about, why) in enumerate(told):
            now = NOW + timedelta(hours=number)
            brakes.note(connection, who=who, what=what, about=about, why=why, now=now)
    return Trail(database)


def test_the_newest_comes_first_and_the_next_page_goes_on_behind_the_last(trail: Trail) -> None:
    first = trail.newest(limit=3)
    assert [one.who for one in first] == ["timetable", "sara", "dana"]
    (rest,) = trail.newest(Wanted(before=first[-1].id), limit=3)
    assert (rest.who, rest.at, rest.why) == ("sara", NOW, "the ministry denies it")


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted(who="sara"), ["push", "hold"]),
        (Wanted(about="3f9a"), ["correct edit", "hold"]),
        (Wanted(about="3f9a01 on"), ["correct edit"]),
        (Wanted(about="%"), []),
        (Wanted(what="hold"), ["hold", "hold"]),
        (Wanted(since=NOW + timedelta(hours=2)), ["hold", "push"]),
        (Wanted(who="sara", what="hold", about="3f9a"), ["hold"]),
    ],
)
def test_it_is_asked_by_moment_person_and_thing(trail: Trail, wanted: Wanted, found: list[str]) -> None:
    assert [one.what for one in trail.newest(wanted)] == found
    assert [one.what for one in trail.every(wanted)] == found[::-1]


def test_the_export_is_whole_and_no_word_in_it_is_a_formula(trail: Trail) -> None:
    file = io.StringIO()
    assert trail.export(file) == 4
    lines = [*csv.DictReader(io.StringIO(file.getvalue()))]
    assert [one["who"] for one in lines] == ["sara", "dana", "sara", "timetable"]
    assert lines[0]["at"] == "2026-03-01T09:00:00+00:00"
    assert lines[1]["why"] == "'=HYPERLINK()"
    assert lines[3]["why"] == "missed\nby much, “late”"


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE audit SET who = 'nobody'",
        "DELETE FROM audit",
        {
            "sqlite": "INSERT OR REPLACE INTO audit (id, at, who, what, about, why) "
            "VALUES (1, '2026-03-01', 'nobody', 'b', 'c', '')",
            "postgresql": "TRUNCATE audit",
        },
    ],
    ids=["update", "delete", "another way"],
)
def test_the_database_itself_refuses_every_change(
    trail: Trail, database: Database, attack: str | dict[str, str]
) -> None:
    before = trail.newest()
    with pytest.raises(Exception, match="append-only"), database.write() as connection:
        kind = connection.dialect.name
        connection.execute(text(attack if isinstance(attack, str) else attack[kind]))
    assert trail.newest() == before
