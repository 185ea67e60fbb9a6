"""Who lets programs in: each has a key of its own, by name, and may do what it was given for and not too often."""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from threading import Lock

from syndicator.errors import NO_SUCH, NotFound, Refused, TooMany, Unproven
from syndicator.storage import brakes, orders, passes
from syndicator.storage.database import Database
from syndicator.storage.orders import Order
from syndicator.storage.passes import Pass

__all__ = ["SCOPES", "Order", "Pass", "PerMinute", "Porter", "purpose"]

SCOPES = (
    "articles:read", "articles:write", "push", "approve", "deliveries:read", "deliveries:write", "channels:write",
    "newsletters:read", "newsletters:write", "subscribers:read", "subscribers:write", "subscribers:erase",
    "audit:read", "webhooks:read", "webhooks:write", "keys:read", "people:read",
)  # fmt: skip
NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
SECRET_BYTES = 24  # 192 bit
WRONG_MAX = 20  # keys that do not fit, in a minute from one place
KEPT = timedelta(hours=24)  # what was answered to an order that has a name
NOBODY = hashlib.sha256(b"").hexdigest()  # compared with where there is no such key: it takes as long


class Porter:
    """``chance`` gives so many octets that nobody can guess; counts are this process's own. ``channels`` and
    ``languages`` are those that a key may be limited to."""

    def __init__(
        self,
        database: Database,
        *,
        now: Callable[[], datetime],
        chance: Callable[[int], bytes],
        per_minute: int,
        channels: Collection[str] = (),
        languages: Collection[str] = (),
    ) -> None:
        self._database = database
        self._now = now
        self._known = {"channel": channels, "language": languages}
        self._chance = chance
        self._calls = PerMinute(per_minute, now)
        self._wrong = PerMinute(WRONG_MAX, now)

    def issue(
        self,
        name: str,
        scopes: Sequence[str],
        *,
        by: str,
        channels: Sequence[str] = (),
        languages: Sequence[str] = (),
        until: datetime | None = None,
    ) -> str:
        """A new key; what is returned is shown once and kept nowhere. ``channels`` and ``languages`` are those on which
        its word counts, all where none is named. Raises :exc:`Refused`."""
        if not NAME.fullmatch(name):
            raise Refused("{name!r} is no name for a key; write small letters, digits and hyphens", name=name)
        self._check(scopes, channels, languages, until)
        token = f"{name}.{urlsafe_b64encode(self._chance(SECRET_BYTES)).decode()}"
        one = Pass(
            name=name,
            token_hash=_hash(token),
            scopes=tuple(one for one in SCOPES if one in scopes),
            since=self._now(),
            by=by,
            channels=tuple(channels),
            languages=tuple(languages),
            until=until,
        )
        with self._database.write() as connection:
            if not passes.add(connection, one):
                raise Refused("a key was called {name!r} before; name this one otherwise", name=name)
            brakes.note(
                connection, who=by, what="key", about=name, why=f"for {purpose(one)}", now=self._now()
            )
        return token

    def _check(
        self,
        scopes: Sequence[str],
        channels: Sequence[str],
        languages: Sequence[str],
        until: datetime | None,
    ) -> None:
        if unknown := sorted(set(scopes) - set(SCOPES)):
            raise Refused(
                "there is no scope {name!r}; there are: {known}",
                name=unknown[0],
                known=", ".join(SCOPES),
            )
        if not scopes:
            raise Refused("say what the key is for: --scope with one of {known}", known=", ".join(SCOPES))
        for what, named in (("channel", channels), ("language", languages)):
            if missing := sorted(set(named) - set(self._known[what])):
                raise Refused(NO_SUCH[what], name=missing[0], known=", ".join(self._known[what]))
        if until is not None and until <= self._now():
            raise Refused("a key that is good until {until:%Y-%m-%d %H:%M} opens nothing", until=until)

    def end(self, name: str, *, by: str) -> None:
        """It lets nobody in from here on. Raises :exc:`NotFound`."""
        with self._database.write() as connection:
            if not passes.end(connection, name, self._now()):
                raise NotFound("no key that is good is called {name!r}; `syndicator key list`", name=name)
            brakes.note(connection, who=by, what="key ended", about=name, why="", now=self._now())

    def listed(self) -> Sequence[Pass]:
        with self._database.read() as connection:
            return passes.listed(connection)

    def admit(self, token: str, *, place: str) -> Pass:
        """Whose key it is, and what for. ``place`` is the network that the call comes from.

        Raises :exc:`Unproven` for a key that is none, :exc:`TooMany`.
        """
        self._wrong.check(place)
        name = token.partition(".")[0]
        with self._database.read() as connection:
            found = passes.find(connection, name)
        fits = hmac.compare_digest(_hash(token), found.token_hash if found else NOBODY)
        if found is None or not fits or not found.good(self._now()):
            self._wrong.count(place)
            raise Unproven("this key opens nothing; `syndicator key add` makes one")
        self._calls.check(name)
        self._calls.count(name)
        return found

    def allowance(self, name: str) -> tuple[int, int, int]:
        """How many calls a key may make in a minute, how many of them are left, and in how many seconds a new minute
        begins."""
        return self._calls.left(name)

    # Orders that have a name: a program that heard no answer orders once more, and it is done once

    def begin(self, key: str, name: str, fingerprint: str) -> Order | None:
        """None: it is the caller's to do, and nobody else's from here on. Else what was begun under this name."""
        now = self._now()
        with self._database.write() as connection:
            return orders.begin(connection, key, name, fingerprint, now=now, kept_since=now - KEPT)

    def answered(self, key: str, name: str, status: int, body: str) -> None:
        with self._database.write() as connection:
            orders.keep(connection, key, name, status, body)

    def release(self, key: str, name: str) -> None:
        """Nothing was done: it may be ordered again."""
        with self._database.write() as connection:
            orders.release(connection, key, name)

    def sweep(self) -> None:
        with self._database.write() as connection:
            orders.forget(connection, self._now() - KEPT)


class PerMinute:
    """How often somebody comes, counted in each minute of the clock anew."""

    def __init__(self, most: int, now: Callable[[], datetime]) -> None:
        self._most = most
        self._now = now
        self._lock = Lock()
        self._minute = 0
        self._counts: Counter[str] = Counter()

    def check(self, who: str) -> None:
        """Raises :exc:`TooMany`."""
        with self._lock:
            self._turn()
            if self._counts[who] >= self._most:
                raise TooMany("more than {most} in a minute; come again in the next", most=self._most)

    def count(self, who: str) -> None:
        with self._lock:
            self._turn()
            self._counts[who] += 1

    def left(self, who: str) -> tuple[int, int, int]:
        """The most, what is left of it, and the seconds until the next minute."""
        with self._lock:
            self._turn()
            left = max(0, self._most - self._counts[who])
            return self._most, left, 60 - int(self._now().timestamp() % 60)

    def _turn(self) -> None:
        minute = int(self._now().timestamp() // 60)
        if minute != self._minute:
            self._minute = minute
            self._counts.clear()


def purpose(one: Pass) -> str:
    """What a key is for, in words."""
    limits = (
        ("on", ", ".join(one.channels)),
        ("in", ", ".join(one.languages)),
        ("until", f"{one.until:%Y-%m-%d %H:%M} UTC" if one.until else ""),
    )
    return "; ".join([", ".join(one.scopes), *(f"{how} {what}" for how, what in limits if what)])


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
