"""The calendar in the console: what it shows, and that what is moved there is moved."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from syndicator.model import Role
from syndicator.sandbox.demo import Demo
from syndicator.web.pages import serving
from tests.web.house import Clock, House, csrf

TOMORROW = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture
def house() -> Iterator[House]:
    clock = Clock()
    with Demo(now=clock) as demo, serving(demo.app) as base:
        demo.once()
        house = House(demo.app, base, clock)
        with house.open:
            yield house


def slots(house: House) -> list[tuple[str, datetime]]:
    found = house.app.calendar.entries(3, stories=False)
    return [(one.state, one.when) for one in found if one.kind == "slot"]


def form_of(page: str, verb: str) -> dict[str, str]:
    """The first form of the page for a verb."""
    (found,) = re.findall(rf'<form method="post" action="/console/do/{verb}".*?</form>', page, re.DOTALL)[:1]
    return dict(re.findall(r'name="([\w]+)" value="([^"]*)"', found))


def test_a_slot_is_moved_left_out_and_put_back(house: House) -> None:
    browser = house.browser(Role.PUBLISHER)
    page = browser.get("/calendar").text
    assert page.count('draggable="true"') >= 6
    assert 'data-slot="2026-03-02T09:00"' in page
    form = form_of(page, "newsletter-move")
    before = slots(house)
    assert form.keys() == {"csrf", "back", "name", "slot", "to"}
    done = browser.post("/do/newsletter-move", data=form | {"to": "2026-03-02T09:00"})  # as dragging says it
    assert (done.status_code, done.headers["location"]) == (303, "/console/calendar")
    after = slots(house)
    assert ("moved", datetime(2026, 3, 2, 6, tzinfo=UTC)) in after  # of the newsroom's zone
    assert before[0] not in after
    assert "Back to its time" in browser.get("/calendar").text
    undo = {name: form[name] for name in ("csrf", "back", "name", "slot")} | {"undo": "on"}
    browser.post("/do/newsletter-move", data=undo)
    assert slots(house) == before
    browser.post("/do/newsletter-skip", data={name: undo[name] for name in ("csrf", "back", "name", "slot")})
    assert slots(house)[0][0] == "skipped"
    assert "left out this time" in browser.get("/calendar").text


def test_an_embargo_and_a_push_are_moved(house: House) -> None:
    browser = house.browser(Role.PUBLISHER)
    story = house.story()
    house.app.push([story], ["x"], editor="ara", again=True, note="", at=TOMORROW)
    house.app.stories.embargo(house.story("ckb"), until=TOMORROW, by="ara")
    page = browser.get("/calendar").text
    for verb, field in (("move", "at"), ("embargo", "until")):
        form = form_of(page, verb) | {field: "2026-03-03T12:30"}
        assert browser.post(f"/do/{verb}", data=form).status_code == 303
    moved = {one.kind: one.when for one in house.app.calendar.entries(7) if one.kind in {"push", "embargo"}}
    assert set(moved.values()) == {datetime(2026, 3, 3, 9, 30, tzinfo=UTC)}
    assert moved.keys() == {"push", "embargo"}
    refused = browser.post("/do/embargo", data=form | {"until": "soon"})
    assert refused.status_code == 409


def test_who_may_not_move_sees_it_still(house: House) -> None:
    page = house.browser(Role.VIEWER).get("/calendar").text
    assert "draggable" not in page
    assert "<b>18:00</b>" in page
    assert "went out" in page or "sent" in page  # of today, greyed
    form = {"csrf": csrf(house.browser(Role.VIEWER)), "name": "evening", "slot": TOMORROW.isoformat()}
    assert house.browser(Role.VIEWER).post("/do/newsletter-skip", data=form).status_code == 403


def test_any_week_may_be_asked_for(house: House) -> None:
    browser = house.browser(Role.VIEWER)
    for asked, begins in (
        ("from=2026-03-10&days=3", "Tuesday 10 March"),
        ("from=2026-02-20", "Friday 20 February"),
        ("from=2020-01-01", "Monday 29 December"),
        ("from=2030-01-01&days=99", "Thursday 16 April"),
        ("from=x&days=0", "Sunday 1 March"),
    ):
        page = browser.get(f"/calendar?{asked}")
        assert page.status_code == 200
        assert begins in page.text


def test_what_went_out_is_shown_where_it_was_due(house: House) -> None:
    went = house.browser(Role.VIEWER).get("/calendar").text.count('class="entry went"')
    assert went
    house.clock.now += timedelta(days=10)
    browser = house.browser(Role.VIEWER)
    assert 'class="entry went"' not in browser.get("/calendar").text
    earlier = browser.get("/calendar?from=2026-02-28&days=3").text
    assert earlier.count('class="entry went"') == went
    assert "Nothing went out." in earlier
    assert "Nothing is planned." not in earlier


def test_today_lists_what_comes_next(house: House) -> None:
    page = house.browser(Role.VIEWER).get("").text
    coming = page.partition('id="next"')[2].partition("</section>")[0]
    assert "planned" in coming or "too few stories" in coming
    assert 'href="/console/calendar"' in coming
