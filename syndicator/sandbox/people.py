"""People who talk to a bot on loopback: they write, forward, edit, press its buttons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from .telegram import Chat, Message, TelegramStandIn


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person with Telegram in their hands. What they write comes from their private chat, or from a group."""

    telegram: TelegramStandIn
    id: int
    name: str
    language: str = "en"

    @classmethod
    def of(
        cls,
        telegram: TelegramStandIn,
        id: int,  # noqa: A002 - the Bot API's word
        name: str,
        language: str = "en",
        *,
        begun: bool = True,
    ) -> Self:
        """``begun``: they wrote to the bot before, so it may write to them."""
        telegram.let_in(Chat(id, str(id), name, kind="private", shut=not begun))
        return cls(telegram=telegram, id=id, name=name, language=language)

    @property
    def told(self) -> dict[str, Any]:
        return {"id": self.id, "is_bot": False, "first_name": self.name, "language_code": self.language}

    @property
    def heard(self) -> list[Message]:
        """Everything in their private chat that the bot wrote."""
        return [one for one in self.telegram.messages(str(self.id)) if one.by is None]

    def says(self, text: str, *, to: str = "", reply_to: int | None = None, **more: Any) -> int:
        """Its update's number."""
        message = self._message(text, to, reply_to) | more
        return self.telegram.updates.put(message=message)

    def forwards(self, text: str, by: User) -> int:
        """What somebody else wrote."""
        origin = {"type": "user", "sender_user": by.told, "date": 0}
        return self.says(text, forward_origin=origin)

    def edits(self, text: str) -> int:
        return self.telegram.updates.put(edited_message=self._message(text, "", None) | {"edit_date": 1})

    def presses(self, message: Message, label: str) -> str:
        """The number of the query, which the bot answers."""
        found = [data for row in message.buttons for shown, data in row if label in shown]
        if not found:
            shown = [one for row in message.buttons for one, _ in row]
            raise AssertionError(f"no button says {label!r}; there are {shown}")
        return self.sends_data(message, found[0])

    def sends_data(self, message: Message, data: str) -> str:
        """A press as a forged program would make it."""
        number = self.telegram.asked()
        query = {"id": number, "from": self.told, "chat_instance": "1", "data": data}
        self.telegram.updates.put(callback_query=query | {"message": self.telegram.told(message)})
        return number

    def _message(self, text: str, to: str, reply_to: int | None) -> dict[str, Any]:
        chat = to or str(self.id)
        replied = next((one for one in self.telegram.messages(chat) if one.id == reply_to), None)
        written = self.telegram.written(chat, text, self.id)
        words = text.split(maxsplit=1)[0] if text.startswith("/") else ""
        marks = [{"type": "bot_command", "offset": 0, "length": len(words)}] if words else []
        return (
            self.telegram.told(written)
            | {"from": self.told, "entities": marks}
            | ({"reply_to_message": self.telegram.told(replied)} if replied else {})
        )
