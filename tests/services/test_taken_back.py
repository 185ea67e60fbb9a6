"""What a publisher takes back is retracted here, too; and an edited archive is no news."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from syndicator.cleaning import article_id, clean
from syndicator.model import Item
from syndicator.ports import Harvest
from syndicator.services import ingest
from syndicator.services.retractions import Retractions
from syndicator.storage import archive, retractions
from syndicator.storage.archive import Arrival
from syndicator.storage.database import Database
from syndicator.storage.schema import audit
from tests import looking

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
RAIN = Item(
    source="site",
    key="rain",
    url="https://news.example/rain",
    html="<p>Rain closed the road over Azmar on Sunday.</p>",
    headline="Rain",
    published_at=NOW,
)
ID = article_id("site", "rain")


def look(database: Database, harvest: Harvest) -> ingest.Look:
    class Wire:
        def fetch(self, checkpoint: str | None) -> Harvest:
            return harvest

    return looking.look(
        database, "site", Wire(), clean=lambda item: clean(item, languages=["en"], now=NOW), now=NOW
    )


def unsent(database: Database) -> list[str]:
    told = {"channel": "tg", "newsletter": "", "languages": ["en"], "since": NOW - timedelta(days=1)}
    with database.read() as connection:
        return [one.id for one in archive.unsent(connection, now=NOW, **told)]  # type: ignore[arg-type]


def test_a_story_its_publisher_took_back_goes_nowhere_until_it_is_out_again(database: Database) -> None:
    look(database, Harvest((), "1"))
    look(database, Harvest((RAIN,), "2"))
    assert unsent(database) == [ID]
    assert look(database, Harvest((), "3", withdrawn=("rain", "nobody"))).withdrawn == (ID,)
    assert unsent(database) == []
    look(database, Harvest((RAIN,), "4"))
    assert unsent(database) == [ID]
    with database.read() as connection:
        found = [(row.who, row.what) for row in connection.execute(select(audit))]
    assert found == [("sources.site", "retract"), ("sources.site", "readmit")]


def test_what_an_editor_took_back_no_source_brings_back(database: Database) -> None:
    look(database, Harvest((), "1"))
    look(database, Harvest((RAIN,), "2"))
    Retractions(database, now=lambda: NOW).retract(ID, by="sara", why="wrong")
    look(database, Harvest((), "3", withdrawn=("rain",)))
    look(database, Harvest((replace(RAIN, html="<p>Rain closed two roads on Sunday.</p>"),), "4"))
    with database.read() as connection:
        assert retractions.moments(connection, [ID])


def test_a_story_of_the_archive_is_kept_and_is_no_news(database: Database) -> None:
    look(database, Harvest((), "1"))
    found = look(database, Harvest((RAIN,), "2", old=frozenset({"rain"})))
    assert found.count(Arrival.NEW) == 1
    assert unsent(database) == []
