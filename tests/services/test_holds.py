"""A story that an editor holds: nothing carries it, what waits with it waits longer, and lifting lets both go."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from syndicator.errors import NotFound, Refused
from syndicator.services.desk import Planned
from syndicator.services.holds import Held, Holds, Lifted
from syndicator.storage import archive, brakes, outbox
from syndicator.storage.database import Database
from syndicator.storage.schema import audit, deliveries
from tests.services.test_digests import CATCHING_UP, FLASHING, MORNING, choose, mails
from tests.services.test_retractions import TG_FLASHES, Newsroom


class Desk(Newsroom):
    def __post_init__(self) -> None:
        super().__post_init__()
        self.holds = Holds(self.database, now=lambda: self.time)

    def hold(self, name: str) -> tuple[str, ...]:
        return self.holds.hold(name, by="sara", why="the ministry denies it").editions

    def lift(self, name: str) -> Lifted:
        return self.holds.lift(name, by="dana")

    def meanwhile_held(self, name: str) -> None:
        self.meanwhile.append(lambda: self.hold(name) and None)

    def paused(self) -> set[str]:
        with self.database.read() as connection:
            return set(brakes.paused(connection))

    def claimed(self, channel: str) -> list[outbox.Claimed]:
        with self.database.write() as connection:
            return outbox.claim(
                connection,
                channel,
                holder="w",
                now=self.time,
                lease=timedelta(minutes=1),
                limit=10,
                paused=brakes.shut(connection),
            )


@pytest.fixture
def desk(database: Database) -> Desk:
    made = Desk(database)
    made.subscribe(("e@x.example", "en"))
    return made


def test_a_held_story_is_in_no_edition_until_it_is_let_go(desk: Desk) -> None:
    desk.publish("wrong")
    desk.publish("rain")
    assert desk.hold("wrong") == ()
    assert mails(desk, desk.digest()) == {"e": "rain"}
    desk.time += timedelta(days=4)  # nobody would take it for new any more
    assert desk.lift("wrong") == Lifted(article=archive_of(desk, "wrong"))
    assert mails(desk, desk.digest()) == {"e": "wrong"}


def archive_of(desk: Desk, name: str) -> archive.Article:
    with desk.database.read() as connection:
        return archive.article(connection, name)


def test_one_that_is_held_while_its_edition_is_written_is_not_in_it(desk: Desk) -> None:
    desk.publish("wrong", section="breaking")
    desk.publish("rain")
    desk.meanwhile_held("wrong")
    assert mails(desk, desk.digest()) == {"e": "rain"}


def test_no_flash_and_no_push_carries_it(desk: Desk) -> None:
    desk.publish("wrong", section="breaking")
    desk.meanwhile_held("wrong")
    assert desk.desk.flashes(TG_FLASHES) == Planned()
    assert desk.desk.flash_mails(FLASHING) == Planned()
    with pytest.raises(Refused, match="wrong is held; `syndicator lift wrong`"):
        desk.desk.push(["wrong"], [TG_FLASHES], editor="dana")
    desk.lift("wrong")
    assert desk.desk.flashes(TG_FLASHES).editions == ("flash:wrong",)


def test_one_that_is_held_while_its_push_is_written_goes_nowhere(desk: Desk) -> None:
    desk.publish("wrong")
    desk.meanwhile_held("wrong")
    with pytest.raises(Refused, match="is held"):
        desk.desk.push(["wrong"], [TG_FLASHES], editor="dana")
    assert desk.waits() == set()


def test_what_waits_with_it_is_kept_back_and_goes_on_when_it_is_lifted(desk: Desk) -> None:
    desk.publish("wrong", section="breaking")
    flash = desk.desk.flashes(TG_FLASHES).editions
    desk.publish("rain")
    (push,) = desk.desk.push(["rain"], [TG_FLASHES], editor="dana").editions
    digest = desk.digest().editions
    assert set(desk.hold("wrong")) == {*flash, *digest}
    assert [one.post.edition for one in desk.claimed("tg-en")] == [push]
    assert desk.claimed("mail") == []
    assert desk.holds.standing() == [
        Held(
            article=archive_of(desk, "wrong"),
            since=desk.time,
            by="sara",
            why="the ministry denies it",
            editions=(*digest, *flash),
        )
    ]
    assert set(desk.lift("wrong").freed) == {*flash, *digest}
    assert [one.post.edition for one in desk.claimed("tg-en")] == list(flash)
    assert desk.paused() == set()
    assert desk.holds.standing() == []


def test_what_a_worker_has_in_its_hand_is_stopped_before_the_body_and_waits_again(desk: Desk) -> None:
    desk.publish("wrong", section="breaking")
    desk.desk.flashes(TG_FLASHES)
    (one,) = desk.claimed("tg-en")
    desk.hold("wrong")
    with desk.database.write() as connection:
        lease = timedelta(minutes=1)
        assert not outbox.mark_sending(connection, [one.delivery], now=desk.time, lease=lease)
    assert desk.waits() == set()
    desk.lift("wrong")
    assert desk.waits() == {"flash:wrong"}


def test_holding_twice_is_holding_once_and_stops_what_came_meanwhile(desk: Desk) -> None:
    desk.publish("wrong", section="breaking")
    desk.hold("wrong")
    desk.lift("wrong")
    desk.desk.flashes(TG_FLASHES)
    assert desk.hold("wrong") == ("flash:wrong",)
    assert desk.hold("wrong") == ("flash:wrong",)
    with desk.database.read() as connection:
        told = [row.what for row in connection.execute(select(audit).order_by(audit.c.id))]
    assert told == ["hold", "lift", "pause", "hold"]


def test_an_edition_stays_paused_for_another_story_that_is_held(desk: Desk) -> None:
    desk.publish("wrong")
    desk.publish("odd")
    (digest,) = desk.digest().editions
    assert desk.hold("wrong") == (digest,)
    assert desk.hold("odd") == ()
    assert desk.lift("wrong").kept == (digest,)
    assert desk.paused() == {digest}
    assert desk.lift("odd").freed == (digest,)
    assert desk.paused() == set()


def test_an_edition_stays_paused_for_a_story_that_was_taken_back_or_by_an_editors_word(desk: Desk) -> None:
    desk.publish("wrong")
    desk.publish("gone")
    (digest,) = desk.digest().editions
    desk.hold("wrong")
    desk.retract("gone")
    assert desk.lift("wrong").kept == (digest,)
    desk.hold("wrong")
    with desk.database.write() as connection:
        brakes.pause(connection, digest, now=desk.time, by="dana", why="I am reading it")
    assert desk.lift("wrong") == Lifted(article=archive_of(desk, "wrong"))
    assert desk.paused() == {digest}


def test_an_edition_that_only_catches_it_up_and_one_that_welcomes_with_it_are_paused(desk: Desk) -> None:
    choose(desk.database, "daily")
    for name in ("first", "wrong", "today"):
        desk.publish(name)
        desk.time += timedelta(hours=24 * (name == "today"))
        planned = desk.digest(CATCHING_UP)
    desk.sent("nothing")
    assert desk.hold("wrong") == planned.editions
    assert desk.lift("wrong").freed == planned.editions


def test_nobody_is_welcomed_with_it(desk: Desk) -> None:
    desk.publish("wrong")
    desk.sent(*desk.digest().editions)
    desk.hold("wrong")
    assert not desk.welcome()
    desk.lift("wrong")
    assert desk.welcome()
    assert desk.hold("wrong") == tuple(desk.waits())


def test_late_flashes_go_together_without_it(desk: Desk) -> None:
    door = replace(TG_FLASHES, collapse=timedelta(hours=1), at_most=10)
    for name in ("wrong", "a", "b", "c"):
        desk.publish(name, section="breaking")
    desk.desk.flashes(door)
    desk.time += timedelta(hours=2)
    desk.meanwhile_held("wrong")
    desk.desk.lateness.collapse(door)
    desk.desk.lateness.collapse(door)
    with desk.database.read() as connection:
        query = select(deliveries.c.edition).where(deliveries.c.state == "pending")
        assert sorted(connection.execute(query).scalars()) == ["flash:wrong", "push:late:tg-en:a"]
    assert desk.paused() == {"flash:wrong"}


def test_an_embargo_outlives_a_hold(desk: Desk) -> None:
    desk.publish("wrong", section="breaking")
    with desk.database.write() as connection:
        archive.set_embargo(connection, "wrong", desk.time + timedelta(hours=1), by="dana")
    desk.hold("wrong")
    assert desk.lift("wrong").waits_until == desk.time + timedelta(hours=1)
    assert desk.desk.flashes(TG_FLASHES) == Planned()
    assert desk.lift("wrong") == Lifted(article=archive_of(desk, "wrong"))
    assert desk.desk.flashes(TG_FLASHES).deliveries == 1


def test_what_nobody_holds_or_knows(desk: Desk) -> None:
    desk.publish("rain")
    with pytest.raises(Refused, match="rain is neither held nor under an embargo"):
        desk.lift("rain")
    for verb in (desk.hold, desk.lift):
        with pytest.raises(NotFound):
            verb("zz")
    assert MORNING.name in str(desk.digest().editions)
