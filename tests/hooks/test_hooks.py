"""Providers' calls: heard once and only from who can prove it; over real HTTP at the end."""

from __future__ import annotations

import hmac
import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from syndicator.app import App
from syndicator.bounces import Kind
from syndicator.errors import Refused, SourceError
from syndicator.hooks.mailgun import MailgunHook
from syndicator.hooks.postmark import PostmarkHook
from syndicator.hooks.ses import SesHook
from syndicator.hooks.standard import StandardHook
from syndicator.ports import Answer, Hook
from syndicator.sandbox.world import Sandbox
from syndicator.services.audience import Wish
from syndicator.storage import readers
from syndicator.web.pages import serving
from tests.lanes import NOW, WORLD

SARA = "sara@readers.example"
AT = str(int(NOW.timestamp()))
Call = tuple[dict[str, str], bytes]


def heard(hook: Hook, call: Call) -> list[tuple[str, Kind, str, str]]:
    found = hook.read(*call)
    return [(number, one.notices[0].kind, one.notices[0].address, one.about) for number, one in found]


# Standard Webhooks


def standard(told: object, *, at: str = AT, secret: bytes = b"s" * 24, number: str = "msg_1") -> Call:
    body = json.dumps(told).encode()
    made = b64encode(hmac.digest(secret, f"{number}.{at}.".encode() + body, "sha256")).decode()
    headers = {"webhook-id": number, "webhook-timestamp": at, "webhook-signature": f"v1,AAAA v1,{made}"}
    return headers, body


def bounced(permanent: bool, diagnostic: str = "x") -> dict[str, object]:  # noqa: FBT001 - the payload's own word
    data = {"to": SARA, "message_id": "1@n.example", "diagnostic": diagnostic, "permanent": permanent}
    return {"type": "email.bounced", "data": data}


@pytest.fixture
def signed() -> StandardHook:
    secret = "whsec_" + b64encode(b"s" * 24).decode()
    return StandardHook(StandardHook.Settings.model_validate({"secret": secret}), WORLD)


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        (bounced(permanent=True), Kind.HARD),
        (bounced(permanent=False, diagnostic="550 5.1.1 user unknown"), Kind.SOFT),
        (bounced(permanent=True, diagnostic="550 5.7.26 DMARC"), Kind.OURS),
        ({"type": "email.complained", "data": {"to": SARA, "message_id": "<1@n.example>"}}, Kind.COMPLAINT),
    ],
)
def test_a_signed_call(signed: StandardHook, told: object, kind: Kind) -> None:
    assert heard(signed, standard(told)) == [("msg_1", kind, SARA, "<1@n.example>")]


def test_other_events_are_nothing(signed: StandardHook) -> None:
    assert not heard(signed, standard({"type": "email.opened"}))


def test_a_call_that_proves_nothing_is_refused(signed: StandardHook) -> None:
    good = standard(bounced(permanent=True))
    late = str(int(AT) - 301)
    for headers, body in (
        (good[0], good[1] + b" "),
        (good[0] | {"webhook-id": "msg_2"}, good[1]),
        (good[0] | {"webhook-timestamp": str(int(AT) + 1)}, good[1]),
        ({}, good[1]),
        standard(bounced(permanent=True), secret=b"t" * 24),
        standard(bounced(permanent=True), at=late),
        standard(bounced(permanent=True), at="never"),
        standard([]),
    ):
        with pytest.raises(Refused):
            signed.read(headers, body)


# Mailgun


def mailgun(event: dict[str, object], *, at: str = AT, key: bytes = b"key") -> Call:
    signature = {
        "timestamp": at,
        "token": "t1",
        "signature": hmac.new(key, f"{at}t1".encode(), "sha256").hexdigest(),
    }
    told = {"recipient": SARA, "message": {"headers": {"message-id": "1@n.example"}}} | event
    return {}, json.dumps({"signature": signature, "event-data": told}).encode()


def test_mailgun() -> None:
    hook = MailgunHook(MailgunHook.Settings.model_validate({"key": "key"}), WORLD)
    failed = {
        "event": "failed",
        "severity": "permanent",
        "delivery-status": {"code": 550, "message": "5.1.1 unknown user"},
    }
    assert heard(hook, mailgun(failed)) == [("t1", Kind.HARD, SARA, "<1@n.example>")]
    assert heard(hook, mailgun(failed | {"severity": "temporary"}))[0][1] is Kind.SOFT
    assert heard(hook, mailgun({"event": "complained"}))[0][1] is Kind.COMPLAINT
    assert not heard(hook, mailgun({"event": "opened"}))
    for call in (
        mailgun(failed, key=b"other"),
        mailgun(failed, at=str(int(AT) - 301)),
        ({}, b"{}"),
        ({}, b"x"),
    ):
        with pytest.raises(Refused):
            hook.read(*call)


# Postmark


def test_postmark() -> None:
    hook = PostmarkHook(PostmarkHook.Settings.model_validate({"password": "p"}), WORLD)
    headers = {"authorization": "Basic " + b64encode(b"postmark:p").decode()}

    def call(**told: object) -> Call:
        return headers, json.dumps({"ID": 7, "Email": SARA} | told).encode()

    assert heard(hook, call(RecordType="Bounce", Type="HardBounce"))[0][:3] == ("7", Kind.HARD, SARA)
    assert heard(hook, call(RecordType="Bounce", Type="SoftBounce"))[0][1] is Kind.SOFT
    assert heard(hook, call(RecordType="SpamComplaint"))[0][1] is Kind.COMPLAINT
    assert not heard(hook, call(RecordType="Delivery"))
    for wrong in ({}, {"authorization": "Basic " + b64encode(b"postmark:q").decode()}):
        with pytest.raises(Refused):
            hook.read(wrong, b"{}")


