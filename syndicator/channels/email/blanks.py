"""Filling a post's blanks for one recipient."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping

from syndicator.model import BLANK_END, BLANK_START

_BLANK = re.compile(f"{BLANK_START}([a-z_]+){BLANK_END}")


def fill(text: str, blanks: Mapping[str, str]) -> str:
    """Raises :exc:`KeyError` naming a blank that nobody filled."""
    return _BLANK.sub(lambda found: blanks[found[1]], text)


def fill_html(markup: str, blanks: Mapping[str, str]) -> str:
    """As :func:`fill`; values are text and become HTML text or attribute values."""
    return _BLANK.sub(lambda found: html.escape(blanks[found[1]]), markup)
