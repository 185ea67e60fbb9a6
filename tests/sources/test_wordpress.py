"""A WordPress over real HTTP: published, edited, taken back; and what sites do to make that hard."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from pydantic import ValidationError

from syndicator.cleaning import clean
from syndicator.errors import SourceError
from syndicator.manuscripts import wordpress as manuscripts
from syndicator.ports import World
from syndicator.sandbox.serving import Request, Response
from syndicator.sandbox.wordpress import WordPressStandIn
from syndicator.sources.wordpress import WordPressSource
from tests.outside import Clock, outside

LONG = "<p>" + "The road over Azmar was closed after a night of rain. " * 15 + "</p>"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def site(clock: Clock) -> Iterator[WordPressStandIn]:
    with WordPressStandIn(now=clock.now) as opened:
        opened.terms["category"] |= {2: "City &amp; roads", 3: "Breaking"}
        opened.terms["post_tag"] |= {9: "Azmar"}
        opened.media[7] = {
            "file": "rain.jpg",
            "alt": "A wet road",
            "caption": "<p>The road</p>",
            "credit": "Dana",
        }
        yield opened


@pytest.fixture
def world(site: WordPressStandIn, clock: Clock) -> Iterator[World]:
    with outside(clock, site.url) as opened:
        yield opened


def source(site: WordPressStandIn, world: World, **settings: object) -> WordPressSource:
    told = {"url": site.url, "language": "en"} | settings
    return WordPressSource(WordPressSource.Settings.model_validate(told), world, name="site")


def story(site: WordPressStandIn, **more: object) -> object:
    told = {"media": 7, "categories": (1, 2, 3), "tags": (9,)} | more
    return site.publish("Rain &amp; <em>roads</em> &#8211; closed", LONG, **told)


def test_a_post_with_all_that_belongs_to_it(site: WordPressStandIn, world: World) -> None:
    story(site)
    (item,) = source(site, world).fetch(None).items
    article = clean(item, languages=["en", "ckb"], now=world.now())
    assert article.headline == "Rain & roads – closed"
    assert (article.section, article.author) == ("City & roads", "Sara")
    assert article.topics == {"City & roads", "Breaking", "Azmar"}
    assert (article.image, article.image_alt) == (f"{site.url}/wp-content/uploads/rain.jpg", "A wet road")
    assert (article.caption, item.image_credit) == ("The road", "Dana")
    assert article.published_at == datetime(2026, 3, 1, 9, tzinfo=UTC)
    assert (item.key, article.url) == (f"{site.url}/?p=101", f"{site.url}/101")


def test_what_is_not_embedded_is_looked_up(site: WordPressStandIn, world: World) -> None:
    story(site)
    (embedded,) = source(site, world).fetch(None).items
    site.embeds = False
    site.asked.clear()
    assert source(site, world).fetch(None).items == (embedded,)
    assert sorted(one.path.rpartition("/")[2] for one in site.asked) == [
        "categories", "media", "posts", "tags", "users",
    ]  # fmt: skip
    site.hides_authors = True
    harvest = source(site, world).fetch(None)
    assert (harvest.items[0].author, harvest.items[0].topics) == (None, embedded.topics)
    assert harvest.faults == ()


def test_only_what_changed_comes_again(site: WordPressStandIn, world: World, clock: Clock) -> None:
    post = story(site)
    first = source(site, world).fetch(None)
    clock.on(minutes=5)
    again = source(site, world).fetch(first.checkpoint)
    assert (again.items, again.withdrawn) == ((), ())
    clock.on(hours=3)
    site.edit(post, content=LONG + "<p>It is open again.</p>")  # type: ignore[arg-type]
    (item,) = source(site, world).fetch(again.checkpoint).items
    assert item.html.endswith("open again.</p>")
    assert item.updated_at == clock.now()


def test_an_edit_in_the_second_of_the_last_look_is_not_lost(
    site: WordPressStandIn, world: World, clock: Clock
) -> None:
    story(site)
    first = source(site, world).fetch(None)
    late = site.publish("Snow", LONG, date=clock.now())  # the same moment, and not in the list before
    assert [item.key for item in source(site, world).fetch(first.checkpoint).items] == [
        f"{site.url}/?p={late.id}"
    ]


def test_many_changes_are_read_page_by_page(site: WordPressStandIn, world: World, clock: Clock) -> None:
    story(site)
    first = source(site, world).fetch(None)
    clock.on(hours=1)
    for number in range(250):
        site.publish(f"Story {number}", LONG, date=clock.now() + timedelta(seconds=number))
    clock.on(hours=1)
    found = source(site, world).fetch(first.checkpoint)
    assert [item.headline for item in found.items] == [f"Story {number}" for number in range(250)]
    assert [one.query["page"] for one in site.asked if "modified_after" in one.query] == ["1", "2", "3"]
    assert source(site, world).fetch(found.checkpoint).items == ()


def test_a_post_edited_while_the_pages_are_turned_hides_no_other(
    site: WordPressStandIn, world: World, clock: Clock
) -> None:
    story(site)
    checkpoint = source(site, world).fetch(None).checkpoint
    clock.on(hours=1)
    posts = [site.publish(f"Story {number}", LONG) for number in range(150)]
    clock.on(hours=1)

    def edits(request: Request) -> Response | None:
        if request.query.get("page") == "2" and posts[0].modified < clock.now():
            site.edit(posts[0], title="Edited meanwhile")
        return None

    site.before = edits
    found = source(site, world).fetch(checkpoint)
    assert {item.headline for item in found.items} >= {f"Story {number}" for number in range(1, 150)}
    more = source(site, world).fetch(found.checkpoint)
    assert "Edited meanwhile" in {item.headline for item in (*found.items, *more.items)}


def test_a_list_that_becomes_shorter_is_read_again(
    site: WordPressStandIn, world: World, clock: Clock
) -> None:
    story(site)
    checkpoint = source(site, world).fetch(None).checkpoint
    clock.on(hours=1)
    posts = [site.publish(f"Story {number}", LONG) for number in range(101)]
    clock.on(hours=1)

    def trashes(request: Request) -> Response | None:
        if request.query.get("page") == "2":
            site.posts.pop(posts[-1].id, None)
        return None

    site.before = trashes
    found = source(site, world).fetch(checkpoint)
    more = source(site, world).fetch(found.checkpoint)
    told = {item.headline for item in (*found.items, *more.items)}
    assert told >= {f"Story {number}" for number in range(100)}


@pytest.mark.parametrize("status", ["trash", "draft", "private", "deleted"])
def test_a_post_that_is_taken_back(site: WordPressStandIn, world: World, clock: Clock, status: str) -> None:
    post = story(site)
    first = source(site, world).fetch(None)
    clock.on(hours=1)
    if status == "deleted":
        site.posts.clear()
    else:
        site.edit(post, status=status)  # type: ignore[arg-type]
    found = source(site, world).fetch(first.checkpoint)
    assert found.withdrawn == (f"{site.url}/?p=101",)
    assert source(site, world).fetch(found.checkpoint).withdrawn == ()
    if status != "deleted":
        clock.on(hours=1)
        site.edit(post, status="publish")  # type: ignore[arg-type]
        assert len(source(site, world).fetch(found.checkpoint).items) == 1


def test_a_password_on_a_post_takes_it_back(site: WordPressStandIn, world: World, clock: Clock) -> None:
    post = story(site)
    first = source(site, world).fetch(None)
    clock.on(hours=1)
    site.edit(post, protected=True)  # type: ignore[arg-type]
    found = source(site, world).fetch(first.checkpoint)
    assert (found.items, found.withdrawn) == ((), (f"{site.url}/?p=101",))


def test_a_site_that_forgets_everything_takes_nothing_back(
    site: WordPressStandIn, world: World, clock: Clock
) -> None:
    for _ in range(6):
        story(site)
    first = source(site, world).fetch(None)
    clock.on(hours=1)
    site.posts.clear()
    found = source(site, world).fetch(first.checkpoint)
    assert found.withdrawn == ()
    assert "6 stories are gone at once" in found.faults[0]


def test_an_old_post_that_is_edited_is_no_news(site: WordPressStandIn, world: World, clock: Clock) -> None:
    old = site.publish("Long ago", LONG, date=clock.now() - timedelta(days=900))
    for _ in range(100):
        story(site)
    first = source(site, world).fetch(None)
    assert old.title not in {item.headline for item in first.items}
    clock.on(hours=1)
    site.edit(old, content=LONG + "<p>Corrected.</p>")
    found = source(site, world).fetch(first.checkpoint)
    assert [item.key for item in found.items] == [f"{site.url}/?p={old.id}"]
    assert found.old == {f"{site.url}/?p={old.id}"}


def test_a_change_that_is_dated_ahead_hides_no_other(
    site: WordPressStandIn, world: World, clock: Clock
) -> None:
    site.publish("Odd", LONG, modified=clock.now() + timedelta(days=900))
    first = source(site, world).fetch(None)
    assert [item.headline for item in first.items] == ["Odd"]
    clock.on(hours=1)
    site.publish("Rain", LONG)
    found = source(site, world).fetch(first.checkpoint)
    assert [item.headline for item in found.items] == ["Rain"]


def test_a_login_is_shown_to_the_site(site: WordPressStandIn, world: World) -> None:
    story(site)
    site.login = ("reader", "abcd efgh")
    with pytest.raises(SourceError, match="set username, and an application password"):
        source(site, world).fetch(None)
    assert source(site, world, username="reader", password="abcd efgh").fetch(None).items
    with pytest.raises(ValidationError, match="belong together"):
        source(site, world, username="reader")


def test_addresses_that_are_not_pretty(site: WordPressStandIn, world: World) -> None:
    story(site)
    site.pretty = False
    with pytest.raises(SourceError, match="there is no REST API; say its address as api"):
        source(site, world).fetch(None)
    assert len(source(site, world, api=f"{site.url}/?rest_route=/").fetch(None).items) == 1


@pytest.mark.parametrize(
    "body", [b"<html>", b"[" * 100_000, b'{"a": ' * 50_000, b"\xff\xfe\xff", b"9" * 5000]
)
def test_an_answer_that_is_nothing(site: WordPressStandIn, world: World, body: bytes) -> None:
    site.before = lambda _: Response(body=body)
    with pytest.raises(SourceError, match=r"posts: this is no JSON"):
        source(site, world).fetch(None)


@pytest.mark.parametrize(
    "body",
    [b"{}", b"[]", b"[1, null, []]", b'[{"id": {}}]', b'[{"id": 1, "title": 7, "link": "javascript:x"}]'],
)
def test_an_answer_with_holes(site: WordPressStandIn, world: World, body: bytes) -> None:
    site.before = lambda _: Response(body=body)
    assert source(site, world).fetch(None).items == ()


def test_a_site_that_asks_for_time_gets_it(site: WordPressStandIn, world: World, clock: Clock) -> None:
    story(site)
    first = source(site, world).fetch(None)
    site.before = lambda _: Response.of({"message": "slow down"}, 429, retry_after="600")
    found = source(site, world).fetch(first.checkpoint)
    assert (found.items, found.checkpoint) == ((), first.checkpoint)
    assert found.again_at == clock.now() + timedelta(minutes=10)
    assert "asks for time (HTTP 429) until 09:10:00 UTC" in found.faults[0]
    with pytest.raises(SourceError, match="asks for time"):
        source(site, world).fetch(None)
    for said, minutes in (("Sun, 01 Mar 2026 09:20:00 GMT", 20), ("soon", 5), ("999999999999", 360)):
        site.before = lambda _, said=said: Response.of({}, 503, retry_after=said)  # type: ignore[misc]
        found = source(site, world).fetch(first.checkpoint)
        assert found.again_at == clock.now() + timedelta(minutes=minutes)


def test_the_site_s_own_words_are_told(site: WordPressStandIn, world: World) -> None:
    site.before = lambda _: Response.of({"message": "Database is down"}, 500)
    with pytest.raises(SourceError, match="HTTP 500; Database is down"):
        source(site, world).fetch(None)


def test_no_other_host_is_shown_the_login(site: WordPressStandIn, clock: Clock) -> None:
    with WordPressStandIn(now=clock.now) as other:
        story(other)

        def moves(one: Request) -> Response:
            there = f"{other.url}{one.path}?{urlencode(one.query)}"
            return Response(status=307, headers={"location": there})

        site.before = moves
        with outside(clock, site.url, other.url) as world:
            source(site, world, username="reader", password="abcd efgh").fetch(None)
        assert site.asked[0].headers["authorization"]
        assert other.asked
        assert all("authorization" not in one.headers for one in other.asked)


def test_a_plug_in_for_several_languages_says_the_language_and_the_versions() -> None:
    post = {
        "id": 7,
        "link": "https://courier.example/en/rain",
        "lang": "ckb",
        "title": {"rendered": "Rain"},
        "content": {"rendered": "<p>It rained.</p>"},
        "wpml_translations": [
            {"locale": "ar_IQ", "id": 8, "href": "https://courier.example/ar/matar"},
            {"locale": "", "href": "https://courier.example/x"},
            "nonsense",
        ],
    }
    found = manuscripts.item(post, source="wp", language=None)
    assert found
    assert (found.language, found.versions) == ("ckb", (("ar", "https://courier.example/ar/matar"),))
    told = manuscripts.item(post, source="wp", language="en")
    assert told
    assert told.language == "en"
