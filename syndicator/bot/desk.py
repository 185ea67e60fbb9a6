"""Who is heard, and what with: an order that was written, or a button that was pressed."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from syndicator.errors import StorageAway, SyndicatorError
from syndicator.model import Person, Role
from syndicator.services.cards import Card, Cards

from . import alerts, readers
from .nouns import Away, Heard, Odd, Pressed, Sheet, Shut, Update
from .orders import ANSWERS, PRESSES, obey, offered
from .visit import Visit
from .wire import Wire
from .words import Words

if TYPE_CHECKING:
    from syndicator.app import App

Who = Callable[[int], Person | None]  # by the numeric id at Telegram

AGAIN = timedelta(minutes=1)  # a stranger is written down, and greeted, once in it
REMEMBERED = 1000  # strangers
log = logging.getLogger(__name__)


class Desk:
    def __init__(self, newsroom: App, cards: Cards, wire: Wire, who: Who) -> None:
        self._newsroom = newsroom
        self._cards = cards
        self._wire = wire
        self._who = who
        self._told = newsroom.settings.bot
        self._strangers: dict[int, datetime] = {}
        self._offered: set[int] = set()

    def take(self, update: Update) -> None:
        """Act on it, and answer. Raises :exc:`~.nouns.Away` where it has to be taken once more."""
        try:
            match update:
                case Odd():
                    self._pass_over(update.who, update.why)
                case Heard():
                    self._heard(update)
                case Pressed():
                    self._pressed(update)
        except Shut as error:
            log.warning("bot: an answer could not be given: %s", error)

    def tell(self) -> int:
        """Alerts, to those who asked for them. Raises :exc:`~.nouns.Away`."""
        return alerts.tell(self._listening(), self._newsroom)

    def _listening(self) -> list[Visit]:
        """Those who asked for alerts and are still ours, in their private chats."""
        found = []
        for who in self._cards.listeners():
            if person := self._who(who):
                mute = Heard(update=0, who=who, chat=who, private=True, text="")
                found.append(self._visit(person, mute))
        return found

    def warn(self, text: str) -> bool:
        """What the worker warns of, to the admins among those who asked for alerts; whether it could be told."""
        try:
            for visit in self._listening():
                if visit.may(Role.ADMIN):
                    visit.say(f"✕ {visit.words.fault(text)}")
        except (Away, Shut):
            return False
        return True

    def _heard(self, heard: Heard) -> None:
        order = re.match(r"/\w", heard.text)
        if order and not self._is_for_us(heard.text.split()[0]):
            return
        person = self._who(heard.who)
        if person is None:
            self._stranger(heard)
        elif not self._is_ours(heard):
            self._pass_over(heard.who, "wrote in a chat that is not the newsroom's")
        elif order:
            self._ordered(self._visit(person, heard), heard.text)
        elif (
            heard.replied and (card := self._cards.at(heard.chat, heard.replied.id)) and card.kind in ANSWERS
        ):
            visit = self._visit(person, heard)
            self._take_up(visit, card, lambda: ANSWERS[card.kind](visit, card, heard.text))

    def _ordered(self, visit: Visit, text: str) -> None:
        word, *rest = text[1:].split(maxsplit=1)
        name = word.partition("@")[0].lower()
        self._obey(visit, lambda: obey(visit, name, "".join(rest)))
        self._offer(visit)

    def _offer(self, visit: Visit) -> None:
        """Their own list of orders stands in their private chat, since they first wrote to this process."""
        if visit.told.private and visit.told.who not in self._offered:
            self._offered.add(visit.told.who)
            with suppress(Away, Shut):  # a nicety
                self._wire.offer(offered(visit.words, visit.person.role), visit.told.chat)

    def _pressed(self, pressed: Pressed) -> None:
        person = self._who(pressed.who)
        found = self._cards.of(pressed.data)
        if person is None or not self._is_ours(pressed):
            self._pass_over(pressed.who, "pressed a button")
        elif found is None or (found[0].chat, found[0].message or pressed.message) != (
            pressed.chat,
            pressed.message,
        ):
            self._pass_over(pressed.who, "pressed a button that is none of ours")
        else:
            visit, (card, choice) = self._visit(person, pressed), found
            self._take_up(visit, card, lambda: PRESSES[card.kind](visit, card, choice))

    def _take_up(self, visit: Visit, card: Card, act: Callable[[], None]) -> None:
        """A card was pressed, or answered in writing, by one of ours."""
        words = visit.words
        if card.who not in {None, visit.told.who}:
            self._pass_over(visit.told.who, "pressed another's button")
            visit.toast(words.plain("This is for somebody else to press."))
        elif card.pressed_at:
            self._obey(visit, lambda: visit.again(card))
        elif card.until <= self._newsroom.world.now():
            self._pass_over(visit.told.who, "pressed a button that is over")
            visit.toast(words.plain("This is over; ask again."))
        else:
            self._obey(visit, act)
            visit.toast()

    def _obey(self, visit: Visit, act: Callable[[], None]) -> None:
        """Whatever goes wrong is told in words."""
        words = visit.words
        try:
            act()
        except (Away, Shut):
            raise
        except StorageAway:
            visit.say(words("◆ The database did not answer. Look at /today before you say it again."))
        except SyndicatorError as error:
            visit.send(visit.failed(error))
        except Exception:
            log.exception("bot: an order of %s failed in a way nobody foresaw", visit.person.name)
            visit.say(words("✕ This went wrong in a way nobody foresaw; it stands in the log."))

    def _stranger(self, heard: Heard) -> None:
        """Nothing but the way to the channels, where the newsroom wants that."""
        order, *code = heard.text.split() or [""]
        if not order.startswith("/"):
            return
        first = self._pass_over(heard.who, f"wrote {heard.text[:40]!r}")
        if not (first and heard.private and order.partition("@")[0] == "/start"):
            return
        if code and (person := self._known(code[0], heard.who)):
            obey(self._visit(person, heard), "start", "")
        elif self._told.readers:
            own = self._newsroom.settings.newsroom.languages
            speaks = {"ku": "ckb"}.get(heard.speaks, heard.speaks)
            words = self._words(speaks if speaks in own else own[0])
            self._wire.send(heard.chat, Sheet(text=readers.greeting(self._newsroom, words)))

    def _known(self, code: str, who: int) -> Person | None:
        """Whose code it is; from here on they are known by their number."""
        try:
            return self._newsroom.people.know_telegram(code, who)
        except SyndicatorError as error:
            log.info("bot: %s wrote a code that is none: %s", who, error)
            return None

    def _pass_over(self, who: int, why: str) -> bool:
        """Whether it is the first time in a minute; only that is written down."""
        now = self._newsroom.world.now()
        if now < self._strangers.get(who, now - AGAIN) + AGAIN:
            return False
        if len(self._strangers) >= REMEMBERED:
            self._strangers = {one: at for one, at in self._strangers.items() if now < at + AGAIN}
        self._strangers[who] = now
        log.info("bot: %s %s, and nothing was done", who, why)
        return True

    def _visit(self, person: Person, told: Heard | Pressed) -> Visit:
        return Visit(
            newsroom=self._newsroom,
            cards=self._cards,
            wire=self._wire,
            person=person,
            told=told,
            words=self._words(person.language),
        )

    def _words(self, language: str) -> Words:
        spoken = self._newsroom.wiring.renderer.sentences("bot", language)
        zone = self._newsroom.settings.newsroom.timezone
        return Words(language, spoken, zone, self._newsroom.world.now())

    def _is_for_us(self, word: str) -> bool:
        """In a group other bots have orders of the same name."""
        _, _, named = word.partition("@")
        return not named or named.lower() == self._wire.name.lower()

    def _is_ours(self, told: Heard | Pressed) -> bool:
        return told.private or told.chat == self._told.group
