"""Which passwords are good."""

from __future__ import annotations

import string
from random import Random

import pytest

from syndicator.services.people import passwords
from syndicator.services.people.passwords import LONGEST, SHORTEST, Hasher, Weak, Weakness, check
from syndicator.services.people.patience import Wait
from tests.people.house import GOOD, OTHER

NEWSROOM = ("The Zagros Courier", "zagros", "courier", "ara")


@pytest.mark.parametrize(
    "password",
    [
        "password1234", "Password12345!", "P@ssw0rd1234", "passwordpassword", "iloveyou12345", "qwertyuiop123",
        "1q2w3e4r5t6y", "q1w2e3r4t5y6", "1qaz2wsx3edc", "zaq1xsw2cde3", "asdfghjkl123", "abcdefghijkl", "123456789012",
        "aaaaaaaaaaaaaa", "abcabcabcabcabc", "121212121212", "monkeydragon12", "letmein letmein", "welcome2026!!!",
        "kurdistan1991", "Zagros-Courier-2026", "ara12051990ara", "zagroszagros1", "newsletter2026", "الله محمد العراق",
        "correct horse battery staple", "adminadmin123", "!!!!!!!!!!!!!!", "administrator1",
    ],
)  # fmt: skip
def test_what_is_guessed_first_is_refused(password: str) -> None:
    with pytest.raises(Weak) as told:
        check(password, NEWSROOM)
    assert told.value.weakness is Weakness.COMMON


@pytest.mark.parametrize(
    "password", [GOOD, OTHER, "ڕووبارێکی درێژ لە شار", "tall river kitchen orbit", "x" * 3 + "7kPq!vR2mZ"]
)
def test_what_is_long_and_nobodys_is_taken(password: str) -> None:
    check(password, NEWSROOM)


@pytest.mark.parametrize(
    ("password", "weakness"),
    [("x7kPq!vR2mZ", Weakness.SHORT), ("", Weakness.SHORT), ("kv7 " * 65, Weakness.LONG)],
)
def test_how_long(password: str, weakness: Weakness) -> None:
    with pytest.raises(Weak) as told:
        check(password)
    assert told.value.weakness is weakness
    assert (SHORTEST, LONGEST) == (12, 256)


def test_no_rule_says_what_it_must_be_made_of() -> None:
    """Whatever the signs, what chance made is taken: but for one in a hundred, that looks like something else."""
    rng = Random(1)
    for signs in (
        string.ascii_lowercase,
        string.ascii_letters,
        string.ascii_letters + string.digits,
        "کوردسلێمانیهەڵبجچ ",
    ):
        refused = 0
        for _ in range(300):
            try:
                check("".join(rng.choice(signs) for _ in range(16)), NEWSROOM)
            except Weak:
                refused += 1
        assert refused <= 3, signs


def test_a_flood_of_guesses_waits_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "QUEUE", 0)
    hasher = Hasher(Random(1).randbytes)
    kept = hasher.of(GOOD)
    for _ in range(passwords.AT_ONCE):
        hasher._places.acquire()
    with pytest.raises(Wait):
        hasher.fits(kept, GOOD)
    hasher._places.release()
    assert hasher.fits(kept, GOOD)


def test_a_hash_says_how_it_was_made_and_is_never_the_same() -> None:
    hasher = Hasher(Random(1).randbytes)
    one, other = hasher.of(GOOD), hasher.of(GOOD)
    assert one != other
    assert one.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert hasher.fits(one, GOOD)
    assert not hasher.fits(one, GOOD.upper())
    assert not hasher.fits(None, "nobody's")  # what stands in for nobody lets nobody in
    assert not hasher.fits("nonsense", GOOD)
