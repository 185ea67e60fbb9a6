"""What stands in a mail's head: addresses, encoded words (RFC 2047), folded lines (RFC 5322 §2.2.3). Pure."""

from __future__ import annotations

import re
from binascii import b2a_base64
from collections.abc import Iterator

LINE_MAX = 998  # octets without CRLF, RFC 5322 §2.1.1
LINE_FOLDED = 76  # octets of a line with encoded words, RFC 2047 §2
WORD_TEXT = 39  # octets of text in one encoded word: with its frame it fits behind the longest name in use

_BREAKING = re.compile(r"[\r\n\0]")
_ADDRESS = re.compile(r"[^\s<>()\[\],;:\\\"@\x00-\x20\x7f]+@[^\s<>()\[\],;:\\\"@\x00-\x20\x7f]+")
_PLAIN = re.compile(r"[A-Za-z0-9 !#$%&'*+/=?^_`{|}~.,:;<>()@\[\]-]*")  # may stand between quotes as it is
_FRAMED = re.compile(r"(.*?)\s*(<[^<>]*>)", re.DOTALL)  # a phrase before an identifier, as in List-Id


class BadLetter(ValueError):
    """This recipient's mail cannot be written; the text says why."""


def envelope(address: str) -> str:
    """The address as ``RCPT TO`` takes it: its domain in ASCII (RFC 5891). Raises :exc:`BadLetter`."""
    if not _ADDRESS.fullmatch(address):
        raise BadLetter(f"{address!r} is no address that mail can go to")
    if address.isascii():
        return address
    local, _, domain = address.rpartition("@")
    try:
        return f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError as error:
        raise BadLetter(f"{address!r} has no usable domain ({error})") from error


def header(name: str, value: str) -> bytes:
    """One header, folded and with its line end. Raises :exc:`BadLetter` where it would become two."""
    if _BREAKING.search(value):
        raise BadLetter(f"a header may not hold a line break: {value!r}")
    if value.isascii() and "=?" not in value:
        if " " not in value and len(value) < LINE_MAX - 100:
            return f"{name}: {value}\r\n".encode()
        return _folded(f"{name}: {value}")
    framed = _FRAMED.fullmatch(value)
    if framed and framed[2].isascii():
        return _behind(name, framed[1]) + b"\r\n " + framed[2].encode() + b"\r\n"
    return _behind(name, value) + b"\r\n"


def mailbox(name: str, shown: str, address: str) -> bytes:
    """A header with one address, such as From or To. ``shown`` may be empty."""
    if not shown:
        return f"{name}: {address}\r\n".encode()
    if _BREAKING.search(shown):
        raise BadLetter(f"a header may not hold a line break: {shown!r}")
    if len(shown) <= LINE_FOLDED - 16 and _PLAIN.fullmatch(shown) and "=?" not in shown:
        between = "\r\n " if len(name) + len(shown) + len(address) > LINE_FOLDED - 8 else " "
        return f'{name}: "{shown}"{between}<{address}>\r\n'.encode()
    return _behind(name, shown) + f"\r\n <{address}>\r\n".encode()


def _behind(name: str, text: str) -> bytes:
    """A header's name and a text in encoded words."""
    fits = len(name) + 2 + WORD_TEXT // 3 * 4 + 12 <= LINE_FOLDED
    return f"{name}:{' ' if fits else chr(13) + chr(10) + ' '}".encode() + b"\r\n ".join(_encoded(text))


def _encoded(text: str) -> Iterator[bytes]:
    """Encoded words; none is cut within a character, and what is blank between two of them is not read."""
    raw = text.encode()
    start = 0
    while start < len(raw):
        end = min(start + WORD_TEXT, len(raw))
        while end < len(raw) and raw[end] & 0xC0 == 0x80:
            end -= 1
        yield b"=?utf-8?b?" + b2a_base64(raw[start:end], newline=False) + b"?="
        start = end


def _folded(line: str) -> bytes:
    """ASCII, folded before blanks where it can be; what cannot be folded must fit one line."""
    name, first, *more = [*re.split(r"(?<=\S)(?= )", line), ""]
    lines = [name + first]  # no line holds the name alone: some readers of List-Unsubscribe stumble over it
    for word in more:
        if len(lines[-1]) + len(word) > LINE_FOLDED and word.strip():
            lines.append("")
        lines[-1] += word
    longest = max(map(len, lines))
    if longest > LINE_MAX:
        raise BadLetter(f"a header's line has {longest} octets, more than {LINE_MAX}: {line[:60]}…")
    return "\r\n".join(lines).encode() + b"\r\n"
