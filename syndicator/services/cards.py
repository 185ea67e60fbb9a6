"""What the editors' bot keeps: its buttons, the orders it took, whom it told what. Nothing is acted on twice.

A press, and an order that was written, is claimed in a commit of its own before anything is done; what came of it is
written after. Whoever presses again, in whatever process, is told that.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from syndicator.storage import brakes, cards
from syndicator.storage.cards import Card
from syndicator.storage.database import Database
from syndicator.storage.lock import place
from syndicator.tokens import Keys

KEY_BYTES = 9  # 72 bit, 12 characters
SIGNED_BYTES = 16  # 128 bit, 22 characters
KEPT = timedelta(days=14)  # after its end: whoever presses then is told what came of it
POLLER = "_bot"  # the lock's name; no channel can be called so
ASKED = "bot:alerts:"

__all__ = ["Card", "Cards"]


class Cards:
    """``chance`` gives so many octets that nobody can guess."""

    def __init__(
        self,
        database: Database,
        *,
        keys: Keys,
        now: Callable[[], datetime],
        chance: Callable[[int], bytes],
    ) -> None:
        self._database = database
        self._keys = keys
        self._now = now
        self._chance = chance

    def lay(
        self, kind: str, told: Mapping[str, Any], *, who: int | None, chat: int, lives: timedelta
    ) -> Card:
        """A new card; only ``who`` may press it, with None whoever may act."""
        card = Card(
            key=_armour(self._chance(KEY_BYTES)),
            kind=kind,
            told=told,
            who=who,
            chat=chat,
            until=self._now() + lives,
        )
        with self._database.write() as connection:
            cards.lay(connection, card)
        return card

    def place(self, card: Card, message: int) -> None:
        """Where it stands."""
        with self._database.write() as connection:
            cards.place(connection, card.key, message)

    def data(self, card: Card, choice: str) -> str:
        """What a button carries, at most 64 octets: key, choice and signature."""
        return f"{card.key}.{choice}.{self._signature(card.key, choice, self._keys.current)}"

    def of(self, data: str) -> tuple[Card, str] | None:
        """The card and the choice of a button that is ours, else None."""
        key, _, rest = data.partition(".")
        choice, _, signature = rest.rpartition(".")
        signed = [self._signature(key, choice, version) for version in self._keys.by_version]
        if not any(hmac.compare_digest(one.encode(), signature.encode()) for one in signed):
            return None
        card = self.find(key)
        return (card, choice) if card else None

    def find(self, key: str) -> Card | None:
        with self._database.read() as connection:
            return cards.find(connection, key)

    def at(self, chat: int, message: int) -> Card | None:
        with self._database.read() as connection:
            return cards.at(connection, chat, message)

    def tell(self, card: Card, told: Mapping[str, Any]) -> bool:
        """Other facts; False where it was pressed for good."""
        with self._database.write() as connection:
            return cards.tell(connection, card.key, told)

    def press(self, card: Card, choice: str, by: str) -> bool:
        """For good. False where somebody was first, or it is over."""
        with self._database.write() as connection:
            return cards.press(connection, card.key, choice, by=by, now=self._now())

    def let_go(self, card: Card) -> None:
        """Surely nothing came of it."""
        with self._database.write() as connection:
            cards.let_go(connection, card.key)

    def begin(self, update: int, *, by: str, who: int, chat: int) -> bool:
        """An order that was written, claimed by its update. False where it was before."""
        now = self._now()
        card = Card(
            key=_order(update),
            kind="order",
            told={},
            who=who,
            chat=chat,
            until=now,
            pressed_at=now,
            pressed_by=by,
        )
        with self._database.write() as connection:
            return cards.lay(connection, card)

    def begun(self, update: int) -> Card | None:
        return self.find(_order(update))

    def finish(self, key: str, came: str) -> None:
        with self._database.write() as connection:
            cards.finish(connection, key, came)

    def finish_order(self, update: int, came: str) -> None:
        self.finish(_order(update), came)

    def once(self, who: int, what: str) -> bool:
        """Whether it is told them for the first time."""
        with self._database.write() as connection:
            return cards.once(connection, who, what, self._now())

    def unheard(self, who: int, wanted: Sequence[str]) -> list[str]:
        """Which of these were not told them yet."""
        with self._database.read() as connection:
            told = cards.heard(connection, who, wanted)
        return [one for one in wanted if one not in told]

    def unsaid(self, who: int, what: str) -> None:
        with self._database.write() as connection:
            cards.unsaid(connection, who, what)

    def wants_alerts(self, who: int, *, wanted: bool) -> None:
        with self._database.write() as connection:
            if wanted:
                brakes.override(connection, f"{ASKED}{who}", value=True, now=self._now(), by="bot")
            else:
                brakes.drop(connection, f"{ASKED}{who}")

    def listeners(self) -> list[int]:
        """Those who asked for alerts, by their numbers at Telegram."""
        with self._database.read() as connection:
            return sorted(int(name.removeprefix(ASKED)) for name in brakes.overridden(connection, ASKED))

    def sweep(self) -> None:
        with self._database.write() as connection:
            cards.sweep(connection, self._now() - KEPT)

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """Whether nobody else polls, on whatever machine; nobody will until the block ends."""
        with place(self._database, POLLER) as free:
            yield free

    def _signature(self, key: str, choice: str, version: int) -> str:
        return _armour(self._keys.digest(version, f"button\0{key}\0{choice}")[:SIGNED_BYTES])


def _order(update: int) -> str:
    return f"update:{update}"


def _armour(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode()
