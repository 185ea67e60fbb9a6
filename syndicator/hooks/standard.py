"""Anybody who signs as Standard Webhooks has it: ``webhook-id``, ``webhook-timestamp``, ``webhook-signature``.

The body is ``{"type": T, "data": {"to", "message_id", "diagnostic", "permanent"}}``; T is ``email.bounced`` or
``email.complained``.
"""

from __future__ import annotations

import binascii
import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from syndicator.bounces import Report
from syndicator.errors import Refused
from syndicator.ports import World

from .telling import bounced, complained, inner, must_be_fresh, telling


class StandardHook:
    class Settings(BaseModel):
        model_config = ConfigDict(frozen=True, extra="forbid")

        secret: SecretStr = Field(description="whsec_… as the sender shows it")

    def __init__(self, settings: Settings, world: World) -> None:
        self._secret = settings.secret.get_secret_value()
        self._now = world.now

    def read(self, headers: Mapping[str, str], body: bytes) -> Sequence[tuple[str, Report]]:
        number, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        self._verify(number, at, headers.get("webhook-signature", ""), body)
        must_be_fresh(at, self._now())
        told = telling(body)
        address, about = str(inner(told, "data", "to")), str(inner(told, "data", "message_id"))
        match told.get("type"):
            case "email.bounced":
                said = str(inner(told, "data", "diagnostic"))
                permanent = inner(told, "data", "permanent") is True
                return [(number, bounced(address, said, about=about, permanent=permanent))]
            case "email.complained":
                return [(number, complained(address, about=about))]
        return []

    def _verify(self, number: str, at: str, signatures: str, body: bytes) -> None:
        try:
            key = b64decode(self._secret.removeprefix("whsec_"), validate=True)
        except binascii.Error:
            key = self._secret.encode()
        made = b64encode(hmac.digest(key, f"{number}.{at}.".encode() + body, "sha256"))
        given = [one.partition(",")[2].encode() for one in signatures.split() if one.startswith("v1,")]
        if not number or not any(hmac.compare_digest(made, one) for one in given):
            raise Refused("the call is not signed with our secret")
