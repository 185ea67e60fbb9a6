"""How a post becomes a message: text, a photo with a caption, or an album; and how it is changed where it stands."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from telegram import Bot, InputMediaPhoto, LinkPreviewOptions, ReplyParameters
from telegram import error as refused

from syndicator.model import Post
from syndicator.ports import Published
from syndicator.text.telegram import CAPTION_MAX, refusal

from .settings import TelegramSettings

_PICTURE = ("wrong type of the web page", "failed to get http url", "wrong http url", "wrong file identifier",
            "webpage_", "photo_invalid", "image_process_failed", "wrong remote file", "group send failed",
            "there is no media in the message")  # fmt: skip
_NO_CAPTION = "there is no caption in the message to edit"
_SAME = "message is not modified"


def pictures_of(post: Post, most: int) -> tuple[str, ...]:
    """Those it is posted with. A caption is shorter than a message: what is longer goes as text, with its link's
    preview."""
    return post.media[: most or 1] if post.media and not refusal(post.text, CAPTION_MAX) else ()


@dataclass(frozen=True, slots=True)
class Messages:
    """Of one chat. Raises :exc:`~telegram.error.TelegramError` as the library does."""

    bot: Bot
    chat: str
    told: TelegramSettings

    async def send(self, post: Post, reply_to: str | None) -> tuple[str, ...]:
        """The ids of the messages; a picture that Telegram cannot have stops nothing."""
        if not self._pictures(post):
            return await self._text(post, reply_to)
        try:
            return await self._photos(post, reply_to)
        except refused.BadRequest as error:
            if not any(sign in str(error).lower() for sign in _PICTURE):
                raise
        return await self._text(post, reply_to)

    def _pictures(self, post: Post) -> tuple[str, ...]:
        return pictures_of(post, self.told.pictures)

    async def _text(self, post: Post, reply_to: str | None) -> tuple[str, ...]:
        sent = await self.bot.send_message(
            self.chat,
            post.text,
            parse_mode="HTML",
            disable_notification=self.told.silent or post.silent,
            link_preview_options=self._preview(large=bool(post.media)),
            message_thread_id=self.told.topic,
            reply_parameters=_reply(reply_to),
        )
        return (str(sent.message_id),)

    async def _photos(self, post: Post, reply_to: str | None) -> tuple[str, ...]:
        """One, or several in one call: an album arrives whole or not at all."""
        quiet = self.told.silent or post.silent
        pictures = self._pictures(post)
        if len(pictures) == 1:
            sent = await self.bot.send_photo(
                self.chat,
                pictures[0],
                caption=post.text,
                parse_mode="HTML",
                disable_notification=quiet,
                message_thread_id=self.told.topic,
                reply_parameters=_reply(reply_to),
                show_caption_above_media=self.told.above or None,
            )
            return (str(sent.message_id),)
        album = await self.bot.send_media_group(
            self.chat,
            [self._media(url, post.text if not place else None) for place, url in enumerate(pictures)],
            disable_notification=quiet,
            message_thread_id=self.told.topic,
            reply_parameters=_reply(reply_to),
        )
        return tuple(str(one.message_id) for one in album)

    def _media(self, url: str, caption: str | None) -> InputMediaPhoto:
        above = (self.told.above or None) if caption else None
        return InputMediaPhoto(url, caption=caption, parse_mode="HTML", show_caption_above_media=above)

    async def edit(self, published: Published, post: Post) -> None:
        """What is changed already is passed over: a death in the middle of an album is mended by asking again.

        An album's caption stands under its first picture. Where the pictures cannot be changed, the words are.
        """
        messages = [int(one) for one in published.remote_ids]
        had, has = self._pictures(published.post), self._pictures(post)
        if len(has) != len(messages):
            await self._reworded(messages[0], post, photo=bool(had))
            return
        for place, (message, url) in enumerate(zip(messages, has, strict=True)):
            if had[place : place + 1] != (url,):
                await self._repictured(message, url, post, first=not place)
            elif not place:
                await self._reworded(message, post, photo=True)

    async def _repictured(self, message: int, url: str, post: Post, *, first: bool) -> None:
        """A picture that Telegram cannot have stops nothing."""
        media = self._media(url, post.text if first else None)
        try:
            await _unless_same(self.bot.edit_message_media(media, chat_id=self.chat, message_id=message))
        except refused.BadRequest as error:
            if not any(sign in str(error).lower() for sign in _PICTURE):
                raise
            if first:
                await self._reworded(message, post, photo=True)

    async def _reworded(self, message: int, post: Post, *, photo: bool) -> None:
        await _unless_same(self._edit_caption(message, post) if photo else self._edit_text(message, post))

    async def _edit_text(self, message: int, post: Post) -> None:
        await self.bot.edit_message_text(
            post.text,
            chat_id=self.chat,
            message_id=message,
            parse_mode="HTML",
            link_preview_options=self._preview(large=bool(post.media)),
        )

    async def _edit_caption(self, message: int, post: Post) -> None:
        """Where its picture could not be had it went out as text."""
        try:
            await self.bot.edit_message_caption(
                self.chat,
                message,
                caption=post.text,
                parse_mode="HTML",
                show_caption_above_media=self.told.above or None,
            )
        except refused.BadRequest as error:
            if _NO_CAPTION not in str(error).lower():
                raise
            await self._edit_text(message, post)

    async def delete(self, remote_ids: Sequence[str]) -> None:
        await self.bot.delete_messages(self.chat, [int(message) for message in remote_ids])

    async def pin(self, remote_id: str) -> None:
        await self.bot.pin_chat_message(self.chat, int(remote_id), disable_notification=True)

    def _preview(self, *, large: bool) -> LinkPreviewOptions:
        """``large``: in place of a picture that did not go along."""
        wish = self.told.preview
        return LinkPreviewOptions(
            is_disabled=wish == "off",
            prefer_large_media=(wish == "large" or (large and wish != "off")) or None,
            prefer_small_media=(wish == "small" and not large) or None,
            show_above_text=self.told.above or None,
        )


async def _unless_same(calling: Coroutine[Any, Any, object]) -> None:
    """What stands there already is as good as changed."""
    try:
        await calling
    except refused.BadRequest as error:
        if _SAME not in str(error).lower():
            raise


def _reply(remote_id: str | None) -> ReplyParameters | None:
    return ReplyParameters(int(remote_id), allow_sending_without_reply=True) if remote_id else None
