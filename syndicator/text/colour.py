"""Colours that can be read on their ground (WCAG 2.2). A colour is written ``#rrggbb``."""

from __future__ import annotations

PAPER, NIGHT = "#ffffff", "#14171a"  # the grounds of mails and pages, by day and in dark mode
READABLE = 4.5  # contrast of text, WCAG 2.2, 1.4.3


def stands_out_on(ground: str) -> str:
    """Black or white, whichever stands out more on this ground."""
    return max(("#ffffff", "#000000"), key=lambda ink: contrast(ink, ground))


def readable(colour: str, ground: str) -> str:
    """The colour, with as little black or white in it as makes it readable on this ground."""
    pole, steps = stands_out_on(ground), range(0, 101, 5)
    mixed = (_mixed(colour, pole, share / 100) for share in steps)
    return next(one for one in mixed if contrast(one, ground) >= READABLE)


def _mixed(colour: str, other: str, share: float) -> str:
    pairs = ((int(colour[at : at + 2], 16), int(other[at : at + 2], 16)) for at in (1, 3, 5))
    return "#" + "".join(f"{round(one + (two - one) * share):02x}" for one, two in pairs)


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
