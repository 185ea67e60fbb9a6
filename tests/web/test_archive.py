"""Old editions and their feeds, over real HTTP: what went out, nothing of who got it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from xml.etree import ElementTree

import feedparser
import httpx
import pytest
from sqlalchemy import text

from syndicator.app import App
from syndicator.editing import slot_name
from syndicator.sandbox.world import Sandbox
from syndicator.services.audience import Wish
from syndicator.storage import archive
from syndicator.storage.database import Database
from syndicator.web.pages import serving

SARA, AZAD = "sara@readers.example", "azad@readers.example"
HIDDEN = """
[newsletters.staff]
channel = "letters"
timetable = "0 12 * * *"
signup = false

[newsletters.quiet]
channel = "letters"
timetable = "0 12 * * *"
archive = false

[newsletters.open]
channel = "letters"
timetable = "0 12 * * *"
signup = false
archive = true
"""


@dataclass
class Clock:
    time: datetime = datetime(2026, 3, 1, 9, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time


@dataclass
class Room:
    """A newsroom with two readers of one newsletter, and a browser of somebody who is neither."""

    sandbox: Sandbox
    app: App
    clock: Clock
    http: httpx.Client

    def publish(self, most: int | None = None) -> str:
        """A digest that is planned; what its slot is called."""
        self.clock.time += timedelta(hours=1)
        self.app.look()
        self.sandbox.newsroom.publish(most)
        self.app.look()
        self.app.compile(["evening"])
        return slot_name(self.clock.time)

    def edition(self, most: int | None = None) -> str:
        """The path of one that went out."""
        slot = self.publish(most)
        self.app.deliver("letters")
        return f"/archive/evening/{slot}"

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.http.get(path, headers={name.replace("_", "-"): told for name, told in headers.items()})


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    clock = Clock()
    with Sandbox(now=clock.now) as sandbox:
        path = sandbox.configure(tmp_path)
        path.write_text(path.read_text("utf-8") + HIDDEN, "utf-8")
        with App.opened(path, {}, now=clock.now) as app, serving(app) as base:
            wishes = [
                Wish(address=address, language=language, newsletter="evening", proof="p")
                for address, language in ((SARA, "ckb"), (AZAD, "en"))
            ]
            app.subscribe(wishes, "evening")
            with httpx.Client(base_url=base) as http:
                yield Room(sandbox, app, clock, http)


def test_an_edition_as_it_went_out_and_nothing_of_its_readers(room: Room) -> None:
    path = room.edition()
    for language, way, said in (
        ("en", "ltr", "Rain closes"),
        ("ckb", "rtl", "دادەخات"),
        ("ar", "rtl", "تغلق"),
    ):
        answer = room.get(f"{path}?language={language}")
        assert answer.status_code == 200
        assert f'<html lang="{language}" dir="{way}">' in answer.text
        assert said in answer.text
        assert len(answer.content) < 50_000
        for private in ("readers.example", "unsubscribe", "preferences", "\ue000", "\ue001", "/leave/"):
            assert private not in answer.text
        assert "img-src https: http:" in answer.headers["content-security-policy"]
        assert "x-robots-tag" not in answer.headers
    mail = room.sandbox.smtp.mails[0]
    assert str(mail.message["List-Archive"]) == f"<{room.http.base_url}/archive/evening/>".replace(
        "//>", "/>"
    )
    link = re.search(r"http://\S+/archive/evening/\S+", mail.part("plain"))
    assert link
    assert link[0].endswith(f"{path}?language={mail.message['Content-Language']}")
    assert httpx.get(link[0]).status_code == 200


def test_the_list_and_its_languages(room: Room) -> None:
    first, second = room.edition(2), room.edition()
    shown = room.get("/archive/evening/?language=en").text
    assert re.findall(r'href="(/archive/evening/2026\w+)\?language=en"', shown) == [second, first]
    assert "Sunday, March 1, 2026" in shown
    assert (
        '<html lang="ar" dir="rtl">' in room.get("/archive/evening/", accept_language="ar-IQ, en;q=0.5").text
    )
    assert room.get("/archive/evening/").headers["vary"] == "Accept-Language"
    older = room.get(f"/archive/evening/?language=en&before={second.rpartition('/')[2]}").text
    assert (first in older, second in older) == (True, False)
    assert room.get("/archive").headers["location"] == "/archive/"
    assert re.findall(r'href="/archive/(\w+)/', room.get("/archive/?language=en").text) == ["evening", "open"]


def test_an_edition_appears_only_when_it_has_gone_out(room: Room) -> None:
    slot = room.publish()
    path = f"/archive/evening/{slot}"
    assert room.get(path).status_code == 404
    assert "No edition has gone out yet" in room.get("/archive/evening/?language=en").text
    room.app.deliver("letters")
    room.clock.time += timedelta(seconds=11)
    assert room.get(path).status_code == 200
    assert slot in room.get("/archive/evening/").text


def test_an_edition_stays_when_its_deliveries_are_pruned(room: Room) -> None:
    path = room.edition()
    before = room.get(f"{path}?language=en").content
    room.clock.time += timedelta(days=400)
    assert room.app.keeper.tidy_up().pruned == 2
    assert room.get(f"{path}?language=en").content == before


def test_an_edition_that_nobody_got_is_not_shown(room: Room) -> None:
    slot = room.publish()
    room.app.circulation.register.leave(SARA, "evening", by="test")
    room.app.circulation.register.leave(AZAD, "evening", by="test")
    room.app.deliver("letters")
    room.clock.time += timedelta(days=2)
    room.app.keeper.tidy_up()
    assert room.get(f"/archive/evening/{slot}").status_code == 404


def test_a_correction_is_told_with_its_day(room: Room) -> None:
    path = room.edition()
    before = room.get(f"{path}?language=en")
    assert "Corrected" not in before.text
    room.clock.time += timedelta(days=1)
    room.sandbox.newsroom.revise(
        "rain-closes-the-azmar-road", headline="Rain closes a part of the Azmar road"
    )
    room.app.look()
    after = room.get(f"{path}?language=en", if_none_match=before.headers["etag"])
    assert after.status_code == 200
    assert "Corrected on March 2, 2026." in after.text
    assert "Its headline is now: <strong>Rain closes a part of the Azmar road</strong>" in after.text
    assert after.headers["last-modified"] != before.headers["last-modified"]
    assert parsedate_to_datetime(after.headers["last-modified"]) == room.clock.time
    assert "Corrected on March 2, 2026." in room.get("/archive/evening/feed.xml?language=en").text


@contextmanager
def reading(folder: Path, evening: str = "", more: str = "") -> Iterator[Room]:
    """A room whose evening digest has these settings."""
    clock = Clock()
    with Sandbox(now=clock.now) as sandbox:
        path = sandbox.configure(folder)
        told = path.read_text("utf-8").replace("[newsletters.evening]", f"[newsletters.evening]\n{evening}")
        path.write_text(told + more, "utf-8")
        with App.opened(path, {}, now=clock.now) as app, serving(app) as base:
            app.circulation.register.add(AZAD, "evening", language="en", proof="p", by="test")
            with httpx.Client(base_url=base) as http:
                yield Room(sandbox, app, clock, http)


SECTIONS = """
[[newsletters.evening.sections]]
name = "money"
titles = { en = "Money & markets", ckb = "پارە" }
stories = { sections = ["Business", "ئابووری", "اقتصاد"] }
"""


def test_sections_stand_in_the_archive_as_in_the_mail_whatever_they_are_called_later(tmp_path: Path) -> None:
    with reading(tmp_path, more=SECTIONS) as room:
        address = f"{room.edition()}?language=en"
        page = room.get(address).text
        mail = room.sandbox.smtp.mails[0].part("html")
        headings = [re.findall(r"<h2[^>]*>((?:Money|More)[^<]*)</h2>", markup) for markup in (mail, page)]
        assert headings[0] == headings[1]
        assert headings[0]
    path = tmp_path / "syndicator.toml"
    told = path.read_text("utf-8").replace("Money & markets", "Economy").replace("Evening digest", "At six")
    path.write_text(told, "utf-8")
    with App.opened(path, {}, now=room.clock.now) as later, serving(later) as base:
        assert httpx.get(base + address).text == page
        assert "At six" in httpx.get(f"{base}/archive/evening/?language=en").text


def test_an_edition_keeps_its_address_whenever_it_went_out_and_earlier_addresses_lead_there(
    tmp_path: Path,
) -> None:
    with reading(
        tmp_path, 'quiet_hours = "12:30-14:00"'
    ) as room:  # it is planned at one, and goes out at two
        name = room.publish()
        room.clock.time += timedelta(hours=2)
        room.app.deliver("letters")
        (mail,) = room.sandbox.smtp.mails
        assert f"/archive/evening/{name}?language=en" in mail.part("plain")
        page = room.get(f"/archive/evening/{name}?language=en")
        assert page.status_code == 200
        assert f'href="/archive/evening/{name}?language=en"' in room.get("/archive/evening/?language=en").text
        earlier = room.get(f"/archive/evening/{slot_name(datetime(2026, 3, 1, 11, tzinfo=UTC))}?language=en")
    assert (earlier.status_code, earlier.headers["location"]) == (308, f"/archive/evening/{name}?language=en")


def test_a_flash_has_a_page_of_its_own_and_is_marked_in_lists_and_feeds(tmp_path: Path) -> None:
    with reading(tmp_path, 'flash = { sections = ["Breaking", "بەپەلە", "عاجل"] }') as room:
        room.edition()
        mail = next(
            one for one in room.sandbox.smtp.mails if str(one.message["Subject"]).startswith("Rain closes")
        )
        (address,) = set(re.findall(r"/archive/evening/flash-\w+\?language=en", mail.part("plain")))
        page = room.get(address).text
        assert re.search(r'<span class="mark">Breaking</span> Sunday, March 1, 2026', page)
        assert "Rain closes the Azmar road for a second day</a></h2>" in page
        listed = room.get("/archive/evening/?language=en").text
        lines = re.findall(
            r'href="/archive/evening/(flash|2026)[^"]*">[^<]*</a>( <span class="mark">Breaking)?', listed
        )
        assert sorted(lines) == [("2026", ""), ("flash", ' <span class="mark">Breaking')]
        told = {
            one["title"]: one for one in room.get("/archive/evening/feed.json?language=en").json()["items"]
        }
        flash = told["Breaking: Rain closes the Azmar road for a second day"]
        assert (flash["tags"], flash["url"].endswith(address)) == (["breaking"], True)
        assert [one.get("tags") for one in told.values()].count(None) == 1
        assert (
            room.get("/archive/evening/feed.xml?language=en").text.count("<category>breaking</category>") == 1
        )
        with room.app.database.read() as connection:
            story = next(
                one for one in archive.newest(connection, 9, "en") if one.headline.startswith("Rain")
            )
        room.app.circulation.retractions.retract(story.id, by="sara", why="wrong")
        assert "Withdrawn on" in room.get(address).text
        assert "Rain closes" not in room.get("/archive/evening/?language=en").text


def test_a_page_says_how_many_of_its_stories_stand_otherwise_now(room: Room) -> None:
    path = room.edition()
    shown = {language: room.get(f"{path}?language={language}").text for language in ("en", "ckb", "ar")}
    assert not any("since it went out" in page for page in shown.values())
    with room.app.database.read() as connection:
        stories = {one.headline[:4]: one.id for one in archive.newest(connection, 99, "en")}
    (first, second) = (stories["Rain"], next(one for name, one in stories.items() if name != "Rain"))
    room.app.circulation.retractions.retract(first, by="sara", why="wrong")
    told = "A story of this edition was corrected or withdrawn since it went out."
    assert told in room.get(f"{path}?language=en").text
    room.app.circulation.retractions.retract(second, by="sara", why="wrong")
    told = "2 stories of this edition were corrected or withdrawn since it went out."
    assert told in room.get(f"{path}?language=en").text


def test_a_story_that_was_taken_back_says_so_and_no_more(room: Room) -> None:
    path = room.edition()
    with room.app.database.read() as connection:
        story = next(one for one in archive.newest(connection, 9, "en") if one.headline.startswith("Rain"))
    before = room.get(f"{path}?language=en")
    assert "Heavy rain kept" in before.text
    room.clock.time += timedelta(days=1)
    room.app.circulation.retractions.retract(story.id, by="sara", why="wrong")
    after = room.get(f"{path}?language=en", if_none_match=before.headers["etag"])
    assert f"<del>{story.headline}</del>" in after.text
    assert "Withdrawn on March 2, 2026" in after.text
    assert "Heavy rain kept" not in after.text
    assert story.url not in after.text
    assert "Forty schools" in after.text
    for feed in ("feed.xml", "feed.json"):
        told = room.get(f"/archive/evening/{feed}?language=en").text
        assert ("Heavy rain kept" in told, "Withdrawn on March 2, 2026" in told) == (False, True)
    assert story.headline not in room.get("/archive/evening/?language=en").text


@pytest.mark.parametrize(
    "what", ["", "/", "/feed.xml?language=en", "/feed.json?language=en", "EDITION?language=en"]
)
def test_who_has_it_already_gets_nothing_again(room: Room, what: str) -> None:
    path = room.edition()
    path = (
        what.replace("EDITION", path) if "EDITION" in what else f"/archive{'/evening' if what else '/'}{what}"
    )
    answer = room.get(path)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=300"
    tag = answer.headers["etag"]
    for told in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        again = room.get(path, if_none_match=told)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
    assert room.get(path, if_none_match='"x"').status_code == 200
    if moment := answer.headers.get("last-modified"):
        assert room.get(path, if_modified_since=moment).status_code == 304
        assert room.get(path, if_none_match='"x"', if_modified_since=moment).status_code == 200
    assert room.http.head(path).content == b""


def test_the_feed_is_valid_rss(room: Room) -> None:
    first, second = room.edition(5), room.edition()
    answer = room.get("/archive/evening/feed.xml?language=ckb")
    assert answer.headers["content-type"] == "application/rss+xml"
    assert answer.text == room.get("/archive/evening/feed.xml?language=ckb", accept_language="ar").text
    top = ElementTree.fromstring(answer.content)  # noqa: S314 - our own
    assert top.attrib == {"version": "2.0"}
    read = feedparser.parse(answer.content)
    assert not read.bozo
    base = str(room.http.base_url).rstrip("/")
    assert read.feed.language == "ckb"
    assert read.feed.link == f"{base}/archive/evening/?language=ckb"
    assert [one.href for one in read.feed.links if one.rel == "self"] == [
        f"{base}/archive/evening/feed.xml?language=ckb"
    ]
    assert [entry.link for entry in read.entries] == [
        f"{base}{path}?language=ckb" for path in (second, first)
    ]
    assert len({entry.id for entry in read.entries}) == 2
    for entry in read.entries:
        assert not entry.guidislink
        assert entry.published_parsed
        assert entry.summary
        (content,) = (one.value for one in entry.content if one.type == "text/html")
        assert 'dir="rtl"' in content or "دادەخات" in content
        assert not re.findall(r'(?:href|src)="(?!https?://)', content)
        assert "\ue000" not in content


def test_the_feed_is_valid_json(room: Room) -> None:
    path = room.edition()
    answer = room.get("/archive/evening/feed.json?language=ar")
    assert answer.headers["content-type"].startswith("application/feed+json")
    told = json.loads(answer.content)
    assert told["version"] == "https://jsonfeed.org/version/1.1"
    assert {"title", "home_page_url", "feed_url", "items"} <= set(told)
    (item,) = told["items"]
    assert item["url"].endswith(f"{path}?language=ar")
    assert datetime.fromisoformat(item["date_published"]) == room.clock.time
    assert item["id"].endswith(":ar")
    assert "تغلق" in item["content_html"]
    assert told["language"] == item["language"] == "ar"


def test_a_feed_of_nothing_is_a_feed(room: Room) -> None:
    read = feedparser.parse(room.get("/archive/open/feed.xml").content)
    assert (read.bozo, read.entries) == (False, [])
    assert json.loads(room.get("/archive/open/feed.json").content)["items"] == []


@pytest.mark.parametrize(
    "newsletter", ["staff", "quiet", "nobody", "..", "%2e%2e", "evening%00", "evening'--", "ێ"]
)
def test_a_newsletter_without_an_archive(room: Room, newsletter: str) -> None:
    path = room.edition()
    for rest in ("", "feed.xml", "feed.json", path.rpartition("/")[2]):
        answer = room.get(f"/archive/{newsletter}/{rest}")
        assert answer.status_code == 404
        assert newsletter == "nobody" or newsletter not in answer.text


HOSTILE = [
    "x",
    "20260301T100000Z'",
    "20260301T100000Z%00",
    "20260301T100000Z%0a",
    "99999999T999999Z",
    "00000000T000000Z",
    "20260230T000000Z",
    "20260301T100000Z;DROP TABLE editions",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "..%2F..%2Fetc%2Fpasswd",
    "digest:evening:2026-03-01T10:00:00+00:00",
    "2" * 4000,
    "%ff%fe",
    "٢٠٢٦٠٣٠١T100000Z",
    "20260301T100000Z/more",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_leads_nowhere(room: Room, name: str) -> None:
    room.edition()
    answer = room.get(f"/archive/evening/{name}")
    assert answer.status_code == 404
    assert "<script" not in answer.text
    assert room.get(f"/archive/evening/?before={name}").status_code == 200
    assert room.get(f"/archive/evening/?language={name}").status_code == 200


def test_a_language_that_an_edition_has_not(room: Room) -> None:
    room.publish(1)
    room.app.deliver("letters")
    shown = {
        one: room.get(f"/archive/evening/{slot_name(room.clock.time)}?language={one}").status_code
        for one in ("en", "ckb", "ar")
    }
    assert sorted(shown.values()) == [200, 404, 404]


def test_postgresql_and_sqlite_tell_the_same(database: Database) -> None:
    from syndicator.services.backnumbers import BackNumbers, Shelf
    from tests.services.test_desk import DAILY, NOW, desk, publish, subscribe

    publish(database, "a", "b")
    subscribe(database, ("e@x.example", "en"))
    made = desk.__wrapped__(database)  # type: ignore[attr-defined]
    made.digests.plan(DAILY, NOW)
    shelf = Shelf(name="daily", languages=DAILY.languages, titles=DAILY.titles)
    later = [NOW]
    numbers = BackNumbers(database, shelves={"daily": shelf}, now=lambda: later[0])
    assert numbers.listed("daily", "en", limit=9) == []
    with database.write() as connection:
        connection.execute(text("UPDATE deliveries SET state = 'sent'"))
    assert numbers.listed("daily", "en", limit=9) == []  # it was looked at just now
    later[0] += timedelta(seconds=10)
    (line,) = numbers.listed("daily", "en", limit=9)
    assert (line.due_at, line.name, line.headlines) == (NOW, slot_name(NOW), ("h", "h"))
    assert numbers.listed("daily", "ckb", limit=9) == []
    assert numbers.listed("daily", "en", limit=9, before=NOW) == []
    number = numbers.number("daily", slot_name(NOW), "en")
    assert [one.story.article.id for one in number.told] == ["a", "b"]
    assert (number.languages, number.changed_at) == ({"en"}, NOW)
    for counted, shown in (('{"sent": 1}', True), ('{"excluded": 1}', False)):
        with database.write() as connection:
            connection.execute(
                text("UPDATE editions SET sealed = :told"), {"told": f'{{"states": {counted}}}'}
            )
        assert bool(numbers.listed("daily", "en", limit=9)) is shown
