"""Tokens that say what they are for: signed, 128 bit, made again from the same facts.

A leave token never expires and does only that. The key rotates by version: a token names the version it was
made with, so the links in old mails keep working while the old key is still configured.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

SIGNATURE_BYTES = 16  # 128 bit


@dataclass(frozen=True, slots=True)
class Keys:
    """Secret keys by version; the highest one signs, all of them verify."""

    by_version: Mapping[int, bytes]

    @property
    def current(self) -> int:
        return max(self.by_version)


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


def message_id(keys: Keys, delivery_key: str, domain: str) -> str:
    """The same delivery always carries the same Message-ID (RFC 5322 §3.6.4): a resend is recognised."""
    version = keys.current
    return f"<{_signature(keys, version, 'message-id', delivery_key)}@{domain}>"


def _signature(keys: Keys, version: int, purpose: str, body: str) -> str:
    made = hmac.digest(keys.by_version[version], f"{purpose}\0{body}".encode(), "sha256")
    return base64.urlsafe_b64encode(made[:SIGNATURE_BYTES])[:-2].decode()  # 16 octets end in "=="


@lru_cache(1024)  # the names of newsletters come again and again
def _armour(fact: str) -> str:
    return base64.urlsafe_b64encode(fact.encode()).rstrip(b"=").decode()


def _bare(armoured: str) -> str:
    return base64.urlsafe_b64decode(armoured + "=" * (-len(armoured) % 4)).decode()
