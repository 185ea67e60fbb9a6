"""A newsroom with a bot, on loopback: its people write to the stand-in, and the bot hears them by HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from syndicator.app import App
from syndicator.bot import Bot
from syndicator.bot.wire import Wire
from syndicator.model import Language, Person, Role
from syndicator.sandbox.people import User
from syndicator.sandbox.telegram import TOKEN, Message, TelegramStandIn
from syndicator.sandbox.world import Sandbox

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
GROUP = -1_007_000_000_001


@dataclass
class House:
    sandbox: Sandbox
    path: Path
    database: str = ""
    now: datetime = NOON
    people: dict[int, Person] = field(default_factory=dict)
    app: App = field(init=False)
    bot: Bot = field(init=False)
    _open: ExitStack = field(default_factory=ExitStack)

    def clock(self) -> datetime:
        return self.now

    def later(self, **more: float) -> None:
        self.now += timedelta(**more)

    @property
    def telegram(self) -> TelegramStandIn:
        return self.sandbox.telegram

    def open(self) -> None:
        """A process begins."""
        environ = {"SYNDICATOR_BOT_TOKEN": TOKEN}
        environ |= {"SYNDICATOR_DATABASE_URL": self.database} if self.database else {}
        self.app = self._open.enter_context(App.opened(self.path, environ, now=self.clock))
        wire = self._open.enter_context(Wire(TOKEN, self.telegram.base_url, timeout=5.0))
        self.bot = Bot(self.app, wire, self.people.get)

    def close(self) -> None:
        self._open.close()

    def again(self) -> None:
        """The process ends, another one begins."""
        self.close()
        self.open()

    def joins(self, number: int, name: str, role: Role, language: str = "en", *channels: str) -> User:
        self.people[number] = Person(
            name=name, role=role, language=Language(language), telegram=number, channels=frozenset(channels)
        )
        return User.of(self.telegram, number, name, language)

    def stranger(self, number: int, language: str = "en") -> User:
        return User.of(self.telegram, number, "Somebody", language)

    def hears(self) -> int:
        """The bot takes what waits; how many."""
        return self.bot.round(0)

    def asks(self, user: User, text: str, reply_to: int | None = None) -> Message:
        """What the bot answers."""
        user.says(text, reply_to=reply_to)
        self.hears()
        return user.heard[-1]

    def press(self, user: User, label: str, message: Message | None = None) -> str:
        """What is shown over the chat."""
        query = user.presses(message or user.heard[-1], label)
        self.hears()
        return self.telegram.answers.get(query, "(nothing)")

    def publish(self, stories: int = 1) -> None:
        self.sandbox.newsroom.publish(stories)
        self.app.look()


@contextmanager
def house(folder: Path, database: str = "", approved: str = "") -> Iterator[House]:
    """``approved`` is a kind of channel whose pushes need a second person."""
    clock: list[House] = []
    with Sandbox(now=lambda: clock[0].now if clock else NOON) as sandbox:
        path = sandbox.configure(folder)
        told = f'\n[bot]\ngroup = {GROUP}\nbase_url = "{sandbox.telegram.base_url}"\n'
        text = path.read_text("utf-8").replace("flash = true\n", "")
        if approved:
            text = text.replace(f'kind = "{approved}"\n', f'kind = "{approved}"\napproval = true\n')
        path.write_text(text + told, "utf-8")
        made = House(sandbox, path, database)
        clock.append(made)
        made.open()
        made.app.look()
        try:
            yield made
        finally:
            made.close()
