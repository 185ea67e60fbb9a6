"""What a second person approves: exactly what they saw, once, and nothing that changed since."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import select, update

from syndicator.errors import Forbidden, NotFound, Refused
from syndicator.model import ChannelId
from syndicator.services.approvals import Approvals
from syndicator.services.desk import Approval, Planned
from syndicator.storage import approvals, brakes, edits, outbox, planning
from syndicator.storage.database import Database
from syndicator.storage.edits import HEADLINE, Edit
from syndicator.storage.schema import audit, deliveries
from tests.services.test_desk import TG
from tests.services.test_digests import FLASHING, MORNING, mails
from tests.services.test_schedule import HOUR, Planner
from tests.steps import SteppedDatabase

ASKS = replace(TG, approval=Approval.PUSHES)
X = replace(ASKS, id=ChannelId("x"))
ALL = replace(TG, approval=Approval.EVERYTHING)
DAILY = replace(MORNING, approval=True)


class Room(Planner):
    def __post_init__(self) -> None:
        super().__post_init__()
        self.woken: list[str] = []
        self.approvals = Approvals(self.database, now=lambda: self.time, opened=self.woken.extend)

    def order(self, name: str = "rain", **more: object) -> str:
        doors = more.pop("doors", [ASKS])
        (edition,) = self.desk.push([name], doors, editor="dana", **more).editions  # type: ignore[arg-type]
        return str(edition)

    def seen(self, edition: str) -> str:
        return self.approvals.one(edition).hash

    def goes(self, channel: str = "tg-en") -> list[str]:
        """What a worker gets to send."""
        with self.database.write() as connection:
            shut = brakes.shut(connection) | approvals.shut(connection, channel)
            told = {"now": self.time, "lease": HOUR}
            claimed = outbox.claim(connection, channel, holder="w", limit=10, paused=shut, **told)  # type: ignore[arg-type]
            marked = outbox.mark_sending(connection, [one.delivery for one in claimed], **told)  # type: ignore[arg-type]
        return [one.post.edition for one in claimed if one.delivery.id in marked]

    def trail(self) -> list[tuple[str, str]]:
        with self.database.read() as connection:
            rows = connection.execute(select(audit).order_by(audit.c.id))
            return [(row.who, row.what) for row in rows if row.what != "pause"]


@pytest.fixture
def room(database: Database) -> Room:
    made = Room(database)
    made.subscribe(("e@x.example", "en"))
    for name in ("rain", "war"):
        made.publish(name)
    return made


def test_an_order_waits_until_a_second_person_has_approved_it(room: Room) -> None:
    edition = room.order()
    (asked,) = room.approvals.waiting()
    assert (asked.edition, asked.channels, asked.asked_by) == (edition, ("tg-en",), ("dana",))
    assert (asked.may("dana"), asked.may("sara")) == (False, True)
    assert [one.text for one in room.approvals.posts(edition)] == [" [] rain r1"]
    assert room.goes() == []
    with pytest.raises(Forbidden, match="dana ordered"):
        room.approvals.approve(edition, asked.hash, by="dana")
    assert room.approvals.approve(edition, asked.hash[:12], by="sara") == asked
    assert room.woken == ["tg-en"]
    assert room.approvals.waiting() == []
    assert room.goes() == [edition]
    assert room.trail() == [("dana", "push"), ("sara", "approve")]
    (told,) = room.approvals.history(edition)
    assert (told.state, told.by, told.hash) == ("approved", "sara", asked.hash)


def test_channels_that_ask_for_nothing_are_not_kept_waiting(room: Room) -> None:
    edition = room.order(doors=[ASKS, replace(TG, id=ChannelId("x"))])
    assert room.goes("x") == [edition]
    assert room.goes("tg-en") == []
    assert room.approvals.one(edition).channels == ("tg-en",)


def test_an_order_for_two_channels_is_approved_as_one(room: Room) -> None:
    edition = room.order(doors=[ASKS, X])
    room.approvals.approve(edition, room.seen(edition), by="sara")
    assert room.goes("x") == room.goes("tg-en") == [edition]


def test_who_was_the_last_to_edit_is_no_second_person(room: Room) -> None:
    edition = room.order()
    with room.database.write() as connection:
        edits.keep(connection, Edit("rain", HEADLINE, 1, "Rain!", "sara", room.time))
    asked = room.approvals.one(edition)
    assert (asked.edited_by, asked.may("sara"), asked.may("ara")) == ("sara", False, True)
    with pytest.raises(Forbidden, match="sara was the last to edit"):
        room.approvals.approve(edition, asked.hash, by="sara")


@pytest.mark.parametrize("seen", ["", "0" * 64, "abc"])
def test_what_was_not_seen_is_not_approved(room: Room, seen: str) -> None:
    edition = room.order()
    with pytest.raises(Refused, match="is not what you saw"):
        room.approvals.approve(edition, seen, by="sara")
    assert room.goes() == []


def test_a_few_digits_name_nothing(room: Room) -> None:
    edition = room.order()
    with pytest.raises(Refused, match="is not what you saw"):
        room.approvals.approve(edition, room.seen(edition)[:11], by="sara")


def test_another_moment_is_another_thing_to_approve(room: Room) -> None:
    edition = room.order(at=room.time + HOUR)
    seen = room.seen(edition)
    room.schedule.move(edition, room.time + 2 * HOUR, by="dana")  # between the look and the word
    with pytest.raises(Refused, match="is not what you saw"):
        room.approvals.approve(edition, seen, by="sara")
    room.approvals.approve(edition, room.seen(edition), by="sara")
    room.schedule.move(edition, room.time + 3 * HOUR, by="dana")
    assert ("approvals", "approval voided") in room.trail()
    room.time += 4 * HOUR
    assert room.goes() == []
    room.approvals.approve(edition, room.seen(edition), by="ara")
    assert room.goes() == [edition]


def test_other_words_void_it_also_in_a_workers_hand(room: Room) -> None:
    edition = room.order()
    room.approvals.approve(edition, room.seen(edition), by="sara")
    claimed = room.claimed("tg-en")
    with room.database.write() as connection:
        other = replace(claimed[0].post, id=f"{claimed[0].post.id};2", text="other words")
        planning.add_posts(connection, [other])
        connection.execute(update(deliveries).values(post=other.id))
        approvals.changed(connection, edition, "tg-en", why="a test", now=room.time)
        assert not outbox.mark_sending(connection, [claimed[0].delivery], now=room.time, lease=HOUR)
    assert [state for state, _ in room.due().values()] == ["pending"]
    assert room.goes() == []
    room.approvals.approve(edition, room.seen(edition), by="ara")
    assert room.goes() == [edition]


def test_a_change_that_nobody_told_of_is_found_when_it_is_approved(room: Room) -> None:
    edition = room.order()
    seen = room.seen(edition)
    with room.database.write() as connection:
        due = room.time + timedelta(minutes=1)
        connection.execute(update(deliveries).values(due_at=due))
    with pytest.raises(Refused, match="is not what you saw"):
        room.approvals.approve(edition, seen, by="sara")
    assert room.seen(edition) != seen


def test_of_two_people_at_the_same_moment_one_approves(room: Room) -> None:
    edition = room.order()
    seen, ready, said = room.seen(edition), Barrier(2), []

    def approve(who: str) -> None:
        ready.wait(10)
        try:
            room.approvals.approve(edition, seen, by=who)
        except (NotFound, Refused) as error:
            said.append(str(error))
        else:
            said.append("approved")

    people = [Thread(target=approve, args=(who,)) for who in ("sara", "ara")]
    for one in people:
        one.start()
    for one in people:
        one.join(20)
    assert sorted(said)[0] == "approved"
    assert "approved by" in sorted(said)[1] or "has just changed" in sorted(said)[1]
    assert [what for _, what in room.trail()] == ["push", "approve"]


@pytest.fixture
def stepped(database: Database) -> Iterator[SteppedDatabase]:
    made = SteppedDatabase(database.url)
    yield made
    made.close()


class Died(Exception):
    pass


def test_a_death_before_the_commit_leaves_it_waiting_and_after_it_approved(stepped: SteppedDatabase) -> None:
    room = Room(stepped)
    room.publish("rain")
    edition = room.order()
    seen = room.seen(edition)
    for step, goes in (("before COMMIT", []), ("after COMMIT", [edition])):
        left = iter(["the look before", "the word"])

        def dies(name: str, wanted: str = step, left: Iterator[str] = left) -> None:
            if name == wanted and next(left, "") == "the word":
                raise Died

        stepped.step = dies
        with pytest.raises(Died):
            room.approvals.approve(edition, seen, by="sara")
        stepped.step = lambda name: None
        assert room.goes() == goes


def test_an_order_dies_whole_or_waits(stepped: SteppedDatabase) -> None:
    room = Room(stepped)
    room.publish("rain")

    def dies(name: str) -> None:
        if name == "before COMMIT":
            raise Died

    stepped.step = dies
    with pytest.raises(Died):
        room.order()
    stepped.step = lambda name: None
    assert (room.goes(), room.approvals.waiting()) == ([], [])
    assert room.order()
    assert (room.goes(), len(room.approvals.waiting())) == ([], 1)


def test_what_is_declined_goes_nowhere_and_may_be_pushed_again(room: Room) -> None:
    edition = room.order()
    assert room.approvals.decline(edition, why="we do not know it yet", by="sara") == 1
    assert room.goes() == []
    with pytest.raises(NotFound, match="was declined by sara already"):
        room.approvals.approve(edition, "0" * 12, by="ara")
    again = room.order()
    assert again != edition
    room.approvals.approve(again, room.seen(again), by="ara")
    assert room.goes() == [again]


def test_what_is_called_off_asks_nobody_any_more(room: Room) -> None:
    edition = room.order()
    room.schedule.cancel(edition, why="no", by="dana")
    assert room.approvals.waiting() == []
    with pytest.raises(NotFound, match="nobody is asked about 'push:none'"):
        room.approvals.one("push:none")


def test_what_becomes_too_late_asks_nobody_any_more(room: Room) -> None:
    edition = room.order()
    assert room.approvals.sweep() == 0
    room.time += timedelta(days=2)
    with room.database.write() as connection:
        outbox.expire(connection, room.time)
    assert room.approvals.sweep() == 1
    assert room.approvals.history(edition)[0].why == "its time is over"


def test_flashes_wait_where_everything_is_asked_and_are_not_late_meanwhile(room: Room) -> None:
    assert room.desk.flashes(replace(ASKS, fresh_for=HOUR)).deliveries == 2
    assert room.approvals.waiting() == []
    door = replace(ALL, id=ChannelId("x"), collapse=timedelta(minutes=10), at_most=9)
    for name in ("a", "b", "c"):
        room.publish(name)
    room.desk.flashes(door)
    assert [one.asked_by for one in room.approvals.waiting()] == [("timetable",)] * 5
    room.time += 2 * HOUR
    assert room.desk.lateness.collapse(door) == Planned()
    assert room.goes("x") == []
    room.approvals.approve("flash:a", room.seen("flash:a"), by="dana")
    assert room.goes("x") == ["flash:a"]


def test_a_newsletters_edition_waits_and_who_composed_it_does_not_approve_it(room: Room) -> None:
    room.fix(lead=("war",))
    (edition,) = room.digest(DAILY).editions
    asked = room.approvals.one(edition)
    assert (asked.newsletter, asked.asked_by, asked.articles) == ("morning", ("sara",), ("war", "rain"))
    assert room.goes("mail") == []
    with pytest.raises(Forbidden, match="sara ordered"):
        room.approvals.approve(edition, asked.hash, by="sara")
    room.approvals.approve(edition, asked.hash, by="dana")
    assert room.goes("mail") == [edition]


def test_a_mail_about_one_story_waits_too(room: Room) -> None:
    room.publish("quake", section="breaking")
    planned = room.desk.flash_mails(replace(FLASHING, approval=True))
    assert {one.edition for one in room.approvals.waiting()} == set(planned.editions)
    assert room.goes("mail") == []


def test_a_reader_who_leaves_stops_no_approval_and_gets_nothing(room: Room) -> None:
    room.subscribe(("f@x.example", "en"))
    (edition,) = room.digest(DAILY).editions
    seen = room.seen(edition)
    with room.database.write() as connection:
        gone = (deliveries.c.recipient == "1", deliveries.c.edition == edition)
        connection.execute(update(deliveries).where(*gone).values(state="excluded", reason="left"))
    room.approvals.approve(edition, seen, by="dana")
    assert len(room.goes("mail")) == 1


def test_the_stories_of_a_declined_edition_are_in_the_next_one(room: Room) -> None:
    (edition,) = room.digest(DAILY).editions
    room.approvals.decline(edition, why="no lead", by="dana")
    assert mails(room, room.digest(DAILY, hours=1)) == {"e": "war rain"}
