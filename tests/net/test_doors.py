import asyncio

from syndicator.net.doors import MANY, Door, Doors


def test_turns_are_taken_one_after_the_other() -> None:
    door = Door(2)
    assert [door.turn(10.0, 0.5) for _ in range(3)] == [0.0, 0.5, 1.0]
    assert door.turn(20.0, 0.5) == 0.0


def test_who_gives_no_answer_is_left_alone_longer_each_time() -> None:
    door = Door(2)
    for _ in range(4):
        door.gave_no_answer(0.0)
    assert door.rests(0.0) == 0
    rests = []
    for _ in range(7):
        door.gave_no_answer(0.0)
        rests.append(door.rests(0.0))
    assert rests == [30, 60, 120, 240, 480, 900, 900]
    assert door.rests(900.0) == 0
    door.answered()
    door.gave_no_answer(900.0)
    assert door.rests(900.0) == 0


def test_quiet_hosts_are_forgotten_when_there_are_too_many() -> None:
    doors = Doors(1)
    silent = doors.of("silent", 0.0)
    silent.gave_no_answer(0.0)
    busy = doors.of("busy", 0.0)
    asyncio.run(busy.places.acquire())
    quiet = doors.of("quiet", 0.0)
    for number in range(MANY):
        doors.of(str(number), 1.0)
    assert doors.of("silent", 1.0) is silent
    assert doors.of("busy", 1.0) is busy
    assert doors.of("quiet", 1.0) is not quiet
