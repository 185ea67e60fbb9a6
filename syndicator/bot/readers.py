"""What a stranger is told: where the newsroom can be read. It is the one answer that a stranger gets."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from .words import Words

if TYPE_CHECKING:
    from syndicator.app import App


def greeting(newsroom: App, words: Words) -> str:
    told = newsroom.settings
    lines = [f"<b>{words.bdi(told.newsroom.name)}</b>", words.bdi(told.newsroom.url)]
    for address in _chats(newsroom):
        lines.append(f"● {address}")
    open_ = [name for name, one in newsroom.newsletters.items() if told.newsletters[name].signup]
    if open_:
        lines += ["", words("By mail:")]
    for name in open_:
        title = newsroom.newsletters[name].titles.get(words.language, name)
        address = f"{told.newsroom.public_url.rstrip('/')}/subscribe?newsletter={quote(name)}"
        lines.append(f'● <a href="{address}">{words.bdi(title)}</a>')
    return words.page(*lines)


def _chats(newsroom: App) -> list[str]:
    """Addresses of the channels in Telegram that have a name."""
    chats = [str(getattr(one.options, "chat", "")) for one in newsroom.wiring.channels.values()]
    return [f"https://t.me/{chat[1:]}" for chat in dict.fromkeys(chats) if chat.startswith("@")]
