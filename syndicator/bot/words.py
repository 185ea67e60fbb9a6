"""How the bot speaks: in the language of whoever is spoken to, with times, names and marks as people read them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_datetime, format_time
from babel.support import Translations

from syndicator.text.direction import direction, isolate, lead

MARKS = {
    "pending": "○", "claimed": "◐", "sending": "◐", "sent": "●", "uncertain": "◆", "held": "▮", "failed": "✕",
    "excluded": "–", "expired": "–", "cancelled": "–",
}  # fmt: skip


class Words:
    """Of one person."""

    def __init__(self, language: str, spoken: Translations, zone: ZoneInfo, now: datetime) -> None:
        self.language = language
        self._spoken = spoken
        self._zone = zone
        self._now = now

    def __call__(self, sentence: str, /, **told: Any) -> str:
        """A sentence in their language, as HTML; what is filled in keeps its own direction."""
        said: str = self._spoken.gettext(sentence)
        return escape(said, quote=False).format(**{name: self.bdi(one) for name, one in told.items()})

    def plain(self, sentence: str, /, **told: Any) -> str:
        """The same for what takes no markup: buttons, toasts, descriptions of commands."""
        return self._spoken.gettext(sentence).format(
            **{name: isolate(str(one), self.language) for name, one in told.items()}
        )

    def bdi(self, text: object) -> str:
        """What somebody else wrote, so that it turns nothing round."""
        return escape(isolate(str(text), self.language), quote=False)

    def name(self, text: object) -> str:
        """An identifier of ours: left to right, and easily copied."""
        return f"<code>{escape(str(text), quote=False)}</code>"

    def page(self, *lines: str) -> str:
        """Lines as one message that runs in their direction."""
        text = "\n".join(lines)
        return lead(text, self.language) if direction(self.language) == "rtl" else text

    def clock(self, moment: datetime) -> str:
        """The hour; with its day, where that is another."""
        here, today = moment.astimezone(self._zone), self._now.astimezone(self._zone)
        if here.date() == today.date():
            return str(format_time(here, "HH:mm", tzinfo=self._zone, locale=self.language))
        return str(format_datetime(here, "d MMM HH:mm", tzinfo=self._zone, locale=self.language))

    def listed(self, names: Sequence[object]) -> str:
        comma = "، " if direction(self.language) == "rtl" else ", "
        return comma.join(self.bdi(one) for one in names)
