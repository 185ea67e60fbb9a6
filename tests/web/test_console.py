"""The console over real HTTP: who is let in, what a form can do, and what every page keeps to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from syndicator.model import Role
from syndicator.sandbox.demo import Demo
from syndicator.web.console.doors import local
from syndicator.web.pages import serving
from tests.web.house import Clock, House, csrf

PAGES = (
    "", "/stories", "/stories?q=rain&language=en", "/editions", "/newsletters/evening", "/channels", "/channels/x",
    "/numbers", "/calendar", "/calendar?from=2026-03-10&days=3",
    "/readers", "/readers?days=365", "/readers/1", "/readers/lists",
    "/doubts", "/approvals", "/corrections", "/summaries", "/audit", "/do", "/do/push", "/do/articles?limit=2",
)  # fmt: skip


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    clock = Clock()
    with Demo(now=clock) as demo, serving(demo.app) as base:
        demo.once()
        house = House(demo.app, base, clock)
        with house.open:
            yield house


def test_a_stranger_is_led_to_the_door_and_back(house: House) -> None:
    stranger = house.stranger()
    led = stranger.get("/stories?q=rain")
    assert led.status_code == 303
    assert led.headers["location"] == "/console/sign-in?next=/console/stories%3Fq%3Drain"
    assert stranger.post("/do/pause", data={"name": "everything"}).status_code == 303
    assert stranger.get("/stories", headers={"hx-request": "true"}).headers["hx-redirect"]
    assert stranger.get("/live").status_code == 303
    assert not house.app.ledger.standing()["paused"]


@pytest.mark.parametrize(
    "told", ["https://evil.example", "//evil.example", "/consolex", "/console\\@evil", "x"]
)
def test_the_way_back_is_ours(told: str) -> None:
    assert local(told) == "/console"
    assert local("/console/stories?q=a") == "/console/stories?q=a"


@pytest.mark.parametrize("language", ["en", "ckb", "ar"])
def test_every_page_is_small_still_and_whole(house: House, language: str) -> None:
    browser = house.browser(Role.ADMIN, language=language)
    edition = house.app.board.editions(1)[0].edition.id
    for path in (
        *PAGES,
        f"/editions/{edition}",
        f"/stories/{house.story()}",
        f"/stories/{house.story()}/push?to=tg-en&again=on",
    ):
        page = browser.get(path)
        assert page.status_code == 200, (path, page.text[-500:])
        assert len(page.content) < 50_000, path
        assert not re.search(r"<script(?![^>]* src=)|<style|\son\w+=|\sstyle=|javascript:", page.text), path
        assert "script-src 'self'" in page.headers["content-security-policy"]
        assert page.headers["cache-control"] == "no-store"
        assert f'lang="{language}"' in page.text
        for address in re.findall(r'(?:src|href|action)="([^"#?]+)', page.text):
            if path == "":
                assert address.startswith(("/console", "data:")), address


def test_what_pages_are_made_of_is_served_for_ever(house: House) -> None:
    browser = house.stranger()
    for name in ("style.css", "static/console.js", "static/htmx.min.js", "static/naskh.woff2"):
        found = browser.get(f"/{name}")
        assert found.status_code == 200
        assert "immutable" in found.headers["cache-control"]
    for name in ("static/README.md", "static/..%2f__init__.py", "static/nothing.js"):
        assert browser.get(f"/{name}").status_code == 404


def test_a_story_is_found_however_it_is_typed(house: House) -> None:
    browser = house.browser(Role.VIEWER)
    assert "باران بۆ دووەم" in browser.get("/stories", params={"q": "باران بۆ", "language": "ckb"}).text
    assert "Rain closes" in browser.get("/stories", params={"q": "AZMAR rain"}).text
    assert "No story is like that." in browser.get("/stories", params={"q": "azmar snow"}).text
    assert "Rain closes" in browser.get("/stories", params={"q": house.story()[:8]}).text
    for mark in ("%", "_", "\\"):
        assert "No story is like that." in browser.get("/stories", params={"q": mark}).text


def test_a_form_of_another_site_does_nothing(house: House) -> None:
    browser = house.browser(Role.PUBLISHER)
    good = {"name": "x", "csrf": csrf(browser), "back": "/console/channels"}
    for headers, form in (
        ({}, good | {"csrf": ""}),
        ({}, good | {"csrf": "0" * 36}),
        ({"origin": "https://evil.example"}, good),
        ({"sec-fetch-site": "cross-site"}, good),
    ):
        refused = browser.post("/do/pause", data=form, headers=headers)
        assert refused.status_code == 403
        assert "not one of ours" in refused.text or "another site asked for this" in refused.text
    assert "x" not in house.app.ledger.standing()["paused"]


def test_a_verb_is_done_and_said(house: House) -> None:
    browser = house.browser(Role.PUBLISHER)
    form = {"name": "x", "why": "a test", "csrf": csrf(browser), "back": "/console/channels"}
    done = browser.post("/do/pause", data=form)
    assert (done.status_code, done.headers["location"]) == (303, "/console/channels")
    assert "Paused. Nothing more goes out there." in browser.get("/channels").text
    assert "Paused. Nothing more goes out there." not in browser.get("/channels").text
    assert house.app.trail.newest()[0].who == "a-publisher-en"
    del form["why"]
    assert browser.post("/do/resume", data=form).status_code == 303
    assert "x" not in house.app.ledger.standing()["paused"]


def test_who_may_not_is_told_so(house: House) -> None:
    viewer = house.browser(Role.VIEWER)
    page = viewer.get(f"/stories/{house.story()}").text
    assert "Take the story back" not in page
    assert "Use these words" not in page
    form = {"name": "x", "csrf": csrf(viewer)}
    refused = viewer.post("/do/pause", data=form)
    assert refused.status_code == 403
    assert "pause is for a publisher" in refused.text
    assert viewer.get("/newsletters/evening").status_code == 403
    assert viewer.post("/do/articles", data=form).status_code == 409
    assert viewer.get("/do/nothing").status_code == 404
    assert viewer.get("/stories/zzzz").status_code == 404


def test_what_does_not_fit_names_its_field(house: House) -> None:
    browser = house.browser(Role.PUBLISHER)
    form = {"article": house.story(), "until": "tomorrow", "csrf": csrf(browser)}
    refused = browser.post("/do/embargo", data=form)
    assert refused.status_code == 409
    assert "until" in refused.text
    form["until"] = "2026-03-05T18:00"  # of the newsroom's zone
    assert browser.post("/do/embargo", data=form).status_code == 200
    assert house.app.stories.life(house.story()).waits_until == datetime(2026, 3, 5, 15, tzinfo=UTC)
    assert browser.post("/do/lift", data={"article": house.story(), "csrf": form["csrf"]}).status_code == 200


def test_a_summary_is_seen_on_every_channel_while_it_is_typed(house: House) -> None:
    browser = house.browser(Role.EDITOR)
    story = house.story()
    token = {"csrf": csrf(browser)}
    shown = browser.post(f"/stories/{story}/previews", data={"text": "Rain closed the road.", **token})
    assert shown.text.count("Rain closed the road.") >= 2  # Telegram and X
    assert "/280" in shown.text
    assert house.app.summaries.about(house.app.summaries.article(story))[0] == []  # nothing is kept
    kept = browser.post(
        "/do/summarise",
        data={"article": story, "text": "Rain closed the road.", **token},
        follow_redirects=True,
    )
    assert kept.status_code == 200
    assert "Rain closed the road." in browser.get(f"/stories/{story}").text
    browser.post("/do/summarise", data={"article": story, "take_back": "on", **token})


def test_a_push_is_shown_before_it_goes(house: House) -> None:
    browser = house.browser(Role.PUBLISHER)
    story = house.story()
    asked = browser.get(f"/stories/{story}/push?to=tg-en")
    assert asked.status_code == 409
    assert "has" in asked.text  # it stands there already
    asked = browser.get(f"/stories/{story}/push?to=tg-en&to=x&again=on")
    assert "This goes out on 2 channels" in asked.text
    form = {"articles": story, "to": ["tg-en", "x"], "again": "on", "note": "a test", "csrf": csrf(browser)}
    done = browser.post(f"/stories/{story}/push", data=form)
    assert done.status_code == 303
    assert "It is on its way" in browser.get(f"/stories/{story}").text
    waiting = house.app.ledger.deliveries(state="pending", channel=None, edition=None, limit=10)
    assert {one["channel"] for one in waiting} == {"tg-en", "x"}
    assert browser.get(f"/stories/{story}/push").status_code == 409


def test_an_editor_s_own_headline_and_post_are_used(house: House) -> None:
    browser = house.browser(Role.EDITOR)
    story, token = house.story("ckb"), {"csrf": csrf(browser)}
    page = f"/stories/{story}"
    drafted = browser.post(f"{page}/previews", data={"headline": "باران", **token})
    assert drafted.text.count("<b>باران</b>") == 1
    assert "<b>باران</b>" not in browser.get(page).text
    done = browser.post(
        "/do/edit", data={"article": story, "headline": "باران", "back": "/console" + page, **token}
    )
    assert done.status_code == 303
    assert "<b>باران</b>" in browser.get(page).text
    own = {"article": story, "channel": "x", "text": "باران هات", **token}
    assert browser.post("/do/edit", data=own).status_code == 200
    assert "باران هات" in browser.get(page).text
    too_long = browser.post("/do/edit", data=own | {"text": "ب" * 400})
    assert too_long.status_code == 409
    assert "280" in too_long.text
    browser.post("/do/edit", data={"article": story, "undo": "on", **token})
    browser.post("/do/edit", data={"article": story, "channel": "x", "undo": "on", **token})


def test_a_push_is_planned_moved_and_called_off(house: House) -> None:
    browser = house.browser(Role.PUBLISHER)
    story, token = house.story("ar"), {"csrf": csrf(browser)}
    form = {"articles": story, "to": "tg-ar", "again": "on", "at": "2026-03-02T09:00", **token}
    assert browser.post(f"/stories/{story}/push", data=form).status_code == 303
    (waits,) = house.app.ledger.deliveries(state="pending", channel="tg-ar", edition=None, limit=10)
    assert waits["due_at"] == datetime(2026, 3, 2, 6, tzinfo=UTC)
    edition = waits["edition"]
    assert "Move it" in browser.get(f"/editions/{edition}").text
    moved = browser.post("/do/move", data={"edition": edition, "at": "2026-03-02T10:00", **token})
    assert moved.status_code == 200
    called_off = browser.post("/do/cancel", data={"edition": edition, "why": "a test", **token})
    assert called_off.status_code == 200
    assert not house.app.ledger.deliveries(state="pending", channel="tg-ar", edition=None, limit=10)


def test_the_next_edition_is_made_up() -> None:
    clock = Clock()
    with Demo(now=clock) as demo, serving(demo.app) as base:
        demo.app.look()
        demo.sandbox.newsroom.publish()
        demo.app.look()
        house = House(demo.app, base, clock)
        with house.open:
            browser = house.browser(Role.EDITOR)
            page = browser.get("/newsletters/evening").text
            inside = re.findall(r'name="was-in" value="(\w+)"', page)
            assert len(inside) == 9
            first, second, third = (one for one in inside if f'name="lead:en" value="{one}"' in page)
            form = {
                "csrf": csrf(browser), "was-in": inside, "in": [one for one in inside if one != third],
                "lead:en": second, f"place:{first}": "1", "subject:en": "Roads and rain", "preheader:en": "And schools",
            }  # fmt: skip
            assert browser.post("/newsletters/evening", data=form).status_code == 303
            made = {
                post.language: (edition, post) for edition, post in demo.app.newsstand.preview("evening")[0]
            }
            edition, post = made["en"]
            assert [one.article.id for one in edition.stories] == [second, first]
            assert post.subject == "Roads and rain"
            assert "And schools" in (post.html or "")
            page = browser.get("/newsletters/evening").text
            assert 'value="Roads and rain"' in page
            checked = browser.post("/newsletters/evening/check", data={"csrf": form["csrf"]})
            assert checked.status_code == 200
            assert (
                browser.post("/newsletters/evening", data={"clear": "on", "csrf": form["csrf"]}).status_code
                == 303
            )
            assert demo.app.newsstand.fixed("evening").marks.lead == ()


def test_open_pages_hear_that_something_moved(house: House) -> None:
    browser = house.browser(Role.VIEWER)
    with browser.stream("GET", "/live", timeout=20) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        lines = stream.iter_lines()
        assert next(lines) == "retry: 3000"
        next(line for line in lines if line.startswith(":"))  # the first look was made
        house.app.pause("tg-ar", by="ara", why="a test")
        assert next(line for line in lines if line.startswith("data:")) == "data: desk"
    house.app.resume("tg-ar", by="ara")


def test_a_session_that_is_over_is_over(house: House) -> None:
    browser = house.browser(Role.VIEWER, name="short")
    assert browser.get("").status_code == 200
    house.app.people.end("short", by="operator")
    assert browser.get("").status_code == 303
    late = house.browser(Role.VIEWER, name="idle")
    house.clock.now += timedelta(hours=13)
    assert late.get("").status_code == 303
    house.clock.now -= timedelta(hours=13)
