"""What the bot hears and what it shows, apart from any library."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Replied:
    """The message that somebody answers."""

    id: int
    text: str
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What a person wrote."""

    update: int
    who: int
    chat: int
    private: bool
    text: str
    speaks: str = ""  # the language of their Telegram
    replied: Replied | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed:
    """A person's press of a button."""

    update: int
    who: int
    chat: int
    private: bool
    message: int
    query: str
    data: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Odd:
    """What is never acted on, and why."""

    update: int
    who: int
    why: str


Update = Heard | Pressed | Odd


@dataclass(frozen=True, slots=True)
class Button:
    label: str
    choice: str  # what the card hears


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A message: Telegram's HTML, and rows of buttons; or one that is to be answered in writing."""

    text: str
    rows: tuple[tuple[Button, ...], ...] = ()
    answered: bool = False


class Away(Exception):
    """Telegram does not answer now; whether the last call was heard is not known."""

    def __init__(self, why: str, seconds: float | None = None) -> None:
        super().__init__(why)
        self.seconds = seconds  # until it will again, where it said so


class Taken(Away):
    """Another program polls with the same token."""


class Shut(Exception):
    """Telegram refuses this call for good: the person blocked the bot, the message is gone."""
