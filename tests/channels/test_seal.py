"""Mails signed by their domain, as another library verifies them."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from syndicator.channels.email import EmailChannel
from syndicator.channels.email.letter import Letter
from syndicator.channels.email.seal import BadKey, Seal
from syndicator.model import ChannelId, EditionId, Language, Post, blank
from syndicator.sandbox.smtp import SmtpStandIn
from tests.lanes import WORLD, ListLane, parcel

DATE = "Mon, 02 Mar 2026 09:00:00 +0000"
BLANKS = {"message_id": "<1@n.example>", "leave_url": "https://n.example/u/1.a", "name": "Sara"}
POST = Post(
    id="e:letters:ckb:0",
    edition=EditionId("e"),
    channel=ChannelId("letters"),
    language=Language("ckb"),
    subject="باران ڕێگای ئەزمەڕی داخست",
    text=f"سڵاو {blank('name')}\n{blank('leave_url')}",
    html=f"<p>{blank('name')}</p>",
)
TEXTS = st.lists(
    st.one_of(
        st.text("ab.=é \nبۆ", max_size=60), st.sampled_from([blank("name"), "\n.\n", "\n..", " \n", "\n\n"])
    ),
    max_size=8,
).map("".join)
HEADERS = {
    "List-Id": "پوختەی بەیانی <morning.n.example>",
    "List-Unsubscribe": f"<{blank('leave_url')}>",
    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
}
RSA = rsa.generate_private_key(65537, 2048)
ED25519 = Ed25519PrivateKey.generate()
KEYS = pytest.mark.parametrize("key", [RSA, ED25519], ids=["rsa", "ed25519"])
Key = rsa.RSAPrivateKey | Ed25519PrivateKey


def pem(key: Key | dsa.DSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def seal(key: Key) -> Seal:
    return Seal(domain="n.example", selector="s1", key=pem(key))


def record(key: Key) -> Callable[..., bytes]:
    """The domain's DNS, with one key in it."""
    public = key.public_key()
    if isinstance(public, rsa.RSAPublicKey):
        told = (
            "rsa; p="
            + b64encode(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
        )
    else:
        told = "ed25519; p=" + b64encode(public.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()
    records = {b"s1._domainkey.n.example.": f"v=DKIM1; k={told}".encode()}
    return lambda name, timeout=5: records[name]


def sealed(post: Post, key: Key, *, eightbit: bool = False) -> bytes:
    """As the receiver stores it: the dots unstuffed, the last one gone."""
    letter = Letter(
        post, sender="a@n.example", sender_name="هەواڵ", date=DATE, eightbit=eightbit, seal=seal(key)
    )
    wire = letter.written(BLANKS | {"name": "Şîlan"}, "s@x.example")
    assert wire.endswith(b"\r\n.\r\n")
    return b"\r\n".join(line[1:] if line.startswith(b".") else line for line in wire[:-3].split(b"\r\n"))


@KEYS
def test_a_signature_is_good(key: Key) -> None:
    mail = sealed(replace(POST, headers=HEADERS), key)
    assert dkim.verify(mail, dnsfunc=record(key))
    assert not dkim.verify(mail.replace(b"Subject: ", b"Subject: x "), dnsfunc=record(key))
    assert not dkim.verify(mail[:-2] + b"x\r\n", dnsfunc=record(key))
    assert not dkim.verify(b"From: other@n.example\r\n" + mail, dnsfunc=record(key))


@KEYS
def test_the_signature_covers_what_one_click_needs(key: Key) -> None:
    mail = sealed(replace(POST, headers=HEADERS), key)
    listed = re.search(rb"h=([^;]*);", mail)
    assert listed
    names = set(b"".join(listed[1].split()).decode().split(":"))
    wanted = "from to subject date message-id mime-version content-type list-id list-unsubscribe list-unsubscribe-post"
    assert names == set(wanted.split())


@given(text=TEXTS, markup=TEXTS)
def test_any_text_is_signed_as_it_arrives(text: str, markup: str) -> None:
    """Dots at the beginning of lines and empty lines at the end, too."""
    for eightbit in (False, True):
        mail = sealed(replace(POST, text=text, html=markup or None), ED25519, eightbit=eightbit)
        assert dkim.verify(mail, dnsfunc=record(ED25519))


@KEYS
def test_the_same_mail_has_the_same_signature(key: Key) -> None:
    assert sealed(POST, key) == sealed(POST, key)


def test_a_key_that_cannot_sign() -> None:
    small = rsa.generate_private_key(65537, 1024)  # noqa: S505 - that is what is tried
    other = dsa.generate_private_key(2048)
    for told, why in ((pem(small), "1024 bits"), ("x", "no private key"), (pem(other), "neither")):
        with pytest.raises(BadKey, match=why):
            Seal(domain="n.example", selector="s1", key=told)


def test_the_settings_go_together() -> None:
    told = {"host": "h", "sender": "a@n.example", "dkim_domain": "n.example"}
    with pytest.raises(ValidationError, match="go together"):
        EmailChannel.Settings.model_validate(told)
    made = EmailChannel.Settings.model_validate(told | {"dkim_selector": "s1", "dkim_key": pem(ED25519)})
    assert made.seal()
    with pytest.raises(ValidationError, match="no private key"):
        EmailChannel.Settings.model_validate(told | {"dkim_selector": "s1", "dkim_key": "x"})


def test_a_channel_with_a_key_signs_what_it_sends() -> None:
    told = {"host": "127.0.0.1", "tls": "none", "sender": "a@n.example", "dkim_domain": "n.example"}
    with SmtpStandIn() as relay:
        told |= {"port": relay.port, "dkim_selector": "s1", "dkim_key": pem(RSA)}
        settings = EmailChannel.Settings.model_validate(told)
        channel = EmailChannel(settings, WORLD, id=ChannelId("letters"))
        lane = ListLane([parcel(address="s@x.example", blanks=BLANKS, headers=HEADERS)])
        channel.run(lane)
        (mail,) = relay.mails
    assert dkim.verify(mail.raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"), dnsfunc=record(RSA))
    signed = str(mail.message["DKIM-Signature"]).lower()
    assert "list-unsubscribe:" in signed
    assert "list-unsubscribe-post" in signed
