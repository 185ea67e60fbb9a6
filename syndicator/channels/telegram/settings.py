"""What a Telegram chat is told in the configuration."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

PICTURES_MAX = 10  # of an album, Bot API sendMediaGroup


class TelegramSettings(BaseModel):
    """What a chat is told in the configuration."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    token: SecretStr = Field(description="the bot's token, from @BotFather")
    chat: str = Field(description="@name or number of the channel or group", pattern=r"^(@\w{4,}|-?\d+)$")
    audit_chat: str | None = Field(
        None,
        description="a private channel of the bot's own: doubts are read back by forwarding into it",
        pattern=r"^(@\w{4,}|-?\d+)$",
    )
    topic: int | None = Field(None, ge=1, description="message_thread_id of a forum topic")
    silent: bool = Field(default=False, description="without a sound")
    pin: bool = Field(default=False, description="breaking news is pinned")
    pictures: int = Field(0, ge=0, le=PICTURES_MAX, description="pictures of a story that are posted")
    thread: int = Field(1, ge=1, le=10, description="messages that one story may take, at most")
    preview: Literal["large", "small", "off"] = Field("large", description="the link's preview")
    above: bool = Field(default=False, description="the preview, or the picture's text, stands above")
    base_url: str = Field("https://api.telegram.org/bot", description="where the Bot API is")
    per_second: int = Field(1, ge=1, le=1000, description="messages in a second to this chat")
    per_minute: int = Field(20, ge=1, le=60_000, description="messages in a minute to this chat")
    altogether: int = Field(
        30, ge=1, le=1000, description="messages in a second of this bot to all its chats"
    )
    timeout: float = Field(30.0, gt=0, le=300, description="seconds to wait for an answer")
