"""One story stays one story, whatever its publisher does to its id, its address, its date or its text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from syndicator.cleaning import clean
from syndicator.model import Article, ArticleId, Item
from syndicator.ports import Harvest
from syndicator.revising import Extent
from syndicator.services.ingest import Look
from syndicator.storage import archive, identity
from syndicator.storage.archive import Arrival
from syndicator.storage.database import Database
from tests import looking

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
TEXT = (
    "The road over Azmar was closed on Sunday after a night of heavy rain, the traffic police said. "
    "Twelve people were hurt when a bus left the road near the old bridge, and two of them badly. "
    "Engineers will look at the slope on Monday and decide whether cars may pass again this week."
)
OTHER = (
    "Parliament put off its vote on the budget once more, for want of members in the hall on that morning. "
    "The speaker named no new day, and said that talks with the blocs go on behind closed doors as before. "
    "Salaries of teachers have been late for three months, and their union calls for a strike next week."
)
RAIN = Item(
    source="en",
    key="rain",
    url="https://news.example/2026/rain",
    html=f"<p>{TEXT}</p>",
    headline="Rain closes the road over Azmar",
    published_at=NOW,
)


class Listing:
    """A source that lists what it is told."""

    def __init__(self, items: Sequence[Item], withdrawn: Sequence[str] = ()) -> None:
        self._found = Harvest(items=tuple(items), checkpoint="1", withdrawn=tuple(withdrawn))

    def fetch(self, checkpoint: str | None) -> Harvest:
        return self._found


def look(
    database: Database, *items: Item, source: str = "en", now: datetime = NOW, withdrawn: Sequence[str] = ()
) -> Look:
    return looking.look(
        database,
        source,
        Listing(items, withdrawn),
        clean=lambda item: clean(item, languages=["en", "ckb", "ar"], now=now),
        now=now,
    )


def arrivals(found: Look) -> list[Arrival]:
    return [arrival for _, arrival in found.arrivals]


def unsent(database: Database, now: datetime, *, hours: int = 24) -> list[Article]:
    with database.read() as connection:
        return archive.unsent(
            connection,
            channel="tg",
            newsletter="",
            languages=["en"],
            since=now - timedelta(hours=hours),
            now=now,
        )


@pytest.fixture
def known(database: Database) -> Database:
    """A newsroom that has seen its source, and the story as news."""
    look(database)
    assert arrivals(look(database, RAIN)) == [Arrival.NEW]
    return database


SAME = {
    "its id changes every day": {"key": "rain-2026-03-02"},
    "its address is tagged for a newsletter": {"key": "2", "url": f"{RAIN.url}?utm_source=mail&fbclid=1#top"},
    "its address is http, with www": {"key": "http://news.example/?p=7", "url": "http://www.news.example/2026/rain/"},
    "its address changed with its id": {"key": "https://news.example/?p=7", "url": "https://news.example/?p=7"},
    "its date was edited": {"published_at": NOW + timedelta(minutes=5)},
    "its date and its id were edited": {"key": "2", "published_at": NOW - timedelta(days=2)},
}  # fmt: skip


@pytest.mark.parametrize("why", list(SAME))
def test_the_same_story_is_not_new(known: Database, why: str) -> None:
    again = replace(RAIN, **SAME[why])
    found = look(known, again)
    assert arrivals(found) in ([Arrival.KNOWN], [Arrival.TWIN])
    assert found.arrivals[0][0].revision == 1
    with known.read() as connection:
        assert archive.count(connection) == 1


@pytest.mark.parametrize("why", list(SAME))
def test_and_an_edit_of_it_is_its_revision_under_every_name(known: Database, why: str) -> None:
    edited = replace(RAIN, **SAME[why], html=f"<p>{TEXT.replace('Twelve', 'Thirteen')}</p>")
    ((article, arrival),) = look(known, edited).arrivals
    assert (arrival, article.revision) == (Arrival.REVISED, 2)
    with known.read() as connection:
        assert archive.count(connection) == 1
        _, second = archive.history(connection, article.id)
    assert second.change
    assert (second.change.extent, second.change.facts) == (Extent.FACTS, ("number",))
    # The name it came under is its name from here on.
    later = replace(
        edited, url="https://news.example/elsewhere", html=f"<p>{OTHER}</p>", headline="Rain, again"
    )
    assert arrivals(look(known, replace(later, headline=RAIN.headline))) == [Arrival.REVISED]


def test_an_id_that_is_used_again_is_another_story(known: Database) -> None:
    other = replace(
        RAIN, url="https://news.example/2026/budget", html=f"<p>{OTHER}</p>", headline="No vote on budget"
    )
    ((article, arrival),) = look(known, other).arrivals
    assert arrival is Arrival.NEW
    assert arrivals(look(known, other)) == [Arrival.KNOWN]
    with known.read() as connection:
        assert archive.count(connection) == 2
        assert archive.article(connection, article.id).headline == "No vote on budget"


def test_two_entries_of_one_listing_that_are_one_story_do_not_revise_one_another(known: Database) -> None:
    old = replace(RAIN, key="a", html=f"<p>{TEXT} First.</p>")
    new = replace(RAIN, key="b", html=f"<p>{TEXT} Second.</p>")
    assert arrivals(look(known, old, new)) == [Arrival.REVISED, Arrival.TWIN]


def test_another_feed_does_not_revise_a_story(known: Database) -> None:
    look(known, source="front")
    cut = replace(RAIN, source="front", key="f1", html=f"<p>{TEXT[:95]}</p>")
    assert arrivals(look(known, cut, source="front")) == [Arrival.TWIN]
    with known.read() as connection:
        (only,) = archive.newest(connection, 5)
    assert only.revision == 1


def test_another_day_of_a_report_that_is_always_the_same_is_news(known: Database) -> None:
    told = (
        "Gold was sold for {} dinars in Erbil, and silver for {}, jewellers in the bazaar said at noon today."
    )
    gold = replace(RAIN, headline="Gold today")
    days = [
        replace(gold, key=f"g{n}", url=f"https://news.example/g{n}", html=told.format(*prices))
        for n, prices in enumerate(((410_500, 5_100), (411_250, 5_080)))
    ]
    assert arrivals(look(known, days[0])) == [Arrival.NEW]
    assert arrivals(look(known, days[1])) == [Arrival.NEW]


def test_short_texts_that_are_the_same_are_two_stories_under_two_headlines(known: Database) -> None:
    one = replace(
        RAIN, key="1", url="https://news.example/1", html="Details follow.", headline="Quake in Halabja"
    )
    two = replace(
        RAIN, key="2", url="https://news.example/2", html="Details follow.", headline="Fire in Zakho"
    )
    assert arrivals(look(known, one, two)) == [Arrival.NEW, Arrival.NEW]


def test_a_story_is_taken_back_under_an_id_it_had_for_a_day(known: Database) -> None:
    look(known, replace(RAIN, key="rain-tomorrow"))
    assert look(known, withdrawn=["rain-tomorrow"]).withdrawn
    assert unsent(known, NOW + timedelta(minutes=1)) == []


def test_a_feed_that_has_a_story_too_cannot_take_it_back(known: Database) -> None:
    look(known, source="front")
    look(known, replace(RAIN, source="front", key="f1"), source="front")
    assert look(known, source="front", withdrawn=["f1"]).withdrawn == ()
    assert len(unsent(known, NOW)) == 1


def test_an_embargo_ends_once_and_is_as_fresh_then_as_any(database: Database) -> None:
    look(database)
    opens = NOW + timedelta(days=3)
    look(database, replace(RAIN, published_at=opens))
    assert unsent(database, NOW + timedelta(hours=1)) == []
    assert unsent(database, opens - timedelta(seconds=1)) == []
    assert [one.headline for one in unsent(database, opens)] == [RAIN.headline]
    assert (
        unsent(database, opens + timedelta(hours=25)) == []
    )  # nobody sent it for a day: it is no flash any more


def test_a_clock_that_is_ahead_a_little_is_no_embargo(database: Database) -> None:
    look(database)
    look(database, replace(RAIN, published_at=NOW + timedelta(minutes=9)))
    assert len(unsent(database, NOW)) == 1


def test_the_source_may_move_an_embargo_until_it_has_ended(database: Database) -> None:
    look(database)
    look(database, replace(RAIN, published_at=NOW + timedelta(days=3)))
    look(database, replace(RAIN, published_at=NOW + timedelta(days=1)))
    assert len(unsent(database, NOW + timedelta(days=1))) == 1
    look(database, replace(RAIN, published_at=NOW - timedelta(minutes=1)))
    assert len(unsent(database, NOW)) == 1
    look(database, replace(RAIN, published_at=NOW + timedelta(days=9)))
    assert len(unsent(database, NOW)) == 1


@pytest.mark.parametrize("date", [None, NOW + timedelta(days=2000)])
def test_a_date_that_cannot_be_believed_makes_nothing_new_at_first_sight(
    database: Database, date: datetime | None
) -> None:
    found = looking.look(
        database,
        "en",
        Listing([replace(RAIN, published_at=date)]),
        clean=lambda item: clean(item, languages=["en"], now=NOW),
        now=NOW,
        look_back=timedelta(days=1),
    )
    ((article, _),) = found.arrivals
    assert (article.dated, article.published_at) == (False, NOW)
    assert unsent(database, NOW) == []


def test_a_story_without_a_date_keeps_the_day_it_came_in(known: Database) -> None:
    undated = replace(RAIN, published_at=None, html=f"<p>{TEXT} More.</p>")
    ((article, _),) = look(known, undated, now=NOW + timedelta(hours=5)).arrivals
    assert article.published_at == NOW


def test_of_a_source_only_the_newest_stories_are_compared(database: Database) -> None:
    with database.write() as connection:
        neighbours = identity.Neighbours("en", NOW)
        told = [
            clean(replace(RAIN, key=str(n), html=f"<p>{TEXT}</p>"), languages=["en"], now=NOW)
            for n in range(2)
        ]
        assert neighbours.nearest(connection, told[0]) is None
        neighbours.add(told[0])
        assert neighbours.nearest(connection, told[1]) == told[0].id
        other = clean(replace(RAIN, html=f"<p>{OTHER}</p>"), languages=["en"], now=NOW)
        for number in range(identity.COMPARED):
            neighbours.add(replace(other, id=ArticleId(f"o{number}")))
        assert neighbours.nearest(connection, told[1]) is None
