"""Reads a channel back by forwarding what stands there into an audit chat: bots cannot read a history.

Message ids of a channel are sequential. So whatever went out after the last known message has one of the next ids, and
a run of ids that nobody has is the end. What is known to stand there must be readable first: to a bot that lost its
rights everything is "not found".
"""

from __future__ import annotations

import html
import logging
import re
import unicodedata
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import count

from telegram import Bot, ChatFullInfo, Message, MessageOriginChannel
from telegram import error as refused

from syndicator.model import Outcome, Post
from syndicator.text.telegram import shown

log = logging.getLogger(__name__)

REACH = 60  # messages that are looked at after the last known one; more were not ours alone
END = 10  # so many ids in a row without a message are no gap (posts deleted) but the end
PATIENCE = 60.0  # seconds to wait once when Telegram asks for time
_BATCH = 100  # messages that one call deletes, Bot API deleteMessages
_NOBODY = "message to forward not found"
_LINK = re.compile(r'href="([^"]*)"')
_INVISIBLE = frozenset({"Cc", "Cf"})


@dataclass(frozen=True, slots=True)
class Found:
    """What the channel said: accepted, deferred (surely absent) or uncertain."""

    outcome: Outcome
    detail: str
    remote_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """One channel, and the chat that its messages are forwarded into; no copy stays there."""

    bot: Bot
    chat: str
    into: str
    wait: Callable[[float], bool]  # seconds; True when we are asked to stop meanwhile

    async def look_for(self, post: Post, before: Sequence[str], others: Collection[str]) -> Found:
        """``before`` are ids known to stand there earlier, newest first; ``others`` those of other deliveries since.

        Raises :exc:`~telegram.error.TelegramError` when Telegram cannot be asked.
        """
        copies: list[int] = []
        try:
            for known in before:
                copy = await self._copy(int(known), copies)
                if isinstance(copy, Message):
                    break
            else:
                return Found(Outcome.UNCERTAIN, "nothing that is known to stand there can be read")
            if not self._from_here(copy, int(known)):
                return Found(Outcome.UNCERTAIN, "only a channel can be read back, a group cannot")
            return await self._search(post, max(map(int, before)), frozenset(map(int, others)), copies)
        finally:
            await self._clear(copies)

    async def _search(self, post: Post, last: int, others: frozenset[int], copies: list[int]) -> Found:
        looked, missing, text = 0, 0, post.text
        doubtful = ""
        newest = max(others, default=last)
        for number in count(last + 1):
            if number in others:
                missing = 0
                continue
            if missing >= END and number > newest:
                break
            if looked >= REACH:
                return Found(Outcome.UNCERTAIN, f"more than {REACH} messages stand there since")
            looked += 1
            copy = await self._copy(number, copies)
            missing = missing + 1 if copy is None else 0
            if isinstance(copy, Message) and self._from_here(copy, number):
                if _kept(copy.text or copy.caption or "") == _kept(shown(text)):
                    # An album arrives whole, under numbers that follow each other.
                    album = range(number, number + (len(post.media) if copy.photo else 1))
                    return Found(Outcome.ACCEPTED, "read back from the channel", tuple(map(str, album)))
                if _links(text) & _linked(copy):
                    doubtful = f"message {number} has the same link and another text"
            elif isinstance(copy, str):
                doubtful = doubtful or f"message {number}: {copy}"
        if doubtful:
            return Found(Outcome.UNCERTAIN, doubtful)
        return Found(Outcome.DEFERRED, f"not in the channel, which ends before message {number - END}")

    async def _copy(self, number: int, copies: list[int]) -> Message | str | None:
        """A forwarded copy; why it cannot be read; None where there is no such message."""
        try:
            copy = await self._forwarded(number)
        except refused.BadRequest as error:
            said = error.message.lower()
            if said == _NOBODY:
                return None
            if "can't be forwarded" in said or "protected" in said:
                return error.message
            raise
        copies.append(copy.message_id)
        return copy

    async def _forwarded(self, number: int) -> Message:
        try:
            return await self.bot.forward_message(self.into, self.chat, number, disable_notification=True)
        except refused.RetryAfter as error:
            after = error.retry_after
            seconds = after.total_seconds() if isinstance(after, timedelta) else float(after)
            if seconds > PATIENCE or self.wait(seconds):
                raise
        return await self.bot.forward_message(self.into, self.chat, number, disable_notification=True)

    def _from_here(self, copy: Message, number: int) -> bool:
        """Whether the copy is of a message of this channel, and not of one that was itself forwarded into it."""
        origin = copy.forward_origin
        if not isinstance(origin, MessageOriginChannel) or origin.message_id != number:
            return False
        return self.chat.lower() in {str(origin.chat.id), f"@{origin.chat.username}".lower()}

    async def _clear(self, copies: Sequence[int]) -> None:
        """What stays behind harms nobody: the answer stands without it."""
        for begin in range(0, len(copies), _BATCH):
            try:
                await self.bot.delete_messages(self.into, list(copies[begin : begin + _BATCH]))
            except refused.TelegramError as error:
                log.warning("%s: forwarded copies stay behind: %s", self.into, error)


def unreadable(chat: ChatFullInfo) -> str | None:
    """Why this chat can never be read back, None when it can."""
    if chat.type != "channel":
        return "only a channel can be read back, a group cannot"
    if chat.has_protected_content:
        return "its content is protected from being forwarded, so it cannot be read back"
    return None


def _kept(text: str) -> str:
    """What is left to compare: Telegram drops some signs that show nothing, and blanks at the ends."""
    shown = (sign for sign in text if sign.isspace() or unicodedata.category(sign) not in _INVISIBLE)
    return " ".join("".join(shown).split())


def _links(markup: str) -> frozenset[str]:
    return frozenset(html.unescape(link).rstrip("/") for link in _LINK.findall(markup))


def _linked(message: Message) -> frozenset[str]:
    found = [*message.entities, *message.caption_entities]
    return frozenset((entity.url or "").rstrip("/") for entity in found if entity.url)
