"""A post as a mail: RFC 5322 headers, MIME parts, encodings that fit the script. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTPUTF8, EmailPolicy
from email.utils import format_datetime
from typing import Any

from syndicator.model import Post

from .blanks import fill, fill_html

_BREAKING = re.compile(r"[\r\n\0]")
_ADDRESS = re.compile(r"[^\s<>()\[\],;:\\\"@\x00-\x20\x7f]+@[^\s<>()\[\],;:\\\"@\x00-\x20\x7f]+")
BOUNCES = r"^[A-Za-z0-9_.-]{1,23}@[^@\s<>]+$"  # a local part has 64 octets, of which "+" and a delivery's token take 41
BASE64_FROM = 1 / 6  # share of bytes beyond ASCII above which base64 is shorter than quoted-printable


class _Folding(EmailPolicy):
    """Folds what is beyond ASCII by the older ``Header``: the newer way puts a space between two encoded words,
    where RFC 2047 drops it, and the reader sees two words as one."""

    def fold(self, name: str, value: Any) -> str:
        if str(value).isascii():
            return str(super().fold(name, value))
        if not hasattr(value, "addresses"):
            return f"{name}: {self._words(str(value), len(name) + 2)}{self.linesep}"
        shown = [
            f"{self._words(one.display_name, len(name) + 2)}{self.linesep} <{one.addr_spec}>"
            for one in value.addresses
        ]
        return f"{name}: {', '.join(shown)}{self.linesep}"

    def fold_binary(self, name: str, value: Any) -> bytes:
        return self.fold(name, value).encode("ascii")

    def _words(self, text: str, before: int) -> str:
        encoded = Header(text, "utf-8", maxlinelen=76, header_name="x" * before)
        return encoded.encode(linesep=self.linesep)


_FOLDING = _Folding(linesep="\r\n")


class BadLetter(ValueError):
    """This recipient's mail cannot be written; the text says why."""


def return_path(bounces: str | None, blanks: Mapping[str, str]) -> str | None:
    """Where a mail's bounces go, with its delivery's token in the address; None when nobody says where."""
    token = blanks.get("verp")
    if bounces is None or token is None:
        return bounces
    local, _, domain = bounces.rpartition("@")
    return f"{local}+{token}@{domain}"


def written(
    post: Post, blanks: Mapping[str, str], *, sender: str, sender_name: str, address: str, now: datetime
) -> bytes:
    """The mail on the wire, CRLF line ends, without dot-stuffing. Raises :exc:`BadLetter`."""
    letter = EmailMessage(policy=_FOLDING if address.rpartition("@")[0].isascii() else SMTPUTF8)
    try:
        letter["From"] = _named(sender_name, sender)
        letter["To"] = _named(_one_line(blanks.get("name", "")), address)
        letter["Subject"] = _one_line(fill(post.subject or "", blanks))
        letter["Date"] = format_datetime(now)
        letter["Message-ID"] = blanks["message_id"]
        for name, value in post.headers.items():
            letter[name] = _one_line(fill(value, blanks))
        _add_parts(letter, fill(post.text, blanks), fill_html(post.html, blanks) if post.html else None)
    except KeyError as error:
        raise BadLetter(f"the post has a blank {error} that nobody fills") from error
    except (ValueError, IndexError) as error:  # the header registry's own refusals
        raise BadLetter(str(error)) from error
    return letter.as_bytes()


def _add_parts(letter: EmailMessage, text: str, html: str | None) -> None:
    letter.set_content(text, cte=_encoding(text))
    if html:
        letter.add_alternative(html, subtype="html", cte=_encoding(html))


def _encoding(text: str) -> str:
    """Base64 for scripts beyond Latin, quoted-printable where it stays readable and is shorter."""
    raw = text.encode()
    beyond = sum(byte > 127 for byte in raw)
    return "base64" if beyond > len(raw) * BASE64_FROM else "quoted-printable"


def _named(name: str, address: str) -> Address:
    local, _, domain = _usable(address).rpartition("@")
    return Address(name, username=local, domain=domain)


def _usable(address: str) -> str:
    if not _ADDRESS.fullmatch(address):
        raise BadLetter(f"{address!r} is no address that mail can go to")
    local, _, domain = address.rpartition("@")
    return f"{local}@{domain.encode('idna').decode('ascii')}"


def envelope(address: str) -> str:
    """The address as ``RCPT TO`` takes it: its domain in ASCII (RFC 5891). Raises :exc:`BadLetter`."""
    try:
        return _usable(address)
    except UnicodeError as error:
        raise BadLetter(f"{address!r} has no usable domain ({error})") from error


def _one_line(value: str) -> str:
    if _BREAKING.search(value):
        raise BadLetter(f"a header may not hold a line break: {value!r}")
    return value
