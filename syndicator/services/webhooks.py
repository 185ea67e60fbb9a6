"""Programs of others are called: signed, as often as it takes, and not for ever.

What they are told stands in the database since its fact does (:mod:`syndicator.storage.webhooks`). Here it is called
out: at least once, with the same id each time, in no promised order. The pauses between two tries are those of
Standard Webhooks, together some three days.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any
from urllib.parse import urlsplit

from syndicator.bulletins import PostSent, Trial, call
from syndicator.errors import NotFound, SourceError, near
from syndicator.model import SubscriberId
from syndicator.net.talking import Heard, Line, again_at
from syndicator.settings import WebhookTable
from syndicator.signing import signed
from syndicator.storage import brakes, readers, webhooks
from syndicator.storage.database import Database
from syndicator.storage.webhooks import Call

log = logging.getLogger("syndicator")

PAUSES = tuple(
    timedelta(seconds=seconds) for seconds in (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
)  # Standard Webhooks, "Deliverability and reliability"
LATE = timedelta(days=3)  # an edition due before is no news any more
KEPT = timedelta(days=30)  # calls that are over, with their tries
SAID_MAX = 300  # characters of what came back
GONE = 410


class Webhooks:
    """``link`` gives the address of what stands in a channel, empty where it has none."""

    def __init__(
        self,
        told: Mapping[str, WebhookTable],
        database: Database,
        *,
        now: Callable[[], datetime],
        rng: Random,
        stopping: Callable[[], bool],
        link: Callable[[str, str], str],
    ) -> None:
        self._told = told
        self._database = database
        self._now = now
        self._rng = rng
        self._stopping = stopping
        self._link = link
        self.jobs = {f"webhook {name}": name for name in told}

    def listen(self) -> None:
        """From here on facts are written down for those that the configuration names."""
        wanted = {(name, event) for name, one in self._told.items() for event in one.events}
        with self._database.read() as connection:
            same = set(webhooks.listening(connection)) == wanted
        if not same:
            with self._database.write() as connection:
                webhooks.listen(connection, wanted, self._now())

    def look(self) -> int:
        """Tell of editions that are finished since; returns how many."""
        now, found = self._now(), []
        with self._database.read() as connection:
            since = [
                at for (_, event), at in webhooks.listening(connection).items() if event == PostSent.EVENT
            ]
            if since:
                found = webhooks.finished(connection, max(min(since), now - LATE))
        for edition in found:
            with self._database.write() as connection:
                webhooks.tell_edition(connection, edition, now)
        return len(found)

    def run(self, name: str) -> int:
        """Make the calls of one webhook that are due, until one is not heard; returns how many were."""
        heard = 0
        with Line(self._told[name].url, seconds=self._told[name].timeout) as line:
            while not self._stopping() and (one := self._next(name)):
                if not self._tried(line, one):
                    break
                heard += 1
        return heard

    def _next(self, name: str) -> Call | None:
        with self._database.read() as connection:
            off = brakes.overridden(connection, _off(name))
            return None if off else webhooks.due(connection, name, self._now())

    def _tried(self, line: Line, one: Call) -> bool:
        status, said, later = self._called(line, one)
        now = self._now()
        again = self._again(one.tries, now, later) if said else None
        with self._database.write() as connection:
            webhooks.attempted(connection, one, now, status=status, said=said, again=again)
            if not said:
                brakes.drop(connection, _fails(one.webhook))
                return True
            since = brakes.overridden(connection, _fails(one.webhook)).get(_fails(one.webhook))
            if since is None:
                brakes.override(connection, _fails(one.webhook), now.isoformat(), now=now, by="webhooks")
            begun = datetime.fromisoformat(str(since)) if since else now
            over = status == GONE or now - begun >= self._told[one.webhook].patience
            if over:
                brakes.override(connection, _off(one.webhook), said, now=now, by="webhooks")
                brakes.note(
                    connection, who="webhooks", what="webhook off", about=one.webhook, why=said, now=now
                )
        self._warn(one, said, over=over, given_up=again is None)
        return False

    def _warn(self, one: Call, said: str, *, over: bool, given_up: bool) -> None:
        if over:
            log.error(
                "webhook %s is switched off, nothing is lost: %s; mend it, then: syndicator webhooks resume %s",
                one.webhook,
                said,
                one.webhook,
            )
        elif given_up:
            log.warning(
                "webhook %s: %s is given up after %d tries: %s", one.webhook, one.number, one.tries + 1, said
            )

    def _again(self, tries: int, now: datetime, later: datetime | None) -> datetime | None:
        """When it is tried again; None: never. A tenth of jitter, so that a crowd does not come back at once."""
        if tries >= len(PAUSES):
            return None
        return max(now + PAUSES[tries] * self._rng.uniform(1.0, 1.1), later or now)

    def _called(self, line: Line, one: Call) -> tuple[int | None, str, datetime | None]:
        """Status, what went wrong (empty: it was heard), and when they would be asked again."""
        body = json.dumps(call(one.type, self._whole(one), one.at), ensure_ascii=False).encode()
        try:
            heard: Heard = line.ask(
                "POST",
                content=body,
                headers=signed(one.number, body, self._told[one.webhook].keys, self._now()),
            )
        except SourceError as error:
            return None, str(error)[:SAID_MAX], None
        return heard.status, "" if heard.well else heard.said, again_at(heard.headers, self._now())

    def _whole(self, one: Call) -> dict[str, Any]:
        """With what is not kept: links, which are the channel's to tell, and addresses, which are the reader's."""
        told = dict(one.told)
        if one.type == PostSent.TYPE:
            links = (self._link(told["channel"], remote) for remote in told["remote_ids"])
            told["links"] = [link for link in links if link]
        if "reader" in told:
            told["address"] = self._address(told["reader"]) if self._told[one.webhook].addresses else None
        return told

    def _address(self, reader: int) -> str | None:
        with self._database.read() as connection:
            found = readers.by_number(connection, SubscriberId(reader))
        return found.address if found else None

    # For whoever looks after them

    def listed(self) -> list[dict[str, Any]]:
        """Each webhook: whom it calls and about what, what waits, and whether it is switched off, and why."""
        with self._database.read() as connection:
            stands, notes = webhooks.standing(connection), brakes.overridden(connection, "webhook:")
        nothing = {"waiting": 0, "since": None, "given_up": 0, "heard_at": None}
        return [
            {
                "webhook": name,
                "host": urlsplit(one.url).hostname,
                "events": list(one.events),
                **nothing,
                **stands.get(name, {}),
                "failing_since": notes.get(_fails(name)),
                "off": notes.get(_off(name)),
            }
            for name, one in self._told.items()
        ]

    def history(self, name: str, limit: int = 20) -> list[dict[str, Any]]:
        """The newest calls, and every try of each. Raises :exc:`NotFound`."""
        self._must_know(name)
        with self._database.read() as connection:
            return webhooks.history(connection, name, limit)

    def test(self, name: str) -> dict[str, Any]:
        """Call once with nothing but the webhook's name; nothing is kept of it. Raises :exc:`NotFound`."""
        self._must_know(name)
        now = self._now()
        told, number = Trial(webhook=name).model_dump(), webhooks.number_of(name, f"test:{now.isoformat()}")
        one = Call(id=0, webhook=name, number=number, type=Trial.TYPE, told=told, at=now, tries=0)
        with Line(self._told[name].url, seconds=self._told[name].timeout) as line:
            status, said, _ = self._called(line, one)
        return {"webhook": name, "id": number, "heard": not said, "status": status, "said": said}

    def resume(self, name: str, *, by: str) -> int:
        """Switch it on again; what was not heard, or given up, is called again. How many those are.

        Raises :exc:`NotFound`.
        """
        self._must_know(name)
        with self._database.write() as connection:
            brakes.drop(connection, _off(name))
            brakes.drop(connection, _fails(name))
            brakes.note(connection, who=by, what="webhook on", about=name, why="", now=self._now())
            return webhooks.call_again(connection, name, self._now())

    def sweep(self) -> int:
        """Forget calls that are over for long."""
        with self._database.write() as connection:
            return webhooks.forget(connection, self._now() - KEPT)

    def _must_know(self, name: str) -> None:
        if name not in self._told:
            raise NotFound("no webhook is called {name!r}; {near}", name=name, near=near(name, self._told))


def _off(name: str) -> str:
    return f"webhook:{name}:off"


def _fails(name: str) -> str:
    return f"webhook:{name}:fails"
