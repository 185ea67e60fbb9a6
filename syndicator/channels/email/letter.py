"""A post compiled once into a mail; for each reader only the blanks are set in, as bytes. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping

from syndicator.model import Post

from .bodies import Body, Values, blanks, body, fill
from .seal import Seal
from .words import BadLetter, envelope, header, mailbox

# A local part has 64 octets (RFC 5321 §4.5.3.1.1), of which "+" and a delivery's token take 41.
BOUNCES = r"^[A-Za-z0-9_.-]{1,23}@[^@\s<>]+$"
DOT = b".\r\n"  # RFC 5321 §4.1.1.4

__all__ = ["BOUNCES", "DOT", "BadLetter", "Letter", "envelope"]


class Letter:
    """``Letter(post, ...).written(values, recipient)`` is the mail on the wire: CRLF line ends, dots stuffed, and the
    dot that ends it. Raises :exc:`BadLetter` for a post that cannot be a mail."""

    def __init__(
        self,
        post: Post,
        *,
        sender: str,
        sender_name: str,
        date: str,
        bounces: str | None = None,
        eightbit: bool = False,
        seal: Seal | None = None,
    ) -> None:
        self._seal = seal
        self._sender = envelope(sender)
        self._bounces = bounces and bounces.rpartition("@")
        shown = f"{post.sender}@{self._sender.rpartition('@')[2]}" if post.sender else self._sender
        fixed = [mailbox("From", post.sender_name or sender_name, shown)]
        self._own: list[Callable[[Values], bytes]] = []
        for name, value in ({"Subject": post.subject or "", "Date": date} | dict(post.headers)).items():
            if blanks(value):
                self._own.append(_own(name, value))
            else:
                fixed.append(header(name, value))
        texts = [("plain", body(post.text, escape=False, eightbit=eightbit))]
        if post.html:
            texts.append(("html", body(post.html, escape=True, eightbit=eightbit)))
        self.eightbit = any(text.encoding == "8bit" for _, text in texts)
        self._head = b"".join(fixed)
        self._parts, end = _parts(texts, hashlib.sha256(post.id.encode()).hexdigest()[:24])
        self._end = end + DOT

    def return_path(self, values: Values) -> str:
        """Where its bounces go, with the delivery's token in the address (VERP)."""
        if not self._bounces:
            return self._sender
        local, _, domain = self._bounces
        return f"{local}+{values['verp']}@{domain}"

    def written(self, values: Mapping[str, str], recipient: str) -> bytes:
        """``recipient`` is an address as :func:`envelope` gives it. Raises :exc:`BadLetter` for a reader whose mail
        cannot be written."""
        out = [self._head, mailbox("To", values.get("name", ""), recipient)]
        try:
            out.append(f"Message-ID: {values['message_id']}\r\n".encode("ascii"))
            out += [own(values) for own in self._own]
            for before, text in self._parts:
                out.append(before)
                text.put(values, out)
        except KeyError as error:
            raise BadLetter(f"the post has a blank {error} that nobody fills") from error
        out.append(self._end)
        mail = b"".join(out)
        return self._seal.on(mail) if self._seal else mail


def _own(name: str, value: str) -> Callable[[Values], bytes]:
    return lambda values: header(name, fill(value, values))


def _parts(texts: list[tuple[str, Body]], mark: str) -> tuple[list[tuple[bytes, Body]], bytes]:
    """What stands before each part, and after the last one."""
    if len(texts) == 1:
        kind, text = texts[0]
        return [(b"MIME-Version: 1.0\r\n" + _kind(kind, text), text)], b""
    boundary = f"=_{mark}"  # neither encoding can write it, and no text knows the hash
    opening = f'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="{boundary}"\r\n\r\n'
    found = []
    for kind, text in texts:
        found.append((f"{opening}--{boundary}\r\n".encode() + _kind(kind, text), text))
        opening = "\r\n"  # belongs to the boundary: the text keeps its own line end
    return found, f"\r\n--{boundary}--\r\n".encode()


def _kind(kind: str, text: Body) -> bytes:
    return (
        f'Content-Type: text/{kind}; charset="utf-8"\r\nContent-Transfer-Encoding: {text.encoding}\r\n\r\n'
    ).encode()
