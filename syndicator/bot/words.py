"""How the bot speaks: in the language of whoever is spoken to, with times, names and marks as people read them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_datetime, format_time
from babel.support import Translations

from syndicator.errors import Phrase, SyndicatorError
from syndicator.text.direction import LRM, RLM, direction, isolate
from syndicator.verbs import VERBS

MARKS = {
    "pending": "○", "claimed": "◐", "sending": "◐", "sent": "●", "uncertain": "◆", "held": "▮", "failed": "✕",
    "excluded": "–", "expired": "–", "cancelled": "–",
}  # fmt: skip

_ADVICE = re.compile(r"`syndicator ([a-z]+(?: [a-z]+)?)[^`]*`")
_ORDER = re.compile(r"(?<!\S)/\w+")


def _advised(found: re.Match[str]) -> str:
    """A verb as it is written here; other commands are the operator's."""
    words = found[1].split()
    name = next((one for one in (" ".join(words), words[0]) if one in VERBS), None)
    return f"/{VERBS[name].slug.replace('-', '_')}" if name else found[0]


def _locale(language: str) -> Locale:
    try:
        return Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale("en")


class Words:
    """Of one person."""

    def __init__(self, language: str, spoken: Translations, zone: ZoneInfo, now: datetime) -> None:
        self.language = language
        self._locale = _locale(language)
        self._spoken = spoken
        self._zone = zone
        self._now = now

    def __call__(self, said: str, /, **told: Any) -> str:
        """A sentence in their language, as HTML; what is filled in keeps its own direction."""
        text: str = self._spoken.gettext(said)
        text = self._ordered(escape(text, quote=False))
        return text.format(**{name: self.bdi(one) for name, one in told.items()})

    def plain(self, said: str, /, **told: Any) -> str:
        """The same for what takes no markup: buttons, toasts, descriptions of commands."""
        text = self._ordered(self._spoken.gettext(said))
        return text.format(**{name: isolate(str(one), self.language) for name, one in told.items()})

    def _ordered(self, text: str) -> str:
        """An order keeps its stroke before it, also where all else runs the other way."""
        return _ORDER.sub(rf"{LRM}\g<0>", text) if direction(self.language) == "rtl" else text

    def label(self, name: str) -> str:
        """Of a field, as people would call it."""
        return escape(self._spoken.gettext(name.replace("_", " ")), quote=False)

    def fault(self, error: object) -> str:
        """What is wrong, with the command line's advice as an order to the bot."""
        told = error if isinstance(error, (Phrase, SyndicatorError)) else Phrase(str(error))
        return self.bdi(told.spoken(self._advice, partial(isolate, language=self.language)))

    def _advice(self, text: str) -> str:
        return self._ordered(_ADVICE.sub(_advised, self._spoken.gettext(text)))

    def bdi(self, text: object) -> str:
        """What somebody else wrote, so that it turns nothing round."""
        return escape(isolate(str(text), self.language), quote=False)

    def name(self, text: object) -> str:
        """An identifier of ours: left to right, and easily copied."""
        return f"<code>{escape(str(text), quote=False)}</code>"

    def page(self, *lines: str) -> str:
        """Lines as one message that runs in their direction."""
        mark = RLM if direction(self.language) == "rtl" else ""
        return "\n".join(mark + line if line else "" for line in lines)

    def clock(self, moment: datetime) -> str:
        """The hour; with its day, where that is another."""
        here, today = moment.astimezone(self._zone), self._now.astimezone(self._zone)
        if here.date() == today.date():
            return str(format_time(here, "HH:mm", tzinfo=self._zone, locale=self._locale))
        return str(format_datetime(here, "d MMM HH:mm", tzinfo=self._zone, locale=self._locale))

    def listed(self, names: Sequence[object]) -> str:
        comma = "، " if direction(self.language) == "rtl" else ", "
        return comma.join(self.bdi(one) for one in names)
