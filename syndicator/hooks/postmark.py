"""Postmark: it signs nothing, so it brings a name and a password (HTTP Basic), over TLS only."""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from syndicator.bounces import Report
from syndicator.errors import Refused
from syndicator.ports import World

from .telling import bounced, complained, telling

PERMANENT = frozenset({"HardBounce", "BadEmailAddress", "ManuallyDeactivated", "Unsubscribe"})


class PostmarkHook:
    class Settings(BaseModel):
        model_config = ConfigDict(frozen=True, extra="forbid")

        username: str = Field("postmark", description="as in the hook's address there")
        password: SecretStr = Field(description="as in the hook's address there; 32 letters or more")

    def __init__(self, settings: Settings, world: World) -> None:
        told = f"{settings.username}:{settings.password.get_secret_value()}"
        self._expected = b"Basic " + b64encode(told.encode())

    def read(self, headers: Mapping[str, str], body: bytes) -> Sequence[tuple[str, Report]]:
        if not hmac.compare_digest(self._expected, headers.get("authorization", "").encode()):
            raise Refused("the call does not bring our password")
        told = telling(body)
        address, number = str(told.get("Email", "")), str(told.get("ID", ""))
        match told.get("RecordType"):
            case "Bounce" if number:
                said = f"{told.get('Details', '')} {told.get('Description', '')}"
                permanent = told.get("Type") in PERMANENT
                return [(number, bounced(address, said, about="", permanent=permanent))]
            case "SpamComplaint" if number:
                return [(number, complained(address, about=""))]
        return []
