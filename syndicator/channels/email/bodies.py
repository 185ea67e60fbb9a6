"""The text of a mail's part, encoded once; what differs from reader to reader is set in as bytes.

A value sits in the middle of an encoded stream. In base64 it moves what follows by its length: the text behind it
is kept in three phases, one for each number of octets that complete a triple. In quoted-printable it stands on
lines of its own between soft breaks. No line begins with a dot, so nothing is stuffed on the wire.
"""

from __future__ import annotations

import html
import re
from binascii import b2a_base64
from collections.abc import Callable, Mapping
from typing import Protocol

from syndicator.model import BLANK_END, BLANK_START
from syndicator.text.measure import in_base64

LINE = 57  # octets that make a base64 line of 76, RFC 2045 §6.8
QP_LINE = 75  # and the "=" of a soft break, RFC 2045 §6.7
RAW_LINE = 900  # octets of a line that goes out as it is: with a value in it it still fits 998

_BLANK = re.compile(f"{BLANK_START}([a-z_]+){BLANK_END}")
_QP = [b"=%02X" % octet for octet in range(256)]
for _octet in b"\t " + bytes(range(33, 127)).replace(b"=", b""):
    _QP[_octet] = bytes([_octet])
# Stands in quoted-printable and in HTML as it is, but for a dot that begins a line.
_EASY = re.compile(r"[A-Za-z0-9:/?,_~%+@. -]+")
_EASY_LINES = re.compile(rb".{1,72}")  # so that such a dot may be written in three

Values = Mapping[str, str]


def fill(text: str, values: Values) -> str:
    """Raises :exc:`KeyError` naming a blank that nobody filled."""
    return _BLANK.sub(lambda found: values[found[1]], text)


def blanks(text: str) -> set[str]:
    """The names of the blanks in it."""
    return set(_BLANK.findall(text))


class Body(Protocol):
    encoding: str

    def put(self, values: Values, out: list[bytes]) -> None:
        """Add the encoded text, filled for one reader, to ``out``; it ends with a line end."""


def body(text: str, *, escape: bool, eightbit: bool = False) -> Body:
    """The shortest way to carry the text: as it is where that is allowed, base64 for scripts beyond Latin, else
    quoted-printable. ``escape``: it is HTML, and values are text."""
    text = text if text.endswith("\n") else f"{text}\n"
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    pieces = _BLANK.split(text)
    shown = html.escape if escape else str
    raw = text.encode()
    if eightbit and max(map(len, raw.split(b"\n"))) <= RAW_LINE:
        return Raw(pieces, shown)
    return (Base64 if in_base64(raw) else QuotedPrintable)(pieces, shown)


def _value(name: str, values: Values, shown: Callable[[str], str]) -> str:
    value = values[name]
    if "\r" in value or "\n" in value:
        value = value.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")
    return shown(value)


class Base64:
    encoding = "base64"

    def __init__(self, pieces: list[str], shown: Callable[[str], str]) -> None:
        texts = [piece.replace("\n", "\r\n").encode() for piece in pieces[::2]]
        self._shown = shown
        self._first = _phase(texts[0], 0)
        self._rest = [
            (name, [_phase(text, head) for head in range(3)])
            for name, text in zip(pieces[1::2], texts[1:], strict=True)
        ]

    def put(self, values: Values, out: list[bytes]) -> None:
        _, encoded, tail = self._first
        out.append(encoded)
        for name, phases in self._rest:
            carried = tail + _value(name, values, self._shown).encode()
            head, encoded, tail = phases[-len(carried) % 3]
            carried += head
            if len(carried) % 3:  # the text behind is shorter than the triple lacks
                tail = carried + tail
            else:
                out += (_lines(carried), encoded)
        if tail:
            out.append(_lines(tail))


def _phase(text: bytes, head: int) -> tuple[bytes, bytes, bytes]:
    """The octets that complete the triple before, whole lines, and up to two octets that are left."""
    rest = text[head:]
    whole = len(rest) - len(rest) % 3
    return text[:head], _lines(rest[:whole]), rest[whole:]


def _lines(raw: bytes) -> bytes:
    if len(raw) <= LINE:
        return b2a_base64(raw, newline=False) + b"\r\n" if raw else b""
    return b"".join(
        b2a_base64(raw[at : at + LINE], newline=False) + b"\r\n" for at in range(0, len(raw), LINE)
    )


class QuotedPrintable:
    encoding = "quoted-printable"

    def __init__(self, pieces: list[str], shown: Callable[[str], str]) -> None:
        self._shown = shown
        self._first = _quoted(pieces[0], last=len(pieces) == 1)
        self._rest = [
            (pieces[at], _quoted(pieces[at + 1], last=at + 2 == len(pieces)))
            for at in range(1, len(pieces), 2)
        ]

    def put(self, values: Values, out: list[bytes]) -> None:
        out.append(self._first)
        for name, text in self._rest:
            if _EASY.fullmatch(values[name]):
                out += (_easy(values[name].encode()), text)
            else:
                value = _value(name, values, self._shown).replace("\r\n", "\n")
                out += (_quoted(value, last=False), text)


def _easy(value: bytes) -> bytes:
    """Lines of their own, each with its soft break: most values are one, links are two."""
    if len(value) <= QP_LINE and value[0] != 46:
        return value + b"=\r\n"
    lines = _EASY_LINES.findall(value)
    return b"".join(b"=2E" + line[1:] + b"=\r\n" if line[0] == 46 else line + b"=\r\n" for line in lines)


def _quoted(text: str, *, last: bool) -> bytes:
    """Quoted-printable from the beginning of a line on; unless it is the last piece it ends with one, too."""
    lines = text.encode().split(b"\n")
    out: list[bytes] = []
    for number, line in enumerate(lines, 1):
        hard = number < len(lines)
        if line or hard:
            out += _soft(line, closed=hard or last)
            out.append(b"\r\n" if hard or last else b"=\r\n")
    return b"".join(out)


def _soft(line: bytes, *, closed: bool) -> list[bytes]:
    """One line with its soft breaks; its ending is the caller's. ``closed``: a line end follows what it ends with."""
    signs = [_QP[octet] for octet in line]
    if closed and line and line[-1] in b"\t ":
        signs[-1] = b"=%02X" % line[-1]
    out: list[bytes] = []
    length = 0
    for sign in signs:
        if length + len(sign) > QP_LINE:
            out.append(b"=\r\n")
            length = 0
        fit = b"=2E" if not length and sign == b"." else sign
        out.append(fit)
        length += len(fit)
    return out


class Raw:
    """As it is (RFC 6152), for relays that carry eight bits; lines that begin with a dot are stuffed."""

    encoding = "8bit"

    def __init__(self, pieces: list[str], shown: Callable[[str], str]) -> None:
        self._shown = shown
        texts = [piece.replace("\n", "\r\n").encode() for piece in pieces[::2]]
        self._first = texts[0]
        self._rest = list(zip(pieces[1::2], texts[1:], strict=True))

    def put(self, values: Values, out: list[bytes]) -> None:
        filled = [self._first]
        for name, text in self._rest:
            filled += (_value(name, values, self._shown).encode(), text)
        raw = b"".join(filled).replace(b"\r\n.", b"\r\n..")
        out.append(b"." + raw if raw.startswith(b".") else raw)
