"""Passwords: which are good, and how they are kept.

No rule says what a password must be made of. It must be long, and something must be left of it once everything is
taken out that people who guess try first: words of the list beside this file, the newsroom's own words, runs of the
keyboard, years, repetitions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from enum import StrEnum
from functools import cache
from importlib.resources import files
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type, hash_secret_raw

from syndicator.errors import Refused

from .patience import Wait

SHORTEST, LONGEST = 12, 256  # characters
LEFT = 6  # characters of a good one that are nobody's common words
DIFFERENT = 5  # characters
AT_ONCE = 4  # hashes that are made at the same time; each takes 19 MiB
QUEUE = 5  # seconds that somebody waits for a place among them
# argon2id as OWASP's cheat sheet on password storage has it: 19 MiB, 2 passes, 1 lane.
MEMORY, PASSES, LANES = 19_456, 2, 1
# Compared with where there is no such person: it takes as long.
NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5J3Mgc2FsdCAxNg$/SeYOegSj8bi1x6/HK2trGWAo/nm6uPBw4VTWPGsgVs"
ROWS = (  # of keys, and of letters
    "qwertyuiop", "asdfghjkl", "zxcvbnm", "1234567890", "abcdefghijklmnopqrstuvwxyz", "qazwsxedcrfvtgbyhnujmikolp",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm", "zaq1xsw2cde3vfr4bgt5nhy6", "qazxswedcvfrtgbnhyujm", "qawsedrftgyhujikolp",
    "1qa2ws3ed4rf5tg6yh", "qweasdzxc", "ضصثقفغعهخحجد", "شسيبلاتنمكط",
)  # fmt: skip
LOOKALIKES = str.maketrans("@$013457!|", "asoieastil")


class Weakness(StrEnum):
    SHORT = "short"
    LONG = "long"
    COMMON = "common"  # of words that are tried first, or of few signs


SAYS = {
    Weakness.SHORT: f"the password has less than {SHORTEST} characters; take several words",
    Weakness.LONG: f"the password has more than {LONGEST} characters; take a shorter one",
    Weakness.COMMON: "such passwords are guessed first; take several words that have nothing to do with one another",
}


class Weak(Refused):
    """A password that nobody is to have."""

    def __init__(self, weakness: Weakness) -> None:
        self.weakness = weakness
        super().__init__(SAYS[weakness])


def check(password: str, own: Collection[str] = ()) -> None:
    """Raises :exc:`Weak`. ``own`` are words that those who guess know: of the newsroom, of the person."""
    if len(password) < SHORTEST:
        raise Weak(Weakness.SHORT)
    if len(password) > LONGEST:
        raise Weak(Weakness.LONG)
    told = password.casefold()
    ways = (told, told.translate(LOOKALIKES), told[::2] + told[1::2])  # the last: two rows of keys in turn
    if len(set(told)) < DIFFERENT or any(len(_left(_once(one), own)) < LEFT for one in ways):
        raise Weak(Weakness.COMMON)


def _once(told: str) -> str:
    """Without its repetitions: abcabc is abc."""
    return re.sub(r"(.{2,}?)\1+|(.)\2{2,}", r"\1\2", told)


def _left(told: str, own: Collection[str]) -> str:
    """What is left without the words that are tried first, years, runs of keys, and what stands around it all."""
    words = {word.casefold() for word in own if len(word) > 2} | _common()
    for word in sorted(words, key=len, reverse=True):
        told = told.replace(word, " ")
    told = re.sub(r"(19|20)\d\d", " ", told)
    for run in _runs():
        told = told.replace(run, " ")
    told = re.sub(r"^[\W\d_]{1,4}|[\W\d_]{1,4}$", "", told)
    return re.sub(r"\s", "", told)


@cache
def _runs() -> tuple[str, ...]:
    """Four keys or letters in a row, forwards and backwards, the longest first."""
    found = set()
    for row in ROWS:
        for told in (row, row[::-1]):
            found |= {told[i : j + 1] for i in range(len(told)) for j in range(i + 3, len(told))}
    return tuple(sorted(found, key=len, reverse=True))


@cache
def _common() -> frozenset[str]:
    told = files(__package__).joinpath("common.txt").read_text("utf-8")
    lines = (line for line in told.splitlines() if not line.startswith("#"))
    return frozenset(word for line in lines for word in line.split() if len(word) > 2)


class Hasher:
    """argon2id. ``fits`` takes the same work whether there is a password to compare with or not."""

    def __init__(self, chance: Callable[[int], bytes]) -> None:
        self._chance = chance
        self._argon = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY, parallelism=LANES)
        self._places = BoundedSemaphore(AT_ONCE)
        self.made = 0  # hashes; a test counts them

    @contextmanager
    def _place(self) -> Iterator[None]:
        """Raises :exc:`Wait` where too many are before us: whoever floods us with guesses stops nothing else."""
        if not self._places.acquire(timeout=QUEUE):
            raise Wait(QUEUE)
        try:
            yield
        finally:
            self._places.release()

    def of(self, password: str) -> str:
        with self._place():
            self.made += 1
            return self._argon.hash(password, salt=self._chance(16))

    def fits(self, kept: str | None, password: str) -> bool:
        with self._place():
            self.made += 1
            try:
                return self._argon.verify(kept or NOBODY, password[: LONGEST + 1]) and kept is not None
            except (VerificationError, InvalidHashError):
                return False

    def is_old(self, kept: str) -> bool:
        """It was made with other parameters."""
        return self._argon.check_needs_rehash(kept)

    def raw(self, code: str, salt: bytes) -> str:
        """For codes that are many for one person, with one salt."""
        with self._place():
            self.made += 1
            made = hash_secret_raw(
                code.encode(),
                salt,
                time_cost=PASSES,
                memory_cost=MEMORY,
                parallelism=LANES,
                hash_len=32,
                type=Type.ID,
            )
        return made.hex()
