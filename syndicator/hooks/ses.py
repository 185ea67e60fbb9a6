"""Amazon SES through SNS: signed by a certificate of Amazon's own host, for one topic."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.x509 import load_pem_x509_certificate
from pydantic import BaseModel, ConfigDict, Field

from syndicator.bounces import Report
from syndicator.errors import Refused, SourceError
from syndicator.ports import World

from .telling import bounced, complained, inner, must_be_fresh, telling

AMAZON = re.compile(r"sns\.[a-z0-9-]+\.amazonaws\.com(\.cn)?")
_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": (
        "Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type",
    ),
}  # fmt: skip


class SesHook:
    class Settings(BaseModel):
        model_config = ConfigDict(frozen=True, extra="forbid")

        topic: str = Field(
            description="ARN of the topic; others are refused", pattern=r"^arn:aws[a-z-]*:sns:\S+$"
        )

    def __init__(self, settings: Settings, world: World) -> None:
        self._topic = settings.topic
        self._world = world
        self._certificates: dict[str, RSAPublicKey] = {}

    def read(self, headers: Mapping[str, str], body: bytes) -> Sequence[tuple[str, Report]]:
        told = telling(body)
        if told.get("TopicArn") != self._topic:
            raise Refused("the call is about another topic")
        self._verify(told)
        if told["Type"] == "SubscriptionConfirmation":
            self._get(str(told.get("SubscribeURL")))
            return []
        return _reports(str(told["MessageId"]), telling(str(told.get("Message")).encode()))

    def _verify(self, told: Mapping[str, Any]) -> None:
        names = _SIGNED.get(str(told.get("Type")))
        if names is None:
            raise Refused("the call is of no kind that is known")
        text = "".join(f"{name}\n{told[name]}\n" for name in names if name in told)
        hashing = SHA256() if told.get("SignatureVersion") == "2" else SHA1()  # noqa: S303 - version 1 has it so
        key = self._key(str(told.get("SigningCertURL")))
        try:
            key.verify(b64decode(str(told.get("Signature"))), text.encode(), PKCS1v15(), hashing)
            at = datetime.fromisoformat(str(told.get("Timestamp"))).astimezone(UTC)
        except (InvalidSignature, ValueError) as error:
            raise Refused("the call is not signed by Amazon") from error
        must_be_fresh(int(at.timestamp()), self._world.now())

    def _key(self, url: str) -> RSAPublicKey:
        if url not in self._certificates:
            try:
                key = load_pem_x509_certificate(self._get(url)).public_key()
            except ValueError as error:
                raise Refused("the certificate cannot be read") from error
            if not isinstance(key, RSAPublicKey):
                raise Refused("the certificate is of another kind")
            self._certificates[url] = key
        return self._certificates[url]

    def _get(self, url: str) -> bytes:
        """From Amazon's own host, and from nowhere else."""
        parts = urlsplit(url)
        if parts.scheme != "https" or not AMAZON.fullmatch(parts.netloc):
            raise Refused("the call names a host that is not Amazon's")
        try:
            return self._world.web.get(url).body
        except SourceError as error:
            raise Refused(f"Amazon does not answer: {error}") from error


def _reports(number: str, event: Mapping[str, Any]) -> Sequence[tuple[str, Report]]:
    about = str(inner(event, "mail", "commonHeaders", "messageId"))
    match event.get("notificationType") or event.get("eventType"):
        case "Bounce":
            permanent = inner(event, "bounce", "bounceType") == "Permanent"
            found = [
                bounced(
                    str(inner(one, "emailAddress")),
                    f"{inner(one, 'status')} {inner(one, 'diagnosticCode')}",
                    about=about,
                    permanent=permanent,
                )
                for one in inner(event, "bounce", "bouncedRecipients") or ()
            ]
        case "Complaint":
            recipients = inner(event, "complaint", "complainedRecipients") or ()
            found = [complained(str(inner(one, "emailAddress")), about=about) for one in recipients]
        case _:
            found = []
    return [(f"{number}:{place}", report) for place, report in enumerate(found)]
