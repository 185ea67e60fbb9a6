"""How moments and spans are told: near ones by how long ago they were, all of them in the newsroom's zone."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from functools import lru_cache

from babel.dates import format_datetime
from babel.numbers import format_decimal
from babel.support import Translations
from markupsafe import Markup

AGO = timedelta(hours=12)  # younger moments are told by how long ago they were


def date_pattern(language: str) -> str:
    """Of a day in its month: Sorani ties them together."""
    return "d'ی'" if language == "ckb" else "d"


class Times:
    """For one page: at ``now``, in a language and in the console's ``words``. Unicode has no words in Sorani for how
    long something takes or how long ago it was; ours stand in the console's book."""

    def __init__(self, now: datetime, zone: tzinfo, language: str, words: Translations) -> None:
        self.now = now
        self._zone = zone
        self._language = language
        self._words = words
        self._date = date_pattern(language)

    def when(self, moment: datetime | None) -> Markup:
        if moment is None:
            return Markup("–")
        if abs(self.now - moment) < AGO:
            return self._marked(moment, self._ago(moment - self.now))
        return self.exactly(moment)

    def exactly(self, moment: datetime) -> Markup:
        """By the clock, for sentences like "until …"."""
        today = moment.astimezone(self._zone).date() == self.now.astimezone(self._zone).date()
        return self._marked(moment, self._written(moment, "HH:mm" if today else f"{self._date} MMM HH:mm"))

    def clock(self, moment: datetime) -> str:
        return self._written(moment, "HH:mm")

    def day(self, moment: datetime) -> str:
        return self._written(moment, f"EEEE {self._date} MMMM")

    def span(self, span: timedelta) -> str:
        """In its biggest unit."""
        seconds = round(span.total_seconds())
        minutes, hours = round(seconds / 60), round(seconds / 3600)
        ngettext = self._words.ngettext
        if seconds < 60:
            return self._counted(ngettext("%(num)s second", "%(num)s seconds", seconds), seconds)
        if minutes < 60:
            return self._counted(ngettext("%(num)s minute", "%(num)s minutes", minutes), minutes)
        return self._counted(ngettext("%(num)s hour", "%(num)s hours", hours), hours)

    def _ago(self, distance: timedelta) -> str:
        ahead, ngettext = distance > timedelta(0), self._words.ngettext
        minutes = round(abs(distance).total_seconds() / 60)
        hours = round(minutes / 60)
        if minutes == 0:
            return self._words.gettext("at once") if ahead else self._words.gettext("just now")
        if minutes < 60 and ahead:
            return self._counted(ngettext("in %(num)s minute", "in %(num)s minutes", minutes), minutes)
        if minutes < 60:
            return self._counted(ngettext("%(num)s minute ago", "%(num)s minutes ago", minutes), minutes)
        if ahead:
            return self._counted(ngettext("in %(num)s hour", "in %(num)s hours", hours), hours)
        return self._counted(ngettext("%(num)s hour ago", "%(num)s hours ago", hours), hours)

    def _counted(self, told: str, number: int) -> str:
        return told % {"num": format_decimal(number, locale=self._language)}

    def _marked(self, moment: datetime, told: str) -> Markup:
        exact = self._written(moment, f"{self._date} MMM y HH:mm:ss")
        return Markup('<time datetime="{}" title="{}">{}</time>').format(moment.isoformat(), exact, told)

    def _written(self, moment: datetime, pattern: str) -> str:
        return _written(moment, pattern, self._zone, self._language)


@lru_cache(4096)  # the same ones are on page after page
def _written(moment: datetime, pattern: str, zone: tzinfo, language: str) -> str:
    return format_datetime(moment, pattern, tzinfo=zone, locale=language)
