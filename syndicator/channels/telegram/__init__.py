"""A Telegram chat through python-telegram-bot, which keeps its event loop in here.

What its exceptions mean was measured: ``BadRequest`` is a ``NetworkError``, ``TimedOut`` covers a connection
that never came about as well as an answer that came too late. Only the cause tells them apart.
"""

from __future__ import annotations

import asyncio
import html
import logging
import os
import re
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Self, TypeVar

import httpx
from telegram import Bot, ChatFullInfo, ChatMember, ChatMemberAdministrator, User
from telegram import error as refused
from telegram.request import HTTPXRequest

from syndicator.errors import ChannelError
from syndicator.model import Act, Allowance, ChannelId, DeliveryId, Limits, Outcome, Post, Receipt
from syndicator.ports import Capabilities, Lane, Notes, Parcel, Published, World, one_by_one
from syndicator.text.telegram import MESSAGE_MAX

from .audit import Audit, Found, unreadable
from .messages import Messages, pictures_of
from .settings import TelegramSettings

_NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_TOO_MANY = re.compile(r"too many requests|\(429\)", re.IGNORECASE)
_WRONG_CHAT = re.compile(
    r"chat not found|chat_id is empty|have no rights|need administrator|CHAT_WRITE_FORBIDDEN", re.I
)

T = TypeVar("T")
Call = Callable[[Messages], Coroutine[Any, Any, tuple[str, ...] | None]]
log = logging.getLogger(__name__)

os.environ.setdefault("PTB_TIMEDELTA", "1")  # else the library warns of its own number at each 429


