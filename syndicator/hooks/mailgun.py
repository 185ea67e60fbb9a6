"""Mailgun: the signing key over timestamp and token, which is used once."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from syndicator.bounces import Report
from syndicator.errors import Refused
from syndicator.ports import World

from .telling import bounced, complained, inner, must_be_fresh, telling


class MailgunHook:
    class Settings(BaseModel):
        model_config = ConfigDict(frozen=True, extra="forbid")

        key: SecretStr = Field(description="the HTTP webhook signing key")

    def __init__(self, settings: Settings, world: World) -> None:
        self._key = settings.key.get_secret_value().encode()
        self._now = world.now

    def read(self, headers: Mapping[str, str], body: bytes) -> Sequence[tuple[str, Report]]:
        told = telling(body)
        at, token, signature = (
            str(inner(told, "signature", one)) for one in ("timestamp", "token", "signature")
        )
        made = hmac.new(self._key, f"{at}{token}".encode(), "sha256").hexdigest()
        if not token or not hmac.compare_digest(made.encode(), signature.encode()):
            raise Refused("the call is not signed with our key")
        must_be_fresh(at, self._now())
        event = inner(told, "event-data")
        address, about = str(inner(event, "recipient")), str(inner(event, "message", "headers", "message-id"))
        match inner(event, "event"):
            case "failed":
                status = inner(event, "delivery-status")
                said = f"{inner(status, 'code')} {inner(status, 'message')} {inner(status, 'description')}"
                permanent = inner(event, "severity") == "permanent"
                return [(token, bounced(address, said, about=about, permanent=permanent))]
            case "complained":
                return [(token, complained(address, about=about))]
        return []
