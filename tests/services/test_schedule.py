"""Pushes for a moment, in one post, moved and called off."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from syndicator.errors import NotFound, Refused
from syndicator.model import ChannelId
from syndicator.services.desk import Planned
from syndicator.services.schedule import Cancelled, Moved, Schedule
from syndicator.storage import brakes, ledger, outbox
from syndicator.storage.database import Database
from syndicator.storage.schema import audit, deliveries, editions
from tests.services.test_desk import TG
from tests.services.test_digests import CKB, MORNING, mails
from tests.services.test_holds import Desk

X = replace(TG, id=ChannelId("x"))
HOUR = timedelta(hours=1)


class Planner(Desk):
    def __post_init__(self) -> None:
        super().__post_init__()
        self.again: list[str] = []
        self.schedule = Schedule(self.database, now=lambda: self.time, anew=self.again.append)

    def push(self, *names: str, **more: object) -> Planned:
        return self.desk.push(names, [TG], editor="dana", **more)  # type: ignore[arg-type]

    def sent_to(self, channel: str) -> None:
        with self.database.write() as connection:
            ours = (deliveries.c.channel == channel, deliveries.c.state == "pending")
            connection.execute(update(deliveries).where(*ours).values(state="sent"))

    def due(self) -> dict[str, tuple[str, object]]:
        with self.database.read() as connection:
            rows = connection.execute(select(deliveries).order_by(deliveries.c.id)).all()
        return {row.key: (row.state, row.due_at) for row in rows}


@pytest.fixture
def desk(database: Database) -> Planner:
    made = Planner(database)
    made.subscribe(("e@x.example", "en"))
    for name in ("rain", "war"):
        made.publish(name)
    return made


def test_a_push_for_a_moment_waits_for_it(desk: Planner) -> None:
    at = desk.time + 3 * HOUR
    (name,) = desk.push("rain", at=at, note="the vote").editions
    assert desk.due() == {f"{name}:tg-en:-:0": ("pending", at)}
    assert desk.claimed("tg-en") == []
    with desk.database.read() as connection:
        assert connection.execute(select(editions.c.due_at)).scalar() == at
        told = connection.execute(select(audit)).one()
    assert (told.who, told.what, told.why) == ("dana", "push", f"for {at:%Y-%m-%d %H:%M} UTC; the vote")
    desk.time = at
    assert [one.post.edition for one in desk.claimed("tg-en")] == [name]


def test_a_moment_that_has_passed_is_no_moment(desk: Planner) -> None:
    with pytest.raises(Refused, match="has passed"):
        desk.push("rain", at=desk.time)
    (name,) = desk.push("rain", at=desk.time + HOUR).editions
    with pytest.raises(Refused, match="has passed"):
        desk.schedule.move(name, desk.time, by="dana")


def test_several_stories_go_in_one_post_or_in_none(desk: Planner) -> None:
    (name,) = desk.push("rain", "war", as_one=True).editions
    assert name.startswith("push:together:")
    (one,) = desk.claimed("tg-en")
    assert one.post.text.splitlines() == [" [] rain r1", " [] war r1"]
    with pytest.raises(Refused, match="tg-en has rain already"):
        desk.push("rain", "war", as_one=True)
    assert desk.push("war", "rain", as_one=True, again=True).deliveries == 1
    desk.publish("baran", language=CKB)
    with pytest.raises(Refused, match="one post has one language"):
        desk.desk.push(
            ["rain", "baran"], [replace(TG, languages=("en", "ckb"))], editor="d", again=True, as_one=True
        )  # type: ignore[arg-type]


def test_of_two_editors_at_once_one_gets_the_stories_and_the_other_is_told(desk: Planner) -> None:
    desk.meanwhile.append(lambda: desk.push("rain") and None)
    with pytest.raises(Refused, match="tg-en has rain already"):
        desk.push("war", "rain", as_one=True)
    assert {key for key, _ in desk.due().items()} == {"push:rain:1:0:tg-en:-:0"}


def test_what_waits_is_moved_and_written_anew(desk: Planner) -> None:
    (name,) = desk.push("rain", at=desk.time + HOUR).editions
    later = desk.time + 5 * HOUR
    assert desk.schedule.move(name, later, by="sara") == Moved(edition=name, at=later, deliveries=1)
    assert desk.due() == {f"{name}:tg-en:-:0": ("pending", later)}
    assert desk.again == [name]
    with desk.database.read() as connection:
        row = connection.execute(select(deliveries)).one()
        assert row.not_after - row.due_at == TG.lives
        assert connection.execute(select(audit.c.what)).scalars().all() == ["push", "move"]


def test_a_digest_is_moved_with_all_of_its_hours(desk: Planner) -> None:
    hours = {"Asia/Tokyo": lambda slot, earliest: slot - 6 * HOUR}
    planned = desk.digest(replace(MORNING, elsewhere=hours))
    before = [due for _, due in desk.due().values()]
    at = desk.time + 2 * HOUR
    assert desk.schedule.move(planned.editions[0], at, by="sara").deliveries == 1
    assert [due for _, due in desk.due().values()] == [at]
    assert before != [at]


def test_what_has_begun_is_not_moved_and_goes_on_where_others_are(desk: Planner) -> None:
    (name,) = desk.push("rain").editions
    desk.desk.push(["rain"], [X], editor="dana", at=desk.time + HOUR)
    desk.sent_to("tg-en")
    at = desk.time + 2 * HOUR
    assert desk.schedule.move(name, at, by="sara") == Moved(
        edition=name, at=at, deliveries=1, left=("tg-en",)
    )
    with pytest.raises(Refused, match="has begun"):
        desk.schedule.move(name, at, by="sara", channels=["tg-en"])
    with pytest.raises(NotFound, match="does not go to 'letters'; it goes to tg-en, x"):
        desk.schedule.move(name, at, by="sara", channels=["letters"])
    with pytest.raises(NotFound, match="no edition is called"):
        desk.schedule.move("push:nothing", at, by="sara")


def test_what_is_called_off_may_be_pushed_again_and_no_flash_carries_it(desk: Planner) -> None:
    (name,) = desk.push("rain", at=desk.time + HOUR).editions
    told = desk.schedule.cancel(name, why="the wrong picture", by="sara")
    assert told == Cancelled(edition=name, deliveries=1, given_back=("tg-en",))
    assert desk.due()[f"{name}:tg-en:-:0"][0] == "cancelled"
    assert desk.desk.flashes(replace(TG, flash=lambda article: article.id == "rain")) == Planned()
    (again,) = desk.push("rain").editions
    assert again == "push:rain:1:1"
    assert [one.post.edition for one in desk.claimed("tg-en")] == [again]
    with pytest.raises(Refused, match="tg-en has rain already"):
        desk.push("rain")
    with pytest.raises(Refused, match="nothing of push:rain:1:0 waits"):
        desk.schedule.cancel(name, why="twice", by="sara")
    with desk.database.read() as connection:
        assert ledger.report(connection, name).faults == ()


def test_what_is_out_stays_and_is_said(desk: Planner) -> None:
    (name,) = desk.push("rain").editions
    desk.desk.push(["rain"], [X], editor="dana", at=desk.time + HOUR)
    desk.sent_to("tg-en")
    told = desk.schedule.cancel(name, why="late", by="sara")
    assert told == Cancelled(edition=name, deliveries=1, sent=1, given_back=("x",))
    with pytest.raises(Refused, match="tg-en has rain already"):
        desk.push("rain")


def test_one_channel_is_called_off_alone(desk: Planner) -> None:
    (name,) = desk.push("rain", at=desk.time + HOUR).editions
    desk.desk.push(["rain"], [X], editor="dana", at=desk.time + HOUR)
    desk.schedule.cancel(name, why="not there", by="sara", channels=["x"])
    assert [state for state, _ in desk.due().values()] == ["pending", "cancelled"]


def test_a_worker_who_has_it_in_his_hand_writes_no_body(desk: Planner) -> None:
    (name,) = desk.push("rain").editions
    (one,) = desk.claimed("tg-en")
    desk.schedule.cancel(name, why="stop", by="sara")
    with desk.database.write() as connection:
        assert not outbox.mark_sending(connection, [one.delivery], now=desk.time, lease=HOUR)


def test_the_stories_of_a_digest_that_is_called_off_are_in_the_next_one(desk: Planner) -> None:
    (name,) = desk.digest().editions
    desk.hold("rain")
    assert desk.paused() == {name}
    desk.schedule.cancel(name, why="nobody reads it at night", by="sara")
    assert desk.paused() == set()
    desk.lift("rain")
    assert mails(desk, desk.digest(hours=1)) == {"e": "war rain"}


def test_of_a_digest_that_one_reader_has_nothing_comes_twice(desk: Planner) -> None:
    desk.subscribe(("f@x.example", "en"))
    (name,) = desk.digest().editions
    desk.sent(name, to="e@x.example")
    told = desk.schedule.cancel(name, why="a wrong headline", by="sara")
    assert (told.deliveries, told.sent, told.given_back) == (1, 1, ())
    assert desk.digest(hours=1) == Planned()


def test_a_letter_to_a_reader_is_nobodys_to_call_off(desk: Planner) -> None:
    desk.sent(*desk.digest().editions)
    assert desk.welcome()
    with desk.database.read() as connection:
        waits = select(deliveries.c.edition).where(deliveries.c.state == "pending")
        name = connection.execute(waits).scalar_one()
    with pytest.raises(Refused, match="a letter to one reader"):
        desk.schedule.cancel(name, why="", by="sara")


def test_a_held_story_keeps_its_planned_push_back(desk: Planner) -> None:
    at = desk.time + HOUR
    (name,) = desk.push("rain", at=at).editions
    assert desk.hold("rain") == (name,)
    desk.time = at
    assert desk.claimed("tg-en") == []
    desk.lift("rain")
    assert len(desk.claimed("tg-en")) == 1
    with desk.database.read() as connection:
        assert brakes.paused(connection) == frozenset()
