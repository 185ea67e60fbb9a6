"""How they come in, and how others do not."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import event

from syndicator.errors import NotFound, Refused
from syndicator.services.people.nouns import NotFresh, Opened, Wrong
from syndicator.services.people.passwords import Weak
from syndicator.services.people.patience import PAIR, Wait
from syndicator.storage import brakes, people
from tests.people.house import AWAY, GOOD, HOME, OTHER, House

PLACE = HOME["place"]


def refused(house: House, name: str, password: str, **more: str) -> str:
    with pytest.raises((Wrong, Wait)) as told:
        house.sign_in(name, password, **more)
    return str(told.value)


def test_a_name_and_a_password_let_in(house: House) -> None:
    house.add()
    opened = house.sign_in()
    inside = house.reception.inside(opened.token)
    assert inside is not None
    assert inside.person.name == "ara"
    assert inside.session.place == "192.0.2.0/24"
    assert [one.browser for one in house.reception.sessions("ara")] == ["Firefox"]
    assert house.audited()[-1] == ("ara", "signed in", "ara")


@pytest.mark.parametrize("token", ["", "x", "A" * 32, "ara", "é"])
def test_another_token_is_nobodys(house: House, token: str) -> None:
    house.add()
    house.sign_in()
    assert house.reception.inside(token) is None


def test_wrong_names_wrong_passwords_the_invited_and_the_ended_are_told_the_same(house: House) -> None:
    house.add()
    house.add("dana", "editor")
    house.people.end("dana", by="ara")
    from syndicator.services.people import person

    house.people.invite(person("lana", "editor"), by="ara")
    said = {refused(house, name, OTHER) for name in ("ara", "dana", "lana", "nobody", "", "a" * 500)}
    assert len(said) == 1


def test_it_is_the_same_work_for_a_name_that_nobody_has(house: House) -> None:
    """The same hashes and the same statements, so that the clock tells nobody who there is."""
    house.add()
    work = []
    for name in ("ara", "nobody"):
        statements: list[str] = []
        hear = lambda *told, into=statements: into.append(told[2])  # noqa: E731
        event.listen(house.database.engine, "before_cursor_execute", hear)
        before = house.people._hasher.made
        refused(house, name, OTHER)
        event.remove(house.database.engine, "before_cursor_execute", hear)
        work.append((house.people._hasher.made - before, statements))
    assert work[0][0] == work[1][0] == 1
    assert work[0][1] == work[1][1]


def test_a_token_is_new_at_each_step_and_the_old_one_opens_nothing(house: House) -> None:
    """Whoever knew a token before it was worth something has nothing by it."""
    house.add()
    secret, _ = house.with_factor()
    half = house.sign_in()
    assert half.session.waits_for == "code"
    full = house.reception.second(half.token, house.code(secret), place=PLACE)
    assert full.token != half.token
    assert house.reception.inside(half.token) is None
    proven = house.reception.prove(full.token, password=GOOD, place=PLACE)
    assert house.reception.inside(full.token) is None
    assert house.reception.inside(proven.token)
    with pytest.raises(NotFound):
        house.reception.second(half.token, house.code(secret, 1), place=PLACE)


def test_halfway_is_not_in(house: House) -> None:
    house.add()
    house.with_factor()
    half = house.sign_in()
    inside = house.reception.inside(half.token)
    assert inside is not None
    assert inside.session.waits_for == "code"
    assert half.device == ""
    assert house.reception.sessions("ara") == [
        one for one in house.reception.sessions("ara") if not one.waits_for
    ]
    for act in (
        lambda: house.reception.enrol(half.token),
        lambda: house.reception.confirm(half.token, "000000", place=PLACE),
        lambda: house.reception.new_sheet(half.token),
        lambda: house.reception.drop_factor(half.token),
        lambda: house.reception.prove(half.token, password=GOOD, place=PLACE),
        lambda: house.reception.change_password(half.token, GOOD, OTHER, place=PLACE),
    ):
        with pytest.raises(NotFound):
            act()
    house.later(minutes=10)
    assert house.reception.inside(half.token) is None


def test_a_code_works_once_also_for_two_at_once(house: House) -> None:
    house.add()
    secret, _ = house.with_factor()
    halves = [house.sign_in(), house.sign_in()]
    code = house.code(secret)

    def second(half: Opened) -> bool:
        try:
            house.reception.second(half.token, code, place=PLACE)
        except Wrong:
            return False
        return True

    with ThreadPoolExecutor(2) as both:
        assert sorted(both.map(second, halves)) == [False, True]
    with pytest.raises(Wrong):  # an earlier one that would still count by the clock
        house.reception.second(house.sign_in().token, house.code(secret, -1), place=PLACE)


def test_the_code_that_set_it_up_does_not_work_again(house: House) -> None:
    house.add()
    opened = house.sign_in()
    begun = house.reception.enrol(opened.token)
    code = house.code(begun.secret)
    house.reception.confirm(opened.token, code, place=PLACE)
    with pytest.raises(Wrong):
        house.reception.second(house.sign_in().token, code, place=PLACE)


def test_a_recovery_code_works_once(house: House) -> None:
    house.add()
    _, sheet = house.with_factor()
    assert len(set(sheet)) == 10
    house.reception.second(house.sign_in().token, f" {sheet[3].upper()} ", place=PLACE)
    with pytest.raises(Wrong):
        house.reception.second(house.sign_in().token, sheet[3], place=PLACE)
    house.reception.second(house.sign_in().token, sheet[4].replace("-", " "), place=PLACE)
    assert len(house.audited("recovery code")) == 2


def test_new_recovery_codes_end_the_old_ones(house: House) -> None:
    house.add()
    secret, sheet = house.with_factor()
    opened = house.reception.second(house.sign_in().token, house.code(secret), place=PLACE)
    fresh = house.reception.new_sheet(opened.token)
    with pytest.raises(Wrong):
        house.reception.second(house.sign_in().token, sheet[0], place=PLACE)
    house.reception.second(house.sign_in().token, fresh[0], place=PLACE)


def test_five_wrong_codes_and_the_password_is_wanted_again(house: House) -> None:
    house.add()
    secret, _ = house.with_factor()
    half = house.sign_in()
    for _ in range(5):
        with pytest.raises(Wrong):
            house.reception.second(half.token, "000000", place=PLACE)
    with pytest.raises(NotFound):
        house.reception.second(half.token, house.code(secret), place=PLACE)


def test_codes_are_not_guessed_by_beginning_again_and_again(house: House) -> None:
    """A thief of the password gets a handful of codes at once, then a minute for each at best: one in 10^6 is far."""
    house.add()
    house.with_factor()
    tried = 0
    for number in range(60):
        more = {"place": f"203.0.{number}.1"}  # always from another network
        try:
            half = house.sign_in(**more)
            house.reception.second(half.token, "000000", **more)
        except Wrong:
            tried += 1
        except Wait:
            break
    assert tried <= 20


def test_who_must_have_a_second_factor_sets_one_up_before_they_are_in(strict: House) -> None:
    strict.add()
    half = strict.sign_in()
    assert half.session.waits_for == "factor"
    begun = strict.reception.enrol(half.token)
    with pytest.raises(Wrong):
        strict.reception.confirm(half.token, "000000", place=PLACE)
    full, sheet = strict.reception.confirm(half.token, strict.code(begun.secret), place=PLACE)
    assert (full.session.waits_for, len(sheet)) == ("", 10)
    assert strict.audited()[-1] == ("ara", "signed in", "ara")
    with pytest.raises(Refused, match="needs a second factor"):
        strict.reception.drop_factor(full.token)


def test_a_second_factor_is_taken_off_by_those_who_may(house: House) -> None:
    house.add()
    secret, _ = house.with_factor()
    opened = house.reception.second(house.sign_in().token, house.code(secret), place=PLACE)
    house.later(minutes=11)
    with pytest.raises(NotFresh):
        house.reception.drop_factor(opened.token)
    opened = house.reception.prove(opened.token, password=GOOD, place=PLACE)
    house.reception.drop_factor(opened.token)
    assert not house.reception.keeps("ara").factor
    assert house.sign_in().session.waits_for == ""


def test_a_sealed_secret_is_no_one_elses(house: House) -> None:
    """Whoever can write the database cannot give somebody their own second factor."""
    house.add()
    house.add("dana", "editor")
    house.with_factor("dana")
    with house.database.write() as connection:
        card = people.find(connection, "dana")
        assert card
        people.change(connection, "ara", totp=card.totp)
    with pytest.raises(Refused, match="cannot be read"):
        house.reception.second(house.sign_in().token, "000000", place=PLACE)


def test_a_session_ends_when_nobody_is_there_and_at_the_latest_after_a_day_of_work(house: House) -> None:
    house.add()
    opened = house.sign_in()
    house.later(minutes=59)
    assert house.reception.inside(opened.token)
    house.later(minutes=60)
    assert house.reception.inside(opened.token) is None
    opened = house.sign_in()
    for _ in range(12 * 2 - 1):
        house.later(minutes=30)
        assert house.reception.inside(opened.token)
    house.later(minutes=30)
    assert house.reception.inside(opened.token) is None


def test_being_here_is_written_down_once_a_minute(house: House) -> None:
    house.add()
    opened = house.sign_in()
    written: list[str] = []
    event.listen(house.database.engine, "before_cursor_execute", lambda *told: written.append(told[2]))
    for _ in range(10):
        house.later(seconds=7)
        house.reception.inside(opened.token)
    assert sum(one.startswith("UPDATE") for one in written) == 1


def test_out_is_out(house: House) -> None:
    house.add()
    here, there, third = house.sign_in(), house.sign_in(**AWAY), house.sign_in()
    house.reception.sign_out(here.token)
    assert house.reception.inside(here.token) is None
    house.reception.end("ara", there.session.id)
    assert house.reception.inside(there.token) is None
    with pytest.raises(NotFound):
        house.reception.end("ara", there.session.id)
    fourth = house.sign_in()
    assert house.reception.sign_out_everywhere("ara", but=fourth.session.id) == 1
    assert house.reception.inside(third.token) is None
    assert house.reception.inside(fourth.token)


def test_nobody_ends_the_session_of_another(house: House) -> None:
    house.add()
    house.add("dana", "viewer")
    hers = house.sign_in()
    with pytest.raises(NotFound):
        house.reception.end("dana", hers.session.id)
    assert house.reception.inside(hers.token)


def test_an_older_database_lets_nobody_back_in(house: House) -> None:
    house.add()
    opened = house.sign_in()
    house.reception.all_out()
    assert house.reception.inside(opened.token) is None
    assert house.audited()[-1] == ("memory", "signed out", "everybody")


def test_a_new_password_needs_the_old_one_and_ends_the_other_sessions(house: House) -> None:
    house.add()
    other, opened = house.sign_in(**AWAY), house.sign_in()
    with pytest.raises(Wrong):
        house.reception.change_password(opened.token, OTHER, OTHER, place=PLACE)
    with pytest.raises(Weak):
        house.reception.change_password(opened.token, GOOD, "zagros courier", place=PLACE)
    changed = house.reception.change_password(opened.token, GOOD, OTHER, place=PLACE)
    assert house.reception.inside(other.token) is None
    assert house.reception.inside(opened.token) is None
    assert house.reception.inside(changed.token)
    assert house.sign_in(password=OTHER)


def test_a_proof_counts_for_ten_minutes(house: House) -> None:
    house.add()
    opened = house.sign_in()
    assert house.reception.is_fresh(opened.session)
    house.later(minutes=10)
    with pytest.raises(NotFresh):
        house.reception.enrol(opened.token)
    with pytest.raises(Wrong):
        house.reception.prove(opened.token, password=OTHER, place=PLACE)
    with pytest.raises(Wrong):
        house.reception.prove(opened.token, place=PLACE)
    opened = house.reception.prove(opened.token, password=GOOD, place=PLACE)
    assert house.reception.enrol(opened.token).picture.startswith("<svg")


def test_a_password_of_an_older_recipe_is_kept_anew(house: House) -> None:
    from argon2 import PasswordHasher

    house.add()
    old = PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1).hash(GOOD)
    with house.database.write() as connection:
        people.change(connection, "ara", password=old)
    house.sign_in()
    with house.database.read() as connection:
        card = people.find(connection, "ara")
    assert card
    assert card.password
    assert "m=19456" in card.password


def test_who_guesses_waits_longer_each_time(house: House) -> None:
    house.add()
    for _ in range(PAIR.free):
        assert "not right" in refused(house, "ara", OTHER)
    waits = []
    for _ in range(5):
        with pytest.raises(Wait) as told:
            house.sign_in(password=GOOD)  # also with the right one
        waits.append(told.value.seconds)
        house.later(seconds=told.value.seconds)
        refused(house, "ara", OTHER)
    assert waits == sorted(waits)
    assert waits[-1] >= 16
    house.later(seconds=PAIR.most.total_seconds())
    house.sign_in()
    house.sign_in()  # and all is forgotten


def test_guesses_at_the_same_moment_are_counted(house: House) -> None:
    house.add()

    def guess(number: int) -> bool:
        return "not right" in refused(house, "ara", f"{OTHER} {number}")

    with ThreadPoolExecutor(8) as many:
        tried = sum(many.map(guess, range(24)))
    assert tried == PAIR.free


def test_a_stranger_keeps_nobody_out(house: House) -> None:
    """Guesses from thousands of networks make strangers wait a minute; the owner's own browser does not wait."""
    house.add()
    device = house.sign_in().device
    for number in range(100):
        refused(house, "ara", OTHER, place=f"10.0.{number}.1")
        house.later(seconds=1)
    said = refused(house, "ara", GOOD, place="10.1.0.1")
    assert "try again in" in said
    assert int(said.split()[-2]) <= 60
    assert house.sign_in(device=device)