class TelegramChannel:
    """One chat. Serial, so that order is kept and a doubt is about one message.

    With an audit chat a channel is read back: what stands there is forwarded into it, and compared.
    """

    limits = Limits(text=MESSAGE_MAX, unit="utf16", markup="telegram")
    # Bots edit their own posts without a time limit and delete them within two days.
    capabilities = Capabilities(editable_for=None, deletable_for=timedelta(hours=48))

    Settings = TelegramSettings

    @classmethod
    def limits_with(cls, settings: TelegramSettings, notes: Notes, channel: str) -> Limits:
        return replace(cls.limits, media=settings.pictures, parts=settings.thread)

    def __init__(self, settings: TelegramSettings, world: World, *, id: ChannelId) -> None:  # noqa: A002 - the port's word
        self._settings = settings
        self._world = world
        self._id = id
        self.limits = self.limits_with(settings, world.notes, id)
        self.capabilities = replace(type(self).capabilities, can_look_up=bool(settings.audit_chat))
        self._loop: asyncio.Runner | None = None
        self._bot: Bot | None = None
        for chatty in ("httpx", "telegram.Bot"):
            logging.getLogger(chatty).addFilter(_redaction(settings.token.get_secret_value()))

    def link(self, remote_id: str) -> str:
        """t.me/NAME/ID of a public chat, t.me/c/NUMBER/ID of a private one, where it has such addresses."""
        chat = self._chat
        if chat.startswith("@"):
            return f"https://t.me/{chat[1:]}/{remote_id}"
        return f"https://t.me/c/{chat[4:]}/{remote_id}" if chat.startswith("-100") else ""

    @property
    def door(self) -> str:
        """The chat: Telegram's 429 is about one chat, and others may go on."""
        return f"telegram/{self._bot_id}/{self._settings.chat.lower()}"

    @property
    def budgets(self) -> Sequence[Allowance]:
        """Telegram's own limits, per chat and per bot, whichever channels and workers share them."""
        told = self._settings
        besides = max(1, told.pictures) + told.pin - 1  # what one delivery may take beyond the first

        def never_more(name: str, number: int, seconds: float) -> Allowance:
            return Allowance.never_more(name, max(1, number - besides), seconds)

        return (
            never_more(f"{self.door}:second", told.per_second, 1.0),
            never_more(f"{self.door}:minute", told.per_minute, 60.0),
            never_more(f"telegram/{self._bot_id}", told.altogether, 1.0),
        )

    def takes(self, post: Post) -> int:
        """Each picture of an album is a message; pinning is a call of its own. Deleting is one, whatever it deletes."""
        if post.act is Act.RETRACT:
            return 1
        pinned = post.act is Act.POST and post.breaking and self._settings.pin
        return max(1, min(len(post.media), self._settings.pictures)) + pinned

    @property
    def _bot_id(self) -> str:
        """The number before the colon; it is no secret."""
        return self._settings.token.get_secret_value().partition(":")[0]

    def __enter__(self) -> Self:
        wait = self._settings.timeout
        request = HTTPXRequest(
            connection_pool_size=1,
            connect_timeout=min(10.0, wait),
            read_timeout=wait,
            write_timeout=wait,
            pool_timeout=wait,
            httpx_kwargs={"trust_env": False},
        )
        self._loop = asyncio.Runner()
        self._bot = Bot(
            self._settings.token.get_secret_value(), base_url=self._settings.base_url, request=request
        )
        return self

    def __exit__(self, *exc: object) -> None:
        if self._loop and self._bot:
            self._loop.run(self._bot.request.shutdown())
            self._loop.close()
        self._loop = self._bot = None

    def run(self, lane: Lane) -> None:
        one_by_one(lane, self._send, self._world.now, self)

    def edit(self, published: Published, post: Post) -> Receipt:
        """Change what stands in the chat; "not modified" means that it stands there already."""
        return self._tried(
            lambda there: there.edit(published, post), published.delivery, published.remote_ids
        )

    def can_become(self, before: Post, after: Post) -> bool:
        """A photo stays a photo, an album has as many as it had; a text may get a picture."""
        had, has = (len(pictures_of(one, self._settings.pictures)) for one in (before, after))
        return had == has or (had, has) == (0, 1)

    def retract(self, published: Published, notice: Post | None = None) -> Receipt:
        """Telegram deletes within two days; after that it can only be edited."""
        if not self.capabilities.deletable(published.at, self._world.now()):
            return self.edit(published, notice) if notice else self._too_old(published)
        return self._tried(lambda there: there.delete(published.remote_ids), published.delivery)

    def _too_old(self, published: Published) -> Receipt:
        detail = "Telegram deletes within two days only; edit it to a notice"
        now = self._world.now()
        return Receipt(delivery=published.delivery, at=now, outcome=Outcome.REJECTED, detail=detail)

    def probe(self) -> str:
        """Who the bot is and whether it may post. Raises :exc:`ChannelError`."""
        with self:
            bot = self._open_bot()
            try:
                me = self._wait(bot.get_me())
                chat = self._may_post(bot, me, self._chat)
                audit = self._settings.audit_chat and self._may_post(bot, me, self._settings.audit_chat)
            except refused.TelegramError as error:
                raise ChannelError(f"{self._settings.chat}: {_advice(error)}") from error
        said = f"@{me.username} may post to {chat.title or self._settings.chat}"
        return f"{said}, doubts are read back through {audit.title}" if audit else said

    def _may_post(self, bot: Bot, me: User, name: str) -> ChatFullInfo:
        """Raises :exc:`ChannelError` where the bot is no administrator of a channel."""
        try:
            chat = self._wait(bot.get_chat(name))
            member = self._wait(bot.get_chat_member(name, me.id))
        except refused.TelegramError as error:
            raise ChannelError(f"{name}: {_advice(error)}") from error
        lacking = _lacking(member, chat, self._settings)
        if lacking:
            raise ChannelError(f"@{me.username} {lacking.format(name)}")
        if self._settings.audit_chat and name == self._chat:
            problem = unreadable(chat)
            if problem:
                raise ChannelError(f"{name}: {problem}; take audit_chat out, doubts then wait for a person")
        return chat

    def look_up(self, parcel: Parcel, since: datetime) -> Receipt:
        """Whether the post stands in the channel: accepted, deferred (surely absent) or uncertain."""
        bot, into = self._open_bot(), self._settings.audit_chat or ""
        audit = Audit(bot=bot, chat=self._chat, into=into, wait=self._world.wait)
        try:
            found = self._wait(audit.look_for(parcel.post, parcel.previous, parcel.since_then))
        except refused.TelegramError as error:
            found = Found(Outcome.UNCERTAIN, f"the channel cannot be read back: {_advice(error)}")
        return Receipt(
            delivery=parcel.delivery.id,
            at=self._world.now(),
            outcome=found.outcome,
            detail=found.detail,
            remote_ids=found.remote_ids,
        )

    def _send(self, parcel: Parcel) -> Receipt:
        post = parcel.post
        receipt = self._tried(lambda there: there.send(post, parcel.reply_to), parcel.delivery.id)
        if receipt.outcome is Outcome.ACCEPTED and post.breaking and self._settings.pin:
            pinned = self._tried(lambda there: there.pin(receipt.remote_ids[0]), parcel.delivery.id)
            if pinned.outcome is not Outcome.ACCEPTED:  # it is out all the same; a wait is everybody's
                detail = f"it could not be pinned: {pinned.detail}"
                return receipt._replace(detail=detail, waits=pinned.waits, retry_at=pinned.retry_at)
        return receipt

    @property
    def _chat(self) -> str:
        """The chat as it was told, or what that has become since."""
        moved = self._world.notes.read(f"{self._id}:chat") or {}
        return str(moved["to"]) if moved.get("from") == self._settings.chat else self._settings.chat

    def _tried(
        self, call: Call, delivery: DeliveryId, remote_ids: Sequence[str] = (), *, moved: bool = False
    ) -> Receipt:
        """What came of a call, as a receipt. ``moved``: the chat's new number is tried."""
        now = self._world.now
        try:
            found = self._wait(call(Messages(self._open_bot(), self._chat, self._settings)))
        except refused.RetryAfter as error:
            after = error.retry_after
            return Receipt(
                delivery=delivery,
                at=now(),
                outcome=Outcome.DEFERRED,
                retry_at=now() + (after if isinstance(after, timedelta) else timedelta(seconds=after)),
                detail=str(error),
                waits=True,
            )
        except refused.ChatMigrated as error:
            if moved:
                return Receipt(
                    delivery=delivery, at=now(), outcome=Outcome.DEFERRED, halt=True, detail=_advice(error)
                )
            where = {"from": self._settings.chat, "to": error.new_chat_id}
            self._world.notes.write(f"{self._id}:chat", where)
            log.warning("%s: %s", self._id, _advice(error))
            return self._tried(call, delivery, remote_ids, moved=True)
        except refused.TelegramError as error:
            outcome, halt = _meaning(error)
            stands = tuple(remote_ids) if outcome is Outcome.ACCEPTED else ()
            detail = _advice(error)
            return Receipt(
                delivery=delivery, at=now(), outcome=outcome, halt=halt, detail=detail, remote_ids=stands
            )
        stands = found if found is not None else tuple(remote_ids)
        return Receipt(delivery=delivery, at=now(), outcome=Outcome.ACCEPTED, remote_ids=stands)

    def _open_bot(self) -> Bot:
        if self._bot is None:
            message = "the channel is not entered"
            raise RuntimeError(message)
        return self._bot

    def _wait(self, calling: Coroutine[Any, Any, T]) -> T:
        if self._loop is None:
            message = "the channel is not entered"
            raise RuntimeError(message)
        return self._loop.run(calling)


