"""Who lets programs in: each has a key of its own, by name, and may do what it was given for and not too often."""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from threading import Lock

from syndicator.errors import NotFound, Refused, TooMany, Unproven
from syndicator.storage import brakes, passes
from syndicator.storage.database import Database
from syndicator.storage.passes import Pass

__all__ = ["SCOPES", "Pass", "PerMinute", "Porter"]

SCOPES = (
    "articles:read", "articles:write", "push", "deliveries:read", "deliveries:write", "channels:write",
    "newsletters:read", "newsletters:write", "subscribers:read", "subscribers:write", "subscribers:erase",
    "audit:read",
)  # fmt: skip
NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
SECRET_BYTES = 24  # 192 bit
WRONG_MAX = 20  # keys that do not fit, in a minute from one place
NOBODY = hashlib.sha256(b"").hexdigest()  # compared with where there is no such key: it takes as long


class Porter:
    """``chance`` gives so many octets that nobody can guess; counts are this process's own."""

    def __init__(
        self,
        database: Database,
        *,
        now: Callable[[], datetime],
        chance: Callable[[int], bytes],
        per_minute: int,
    ) -> None:
        self._database = database
        self._now = now
        self._chance = chance
        self._calls = PerMinute(per_minute, now)
        self._wrong = PerMinute(WRONG_MAX, now)

    def issue(self, name: str, scopes: Sequence[str], *, by: str) -> str:
        """A new key; what is returned is shown once and kept nowhere. Raises :exc:`Refused`."""
        if not NAME.fullmatch(name):
            raise Refused(f"{name!r} is no name for a key; write small letters, digits and hyphens")
        wanted = tuple(one for one in SCOPES if one in scopes)
        if unknown := sorted(set(scopes) - set(SCOPES)):
            raise Refused(f"there is no scope {unknown[0]!r}; there are: {', '.join(SCOPES)}")
        if not wanted:
            raise Refused(f"say what the key is for: --scope with one of {', '.join(SCOPES)}")
        token = f"{name}.{urlsafe_b64encode(self._chance(SECRET_BYTES)).decode()}"
        one = Pass(name=name, token_hash=_hash(token), scopes=wanted, since=self._now(), by=by)
        with self._database.write() as connection:
            if not passes.add(connection, one):
                raise Refused(f"a key was called {name!r} before; name this one otherwise")
            brakes.note(
                connection, who=by, what="key", about=name, why=f"for {', '.join(wanted)}", now=self._now()
            )
        return token

    def end(self, name: str, *, by: str) -> None:
        """It lets nobody in from here on. Raises :exc:`NotFound`."""
        with self._database.write() as connection:
            if not passes.end(connection, name, self._now()):
                raise NotFound(f"no key that is good is called {name!r}; `syndicator key list`")
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
        if found is None or not fits or found.ended_at:
            self._wrong.count(place)
            raise Unproven("this key opens nothing; `syndicator key add` makes one")
        self._calls.check(name)
        self._calls.count(name)
        return found


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
                raise TooMany(f"more than {self._most} in a minute; come again in the next")

    def count(self, who: str) -> None:
        with self._lock:
            self._turn()
            self._counts[who] += 1

    def _turn(self) -> None:
        minute = int(self._now().timestamp() // 60)
        if minute != self._minute:
            self._minute = minute
            self._counts.clear()


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
