"""Telegram by python-telegram-bot, whose event loop runs in a thread of its own: any thread may call.

The library's own Updater acknowledges an update as soon as it is queued. Here that is done by whoever asks for the next
ones, after they were acted on; so the calls are made one by one.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Coroutine, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from datetime import timedelta
from threading import Thread
from typing import Any, Self, TypeVar

from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeChat,
    ForceReply,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    Message,
)
from telegram import Update as Told
from telegram import error as refused
from telegram.request import HTTPXRequest

from .nouns import Away, Heard, Odd, Pressed, Replied, Sheet, Shut, Taken, Update

KINDS = ("message", "edited_message", "channel_post", "callback_query")
LATE = 10.0  # seconds that an answer may come after a long poll's end
TEXT_MAX = 4096  # UTF-16 units are never fewer than the code points that Telegram counts
TOAST_MAX = 200

T = TypeVar("T")
log = logging.getLogger(__name__)

os.environ.setdefault("PTB_TIMEDELTA", "1")  # else the library warns of its own number at each 429


class _Line(Bot):
    async def updates(self, offset: int, seconds: float) -> list[dict[str, Any]]:
        """As they came: one that the library does not understand keeps no other back."""
        asked = {"offset": offset, "timeout": int(seconds), "allowed_updates": list(KINDS)}
        found: Any = await self._post("getUpdates", asked, read_timeout=seconds + LATE)
        return list(found)


class Wire:
    """``with Wire(token, base_url) as wire``. Every call raises :exc:`Away` or :exc:`Shut`."""

    def __init__(self, token: str, base_url: str, *, timeout: float = 20.0) -> None:
        """``timeout`` in seconds."""
        limits: dict[str, Any] = dict.fromkeys(
            ("connect_timeout", "read_timeout", "write_timeout", "pool_timeout"), timeout
        )
        self._lines = [
            HTTPXRequest(connection_pool_size=4, httpx_kwargs={"trust_env": False}, **limits)
            for _ in ("calls", "updates")
        ]
        calls, updates = self._lines
        self._bot = _Line(token, base_url=base_url, request=calls, get_updates_request=updates)
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="bot wire", daemon=True)
        self._asking: Future[list[dict[str, Any]]] | None = None
        self._name = ""
        for chatty in ("httpx", "telegram.Bot"):
            logging.getLogger(chatty).setLevel(logging.WARNING)  # they write addresses, with the token

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        async def shut() -> None:
            for request in self._lines:
                await request.shutdown()

        asyncio.run_coroutine_threadsafe(shut(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def name(self) -> str:
        """The bot's user name."""
        if not self._name:
            self._name = self._wait(self._bot.get_me()).username or ""
        return self._name

    def title(self, chat: int) -> str:
        """Of a chat where the bot is."""
        return self._wait(self._bot.get_chat(chat)).title or str(chat)

    def hear(self, offset: int, seconds: float) -> list[dict[str, Any]]:
        """Wait so long for updates from this number on; all before it are acknowledged by this."""
        self._asking = asyncio.run_coroutine_threadsafe(self._bot.updates(offset, seconds), self._loop)
        try:
            return self._meant(self._asking)
        except CancelledError:
            return []
        finally:
            self._asking = None

    def hush(self) -> None:
        """Nobody waits for updates any more."""
        if asking := self._asking:
            asking.cancel()

    def understood(self, raw: Mapping[str, Any]) -> Update | None:
        """None for what is nobody's word, such as "Sara joined"."""
        told = Told.de_json(dict(raw), self._bot)
        if told.callback_query:
            return _pressed(told)
        return _heard(told)

    def send(self, chat: int, sheet: Sheet) -> int:
        """The message's number."""
        sent = self._wait(
            self._bot.send_message(
                chat,
                sheet.text,
                parse_mode="HTML",
                reply_markup=_markup(chat, sheet),
                link_preview_options=LinkPreviewOptions(is_disabled=True),
            )
        )
        return sent.message_id

    def edit(self, chat: int, message: int, sheet: Sheet) -> None:
        """What stands there already is fine."""
        try:
            self._wait(
                self._bot.edit_message_text(
                    sheet.text,
                    chat_id=chat,
                    message_id=message,
                    parse_mode="HTML",
                    reply_markup=_keyboard(sheet),
                    link_preview_options=LinkPreviewOptions(is_disabled=True),
                )
            )
        except Shut as error:
            if "not modified" not in str(error).lower():
                raise

    def toast(self, query: str, text: str = "") -> None:
        """A short word after a press; one that comes too late is not missed."""
        try:
            self._wait(self._bot.answer_callback_query(query, text[:TOAST_MAX] or None))
        except Shut as error:
            log.debug("a press was not answered: %s", error)

    def offer(self, commands: Sequence[tuple[str, str]], chat: int | None = None) -> None:
        """The list of commands that a chat shows, or everybody's."""
        told = [BotCommand(name, says) for name, says in commands]
        scope = BotCommandScopeChat(chat) if chat else None
        self._wait(self._bot.set_my_commands(told, scope=scope))

    def be_called(self, url: str, secret: str) -> None:
        """By webhook, one update at a time."""
        self._wait(
            self._bot.set_webhook(url, secret_token=secret, max_connections=1, allowed_updates=list(KINDS))
        )

    def be_polled(self) -> None:
        self._wait(self._bot.delete_webhook())

    def _wait(self, calling: Coroutine[Any, Any, T]) -> T:
        return self._meant(asyncio.run_coroutine_threadsafe(calling, self._loop))

    def _meant(self, coming: Future[T]) -> T:
        try:
            return coming.result()
        except refused.RetryAfter as error:
            after = error.retry_after
            seconds = after.total_seconds() if isinstance(after, timedelta) else float(after)
            raise Away(str(error), seconds) from error
        except refused.Conflict as error:
            raise Taken(str(error)) from error
        except (refused.BadRequest, refused.Forbidden) as error:
            if error.__cause__:  # an answer that is not Telegram's: something stands in between
                raise Away(str(error)) from error
            raise Shut(str(error)) from error
        except refused.TelegramError as error:
            raise Away(str(error)) from error


