"""WebSub, as a subscriber: a hub is asked to tell us of a feed, proves that it was asked, and signs what it says.

What it sends is not taken: it is a word that the feed has changed, and the feed itself is read. So nothing that is
sent twice, late or by somebody else can put a story in or undo one.
"""

from __future__ import annotations

import hmac
import logging
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from urllib.parse import urlencode

from syndicator.errors import NotFound, Refused, SourceError
from syndicator.ports import Caller
from syndicator.storage import hubs
from syndicator.storage.database import Database
from syndicator.storage.hubs import Hub
from syndicator.tokens import Keys, sign, verify

log = logging.getLogger("syndicator")

LEASE = timedelta(days=10)  # asked for; the hub says what it gives
LEASE_MAX = timedelta(days=30)
AGAIN = timedelta(hours=6)  # a hub that has not answered is asked again after this
SOON = timedelta(minutes=5)  # two renewals are at least so far apart
RENEWED = 0.8  # of a lease: then it is renewed
AT_ONCE = 20  # hubs that are asked in one go
# Those of RFC 2104 that WebSub names. Large hubs still sign with SHA-1, which is sound in an HMAC.
METHODS = frozenset({"sha1", "sha256", "sha384", "sha512"})


class Hubs:
    """``public_url`` is where hubs reach us; empty: nowhere, and none is asked."""

    def __init__(
        self, database: Database, *, keys: Keys, public_url: str, caller: Caller, now: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._keys = keys
        self._public_url = public_url.rstrip("/")
        self._caller = caller
        self._now = now

    def keep(self, sources: Collection[str]) -> None:
        """Ask the hubs whose turn it is: those that were not asked yet, and those whose lease comes to its end."""
        if not self._public_url:
            return
        with self._database.read() as connection:
            due = [one for one in hubs.listed(connection) if _is_due(one, self._now())]
        if any(one.source not in sources for one in due):
            with self._database.write() as connection:
                hubs.drop_others(connection, sources)
        for one in [one for one in due if one.source in sources][:AT_ONCE]:
            self._ask(one)

    def _ask(self, one: Hub) -> None:
        with self._database.write() as connection:  # before, for a hub may prove it while it still answers
            hubs.asked(connection, one.source, self._now())
        form = {
            "hub.mode": "subscribe",
            "hub.topic": one.topic,
            "hub.callback": self._callback(one),
            "hub.secret": self._secret(one),
            "hub.lease_seconds": str(int(LEASE.total_seconds())),
        }
        try:
            answer = self._caller.ask("POST", one.hub, content=urlencode(form).encode())
            fault = "" if answer.status // 100 == 2 else f"it answers HTTP {answer.status}"
        except SourceError as error:
            fault = str(error)
        if fault:
            log.warning("%s: its hub %s does not tell us: %s", one.source, one.hub, fault)
            with self._database.write() as connection:
                hubs.failed(connection, one.source, fault)

    def proven(self, source: str, token: str, query: Mapping[str, str]) -> str:
        """What to answer to a hub that asks whether we asked it. Raises :exc:`NotFound` where we did not."""
        one = self._called(source, token)
        if query.get("hub.topic") != one.topic:
            raise NotFound("nobody here asked for this topic")
        if query.get("hub.mode") == "denied":
            said = query.get("hub.reason", "")[:200]
            log.warning("%s: its hub %s refuses to tell us: %s", source, one.hub, said)
            with self._database.write() as connection:
                hubs.ended(connection, source, f"it refuses: {said}")
            return ""
        if query.get("hub.mode") != "subscribe" or not query.get("hub.challenge"):
            raise NotFound("we want to hear of it")  # also where somebody wants to end it in our name
        seconds = query.get("hub.lease_seconds", "")
        lease = timedelta(seconds=min(int(seconds[:9]), 10**9)) if seconds.isdecimal() else LEASE
        with self._database.write() as connection:
            hubs.verified(connection, source, self._now() + min(lease, LEASE_MAX))
        log.info("%s: its hub %s tells us when it changes", source, one.hub)
        return query["hub.challenge"]

    def heard(self, source: str, token: str, signature: str, body: bytes) -> str:
        """A key for what the hub sent. Raises :exc:`NotFound` for what nobody asked for, :exc:`Refused` for what is not
        signed with our secret."""
        one = self._called(source, token)
        method, _, given = signature.partition("=")
        if method not in METHODS:
            raise Refused("it is not signed")
        made = hmac.new(self._secret(one).encode(), body, method).hexdigest()
        if not hmac.compare_digest(made.encode(), given.strip().lower().encode()):
            raise Refused("it is not signed with our secret")
        return f"websub:{source}:{sha256(body).hexdigest()}"

    def doctor(self) -> Iterator[tuple[str, bool, str]]:
        with self._database.read() as connection:
            found = hubs.listed(connection)
        for one in found:
            well = bool(one.until and one.until > self._now())
            said = (
                f"its hub {one.hub} tells us until {one.until:%Y-%m-%d %H:%M} UTC"
                if well
                else f"its hub {one.hub}"
            )
            if not well:
                said += f" does not tell us yet{f': {one.fault}' if one.fault else ''}"
            if not self._public_url:
                said = (
                    f"its hub {one.hub} would tell us at once; say newsroom.public_url, so that it reaches us"
                )
            yield f"sources.{one.source}", well or not one.fault, said

    def _called(self, source: str, token: str) -> Hub:
        with self._database.read() as connection:
            one = hubs.of(connection, source)
        if one is None or verify(self._keys, "websub", token) != (source, one.topic):
            raise NotFound("nobody here asked for this")
        return one

    def _callback(self, one: Hub) -> str:
        return f"{self._public_url}/hooks/websub/{one.source}/{sign(self._keys, 'websub', one.source, one.topic)}"

    def _secret(self, one: Hub) -> str:
        """Made again from the same facts, so that it lies nowhere."""
        return sign(self._keys, "websub-secret", one.source, one.hub, one.topic).rpartition(".")[2]


def _is_due(one: Hub, now: datetime) -> bool:
    if one.until is None or one.until <= now:
        return now - one.asked_at >= AGAIN
    since = now - one.asked_at
    return since >= SOON and since >= RENEWED * (one.until - one.asked_at)
