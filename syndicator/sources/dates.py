"""Dates as publishers write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from email.utils import parsedate_to_datetime

_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")
_SHORT_OFFSET = re.compile(r"([+-]\d{2})$")
_MONTHS = {
    "Jan": "يناير كانون-الثاني",
    "Feb": "فبراير شباط",
    "Mar": "مارس آذار اذار",
    "Apr": "أبريل ابريل نيسان",
    "May": "مايو أيار ايار",
    "Jun": "يونيو حزيران",
    "Jul": "يوليو تموز",
    "Aug": "أغسطس اغسطس آب",
    "Sep": "سبتمبر أيلول ايلول",
    "Oct": "أكتوبر اكتوبر تشرين-الأول",
    "Nov": "نوفمبر تشرين-الثاني",
    "Dec": "ديسمبر كانون-الأول",
}
_MONTH_OF = {name.replace("-", " "): month for month, names in _MONTHS.items() for name in names.split()}
LONGEST = 100  # characters; whatever is longer is no date
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)  # before the first feed: whatever says so is wrong


def parse(text: str | None, zone: tzinfo) -> datetime | None:
    """RFC 822, ISO 8601 and their usual misspellings as UTC; ``zone`` where no offset is given.

    None when it is no date, or one before there were feeds: a wrong date is worse than none.
    """
    if not text or len(text) > LONGEST:
        return None
    said = text.strip().translate(_DIGITS)
    for name, month in _MONTH_OF.items():
        said = said.replace(name, month)
    for read in (_iso, parsedate_to_datetime):
        try:
            found = read(said)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
        aware = found if found.tzinfo else found.replace(tzinfo=zone)
        try:
            moment = aware.astimezone(UTC)
        except (OverflowError, ValueError):
            return None
        return moment if moment >= EARLIEST else None
    return None


def _iso(text: str) -> datetime:
    return datetime.fromisoformat(_SHORT_OFFSET.sub(r"\1:00", text) if "T" in text or ":" in text else text)
