"""Who the newsroom's people are: invited, changed, ended."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from syndicator.errors import NotFound, Refused
from syndicator.model import Role
from syndicator.services.people import person
from syndicator.services.people.nouns import Opened, Wrong
from syndicator.services.people.passwords import Weak
from tests.people.house import AWAY, GOOD, HOME, OTHER, House


def token_of(link: str) -> str:
    return link.rpartition("/")[2]


def invite(house: House, name: str = "dana", role: str = "editor", **more: object) -> str:
    return token_of(house.people.invite(person(name, role, **more), by="ara"))  # type: ignore[arg-type]


def test_there_is_nobody_at_first(house: House) -> None:
    assert house.people.listed() == []
    for name in ("admin", "root", "operator", "ara"):
        with pytest.raises(Wrong):
            house.sign_in(name, "admin admin admin")


def test_an_invited_person_joins_by_their_link_once(house: House) -> None:
    link = house.people.invite(
        person("dana", "editor", "ckb", ["tg-ckb"], ["ckb"]), by="ara", email="Dana@Zagros.example"
    )
    assert link.startswith("https://news.zagros.example/console/invitation/")
    shown = house.people.called("dana")
    assert (shown.joined_at, shown.email) == (None, "dana@zagros.example")
    assert shown.invited_until is not None
    assert house.people.invited(token_of(link)) == (shown.person, "invite")
    opened = house.people.accept(token_of(link), GOOD, **HOME)
    inside = house.reception.inside(opened.token)
    assert inside is not None
    assert inside.person == shown.person
    for again in (house.people.invited, lambda token: house.people.accept(token, OTHER, **AWAY)):
        with pytest.raises(NotFound, match="opens nothing any more"):
            again(token_of(link))
    assert house.sign_in("dana").person.role is Role.EDITOR
    assert ("ara", "person invited", "dana") in house.audited()
    assert ("dana", "person joined", "dana") in house.audited()


def test_of_two_who_accept_at_once_one_is_let_in(house: House) -> None:
    token = invite(house)

    def accept(password: str) -> Opened | str:
        try:
            return house.people.accept(token, password, **HOME)
        except NotFound as error:
            return str(error)

    with ThreadPoolExecutor(2) as both:
        told = list(both.map(accept, [GOOD, OTHER]))
    assert sum(isinstance(one, Opened) for one in told) == 1
    assert len(house.audited("person joined")) == 1


def test_an_invitation_is_over_after_three_days_or_when_another_one_is_made(house: House) -> None:
    first = invite(house)
    second = token_of(house.people.reset("dana", by="ara"))
    with pytest.raises(NotFound):
        house.people.accept(first, GOOD, **HOME)
    house.later(days=3)
    with pytest.raises(NotFound):
        house.people.accept(second, GOOD, **HOME)
    assert house.people.called("dana").invited_until is None
    house.people.accept(token_of(house.people.reset("dana", by="ara")), GOOD, **HOME)


def test_who_was_not_invited_by_this_link_has_no_way_in(house: House) -> None:
    invite(house)
    for token in ("", "x", "0" * 32):
        with pytest.raises(NotFound):
            house.people.accept(token, GOOD, **HOME)
    with pytest.raises(Wrong):
        house.sign_in("dana", "")


def test_a_reset_lets_the_old_password_stand_until_it_is_used_and_ends_all_sessions_then(
    house: House,
) -> None:
    house.add()
    before = house.sign_in()
    token = token_of(house.people.reset("ara", by="operator"))
    assert house.reception.inside(before.token)
    with pytest.raises(Weak):
        house.people.accept(token, "short", **HOME)
    house.people.accept(token, OTHER, **HOME)
    assert house.reception.inside(before.token) is None
    with pytest.raises(Wrong):
        house.sign_in(password=GOOD)
    assert house.sign_in(password=OTHER)


def test_a_reset_link_does_not_go_round_the_second_factor(house: House) -> None:
    house.add()
    house.with_factor()
    token = token_of(house.people.reset("ara", by="operator"))
    assert house.people.accept(token, OTHER, **HOME).session.waits_for == "code"
    token = token_of(house.people.reset("ara", by="operator", second_factor=True))
    assert house.people.accept(token, OTHER, **HOME).session.waits_for == ""


def test_a_reset_of_two_hours(house: House) -> None:
    house.add()
    token = token_of(house.people.reset("ara", by="operator"))
    house.later(hours=2)
    with pytest.raises(NotFound):
        house.people.accept(token, OTHER, **HOME)


def test_what_is_changed_counts_at_once_where_they_are_signed_in(house: House) -> None:
    house.add()
    house.add("dana", "publisher")
    opened = house.sign_in("dana")
    house.people.change("dana", by="ara", role=Role.VIEWER, channels=["tg-en"], language="ar", telegram=77)
    inside = house.reception.inside(opened.token)
    assert inside is not None
    assert (inside.person.role, inside.person.language) == (Role.VIEWER, "ar")
    assert (inside.person.channels, inside.person.telegram) == ({"tg-en"}, 77)
    house.people.change("dana", by="ara", channels=[])
    assert house.people.called("dana").person.channels == frozenset()
    assert house.people.called("dana").person.telegram == 77


def test_who_was_ended_is_out_that_moment_everywhere_and_for_good(house: House) -> None:
    house.add()
    house.add("dana", "publisher")
    opened = house.sign_in("dana")
    token = token_of(house.people.reset("dana", by="ara"))
    house.people.change("dana", by="ara", telegram=77)
    house.people.end("dana", by="ara", why="left the paper")
    assert house.reception.inside(opened.token) is None
    assert house.people.by_telegram(77) is None
    with pytest.raises(Wrong):
        house.sign_in("dana")
    with pytest.raises(NotFound):
        house.people.accept(token, OTHER, **HOME)
    for act in (
        lambda: house.people.change("dana", by="ara", role=Role.ADMIN),
        lambda: house.people.reset("dana", by="ara"),
        lambda: house.people.end("dana", by="ara"),
        lambda: house.people.telegram_code("dana"),
    ):
        with pytest.raises(NotFound):
            act()
    with pytest.raises(Refused, match="take another name"):
        house.add("dana")
    house.add("lana", "viewer")
    house.people.change("lana", by="ara", telegram=77)  # it is free again


def test_the_last_admin_stays(house: House) -> None:
    house.add()
    invite(house, "dana", "admin")  # has not come yet
    for act in (
        lambda: house.people.end("ara", by="ara"),
        lambda: house.people.change("ara", by="ara", role=Role.VIEWER),
    ):
        with pytest.raises(Refused, match="last admin"):
            act()
    house.add("zana", "admin")
    house.people.end("ara", by="zana")


def test_two_admins_who_end_one_another_at_once_are_not_both_gone(house: House) -> None:
    house.add("ara")
    house.add("zana")

    def end(name: str) -> bool:
        try:
            house.people.end(name, by="operator")
        except Refused:
            return False
        return True

    with ThreadPoolExecutor(2) as both:
        assert sorted(both.map(end, ["ara", "zana"])) == [False, True]


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (("Ara", "admin"), "no name"),
        (("ara zana", "admin"), "no name"),
        (("operator", "admin"), "no name"),
        (("ara", "king"), "no role"),
        (("ara", "admin", "fr"), "does not speak"),
        (("ara", "admin", "en", ["tg-x"]), "no channel 'tg-x'; there are: tg-en, tg-ckb"),
        (("ara", "admin", "en", [], ["fr"]), "no language 'fr'; there are: en, ckb"),
    ],
)
def test_what_cannot_be_is_refused_with_what_can(house: House, told: tuple[str, ...], why: str) -> None:
    with pytest.raises(Refused, match=why):
        house.people.invite(person(*told), by="ara")  # type: ignore[arg-type]
    assert house.people.listed() == []


def test_an_id_or_an_address_is_one_persons(house: House) -> None:
    house.add()
    invite(house)
    house.people.change("ara", by="ara", telegram=77, email="a@x.example")
    for more in ({"telegram": 77}, {"email": "A@x.example"}):
        with pytest.raises(Refused, match="somebody else has this"):
            house.people.change("dana", by="ara", **more)  # type: ignore[arg-type]


def test_telegram_knows_who_sent_the_code(house: House) -> None:
    house.add()
    code = house.people.telegram_code("ara")
    assert len(code) == 16
    with pytest.raises(NotFound):
        house.people.accept(code, OTHER, **HOME)  # it is for nothing else
    assert house.people.know_telegram(code.upper(), 77).name == "ara"
    assert house.people.by_telegram(77) == house.people.called("ara").person
    with pytest.raises(NotFound):
        house.people.know_telegram(code, 78)
    late = house.people.telegram_code("ara")
    house.later(minutes=15)
    with pytest.raises(NotFound):
        house.people.know_telegram(late, 78)
    assert house.people.by_telegram(78) is None


def test_an_invited_person_is_no_one_to_telegram_yet(house: House) -> None:
    invite(house)
    house.people.change("dana", by="ara", telegram=77)
    assert house.people.by_telegram(77) is None


def test_no_password_token_or_secret_is_written_down(house: House) -> None:
    house.add()
    secret, sheet = house.with_factor()
    opened = house.sign_in()
    link = token_of(house.people.reset("ara", by="operator"))
    code = house.people.telegram_code("ara")
    with pytest.raises(Wrong):
        house.sign_in("my own password where the name stands", "x")
    import base64

    written = house.everything_written()
    hidden = [GOOD, opened.token, opened.device, link, code, secret, base64.b32decode(secret).hex(), *sheet]
    for one in filter(None, [*hidden, "my own password"]):
        assert one not in written
    assert "$argon2id$v=19$m=19456,t=2,p=1$" in written


def test_what_is_over_is_forgotten(house: House) -> None:
    house.add()
    invite(house)
    house.sign_in()
    with pytest.raises(Wrong):
        house.sign_in(password="x")
    house.later(days=40)
    house.people.sweep()
    with house.database.read() as connection:
        from sqlalchemy import func, select

        from syndicator.storage.schema import knocks, sessions, tickets

        for one in (knocks, sessions, tickets):
            assert connection.execute(select(func.count()).select_from(one)).scalar_one() == 0, one.name
