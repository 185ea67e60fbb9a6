"""Feeds as they come. The network is a function from URL to answer."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from syndicator.errors import SourceError, SourceGone, Unwelcome
from syndicator.ports import Answer, Harvest, World
from syndicator.sources.feed import FeedSource
from syndicator.sources.page import PageSource

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
FEED = "https://courier.example/feed"
LONG = "<p>" + "The road over Azmar was closed after a night of rain. " * 15 + "</p>"


class Wire:
    """Answers by URL: a body, an Answer, or a fault; remembers what was asked."""

    def __init__(self, **answers: object) -> None:
        self.answers = answers
        self.unwelcome: set[str] = set()
        self.asked: list[tuple[str, Mapping[str, str]]] = []

    def get(self, url: str, headers: Mapping[str, str] | None = None, *, robots: bool = False) -> Answer:
        self.asked.append((url, headers or {}))
        if robots and url in self.unwelcome:
            raise Unwelcome(f"{url}: its robots.txt asks programs to stay away")
        found = self.answers[url.rpartition("/")[2]]
        if isinstance(found, Exception):
            raise found
        if isinstance(found, Answer):
            return found
        body = found if isinstance(found, bytes) else str(found).encode()
        return Answer(status=200, url=url, headers={"etag": '"1"', "last-modified": "x"}, body=body)


def answer(status: int, body: bytes = b"", moved_to: str | None = None, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status=status, url=FEED, headers=named, body=body, moved_to=moved_to)


def source(wire: Wire, now: Callable[[], datetime] = lambda: NOW, **settings: object) -> FeedSource:
    world = World(now=now, rng=Random(1), wait=lambda _: False, web=wire)
    return FeedSource(FeedSource.Settings(url=FEED, **settings), world, name="en")


def fetch(feed: object, checkpoint: str | None = None, **settings: str) -> Harvest:
    return source(Wire(feed=feed), **settings).fetch(checkpoint)


def rss(*items: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:media="http://search.yahoo.com/mrss/"><channel><title>Courier</title><language>en-GB</language>'
        + "".join(items)
        + "</channel></rss>"
    )


def item(
    name: str = "rain", date: str = "Sun, 01 Mar 2026 08:00:00 +0300", body: str = LONG, extra: str = ""
) -> str:
    return (
        f"<item><title>{name} &amp;amp; road</title><link>https://courier.example/{name}</link>"
        f'<guid isPermaLink="false">g-{name}</guid><pubDate>{date}</pubDate><dc:creator>Sara</dc:creator>'
        f"<category>City</category><content:encoded><![CDATA[{body}]]></content:encoded>{extra}</item>"
    )


def test_rss() -> None:
    media = '<media:content url="/rain.jpg" medium="image"/>'
    (one,) = fetch(rss(item(extra=media))).items
    assert (one.key, one.url, one.source) == ("g-rain", "https://courier.example/rain", "en")
    assert (one.headline, one.author, one.topics, one.language) == (
        "rain &amp; road",
        "Sara",
        ("City",),
        "en-GB",
    )
    assert one.published_at == datetime(2026, 3, 1, 5, tzinfo=UTC)
    assert one.image == "https://courier.example/rain.jpg"
    assert one.html == LONG


def test_atom() -> None:
    atom = f"""<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="ckb"><entry><id>tag:1</id><title>باران</title>
    <link href="/rain"/><updated>2026-03-01T08:00:00+03:00</updated>
    <content type="html">{LONG.replace("<", "&lt;")}</content></entry></feed>"""
    (one,) = fetch(atom).items
    assert (one.key, one.url, one.headline) == ("tag:1", "https://courier.example/rain", "باران")
    assert one.published_at == one.updated_at == datetime(2026, 3, 1, 5, tzinfo=UTC)


def test_json_feed() -> None:
    body = f"""{{"version": "https://jsonfeed.org/version/1.1", "language": "ar", "authors": [{{"name": "Sara"}}],
    "items": [{{"id": "1", "url": "/rain", "title": "مطر", "content_html": "{LONG}", "tags": ["City"],
    "date_published": "2026-03-01T08:00:00+03:00"}}, {{"id": "no-address"}}]}}"""
    (one,) = fetch(body).items
    assert (one.key, one.language, one.author, one.topics) == ("1", "ar", "Sara", ("City",))


def test_entries_come_oldest_first() -> None:
    newer = item("snow", "Sun, 01 Mar 2026 09:00:00 +0300")
    assert [one.key for one in fetch(rss(newer, item())).items] == ["g-rain", "g-snow"]


def test_only_what_is_new_or_changed_comes_again() -> None:
    first = fetch(rss(item()))
    assert fetch(rss(item()), first.checkpoint).items == ()
    changed = fetch(rss(item(body=LONG + "<p>It is open again.</p>")), first.checkpoint)
    assert [one.key for one in changed.items] == ["g-rain"]


def test_the_server_is_asked_politely() -> None:
    wire = Wire(feed=rss(item()))
    checkpoint = source(wire).fetch(None).checkpoint
    wire.answers["feed"] = answer(304)
    found = source(wire).fetch(checkpoint)
    assert (found.items, found.checkpoint) == ((), checkpoint)
    assert wire.asked[-1] == (FEED, {"If-None-Match": '"1"', "If-Modified-Since": "x"})


@pytest.mark.parametrize("status", [404, 500, 403])
def test_feed_answering_404_or_500(status: int) -> None:
    with pytest.raises(SourceError, match=f"HTTP {status}"):
        fetch(answer(status))


def test_feed_answering_410() -> None:
    with pytest.raises(SourceGone, match="410"):
        fetch(answer(410))


def test_feed_answering_html() -> None:
    with pytest.raises(SourceError, match="an HTML page"):
        fetch("<!doctype html><html><body>Home</body></html>")


def test_feed_with_an_empty_body() -> None:
    with pytest.raises(SourceError, match="empty"):
        fetch(" \n")


def test_feed_that_is_something_else() -> None:
    with pytest.raises(SourceError, match="no feed"):
        fetch("%PDF-1.7")
    with pytest.raises(SourceError, match="broken JSON"):
        fetch("{")
    with pytest.raises(SourceError, match="no JSON Feed"):
        fetch("{}")


def test_feed_with_broken_xml() -> None:
    broken = rss(item(), item("snow")).replace("</channel></rss>", "").replace("Courier", "Courier & Co")
    assert [one.key for one in fetch(broken).items] == ["g-snow", "g-rain"]


def test_feed_in_the_wrong_encoding() -> None:
    arabic = (
        rss(item("rain", body=LONG + "<p>مطر غزير</p>")).replace("UTF-8", "windows-1256").encode("cp1256")
    )
    assert "مطر غزير" in fetch(arabic).items[0].html
    mislabelled = rss(item("rain", body=LONG + "<p>بارانێکی زۆر</p>")).replace("UTF-8", "us-ascii").encode()
    assert "بارانێکی زۆر" in fetch(mislabelled).items[0].html


def test_feed_without_dates() -> None:
    undated = rss(item("b").replace("pubDate", "x"), item("a").replace("pubDate", "x"))
    assert [(one.key, one.published_at) for one in fetch(undated).items] == [("g-a", None), ("g-b", None)]


def test_feed_with_dates_in_the_future() -> None:
    (one,) = fetch(rss(item(date="Sun, 01 Mar 2099 08:00:00 +0300"))).items
    assert one.published_at
    assert one.published_at > NOW + timedelta(days=365)


def test_feed_with_duplicate_ids() -> None:
    twice = rss(item("rain"), item("snow").replace("g-snow", "g-rain"), item("rain"))
    keys = sorted(one.key for one in fetch(twice).items)
    assert keys == ["g-rain", "g-rain https://courier.example/snow"]


def test_an_entry_without_an_address_is_left_out() -> None:
    bare = "<item><title>x</title><guid isPermaLink='false'>g</guid></item>"
    assert len(fetch(rss(bare, item())).items) == 1


def test_feed_asking_for_time() -> None:
    harvest = fetch(answer(429, retry_after="60"))
    assert harvest.items == ()
    assert "HTTP 429" in harvest.faults[0]
    wire = Wire(feed=rss(item()))
    assert source(wire, lambda: NOW + timedelta(seconds=59)).fetch(harvest.checkpoint).items == ()
    assert wire.asked == []
    assert source(wire, lambda: NOW + timedelta(seconds=60)).fetch(harvest.checkpoint).items


@pytest.mark.parametrize(
    ("said", "minutes"), [("Sun, 01 Mar 2026 09:10:00 GMT", 10), ("soon", 5), ("", 5), ("999999999", 360)]
)
def test_a_date_or_nonsense_in_retry_after(said: str, minutes: int) -> None:
    checkpoint = fetch(answer(503, retry_after=said)).checkpoint
    assert (NOW + timedelta(minutes=minutes)).isoformat() in checkpoint


def test_a_permanent_move_is_followed_after_three_looks() -> None:
    new = "https://courier.example/new"
    wire = Wire(feed=answer(200, rss(item()).encode(), moved_to=new), new=rss(item()))
    checkpoint = None
    for _ in range(4):
        checkpoint = source(wire).fetch(checkpoint).checkpoint
    assert [url for url, _ in wire.asked] == [FEED, FEED, FEED, new]
    assert source(Wire(new=rss(item()))).fetch(checkpoint).items == ()


def test_a_move_taken_back_is_forgotten() -> None:
    moved = answer(200, rss(item()).encode(), moved_to="https://courier.example/new")
    checkpoint = fetch(moved).checkpoint
    assert '"moves": 0' in fetch(rss(item()), checkpoint).checkpoint


def test_a_cut_feed_brings_the_page() -> None:
    wire = Wire(feed=rss(item(body="The road is closed […]")), rain="<html>whole</html>")
    (one,) = source(wire).fetch(None).items
    assert (one.html, one.whole_page) == ("<html>whole</html>", True)
    (never,) = source(wire, full_text="never").fetch(None).items
    assert not never.whole_page


def test_a_page_that_cannot_be_had_is_asked_for_again() -> None:
    wire = Wire(feed=rss(item(body="Cut…")), rain=answer(500))
    harvest = source(wire).fetch(None)
    assert harvest.items == ()
    assert harvest.faults == ("https://courier.example/rain: the story's page answers HTTP 500",)
    wire.answers["rain"] = "<html>whole</html>"
    assert [one.key for one in source(wire).fetch(harvest.checkpoint).items] == ["g-rain"]
    assert wire.asked[-2][1] == {}


def test_a_parser_that_stumbles_stops_only_this_source() -> None:
    with pytest.raises(SourceError, match="cannot be read"):
        fetch('{"version": "https://jsonfeed.org/version/1.1", "items": [{"url": "x", "tags": 7}]}')


def page(wire: Wire) -> PageSource:
    world = World(now=lambda: NOW, rng=Random(1), wait=lambda _: False, web=wire)
    return PageSource(
        PageSource.Settings(url="https://courier.example/live", language="en"), world, name="live"
    )


def test_a_page_comes_when_it_changes() -> None:
    wire = Wire(live="<html>one</html>")
    harvest = page(wire).fetch(None)
    assert (harvest.items[0].html, harvest.items[0].language) == ("<html>one</html>", "en")
    assert page(wire).fetch(harvest.checkpoint).items == ()
    wire.answers["live"] = answer(304)
    assert page(wire).fetch(harvest.checkpoint).items == ()
    assert wire.asked[-1][1] == {"If-None-Match": '"1"', "If-Modified-Since": "x"}
    wire.answers["live"] = answer(200, b"%PDF-1.7", content_type="application/pdf; v=1")
    with pytest.raises(SourceError, match="this is application/pdf, no page"):
        page(wire).fetch(harvest.checkpoint)
    for status, kind in ((410, SourceGone), (404, SourceError)):
        wire.answers["live"] = answer(status)
        with pytest.raises(kind, match=str(status)):
            page(wire).fetch(harvest.checkpoint)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("مطر".encode("cp1256"), "text/html; charset=windows-1256"),
        (b'<meta charset="windows-1256">' + "مطر".encode("cp1256"), ""),
        ("مطر".encode(), ""),
        ("مطر".encode(), "text/html; charset=nonsense"),
        ("مطر".encode("utf-16"), ""),
        (b"\xef\xbb\xbf" + "مطر".encode(), ""),
        ("مطر".encode("cp1256"), "text/html; charset=utf-8"),
    ],
)
def test_a_page_is_read_in_its_own_charset(body: bytes, content_type: str) -> None:
    wire = Wire(live=answer(200, body, content_type=content_type))
    assert page(wire).fetch(None).items[0].html.endswith("مطر")


def test_the_same_feed_again_is_no_news_whatever_the_server_says() -> None:
    checkpoint = fetch(rss(item())).checkpoint
    same_body = answer(200, rss(item()).encode(), etag='"2"')
    assert fetch(same_body, checkpoint).items == ()
    other = answer(200, rss(item("snow")).encode(), etag='"1"')  # whose server never changes it
    assert [one.key for one in fetch(other, checkpoint).items] == ["g-snow"]


def test_a_page_that_robots_are_asked_to_leave_alone_is_left_alone() -> None:
    wire = Wire(feed=rss(item(body="The road is closed […]")), rain="<html>whole</html>")
    wire.unwelcome = {"https://courier.example/rain"}
    harvest = source(wire).fetch(None)
    assert [(one.html, one.whole_page) for one in harvest.items] == [("The road is closed […]", False)]
    assert "robots.txt" in harvest.faults[0]
    wire.answers["feed"] = answer(304)
    source(wire).fetch(harvest.checkpoint)
    assert wire.asked[-1] == (FEED, {"If-None-Match": '"1"', "If-Modified-Since": "x"})  # it was no fault
    wire.answers["feed"] = rss(item(body="The road is closed […]"))
    assert source(wire, own=True).fetch(None).items[0].whole_page


def test_a_feed_is_looked_at_again_as_it_has_news() -> None:
    busy = fetch(rss(*(item(f"n{n}", f"Sun, 01 Mar 2026 08:{59 - n}:00 GMT") for n in range(9))))
    assert busy.again_at
    assert busy.again_at - NOW < timedelta(minutes=5)
    quiet = fetch(rss(item(date="Sun, 01 Feb 2026 08:00:00 GMT")))
    assert quiet.again_at
    assert timedelta(minutes=54) < quiet.again_at - NOW < timedelta(minutes=66)
    later = fetch(answer(304, cache_control="max-age=1200"), busy.checkpoint).again_at
    assert later
    assert timedelta(minutes=18) <= later - NOW <= timedelta(minutes=22)


def test_a_site_of_our_own_is_asked_whenever_the_schedule_says_so() -> None:
    """A silent day is no reason to be late with the news of the night."""
    old = rss(item(date="Sat, 28 Feb 2026 08:00:00 +0300"))
    assert source(Wire(feed=old), own=True).fetch(None).again_at == NOW
    again_at = source(Wire(feed=old)).fetch(None).again_at
    assert again_at
    assert again_at - NOW > timedelta(minutes=50)
