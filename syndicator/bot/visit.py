"""One message or press of one of the newsroom's people, and what is answered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from syndicator.errors import Forbidden, StorageAway, SyndicatorError
from syndicator.model import Person, Role
from syndicator.services.cards import Card, Cards
from syndicator.verbs import VERBS, Actor, Unfit, perform

from .nouns import Button, Heard, Pressed, Sheet
from .wire import Wire
from .words import Words

if TYPE_CHECKING:
    from syndicator.app import App

BROWSED = timedelta(hours=12)  # how long lists and stories can be leafed through
WRITTEN = frozenset({"ask", "later"})  # cards that are answered; Telegram lets nobody edit such a message
PART = 3800  # characters of one message
STOPPED = timedelta(minutes=2)  # nothing that was pressed takes longer, unless its process died


@dataclass(frozen=True, slots=True, kw_only=True)
class Then:
    """Another card in the place of one that was acted on."""

    kind: str
    told: Mapping[str, Any]  # read after the act
    rows: tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    newsroom: App
    cards: Cards
    wire: Wire
    person: Person
    told: Heard | Pressed
    words: Words

    @property
    def now(self) -> datetime:
        """By the newsroom's clock."""
        return self.newsroom.world.now().astimezone(self.newsroom.settings.newsroom.timezone)

    @property
    def actor(self) -> Actor:
        return Actor.of(self.person, "bot")

    def may(self, role: Role) -> bool:
        return self.person.role.covers(role)

    def does(self, verb: str, **told: Any) -> Any:
        """Raises what :func:`syndicator.verbs.perform` raises."""
        return perform(self.newsroom, VERBS[verb], told, self.actor)

    def say(self, *lines: str) -> None:
        """An answer without buttons; in several messages where it is long."""
        for part in _parts(lines):
            self.wire.send(self.told.chat, Sheet(text=self.words.page(*part)))

    def send(self, text: str) -> None:
        """A message that is made already."""
        self.wire.send(self.told.chat, Sheet(text=text))

    def deal(
        self,
        kind: str,
        told: Mapping[str, Any],
        sheet: Sheet,
        *,
        lives: timedelta = BROWSED,
        anybody: bool = False,
    ) -> Card:
        """A new message with buttons; ``anybody`` who may act can press them, else only who asked."""
        who = None if anybody else self.told.who
        card = self.cards.lay(kind, told, who=who, chat=self.told.chat, lives=lives)
        self.cards.place(card, self.wire.send(card.chat, self.dressed(card, sheet)))
        return card

    def show(self, card: Card, sheet: Sheet) -> None:
        """The card's message changes to this."""
        if card.message is not None:
            self.wire.edit(card.chat, card.message, self.dressed(card, sheet))

    def dressed(self, card: Card, sheet: Sheet) -> Sheet:
        """Each button with what it carries."""
        rows = tuple(
            tuple(replace(one, choice=self.cards.data(card, one.choice)) for one in row) for row in sheet.rows
        )
        return replace(sheet, rows=rows)

    def act(
        self, card: Card, choice: str, does: Callable[[], Sequence[str]], then: Then | None = None
    ) -> None:
        """Once, whoever presses, in whatever process: claimed before, and what came of it is written after.

        ``then`` are buttons that stand below what came of it, where it was done.
        """
        if not self.cards.press(card, choice, self.person.name):
            self.again(self.cards.find(card.key) or card)
            return
        try:
            came = self.words.page(*does())
        except (Forbidden, Unfit):
            self.cards.let_go(card)  # surely nothing was done
            raise
        except StorageAway:
            raise  # perhaps it was done, perhaps not: nobody knows
        except SyndicatorError as error:
            came, then = self.failed(error), None
        self.cards.finish(card.key, came)
        self._tell(card, came, then)

    def close(self, card: Card, choice: str, came: str) -> None:
        """Nothing is done."""
        self.act(card, choice, lambda: [came])

    def toast(self, text: str = "") -> None:
        """A short word over the chat, after a press; after an answer in writing a message."""
        if isinstance(self.told, Pressed):
            self.wire.toast(self.told.query, text)
        elif text:
            self.say(self.words.bdi(text))

    def again(self, card: Card) -> None:
        """It was pressed before: that is told, and what came of it."""
        self.toast(self.pressed(card))
        if card.came:
            self._tell(card, card.came)

    def once(self, does: Callable[[], Sequence[str]]) -> str:
        """An order that was written, acted on once: what came of it."""
        update = self.told.update
        begun = self.cards.begin(update, by=self.person.name, who=self.told.who, chat=self.told.chat)
        if not begun:
            known = self.cards.begun(update)
            return (known and known.came) or self.words.page(
                self.words(
                    "This was begun before, and I was stopped in the middle. Look at /today before you say it again."
                )
            )
        try:
            came = self.words.page(*does())
        except StorageAway:
            raise
        except SyndicatorError as error:
            came = self.failed(error)
        self.cards.finish_order(update, came)
        return came

    def failed(self, error: SyndicatorError) -> str:
        return self.words.page(self.words("✕ Not done."), self.words.fault(error))

    def signed(self, said: str) -> str:
        """Who did it, and when."""
        return self.words(said, who=self.person.name, when=self.words.clock(self.newsroom.world.now()))

    def _tell(self, card: Card, came: str, then: Then | None = None) -> None:
        """In place of the question; where that was answered in writing, after the answer."""
        message = card.message or getattr(self.told, "message", None)
        if isinstance(self.told, Heard):
            if message is not None and card.kind not in WRITTEN:
                self.wire.edit(card.chat, message, Sheet(text=came))
            message = None
        if then is None:
            self._put(message, Sheet(text=came))
            return
        following = self.cards.lay(then.kind, then.told, who=self.told.who, chat=card.chat, lives=BROWSED)
        sheet = self.dressed(following, Sheet(text=came, rows=then.rows))
        self.cards.place(following, self._put(message, sheet))

    def _put(self, message: int | None, sheet: Sheet) -> int:
        """Into this message, or a new one; its number."""
        if message is None:
            return self.wire.send(self.told.chat, sheet)
        self.wire.edit(self.told.chat, message, sheet)
        return message

    def pressed(self, card: Card) -> str:
        """Who pressed a card, and when, as a short word."""
        if card.pressed_at is None:
            return ""
        when = self.words.clock(card.pressed_at)
        if card.came is None and self.newsroom.world.now() - card.pressed_at > STOPPED:
            return self.words.plain(
                "{who} pressed it, {when}, and I was stopped in the middle. Look at /today.",
                who=card.pressed_by,
                when=when,
            )
        return self.words.plain("{who} pressed it, {when}.", who=card.pressed_by, when=when)


def _parts(lines: Sequence[str]) -> Iterator[list[str]]:
    part: list[str] = []
    for line in lines:
        if part and sum(map(len, part)) + len(part) + len(line) > PART:
            yield part
            part = []
        part.append(line)
    if part:
        yield part