def test_a_device_is_one_persons_and_has_patience_of_its_own(house: House) -> None:
    house.add()
    house.add("dana", "editor")
    device = house.sign_in("dana").device
    for _ in range(PAIR.free):
        refused(house, "dana", OTHER, device=device)
    assert "try again in" in refused(house, "dana", GOOD, device=device)
    assert house.reception._known(device, "ara") == ""
    assert house.reception._known(f"{device}x", "dana") == ""


def test_one_network_that_tries_many_names_waits(house: House) -> None:
    said = [refused(house, f"name-{number}", OTHER) for number in range(40)]
    assert sum("try again" in one for one in said) >= 9


def test_a_whole_newsroom_signs_in_from_one_network_all_day(house: House) -> None:
    house.add()
    house.add("dana", "editor")
    for _ in range(20):
        house.sign_in()
        house.sign_in("dana")
    for number in range(
        30
    ):  # and whoever has an account there does not wipe the slate of their guesses by it
        refused(house, f"name-{number}", OTHER)
        if number % 10 == 0:
            house.sign_in()
    assert "try again" in refused(house, "ara", OTHER)


def test_wrong_tries_are_forgotten_after_a_day(house: House) -> None:
    house.add()
    for _ in range(PAIR.free):
        refused(house, "ara", OTHER)
    house.time += timedelta(days=1, seconds=1)
    assert "not right" in refused(house, "ara", OTHER)


def test_a_long_password_is_taken_whole(house: House) -> None:
    long = " ".join(f"w{number}ord{number * 7}" for number in range(20))[:200]
    house.add(password=long)
    assert house.sign_in(password=long)
    refused(house, "ara", long[:-1])
    refused(house, "ara", long.upper())
    refused(house, "ara", "x" * 100_000)


def test_what_happens_is_in_the_audit_trail(house: House) -> None:
    house.add()
    refused(house, "ara", OTHER)
    refused(house, "nobody", OTHER)
    house.with_factor()
    assert {("console", "sign-in refused", "ara"), ("console", "sign-in refused", "(nobody)")} <= set(
        house.audited()
    )
    assert ("ara", "second factor", "ara") in house.audited()
    with house.database.write() as connection:
        brakes.note(connection, who="x", what="y", about="z", why="", now=house.time)
