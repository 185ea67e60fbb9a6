"""How each network counts, and cutting a text to a count without breaking what a reader sees."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import regex
from twitter_text import extract_urls, parse_tweet

Measure = Callable[[str], int]

ELLIPSIS = "…"
FIRST_ISOLATES, POP_ISOLATE = "\u2066\u2067\u2068", "\u2069"  # LRI RLI FSI … PDI, UAX #9
_LINK = re.compile(r"https?://\S+")
_WORD_END = regex.compile(r"(?<=\S)(?=\s)")


def code_points(text: str) -> int:
    """Bot API: limits of text and captions count these, after entity parsing."""
    return len(text)


def utf16(text: str) -> int:
    """Bot API: entity offsets count UTF-16 units; a text within a limit so counted is safe either way."""
    return len(text.encode("utf-16-le")) // 2


def x_weighted(text: str) -> int:
    """X: weighted length by twitter-text's configuration v3: links 23, emoji 2, most scripts 1."""
    return int(parse_tweet(text).weightedLength)


def x_links(text: str) -> int:
    """X: how many links it sees, bare names such as courier.krd among them."""
    return len(extract_urls(text))


def mastodon(text: str) -> int:
    """Mastodon: 23 for each link, else no more than code points: the server counts clusters."""
    bare, links = _LINK.subn("", text)
    return len(bare) + 23 * links


def graphemes(text: str) -> int:
    """Bluesky: what a reader takes for one sign."""
    return len(regex.findall(r"\X", text))


def utf8(text: str) -> int:
    """Bytes in UTF-8."""
    return len(text.encode())


BASE64_FROM = 1 / 6  # share of octets beyond ASCII above which base64 is shorter than quoted-printable
_ASCII = bytes(range(128))
_AS_IT_IS = b"\t\n " + bytes(range(33, 127)).replace(b"=", b"")  # in quoted-printable, RFC 2045 §6.7


def in_base64(raw: bytes) -> bool:
    """Whether base64 carries this text in fewer octets than quoted-printable."""
    return len(raw.translate(None, _ASCII)) > len(raw) * BASE64_FROM


def encoded(text: str) -> int:
    """Octets of a mail's part in the shorter of the two encodings, with its line ends: never less, a little more."""
    raw = text.encode()
    ends = raw.count(b"\n")
    if in_base64(raw):
        return ((len(raw) + ends) // 57 + 1) * 78
    spelled = len(raw.translate(None, _AS_IT_IS)) + raw.count(b" \n") + raw.count(b"\t\n") + raw.count(b"\n.")
    signs = len(raw) + 2 * spelled + ends
    return signs + (signs // 73 + 1) * 5  # a soft break, and a dot behind it


UNITS: Mapping[str, Measure] = {
    "chars": code_points,
    "utf16": utf16,
    "x-weighted": x_weighted,
    "bytes": utf8,
    "mastodon": mastodon,
    "graphemes": graphemes,
}


@dataclass(frozen=True, slots=True)
class Space:
    """Where a summary is to stand."""

    unit: str  # as the network counts
    budget: int

    @property
    def measure(self) -> Callable[[str], int]:
        return UNITS[self.unit]

    def __str__(self) -> str:
        return f"{self.budget} {self.unit}"


def fit(text: str, budget: int, measure: Measure, ellipsis: str = ELLIPSIS) -> str:
    """The text, or its longest beginning of whole words that fits the budget, with an ellipsis.

    Never splits a grapheme cluster or a link, and a word only where it is the whole text; closes the isolates that
    it opened. Empty where not one word, or one grapheme of a single word, fits with the ellipsis.
    ``measure(fit(text, budget, measure)) <= budget`` always holds.
    """
    if measure(text) <= budget:
        return text
    words = [end.start() for end in _WORD_END.finditer(text)]
    at = _longest(text, words, budget, measure, ellipsis)
    if at is None and not words:  # of several words none is torn
        at = _longest(text, _grapheme_ends(text), budget, measure, ellipsis)
    return "" if at is None else _cut(text, at, ellipsis)


def _grapheme_ends(text: str) -> list[int]:
    links = [link.span() for link in _LINK.finditer(text)]
    ends = (cluster.end() for cluster in regex.finditer(r"\X", text))
    return [end for end in ends if not any(start < end < stop for start, stop in links)]


def _longest(text: str, ends: list[int], budget: int, measure: Measure, ellipsis: str) -> int | None:
    """The last of these ends that fits, by doubling and then by halving, so that no more is measured than twice what
    fits; what it gives was measured and fits."""
    low, high = 0, min(1, len(ends))
    while high < len(ends) and measure(_cut(text, ends[high - 1], ellipsis)) <= budget:
        low, high = high, min(2 * high, len(ends))
    while low < high:
        middle = (low + high) // 2
        if measure(_cut(text, ends[middle], ellipsis)) <= budget:
            low = middle + 1
        else:
            high = middle
    return ends[low - 1] if low else None


def _cut(text: str, end: int, ellipsis: str) -> str:
    kept = text[:end].rstrip(" ،,;؛:–—-\n\t\u200c")
    return kept + ellipsis + POP_ISOLATE * _open_isolates(kept)


def _open_isolates(text: str) -> int:
    depth = 0
    for character in text:
        if character in FIRST_ISOLATES:
            depth += 1
        elif character == POP_ISOLATE and depth:
            depth -= 1
    return depth