# Amazon

KEY = rsa.generate_private_key(65537, 2048)
CERTIFICATE = "https://sns.eu-west-1.amazonaws.com/key.pem"
TOPIC = "arn:aws:sns:eu-west-1:1:bounces"


def certificate() -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(KEY.public_key())
    made = made.serial_number(1).not_valid_before(NOW).not_valid_after(NOW + timedelta(days=1))
    return made.sign(KEY, SHA256()).public_bytes(Encoding.PEM)


class Amazon:
    def __init__(self) -> None:
        self.asked: list[str] = []

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        self.asked.append(url)
        if "gone" in url:
            raise SourceError("gone")
        return Answer(status=200, url=url, headers={}, body=certificate())


def sns(message: object, *, version: str = "2", **changes: object) -> Call:
    told = {
        "Type": "Notification", "MessageId": "m1", "TopicArn": TOPIC, "Message": json.dumps(message),
        "Timestamp": NOW.strftime("%Y-%m-%dT%H:%M:%S.000Z"), "SignatureVersion": version,
        "SigningCertURL": CERTIFICATE,
    } | changes  # fmt: skip
    names = ["Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
    text = "".join(f"{name}\n{told[name]}\n" for name in names if name in told)
    hashing = SHA256() if version == "2" else SHA1()  # noqa: S303 - as Amazon has it
    signature = b64encode(KEY.sign(text.encode(), PKCS1v15(), hashing)).decode()
    return {}, json.dumps({"Signature": signature} | told).encode()


BOUNCE = {
    "notificationType": "Bounce",
    "mail": {"commonHeaders": {"messageId": "<1@n.example>"}},
    "bounce": {
        "bounceType": "Permanent",
        "bouncedRecipients": [
            {"emailAddress": SARA, "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 user unknown"}
        ],
    },
}


@pytest.mark.parametrize("version", ["1", "2"])
def test_amazon(version: str) -> None:
    amazon = Amazon()
    hook = SesHook(SesHook.Settings(topic=TOPIC), replace(WORLD, web=amazon))
    assert heard(hook, sns(BOUNCE, version=version)) == [("m1:0", Kind.HARD, SARA, "<1@n.example>")]
    complaint = {"eventType": "Complaint", "complaint": {"complainedRecipients": [{"emailAddress": SARA}]}}
    assert heard(hook, sns(complaint, version=version))[0][1] is Kind.COMPLAINT
    assert not heard(hook, sns({"eventType": "Delivery"}, version=version))
    assert amazon.asked == [CERTIFICATE]  # once


def test_a_subscription_is_confirmed() -> None:
    amazon = Amazon()
    hook = SesHook(SesHook.Settings(topic=TOPIC), replace(WORLD, web=amazon))
    url = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription"
    assert not heard(hook, sns("", Type="SubscriptionConfirmation", SubscribeURL=url, Token="t"))
    assert amazon.asked == [CERTIFICATE, url]


@pytest.mark.parametrize(
    "changes",
    [
        {"TopicArn": "arn:aws:sns:eu-west-1:2:other"},
        {"SigningCertURL": "https://sns.eu-west-1.amazonaws.com.evil.example/key.pem"},
        {"SigningCertURL": "http://sns.eu-west-1.amazonaws.com/key.pem"},
        {"SigningCertURL": "https://sns.eu-west-1.amazonaws.com/gone.pem"},
        {"Signature": "AAAA"},
        {"Timestamp": "2026-02-28T09:00:00.000Z"},
        {"Type": "UnsubscribeConfirmation"},
    ],
)
def test_a_call_that_is_not_amazon_s_is_refused(changes: dict[str, object]) -> None:
    hook = SesHook(SesHook.Settings(topic=TOPIC), replace(WORLD, web=Amazon()))
    with pytest.raises(Refused):
        hook.read(*sns(BOUNCE, **changes))


# Over HTTP


def test_a_call_over_http_is_heard_once(tmp_path: Path) -> None:
    clock = datetime(2026, 3, 1, 9, tzinfo=UTC)
    with Sandbox(now=lambda: clock) as sandbox:
        path = sandbox.configure(tmp_path)
        path.write_text(path.read_text("utf-8") + '\n[hooks.provider]\nkind = "standard"\n', "utf-8")
        secret = {"SYNDICATOR_HOOKS_PROVIDER_SECRET": b64encode(b"s" * 24).decode()}
        with App.opened(path, secret, now=lambda: clock) as app, serving(app) as url:
            app.subscribe([Wish(address=SARA, language="en", newsletter="evening", proof="p")], "evening")

            def post(name: str, call: Call) -> int:
                return httpx.post(f"{url}/hooks/{name}", headers=call[0], content=call[1]).status_code

            good = standard(bounced(permanent=True))
            assert post("other", good) == 404
            assert post("provider", standard(bounced(permanent=True), secret=b"t")) == 403
            assert post("provider", ({}, b"x" * 2_100_000)) == 413
            assert httpx.get(f"{url}/hooks/provider").status_code == 405
            assert app.switchboard.call("provider", *good) == 1
            assert post("provider", good) == 200
            assert app.switchboard.call("provider", *good) == 0
            with app.database.read() as connection:
                assert [
                    one["subscriptions"][0]["consent"]
                    for one in readers.page(connection, "evening", None, after=0, limit=9)
                ] == ["suppressed"]
