"""A mail signed by its domain (DKIM, RFC 6376; Ed25519 by RFC 8463). Pure: the same mail gets the same signature."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from syndicator.ports import Signing

BITS_MIN = 2048  # of an RSA key, RFC 8301 §3.2
FOLD = 72  # octets of a line of the signature
# RFC 8058 §4 wants the last two; a second From, to be added later, is signed as missing (RFC 6376 §8.15).
SIGNED = "From From To Subject Date Message-ID MIME-Version Content-Type List-Id List-Unsubscribe List-Unsubscribe-Post"
_NAMES = tuple(SIGNED.lower().encode().split())
_FIELD = re.compile(rb"([!-9;-~]+):([^\r\n]*(?:\r\n[ \t][^\r\n]*)*)\r\n")
_BLANK = re.compile(rb"(?:\r\n)?[ \t]+")

Sign = Callable[[bytes], bytes]


class BadKey(ValueError):
    """The key cannot sign; the text says why."""


class Seal:
    """``Seal(...).on(mail)`` is the mail with its signature in front. ``c=relaxed/simple``."""

    def __init__(self, *, domain: str, selector: str, key: str) -> None:
        """``key`` is a private key as PEM, without a password. Raises :exc:`BadKey`."""
        algorithm, self._sign = _signer(key)
        self.published = Signing(
            domain=domain, selector=selector, kind=algorithm.partition("-")[0], key=_public(key)
        )
        self._opening = (
            f"DKIM-Signature: v=1; a={algorithm}; c=relaxed/simple; d={domain}; s={selector};\r\n"
        ).encode()

    def on(self, mail: bytes) -> bytes:
        """``mail`` is as it goes over the wire: dots stuffed, and the dot that ends it."""
        head, _, body = mail.partition(b"\r\n\r\n")
        fields = _fields(head + b"\r\n")
        names = [name for name in _NAMES[1:] if name in fields]
        told = b"".join(_relaxed(name, fields[name]) for name in names)
        hashed = b64encode(hashlib.sha256(_simple(body)).digest())
        listed = b":".join([_NAMES[0], *names])
        opening = b"%s h=%s;\r\n bh=%s;\r\n b=" % (self._opening, _folded(listed, b":"), hashed)
        own = _relaxed(b"dkim-signature", opening.partition(b":")[2])[:-2]
        signature = b64encode(self._sign(told + own))
        lines = [signature[at : at + FOLD] for at in range(0, len(signature), FOLD)]
        return b"%s%s\r\n%s" % (opening, b"\r\n ".join(lines), mail)


def _signer(key: str) -> tuple[str, Sign]:
    try:
        made = load_pem_private_key(key.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise BadKey(f"it is no private key in PEM without a password: {error}") from error
    match made:
        case RSAPrivateKey() if made.key_size < BITS_MIN:
            raise BadKey(f"the RSA key has {made.key_size} bits; {BITS_MIN} are needed")
        case RSAPrivateKey():
            return "rsa-sha256", lambda told: made.sign(told, PKCS1v15(), SHA256())
        case Ed25519PrivateKey():
            return "ed25519-sha256", lambda told: made.sign(hashlib.sha256(told).digest())
        case _:
            raise BadKey("it is neither an RSA nor an Ed25519 key")


def _public(key: str) -> str:
    """As the DNS has it: RSA as SubjectPublicKeyInfo, Ed25519 as its octets (RFC 8463 §4)."""
    public = load_pem_private_key(key.encode(), password=None).public_key()
    if isinstance(public, Ed25519PublicKey):
        return b64encode(public.public_bytes_raw()).decode()
    return b64encode(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def _fields(head: bytes) -> Mapping[bytes, bytes]:
    """The headers by small name; our letters have each of them once."""
    return MappingProxyType({name.lower(): value for name, value in _FIELD.findall(head)})


@lru_cache(1024)  # most headers of an edition are the same in all its mails
def _relaxed(name: bytes, value: bytes) -> bytes:
    """RFC 6376 §3.4.2."""
    return name + b":" + _BLANK.sub(b" ", value).strip(b" ") + b"\r\n"


def _simple(body: bytes) -> bytes:
    """RFC 6376 §3.4.3, of the text before its dots were stuffed."""
    text = body[:-3]  # the dot that ends it
    if b"\r\n." in text or text.startswith(b"."):
        text = (b"\r\n" + text).replace(b"\r\n..", b"\r\n.")[2:]
    if text.endswith(b"\r\n\r\n") or text == b"\r\n":
        text = re.sub(rb"(\r\n)+\Z", b"\r\n", text)
    return text or b"\r\n"


def _folded(listed: bytes, at: bytes) -> bytes:
    """A long list on several lines."""
    lines = [b""]
    for one in listed.split(at):
        if len(lines[-1]) + len(one) > FOLD:
            lines.append(b"")
        lines[-1] += one + at
    return b"\r\n  ".join(lines)[: -len(at)]
