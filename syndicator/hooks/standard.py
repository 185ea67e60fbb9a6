"""Anybody who signs as Standard Webhooks has it: ``webhook-id``, ``webhook-timestamp``, ``webhook-signature``.

The body is ``{"type": T, "data": {"to", "message_id", "diagnostic", "permanent"}}``; T is ``email.bounced`` or
``email.complained``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from syndicator.bounces import Report
from syndicator.ports import World

from .telling import bounced, complained, inner, signed, telling


class StandardHook:
    class Settings(BaseModel):
        model_config = ConfigDict(frozen=True, extra="forbid")

        secret: SecretStr = Field(description="whsec_… as the sender shows it")

    def __init__(self, settings: Settings, world: World) -> None:
        self._secret = settings.secret.get_secret_value()
        self._now = world.now

    def read(self, headers: Mapping[str, str], body: bytes) -> Sequence[tuple[str, Report]]:
        number = signed(headers, body, self._secret, self._now())
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
