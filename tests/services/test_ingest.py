from collections.abc import Generator
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

import pytest

from syndicator.errors import SourceError, SourceGone
from syndicator.model import Article, ArticleId, Item, Language
from syndicator.ports import Answer, Ask, Harvest
from syndicator.services import ingest
from syndicator.services.ingest import Watched
from syndicator.storage import archive
from syndicator.storage.archive import Arrival
from syndicator.storage.database import Database
from tests import looking
from tests.looking import EVERY

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
    return looking.look(database, "en", wire, clean=clean, now=NOW, look_back=look_back)


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


def state(database: Database, name: str = "en") -> archive.SourceState:
    with database.read() as connection:
        return archive.sources_known(connection)[name]


def watched(*wires: Wire, **more: int) -> list[Watched]:
    return [Watched(name=f"s{number}", source=wire, **more) for number, wire in enumerate(wires)]


def looks(
    database: Database,
    told: list[Watched],
    now: datetime = NOW,
    *,
    due: bool = False,
    rng: Random | None = None,
) -> list[ingest.Look]:
    intake = looking.intake(database, *told, clean=clean, now=now, rng=rng)
    return list(intake.look([one.name for one in told], due=due))


def test_many_are_looked_at_together_and_each_comes_back_at_a_time_of_its_own(database: Database) -> None:
    told = watched(*(Wire() for _ in range(300)))
    assert len(looks(database, told)) == 300
    assert (
        len(looks(database, told, NOW + EVERY * 2)) == 300
    )  # no news: their checkpoints are written together
    with database.read() as connection:
        states = archive.sources_known(connection).values()
    waits = [one.due_at - one.looked_at for one in states if one.due_at]
    assert len(waits) == len(set(waits)) == 300
    assert all(EVERY * 0.9 <= wait <= EVERY * 1.1 for wait in waits)


def test_only_what_is_due_is_looked_at(database: Database) -> None:
    (one,) = told = watched(wire := Wire())
    looks(database, told, due=True)
    assert looks(database, told, NOW + EVERY * 0.8, due=True) == []
    assert len(looks(database, told, NOW + EVERY * 0.8)) == 1  # somebody asks for it
    assert len(looks(database, told, NOW + EVERY * 2, due=True)) == 1
    assert (one.name, len(wire.asked)) == ("s0", 3)


def test_a_source_says_itself_that_looking_earlier_is_of_no_use(database: Database) -> None:
    class Slow:
        def fetch(self, checkpoint: str | None) -> Harvest:
            return Harvest((), "1", again_at=NOW + timedelta(hours=1))

    looks(database, [Watched(name="s0", source=Slow())])
    assert state(database, "s0").due_at == NOW + timedelta(hours=1)


def test_a_source_that_fails_is_asked_less_and_less_often_but_never_forgotten(database: Database) -> None:
    told = watched(wire := Wire(fault=SourceError("s0: 500")))
    now, pauses, rng = NOW, [], Random(1)
    for _ in range(30):
        looks(database, told, now, rng=rng)
        found = state(database, "s0")
        assert found.due_at
        pauses.append(found.due_at - now)
        now = found.due_at
    assert found.failures == 30
    assert pauses[0] >= EVERY
    assert all(after <= max(3 * before, EVERY) for before, after in pairwise(pauses))
    assert max(pauses) > timedelta(hours=1)
    assert all(pause <= timedelta(hours=3) for pause in pauses)
    wire.fault = None
    (found_again,) = looks(database, told, now)
    assert (found_again.first, state(database, "s0").failures) == (True, 0)
    assert state(database, "s0").due_at <= now + EVERY * 1.1  # type: ignore[operator]


def test_our_own_site_is_asked_again_soon_after_it_failed_for_long(database: Database) -> None:
    told, now = watched(Wire(fault=SourceError("s0: 500")), own=True), NOW
    for _ in range(30):
        looks(database, told, now, rng=Random(1))
        due_at = state(database, "s0").due_at
        assert due_at
        assert EVERY <= due_at - now <= timedelta(minutes=15)
        now = due_at


def test_a_feed_that_suddenly_yields_its_archive_floods_nobody(database: Database) -> None:
    look(database, Wire(RAIN))
    told = [
        replace(RAIN, key=f"k{n}", url=f"https://news.example/{n}", html=f"{n}", published_at=when)
        for n, when in enumerate([NOW] * 4 + [NOW - timedelta(days=400)] * 200)
    ]
    looked = looking.look(database, "en", Wire(*told), clean=clean, now=NOW, at_most=3)
    assert looked.count(Arrival.NEW) == 204
    assert [
        fault
        for fault in looked.faults
        if "204 new stories at once, more than its at_most of 3: 201" in fault
    ]
    assert len(unsent(database)) == 3


def test_stories_of_a_quiet_weekend_are_no_flood(database: Database) -> None:
    with database.write() as connection:
        before = ingest._never_seen("en", NOW - timedelta(days=3))
        archive.save_sources(connection, [replace(before, checkpoint="1")])
    told = [
        replace(
            RAIN,
            key=f"k{n}",
            url=f"https://news.example/{n}",
            html=f"{n}",
            published_at=NOW - timedelta(hours=n),
        )
        for n in range(20)
    ]
    looked = looking.look(database, "en", Wire(*told), clean=clean, now=NOW, at_most=20)
    assert looked.faults == ()


def test_a_plug_in_that_stumbles_stops_only_its_own_source(database: Database) -> None:
    class Broken:
        def fetch(self, checkpoint: str | None) -> Harvest:
            raise KeyError("link")

    told = [Watched(name="broken", source=Broken()), *watched(Wire(RAIN))]
    found = {one.source: one for one in looks(database, told)}
    assert found["broken"].faults == ("broken: the plug-in stumbled (KeyError: 'link')",)
    assert found["s0"].count(Arrival.NEW) == 1
    assert state(database, "broken").failures == 1


def test_whoever_stops_begins_nothing_more(database: Database) -> None:
    told = watched(wire := Wire())
    intake = looking.intake(database, *told, clean=clean, now=NOW, stopping=lambda: True)
    assert list(intake.look(["s0"])) == []
    assert wire.asked == []


def test_sources_of_steps_are_carried_together(database: Database) -> None:
    class Steps:
        def fetch(self, checkpoint: str | None) -> Harvest:
            raise AssertionError("it is carried")

        def steps(self, checkpoint: str | None) -> Generator[Ask, Answer, Harvest]:
            answer = yield Ask("https://news.example/")
            return Harvest((RAIN,), str(answer.status))

    def carry(steps: Generator[Ask, Answer, Harvest]) -> Future[Harvest]:
        told: Future[Harvest] = Future()
        assert next(steps).url == "https://news.example/"
        with pytest.raises(StopIteration) as end:
            steps.send(Answer(status=200, url="", headers={}, body=b""))
        told.set_result(end.value.value)
        return told

    intake = looking.intake(database, Watched(name="s", source=Steps()), clean=clean, now=NOW, carry=carry)
    assert [one.count(Arrival.NEW) for one in intake.look(["s"])] == [1]
    assert state(database, "s").checkpoint == "200"


def test_the_tick_is_finer_than_the_interval() -> None:
    assert ingest.tick(timedelta(minutes=5)) == timedelta(seconds=30)
    assert ingest.tick(timedelta(seconds=1)) == timedelta(seconds=1)
    assert ingest.tick(timedelta(milliseconds=100)) == timedelta(milliseconds=100)
