from dataclasses import replace
from datetime import UTC, datetime, timedelta

from syndicator.errors import SourceError, SourceGone
from syndicator.model import Article, ArticleId, Item, Language
from syndicator.ports import Harvest
from syndicator.services import ingest
from syndicator.storage import archive
from syndicator.storage.archive import Arrival
from syndicator.storage.database import Database

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
RAIN = Item(
    source="en", key="rain", url="https://news.example/rain", html="Rain closed the road.", published_at=NOW
)


class Wire:
    """A source that is a list of items, or a fault."""

    def __init__(self, *items: Item, fault: SourceError | None = None) -> None:
        self.items, self.fault = items, fault
        self.asked: list[str | None] = []

    def fetch(self, checkpoint: str | None) -> Harvest:
        self.asked.append(checkpoint)
        if self.fault:
            raise self.fault
        return Harvest(items=self.items, checkpoint="etag-1")


def clean(item: Item) -> Article:
    if not item.html:
        message = f"{item.url}: no story in it"
        raise SourceError(message)
    return Article(
        id=ArticleId(item.key),
        revision=1,
        url=item.url,
        language=Language("en"),
        headline=item.headline or "Rain",
        body=(item.html,),
        published_at=item.published_at or NOW,
        fingerprint=item.html,
    )


def look(database: Database, wire: Wire, look_back: timedelta = timedelta(0)) -> ingest.Look:
    return ingest.look(database, "en", wire, clean=clean, now=NOW, look_back=look_back)


def unsent(database: Database) -> list[Article]:
    with database.read() as connection:
        return archive.unsent(
            connection,
            channel="tg",
            newsletter="",
            languages=["en"],
            since=NOW - timedelta(days=1),
            now=NOW + timedelta(minutes=1),
        )


def test_first_sight_sends_nothing_old(database: Database) -> None:
    assert look(database, Wire(RAIN)).first
    assert unsent(database) == []
    snow = replace(RAIN, key="snow", url="https://news.example/snow", html="Snow.")
    looked = look(database, Wire(RAIN, snow))
    assert [arrival for _, arrival in looked.arrivals] == [Arrival.KNOWN, Arrival.NEW]
    assert [article.id for article in unsent(database)] == ["snow"]


def test_looking_back_is_said_by_the_configuration(database: Database) -> None:
    look(database, Wire(RAIN), look_back=timedelta(hours=1))
    assert [article.id for article in unsent(database)] == ["rain"]


def test_an_edit_is_a_revision_never_a_new_story(database: Database) -> None:
    look(database, Wire(RAIN))
    looked = look(database, Wire(replace(RAIN, html="Rain closed two roads.")))
    assert looked.count(Arrival.REVISED) == 1
    with database.read() as connection:
        assert archive.article(connection, "rain").body == ("Rain closed two roads.",)
        assert archive.article(connection, "rain").revision == 2
        assert archive.article(connection, "rain", 1).body == ("Rain closed the road.",)
        assert archive.count(connection) == 1


def test_the_same_story_under_two_urls(database: Database) -> None:
    look(database, Wire())
    twin = replace(RAIN, key="other", url="https://news.example/rain?from=home")
    assert [arrival for _, arrival in look(database, Wire(RAIN, twin)).arrivals] == [
        Arrival.NEW,
        Arrival.TWIN,
    ]
    assert len(unsent(database)) == 1


def test_a_page_without_a_story_stops_only_itself(database: Database) -> None:
    empty = replace(RAIN, key="x", url="https://news.example/x", html="")
    looked = look(database, Wire(empty, RAIN))
    assert looked.faults == ("https://news.example/x: no story in it",)
    assert looked.count(Arrival.NEW) == 1


def test_the_checkpoint_is_kept_and_a_fault_leaves_it(database: Database) -> None:
    look(database, Wire(RAIN))
    assert look(database, Wire(fault=SourceError("en: 500"))).faults == ("en: 500",)
    wire = Wire(RAIN)
    look(database, wire)
    assert wire.asked == ["etag-1"]


def test_a_source_that_was_never_read_has_its_first_sight_still_to_come(database: Database) -> None:
    look(database, Wire(fault=SourceError("en: 500")))
    assert look(database, Wire(RAIN)).first


def test_a_source_that_is_gone_is_not_asked_again(database: Database) -> None:
    look(database, Wire(fault=SourceGone("en: 410")))
    wire = Wire(RAIN)
    assert look(database, wire).faults == ("en is closed: en: 410",)
    assert wire.asked == []


def test_an_embargo_waits(database: Database) -> None:
    look(database, Wire())
    look(database, Wire(replace(RAIN, published_at=NOW + timedelta(hours=2))))
    assert unsent(database) == []