def _markup(chat: int, sheet: Sheet) -> InlineKeyboardMarkup | ForceReply | None:
    """In a group everybody would be asked to answer: there whoever is meant does so by hand."""
    private = chat > 0
    return ForceReply() if sheet.answered and private else _keyboard(sheet)


def _keyboard(sheet: Sheet) -> InlineKeyboardMarkup | None:
    rows = [[InlineKeyboardButton(one.label, callback_data=one.choice) for one in row] for row in sheet.rows]
    return InlineKeyboardMarkup(rows) if rows else None


def _pressed(told: Told) -> Update:
    query = told.callback_query
    assert query is not None  # noqa: S101 - the caller looked
    if query.message is None or not query.data:
        return Odd(update=told.update_id, who=query.from_user.id, why="pressed what is none of our buttons")
    return Pressed(
        update=told.update_id,
        who=query.from_user.id,
        chat=query.message.chat.id,
        private=query.message.chat.type == "private",
        message=query.message.message_id,
        query=query.id,
        data=query.data,
    )


def _heard(told: Told) -> Update | None:
    message = told.message
    who = told.effective_user.id if told.effective_user else 0
    if message is None:
        why = "edited a message" if told.edited_message else "wrote as a channel"
        return Odd(update=told.update_id, who=who, why=why)
    if why := _odd(message):
        return Odd(update=told.update_id, who=who, why=why)
    if not message.text:
        return None
    return Heard(
        update=told.update_id,
        who=who,
        chat=message.chat.id,
        private=message.chat.type == "private",
        text=message.text,
        speaks=(message.from_user and message.from_user.language_code) or "",
        replied=_replied(message.reply_to_message),
    )


def _odd(message: Message) -> str:
    """Why nobody of ours can be meant by it; empty where they can."""
    if message.forward_origin or message.is_automatic_forward:
        return "forwarded a message"
    if message.sender_chat or message.from_user is None:
        return "wrote as a chat"
    if message.via_bot or message.from_user.is_bot:
        return "wrote through a bot"
    return ""


def _replied(message: Message | None) -> Replied | None:
    if message is None:
        return None
    text = message.text or message.caption or ""
    marks = [*message.parse_entities(["url"]).values(), *message.parse_caption_entities(["url"]).values()]
    marks += [one.url for one in (*message.entities, *message.caption_entities) if one.url]
    return Replied(id=message.message_id, text=text, links=tuple(marks))
