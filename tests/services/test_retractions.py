"""A story that is taken back: nothing carries it, what waits with it is held, and the archive says so."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from threading import Thread

import pytest
from sqlalchemy import select

from syndicator.errors import NotFound, Refused
from syndicator.model import EditionKind
from syndicator.services.desk import Desk, Planned
from syndicator.services.retractions import Retractions
from syndicator.storage import archive, brakes, planning, readers, retractions, timetables
from syndicator.storage.database import Database
from syndicator.storage.schema import audit, deliveries
from tests.services.test_desk import MAIL, NOW, TG, publish, summarise, write
from tests.services.test_digests import CATCHING_UP, FLASHING, MORNING, House, choose, mails

TG_FLASHES = replace(TG, flash=lambda article: article.id != "none")


def unsent(database: Database) -> list[str]:
    since = NOW - timedelta(days=1)
    with database.read() as connection:
        told = {"channel": MAIL.id, "newsletter": "daily", "languages": ["en"], "since": since, "now": NOW}
        return [article.id for article in archive.unsent(connection, **told)]  # type: ignore[arg-type]


def test_nothing_new_carries_it_until_it_stands_again(database: Database) -> None:
    publish(database, "a", "b")
    desk = Retractions(database, now=lambda: NOW)
    assert desk.retract("a", by="sara", why="wrong").held == ()
    assert unsent(database) == ["b"]
    desk.retract("a", by="sara", why="again")
    assert desk.readmit("a", by="sara").article.id == "a"
    assert unsent(database) == ["a", "b"]
    with database.read() as connection:
        assert [row.what for row in connection.execute(select(audit))] == ["retract", "readmit"]


def test_no_editor_pushes_it(database: Database) -> None:
    publish(database, "a")
    Retractions(database, now=lambda: NOW).retract("a", by="sara", why="wrong")
    with pytest.raises(Refused, match="a is retracted; `syndicator retract a --undo`"):
        Desk(database, now=lambda: NOW, summarise=summarise, write=write).push(["a"], [TG], editor="dana")


def test_what_waits_with_it_is_held(database: Database) -> None:
    publish(database, "a", "b")
    Desk(database, now=lambda: NOW, summarise=summarise, write=write).flashes(TG)
    told = Retractions(database, now=lambda: NOW).retract("a", by="sara", why="wrong")
    assert told.held == ("flash:a",)
    with database.read() as connection:
        assert brakes.paused(connection) == {"flash:a"}
    assert Retractions(database, now=lambda: NOW).retract("a", by="sara", why="").held == ()


def test_a_story_that_nobody_knows(database: Database) -> None:
    with pytest.raises(NotFound):
        Retractions(database, now=lambda: NOW).retract("zz", by="sara", why="")


# In none: on each way that leads to an edition, also where it is taken back while that edition is written


class Newsroom(House):
    def __post_init__(self) -> None:
        super().__post_init__()
        self.retractions = Retractions(self.database, now=lambda: self.time)

    def retract(self, name: str) -> tuple[str, ...]:
        return self.retractions.retract(name, by="sara", why="it is wrong").held

    def meanwhile_retracted(self, name: str) -> None:
        self.meanwhile.append(lambda: self.retract(name) and None)

    def waits(self) -> set[str]:
        """The editions that may still go out, or whose deliveries wait before a brake."""
        with self.database.read() as connection:
            query = select(deliveries.c.edition).where(deliveries.c.state == "pending")
            return set(connection.execute(query).scalars())

    def welcome(self, address: str = "new@x.example") -> bool:
        self.subscribe((address, "en"))
        with self.database.write() as connection:
            reader = readers.find(connection, address)
            assert reader
            end = self.time + timedelta(hours=1)
            return planning.add_welcome(connection, "morning", reader.id, now=self.time, not_after=end)


@pytest.fixture
def newsroom(database: Database) -> Newsroom:
    made = Newsroom(database)
    made.subscribe(("e@x.example", "en"))
    return made


def test_by_the_timetable(newsroom: Newsroom) -> None:
    newsroom.publish("wrong")
    newsroom.publish("rain")
    newsroom.meanwhile_retracted("wrong")
    assert mails(newsroom, newsroom.digest()) == {"e": "rain"}


def test_when_a_held_slot_is_let_go(newsroom: Newsroom) -> None:
    newsroom.publish("wrong")
    newsroom.publish("rain")
    with newsroom.database.write() as connection:
        timetables.fire(connection, "morning", NOW, now=NOW, edition=None, outcome=timetables.HELD)
    newsroom.meanwhile_retracted("wrong")
    assert mails(newsroom, newsroom.desk.digests.plan(MORNING, NOW, released=True)) == {"e": "rain"}


def test_among_what_is_caught_up(newsroom: Newsroom) -> None:
    choose(newsroom.database, "daily")
    for name in ("first", "wrong", "today"):  # the second is put off: they had one that day
        newsroom.publish(name)
        if name == "today":
            newsroom.time += timedelta(hours=24)
            newsroom.meanwhile_retracted("wrong")
        planned = newsroom.digest(CATCHING_UP)
    assert mails(newsroom, planned) == {"e": "today"}


def test_an_edition_that_waits_and_only_catches_it_up_is_paused(newsroom: Newsroom) -> None:
    choose(newsroom.database, "daily")
    for name in ("first", "wrong", "today"):
        newsroom.publish(name)
        newsroom.time += timedelta(hours=24 * (name == "today"))
        planned = newsroom.digest(CATCHING_UP)
        assert mails(newsroom, planned)
    assert mails(newsroom, planned) == {"e": "today wrong"}
    newsroom.sent("nothing")
    assert newsroom.retract("wrong") == planned.editions


def test_in_a_series(newsroom: Newsroom) -> None:
    for name in ("wrong", "rain"):
        newsroom.publish(name)
        newsroom.digest()
    newsroom.meanwhile_retracted("wrong")
    week = replace(MORNING, name="weekly", best_of=timedelta(days=7), best_from=("morning",))
    assert newsroom.texts(newsroom.digest(week)) == {"en": ["lead [] rain r1"]}


def test_as_a_flash_on_a_channel(newsroom: Newsroom) -> None:
    newsroom.publish("wrong", section="breaking")
    newsroom.meanwhile_retracted("wrong")
    assert newsroom.desk.flashes(TG_FLASHES) == Planned()
    newsroom.publish("rain", "The first version.", section="breaking")
    newsroom.meanwhile.append(lambda: newsroom.publish("rain", "The second version.", section="breaking"))
    assert newsroom.desk.flashes(TG_FLASHES) == Planned()
    assert newsroom.desk.flashes(TG_FLASHES).deliveries == 1  # in its newest form
    assert newsroom.waits() == {"flash:rain"}


def test_as_a_flash_to_readers(newsroom: Newsroom) -> None:
    newsroom.publish("wrong", section="breaking")
    newsroom.meanwhile_retracted("wrong")
    assert newsroom.desk.flash_mails(FLASHING) == Planned()
    newsroom.publish("rain", "The first version.", section="breaking")
    newsroom.meanwhile.append(lambda: newsroom.publish("rain", "The second version.", section="breaking"))
    assert newsroom.desk.flash_mails(FLASHING) == Planned()
    assert newsroom.desk.flash_mails(FLASHING).deliveries == 1
    assert newsroom.waits() == {"flash:rain:morning"}


def test_by_an_editors_push(newsroom: Newsroom) -> None:
    newsroom.publish("wrong")
    newsroom.meanwhile_retracted("wrong")
    with pytest.raises(Refused, match="wrong is retracted"):
        newsroom.desk.push(["wrong"], [TG_FLASHES], editor="dana")
    assert newsroom.waits() == set()


def test_as_a_welcome(newsroom: Newsroom) -> None:
    newsroom.publish("rain")
    first = newsroom.digest()
    newsroom.publish("wrong")
    second = newsroom.digest(hours=1)
    newsroom.sent(*first.editions, *second.editions)
    assert newsroom.welcome()
    (welcome,) = newsroom.waits()
    assert newsroom.retract("wrong") == (welcome,)  # the one that waits with a post of that edition
    assert not newsroom.welcome("later@x.example")
    newsroom.retractions.readmit("wrong", by="sara")
    assert newsroom.welcome("late@x.example")


def test_an_edition_that_somebody_stopped_welcomes_nobody(newsroom: Newsroom) -> None:
    newsroom.publish("rain")
    (edition,) = newsroom.digest().editions
    newsroom.sent(edition)
    with newsroom.database.write() as connection:
        brakes.pause(connection, edition, now=newsroom.time, by="sara", why="a wrong headline")
    assert not newsroom.welcome()


def test_who_plans_at_the_same_moment_sees_it_or_is_seen(newsroom: Newsroom) -> None:
    """Retracting waits for a plan that is not committed, and then pauses it; on both databases."""
    newsroom.publish("wrong", section="breaking")
    held: list[tuple[str, ...]] = []
    retracting = Thread(target=lambda: held.append(newsroom.retract("wrong")))
    with newsroom.database.write() as connection:
        planning.steady(connection)
        assert not retractions.taken_back(connection, ["wrong"])
        retracting.start()
        retracting.join(0.3)
        assert retracting.is_alive()
        article = archive.article(connection, "wrong")
        edition = newsroom.desk._single(EditionKind.FLASH, "flash:wrong", article, TG_FLASHES)
        planning.add_edition(connection, edition, newsletter=None, now=NOW, by="timetable")
        (post,) = newsroom.write(edition, TG_FLASHES, None)
        planning.add_posts(connection, [post])
        planning.add_delivery(connection, post, due_at=NOW, not_after=NOW, urgency=0)
    retracting.join(20)
    assert held == [("flash:wrong",)]
