"""The newsroom's work in numbers: what is counted, when, and what the page says of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import event, text, update

from syndicator.model import Role
from syndicator.sandbox.demo import Demo
from syndicator.services.numbers.work import Seen, Work
from syndicator.storage import clicks, ledger
from syndicator.storage import work as queries
from syndicator.storage.schema import articles, deliveries
from syndicator.web.pages import serving
from tests.web.house import Clock, House


@pytest.fixture
def house() -> Iterator[House]:
    clock = Clock()
    with Demo(now=clock) as demo, serving(demo.app) as base:
        demo.once()
        house = House(demo.app, base, clock)
        with house.open:
            yield house


def work(house: House) -> Work:
    channels = list(house.app.settings.channels)
    return Work(house.app.database, now=house.clock, channels=channels, beside=False)


def seen(house: House) -> Seen:
    found = work(house).seen()
    assert found is not None
    return found


def digest(house: House) -> str:
    return next(one.edition.id for one in house.app.board.editions(5) if one.edition.newsletter)


def test_what_went_out_is_counted_by_the_day(house: House) -> None:
    with house.app.database.read() as connection:
        known = ledger.by_channel(connection)
    day = seen(house).days[-1]
    assert day.day == "2026-03-01"
    assert day.channels == {name: sum(states.values()) for name, states in known.items()}
    assert day.states == {"sent": sum(day.channels.values())}
    assert sum(sum(one.states.values()) for one in seen(house).days[:-1]) == 0


def test_a_sealed_report_counts_as_its_rows_did(house: House) -> None:
    before = seen(house).days[-1]
    house.clock.now += timedelta(days=2)
    house.app.keeper.tidy_up()
    with house.app.database.read() as connection:
        assert all(one.sealed for one in queries.issued(connection, house.clock.now - timedelta(days=9), 99))
    after = seen(house).days[-3]
    assert (after.states, after.channels) == (before.states, before.channels)


def test_how_soon_a_flash_stands_on_its_channel(house: House) -> None:
    with house.app.database.write() as connection:
        connection.execute(update(articles).values(published_at=house.clock.now - timedelta(seconds=90)))
        connection.execute(update(deliveries).values(settled_at=house.clock.now))
    found = {one.channel: one for one in seen(house).soon}
    assert {(one.median, one.late) for one in found.values()} == {(90.0, 90.0)}
    assert "letters" not in found
    page = work_page(house)
    assert "2 minutes" in page


def work_page(house: House) -> str:
    browser = house.browser(Role.VIEWER)
    for _ in range(100):
        page = browser.get("/numbers").text
        if "This is being counted" not in page:
            return page
    raise AssertionError(page)


def test_what_was_read_is_shown_where_it_is_counted(house: House) -> None:
    assert not seen(house).counted
    assert "Nothing was counted" in work_page(house)
    story, edition = house.story(), digest(house)
    with house.app.database.write() as connection:
        clicks.add(connection, edition, story, people=7, machines=2)
        clicks.add(connection, edition, "", people=9, machines=0)
    found = seen(house)
    assert (found.days[-1].clicked, found.days[-1].opened) == (7, 9)
    assert [(one.id, one.people) for one in found.best] == [(story, 7)]
    (read,) = work(house).of_story(story)
    assert (read.edition, read.newsletter, read.people, read.machines) == (edition, "evening", 7, 2)
    page = house.browser(Role.VIEWER).get(f"/stories/{story}").text
    assert "How often it was opened" in page


def test_the_heavy_ones_go_by_an_index(house: House) -> None:
    told: list[tuple[str, object]] = []
    with house.app.database.read() as connection:
        event.listen(
            connection,
            "before_cursor_execute",
            lambda c, cursor, statement, parameters, context, many: told.append((statement, parameters)),
        )
        since = house.clock.now - timedelta(days=30)
        queries.issued(connection, since, 10)
        queries.waits(connection, "x", since, 10)
        queries.read(connection, ["a"])
        queries.best(connection, ["a"], 3)
        queries.of_story(connection, "a")
        plans = []
        for statement, parameters in list(told):
            cursor = connection.connection.cursor()
            cursor.execute("EXPLAIN QUERY PLAN " + statement, parameters)
            plans.append("\n".join(str(row) for row in cursor.fetchall()))
        assert connection.execute(text("SELECT 1")).scalar() == 1
    assert "ix_editions_latest" in plans[0]
    assert "ix_deliveries_followed" in plans[1]
    assert not [plan for plan in plans if "SCAN" in plan and "SCAN CONSTANT" not in plan]
