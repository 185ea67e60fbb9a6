"""Calls signed as Standard Webhooks has it (https://www.standardwebhooks.com): HMAC-SHA256 over id, time and body."""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from collections.abc import Iterable
from datetime import datetime

KEY_MIN = 24  # bytes, Standard Webhooks
HOW = "whsec_ and at least 24 bytes in base64 are needed; `openssl rand -base64 32` makes them"


def key_of(secret: str) -> bytes:
    """Raises :exc:`ValueError`, which says how a secret has to be."""
    try:
        key = b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError:
        key = b""
    if len(key) < KEY_MIN:
        raise ValueError(HOW)
    return key


def signed(number: str, body: bytes, keys: Iterable[bytes], now: datetime) -> dict[str, str]:
    """The headers of a call; one signature for each key, so that a secret can be changed without a gap."""
    at = str(int(now.timestamp()))
    stamped = f"{number}.{at}.".encode() + body
    made = (f"v1,{b64encode(hmac.digest(key, stamped, 'sha256')).decode()}" for key in keys)
    return {
        "Content-Type": "application/json",
        "webhook-id": number,
        "webhook-timestamp": at,
        "webhook-signature": " ".join(made),
    }
