"""The readers' pages: numbers for everybody, addresses for those who may see them, lists in and out."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest

from syndicator.model import Role
from syndicator.sandbox.demo import Demo
from syndicator.services.rolls.intray import Stage
from syndicator.storage import turnout
from syndicator.storage.turnout import Turn
from syndicator.web.pages import serving
from tests.web.house import Clock, House, csrf

HEAD = "address,name,language\n"


@pytest.fixture
def house() -> Iterator[House]:
    clock = Clock()
    with Demo(now=clock) as demo, serving(demo.app) as base:
        demo.once()
        house = House(demo.app, base, clock)
        with house.open:
            yield house


def settled(browser: httpx.Client, where: str) -> str:
    """The page of a list, once it is read."""
    for _ in range(200):
        page = browser.get(where).text
        if "<progress" not in page:
            return page
    raise AssertionError(page)


def bring(browser: httpx.Client, text: str, **more: str) -> httpx.Response:
    form = {"csrf": csrf(browser), "newsletter": "evening", "proof": "the book fair"} | more
    return browser.post(
        "/readers/lists/new", data=form, files={"file": ("fair.csv", text.encode(), "text/csv")}
    )


def test_growth_is_drawn_and_said(house: House) -> None:
    with house.app.database.write() as connection:
        for back in range(1, 40):
            found = {("evening", "ckb", Turn.CONFIRMED): back, ("evening", "ckb", Turn.ASKED): 2 * back}
            found |= {("evening", "en", Turn.LEFT): 1}
            turnout.add(connection, found, house.clock.now - timedelta(days=back))
    viewer = house.browser(Role.VIEWER)
    page = viewer.get("/readers?days=90").text
    assert page.count('<svg class="plot"') >= 3
    assert "<desc" in page
    assert re.search(r"<b>745</b> <span>readers now", page)  # 4, 780 who came, 39 who left
    assert "50%" in page
    assert re.search(r"20 Feb<td>9", page)
    assert "@readers.example" not in page
    ours = viewer.get("/readers?language=en&newsletter=evening").text
    assert "Mails that came back" not in ours
    mirrored = house.browser(Role.VIEWER, language="ckb").get("/readers?days=90").text
    assert len(page) < 50_000
    begins, mirrored_begins = (
        re.findall(r'<path class="line " d="M([\d.]+) ', text)[0] for text in (page, mirrored)
    )
    assert float(begins) < 10  # the first day is where reading begins
    assert float(mirrored_begins) > 590


def test_a_viewer_sees_no_address(house: House) -> None:
    viewer = house.browser(Role.VIEWER)
    assert viewer.get("/readers/1").status_code == 403
    form = {"words": "sara", "csrf": csrf(viewer)}
    assert viewer.post("/readers/search", data=form).status_code == 403
    assert viewer.get("/readers/lists").status_code == 403
    assert bring(viewer, HEAD).status_code == 403
    assert 'action="/console/readers/search"' not in viewer.get("/readers").text


def test_a_reader_is_found_and_asked_about(house: House) -> None:
    editor = house.browser(Role.EDITOR)
    found = editor.post("/readers/search", data={"words": "SARA@", "csrf": csrf(editor)}).text
    assert 'href="/console/readers/1"' in found
    assert "Nobody is found" in editor.post("/readers/search", data={"words": "x", "csrf": csrf(editor)}).text
    page = editor.get("/readers/1").text
    assert "their server took it" in page
    assert "Forget this reader" not in page
    assert "End it" not in page
    assert editor.get("/readers/999").status_code == 404
    elsewhere = house.browser(Role.EDITOR, name="en-only", languages=frozenset({"en"}))
    assert elsewhere.get("/readers/1").status_code == 403  # she reads Sorani


def test_a_readers_wishes_are_changed(house: House) -> None:
    browser = house.browser(Role.PUBLISHER)
    form = {
        "csrf": csrf(browser), "name": "Sara A.", "language": "en", "has": "evening",
        "frequency:evening": "weekly", "rest_days": "3",
    }  # fmt: skip
    done = browser.post("/readers/1/change", data=form)
    assert (done.status_code, done.headers["location"]) == (303, "/console/readers/1")
    page = browser.get("/readers/1").text
    assert "Changed. It counts from the next edition on." in page
    assert "no mail until" in page
    reader = house.app.circulation.register.show("sara@readers.example")
    assert (reader["name"], reader["language"]) == ("Sara A.", "en")
    assert reader["subscriptions"][0]["frequency"] == "weekly"
    refused = browser.post("/readers/1/change", data=form | {"language": "xx"})
    assert refused.status_code == 409
    assert house.app.circulation.readership.turnout(1).standing["evening", "en"] == 2


def test_a_subscription_ends_and_a_reader_is_suppressed_and_forgotten(house: House) -> None:
    publisher, admin = house.browser(Role.PUBLISHER), house.browser(Role.ADMIN)
    ours = {"csrf": csrf(publisher), "back": "/console/readers/1"}
    ended = publisher.post("/do/subscribers-remove", data=ours | {"reader": "1", "newsletter": "evening"})
    assert ended.status_code == 303
    silenced = publisher.post(
        "/do/subscribers-suppress", data=ours | {"address": "hiwa@readers.example", "why": "asked by phone"}
    )
    assert silenced.status_code == 303
    page = publisher.get("/readers/2").text
    assert "No mail goes to this address." in page
    assert "asked by phone" in page
    erase = {"reader": "3", "csrf": csrf(publisher)}
    assert publisher.post("/do/subscribers-erase", data=erase).status_code == 403
    assert "Forget them for good" in admin.get("/readers/3").text
    erase |= {"csrf": csrf(admin), "back": "/console/readers"}
    assert admin.post("/do/subscribers-erase", data=erase).status_code == 303
    assert "They are forgotten." in admin.get("/readers").text
    assert admin.get("/readers/3").status_code == 404
    turns = house.app.circulation.readership.turnout(1).days[-1].turns
    assert (turns[Turn.LEFT], turns[Turn.SUPPRESSED], turns[Turn.ERASED]) == (1, 1, 1)


def test_a_list_is_looked_at_before_it_is_taken_in(house: House) -> None:
    browser = house.browser(Role.PUBLISHER)
    text = HEAD + "dara@x.example,Dara,ckb\nnoor@readers.example,Noor,ar\nnobody,,en\nx@x.example,,fr\n"
    brought = bring(browser, text)
    assert brought.status_code == 303
    where = brought.headers["location"].removeprefix("/console")
    page = settled(browser, where)
    assert "Take 1 reader in" in page
    assert "evening has no language" in page
    assert "are not taken" in page
    with house.app.database.read() as connection:
        assert turnout.standing(connection)["evening", "ckb"] == 2  # nothing is written
    token = {"csrf": csrf(browser)}
    assert browser.post(where, data=token).status_code == 303
    assert "Done. They get the next edition." in settled(browser, where)
    assert browser.post(where, data=token).status_code == 409
    with house.app.database.read() as connection:
        assert turnout.standing(connection)["evening", "ckb"] == 3
    line = house.app.trail.newest()[0]
    assert (line.who, line.what, line.about) == ("a-publisher-en", "import", "evening")
    shown = house.app.circulation.register.data("dara@x.example")
    assert shown["subscriptions"][0]["proof"] == "the book fair"


def test_a_list_that_is_none_says_why(house: House) -> None:
    browser = house.browser(Role.PUBLISHER)
    page = settled(browser, bring(browser, "a;b\n1;2\n").headers["location"].removeprefix("/console"))
    assert "fair.csv, line 1: its columns stand between semicolons" in page
    assert bring(browser, HEAD, proof=" ").status_code == 409
    assert bring(browser, HEAD, csrf="").status_code == 403
    nothing = {"csrf": csrf(browser), "newsletter": "evening", "proof": "x"}
    assert browser.post("/readers/lists/new", data=nothing).status_code in {403, 409}
    other = house.browser(Role.PUBLISHER, name="x-only", channels=frozenset({"x"}))
    assert bring(other, HEAD).status_code == 403
    assert browser.get("/readers/lists/abc").status_code == 404


def test_a_list_is_dropped_and_its_file_is_gone(house: House) -> None:
    browser = house.browser(Role.PUBLISHER)
    where = bring(browser, HEAD + "dara@x.example,,ckb\n").headers["location"].removeprefix("/console")
    settled(browser, where)
    brought = house.app.circulation.intray.called(where.rpartition("/")[2])
    assert brought.stage is Stage.LOOKED
    assert brought.file.exists()
    assert browser.post(where, data={"csrf": csrf(browser), "drop": "yes"}).status_code == 303
    assert not brought.file.parent.exists()
    assert browser.get(where).status_code == 404


def test_the_list_is_taken_along_and_that_is_written_down(house: House) -> None:
    browser = house.browser(Role.PUBLISHER)
    token = {"csrf": csrf(browser)}
    taken = browser.post("/readers/lists/out", data=token | {"newsletter": "evening", "consent": "given"})
    assert taken.headers["content-disposition"] == 'attachment; filename="evening.csv"'
    rows = list(csv.DictReader(io.StringIO(taken.text)))
    assert [row["address"].partition("@")[0] for row in rows] == ["sara", "hiwa", "noor", "alan"]
    line = house.app.trail.newest()[0]
    assert (line.who, line.what, line.about, line.why) == ("a-publisher-en", "export", "evening", "given")
    assert browser.post("/readers/lists/out", data=token | {"consent": "x"}).status_code == 409
    editor = house.browser(Role.EDITOR)
    assert editor.post("/readers/lists/out", data={"csrf": csrf(editor)}).status_code == 403
