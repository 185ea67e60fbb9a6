"""How a post becomes a message: text, a photo with a caption, or an album; and how it is changed where it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from telegram import Bot, InputMediaPhoto, LinkPreviewOptions, ReplyParameters
from telegram import error as refused

from syndicator.model import Post
from syndicator.ports import Published
from syndicator.text.telegram import CAPTION_MAX, refusal

from .settings import TelegramSettings

_PICTURE = ("wrong type of the web page", "failed to get http url", "wrong http url", "wrong file identifier",
            "webpage_", "photo_invalid", "image_process_failed", "wrong remote file", "group send failed")  # fmt: skip
_NO_CAPTION = "there is no caption in the message to edit"
_NO_TEXT = "there is no text in the message to edit"


@dataclass(frozen=True, slots=True)
class Messages:
    """Of one chat. Raises :exc:`~telegram.error.TelegramError` as the library does."""

    bot: Bot
    chat: str
    told: TelegramSettings

    async def send(self, post: Post, reply_to: str | None) -> tuple[str, ...]:
        """The ids of the messages; a picture that Telegram cannot have stops nothing."""
        if not self._pictured(post):
            return await self._text(post, reply_to)
        try:
            return await self._photos(post, reply_to)
        except refused.BadRequest as error:
            if not any(sign in str(error).lower() for sign in _PICTURE):
                raise
        return await self._text(post, reply_to)

    def _pictured(self, post: Post) -> bool:
        """A caption is shorter than a message: what is longer goes as text with its link's preview."""
        return bool(post.media) and not refusal(post.text, CAPTION_MAX)

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
        if len(post.media) == 1:
            sent = await self.bot.send_photo(
                self.chat,
                post.media[0],
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
            [
                self._media(url, post.text if not place else None)
                for place, url in enumerate(post.media[: self.told.pictures])
            ],
            disable_notification=quiet,
            message_thread_id=self.told.topic,
            reply_parameters=_reply(reply_to),
        )
        return tuple(str(one.message_id) for one in album)

    def _media(self, url: str, caption: str | None) -> InputMediaPhoto:
        above = (self.told.above or None) if caption else None
        return InputMediaPhoto(url, caption=caption, parse_mode="HTML", show_caption_above_media=above)

    async def edit(self, published: Published, post: Post) -> None:
        """Text stays text and a photo stays a photo; an album's caption stands under its first picture."""
        first, before = int(published.remote_ids[0]), published.post
        if not self._pictured(before):
            await self._edit_text(first, post)
        elif len(published.remote_ids) == 1 and post.media and post.media[:1] != before.media[:1]:
            await self.bot.edit_message_media(
                self._media(post.media[0], post.text), chat_id=self.chat, message_id=first
            )
        else:
            await self._edit_caption(first, post)

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


def _reply(remote_id: str | None) -> ReplyParameters | None:
    return ReplyParameters(int(remote_id), allow_sending_without_reply=True) if remote_id else None