def _lacking(member: ChatMember, chat: ChatFullInfo, told: TelegramSettings) -> str | None:
    """What keeps the bot from doing its work there; ``{}`` stands for the chat."""
    channel = chat.type == "channel"
    if member.status in {"left", "kicked"} or (channel and member.status not in {"administrator", "creator"}):
        return "is no administrator of {}; make it one" if channel else "is no member of {}; let it in"
    if told.topic and not chat.is_forum:
        return "finds no topics in {}; take topic out"
    if not isinstance(member, ChatMemberAdministrator):
        return "may not pin in {}; make it an administrator" if told.pin else None
    if channel and not member.can_post_messages:
        return "may not post to {}; give it the right to post messages"
    if told.pin and not (member.can_edit_messages if channel else member.can_pin_messages):
        return f"may not pin in {{}}; give it the right to {'edit' if channel else 'pin'} messages"
    return None


def _meaning(error: refused.TelegramError) -> tuple[Outcome, bool]:
    """The outcome of a call that failed, and whether the door itself is shut."""
    said = str(error).lower()  # the library capitalises what Telegram said
    match error:
        case refused.BadRequest() | refused.Forbidden() | refused.InvalidToken() if error.__cause__:
            return Outcome.DEFERRED, False  # an answer that is not Telegram's: something stands in between
        case refused.BadRequest() if (
            "message is not modified" in said or "message to delete not found" in said
        ):
            return Outcome.ACCEPTED, False
        case refused.BadRequest() if _WRONG_CHAT.search(said):
            return Outcome.DEFERRED, True
        case refused.BadRequest():
            return Outcome.REJECTED, False
        case refused.Forbidden() | refused.InvalidToken() | refused.ChatMigrated():
            return Outcome.DEFERRED, True
        case refused.Conflict():
            return Outcome.DEFERRED, False
        case refused.NetworkError() if isinstance(error.__cause__, _NEVER_LEFT) or _TOO_MANY.search(said):
            return Outcome.DEFERRED, False
    return Outcome.UNCERTAIN, False


def _advice(error: refused.TelegramError) -> str:
    match error:
        case refused.ChatMigrated():
            return (
                f"the group became a supergroup: its number is now {error.new_chat_id}; it is used from now on, "
                "write it under chat"
            )
        case refused.InvalidToken():
            return "Telegram does not know the bot's token; get a new one from @BotFather"
        case refused.Forbidden():
            return f"{html.unescape(error.message)}; let the bot in again as an administrator"
    return error.message


class _Redaction(logging.Filter):
    """httpx writes every URL to its log, and the token stands in it."""

    def __init__(self, token: str) -> None:
        super().__init__()
        self._token = token

    def filter(self, record: logging.LogRecord) -> bool:
        said = record.getMessage()
        if self._token in said:
            record.msg, record.args = said.replace(self._token, "[token]"), ()
        return True


@cache
def _redaction(token: str) -> _Redaction:
    """One for a token: a channel is made anew for each tick, and a logger keeps what it is given."""
    return _Redaction(token)
