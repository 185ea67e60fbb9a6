"""Tokens that say what they are for: signed, 128 bit, made again from the same facts.

A leave token never expires and does only that. The key rotates by version: a token names the version it was
made with, so the links in old mails keep working while the old key is still configured.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Callable, Mapping
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

CLICK, OPEN = "click", "open"
SIGNATURE_BYTES = 16  # 128 bit
NONCE_BYTES = 12  # of AES-GCM, NIST SP 800-38D §8.2


class Keys:
    """Secret keys by version; the highest one signs, all of them verify."""

    def __init__(self, by_version: Mapping[int, bytes]) -> None:
        self.by_version = by_version
        self.current = max(by_version)
        # Begun once: what depends on the key alone is half of the work on a short text, and mails have four of them.
        self._begun = {version: hmac.new(key, digestmod="sha256") for version, key in by_version.items()}

    def digest(self, version: int, text: str) -> bytes:
        """HMAC-SHA-256 (RFC 2104) of the text, its first 128 bit."""
        made = self._begun[version].copy()
        made.update(text.encode())
        return made.digest()[:SIGNATURE_BYTES]


def sign(keys: Keys, purpose: str, *facts: str) -> str:
    """A token for this purpose about these facts; URL-safe, the same every time."""
    body = ".".join([str(keys.current), *map(_armour, facts)])
    return f"{body}.{_signature(keys, keys.current, purpose, body)}"


def verify(keys: Keys, purpose: str, token: str) -> tuple[str, ...] | None:
    """The facts a token was made about, or None if it was not made by us for this purpose."""
    body, _, signature = token.rpartition(".")
    version, *facts = body.split(".")
    if not version.isascii() or not version.isdigit() or int(version) not in keys.by_version:
        return None
    made = _signature(keys, int(version), purpose, body)
    if not hmac.compare_digest(made.encode(), signature.encode()):
        return None
    return tuple(_bare(fact) for fact in facts)


def seal(keys: Keys, purpose: str, text: str, chance: Callable[[int], bytes]) -> str:
    """The text as nobody can read or change it without the key, for this purpose alone; never the same twice."""
    nonce = chance(NONCE_BYTES)
    sealed = _cipher(keys, keys.current).encrypt(nonce, text.encode(), purpose.encode())
    return f"{keys.current}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"


def unseal(keys: Keys, purpose: str, sealed: str) -> str | None:
    """What was sealed, None where it was not sealed by us for this purpose."""
    version, _, body = sealed.partition(".")
    if not version.isascii() or not version.isdigit() or int(version) not in keys.by_version:
        return None
    try:
        raw = base64.urlsafe_b64decode(body)
        told = _cipher(keys, int(version)).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], purpose.encode())
    except (ValueError, InvalidTag):
        return None
    return told.decode()


def click_token(keys: Keys, edition: str, channel: str, article: str) -> str:
    """A story's link in an edition: the same for all readers."""
    return sign(keys, CLICK, edition, channel, article)


def open_token(keys: Keys, edition: str) -> str:
    return sign(keys, OPEN, edition)


def mark(keys: Keys, address: str) -> str:
    """What binds a token to an address without showing it: it works only as long as the address is the reader's."""
    return _digest(keys, keys.current, "mark", address.casefold())[:6].hex()


def message_id(keys: Keys, delivery_key: str, domain: str) -> str:
    """The same delivery always carries the same Message-ID (RFC 5322 §3.6.4): a resend is recognised."""
    version = keys.current
    return f"<{_signature(keys, version, 'message-id', delivery_key)}@{domain}>"


def return_path(keys: Keys, delivery: int, delivery_key: str) -> str:
    """A token for the return path of one delivery: 40 letters and digits of base32, whatever their case.

    With its 128 bit it leaves 23 of a local part's 64 octets (RFC 5321 §4.5.3.1.1) for the name before it.
    """
    return _return_path(keys, keys.current, delivery, delivery_key)


def bounced(keys: Keys, token: str, key_of: Callable[[int], str | None]) -> int | None:
    """The delivery that a return path leads to, or None if it was not made by us for a delivery of this key."""
    try:
        told = base64.b32decode(token.upper())
    except (ValueError, binascii.Error):
        return None
    version, delivery = told[0] if told else 0, int.from_bytes(told[1:9])
    if len(told) != 9 + SIGNATURE_BYTES or version not in keys.by_version:
        return None
    key = key_of(delivery)
    if key is None:
        return None
    made = _return_path(keys, version, delivery, key)
    return delivery if hmac.compare_digest(made.encode(), token.lower().encode()) else None


def _return_path(keys: Keys, version: int, delivery: int, delivery_key: str) -> str:
    body = version.to_bytes(1) + delivery.to_bytes(8)
    signature = _digest(keys, version, "return-path", f"{delivery}.{delivery_key}")
    return base64.b32encode(body + signature).decode().lower()


def _cipher(keys: Keys, version: int) -> AESGCM:
    """AES-256 with a key that is used for nothing else."""
    made = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"syndicator seal")
    return AESGCM(made.derive(keys.by_version[version]))


def _signature(keys: Keys, version: int, purpose: str, body: str) -> str:
    return base64.urlsafe_b64encode(_digest(keys, version, purpose, body))[
        :-2
    ].decode()  # 16 octets end in "=="


def _digest(keys: Keys, version: int, purpose: str, body: str) -> bytes:
    return keys.digest(version, f"{purpose}\0{body}")


@lru_cache(1024)  # the names of newsletters come again and again
def _armour(fact: str) -> str:
    return base64.urlsafe_b64encode(fact.encode()).rstrip(b"=").decode()


def _bare(armoured: str) -> str:
    return base64.urlsafe_b64decode(armoured + "=" * (-len(armoured) % 4)).decode()
