"""What a publisher tells us meets what we read ourselves: the newer news stands, and nothing is new twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Thread

from syndicator.cleaning import clean
from syndicator.ports import Harvest, News
from syndicator.services.ingest import Intake, Watched
from syndicator.storage import archive
from syndicator.storage.archive import Arrival
from syndicator.storage.database import Database
from tests.looking import intake
from tests.outside import Clock
from tests.services.test_taken_back import ID, NOW, RAIN

NEWER = replace(RAIN, html="<p>Rain closed both roads over Azmar on Sunday.</p>")


class Slow:
    """A source that is overtaken by a call while it is read."""

    def __init__(self) -> None:
        self.intake: Intake | None = None
        self.meanwhile: News | None = None
        self.clock = Clock(NOW)

    def fetch(self, checkpoint: str | None) -> Harvest:
        self.clock.on(seconds=1)
        if self.intake and self.meanwhile:
            assert self.intake.hear("site", self.meanwhile, "hook:site:1")
        self.clock.on(seconds=1)
        return Harvest((RAIN,), f"{checkpoint}+")


def opened(database: Database, source: Slow) -> Intake:
    watched = Watched(name="site", source=source)
    made = intake(
        database, watched, clean=lambda item: clean(item, languages=["en"], now=NOW), now=source.clock.now
    )
    source.intake = made
    return made


def test_what_was_read_before_a_call_undoes_nothing(database: Database) -> None:
    source = Slow()
    made = opened(database, source)
    (first,) = made.look(["site"])
    assert first.count(Arrival.NEW) == 1
    source.meanwhile = News(items=(NEWER,))
    (second,) = made.look(["site"])
    assert second.arrivals == ()
    with database.read() as connection:
        assert archive.article(connection, ID).body == ("Rain closed both roads over Azmar on Sunday.",)
        state = archive.sources_known(connection)["site"]
    assert (state.checkpoint, state.due_at) == ("None+", None)  # and it is looked at again


def test_a_look_that_is_asked_for_waits_until_it_is_made(database: Database) -> None:
    source = Slow()
    made = opened(database, source)
    assert made.hear("site", News(look=True), "hook:site:1")
    assert made.hear("site", News(look=True), "hook:site:1") is None
    assert made.called() == ["site"]
    begun = source.clock.now()
    source.clock.on(seconds=1)
    assert made.hear("site", News(look=True), "hook:site:2")  # while the look goes on
    made.answered(["site"], begun)
    assert made.called() == ["site"]
    made.answered(["site"], source.clock.now())
    assert made.called() == []
    made.answered([], source.clock.now() + timedelta(days=41))
    assert made.hear("site", News(look=True), "hook:site:1")  # forgotten, and far too old to be believed


def test_two_who_tell_the_same_story_at_once_make_one(database: Database) -> None:
    made = opened(database, Slow())
    together = Barrier(4)
    arrivals: list[Arrival] = []

    def tell(number: int) -> None:
        together.wait()
        found = made.hear("site", News(items=(RAIN,)), f"hook:site:{number}")
        assert found
        arrivals.extend(arrival for _, arrival in found.arrivals)

    threads = [Thread(target=tell, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(arrivals) == [Arrival.KNOWN] * 3 + [Arrival.NEW]
