import re
from dataclasses import replace
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import compat32, default
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicator.channels.email.letter import BOUNCES, BadLetter, envelope, return_path, written
from syndicator.model import ChannelId, EditionId, Language, Post, blank
from tests.lanes import NOW

POST = Post(
    id="p",
    edition=EditionId("e"),
    channel=ChannelId("mail"),
    language=Language("ckb"),
    subject="باران ڕێگای ئەزمەڕی داخست",
    text=f"سڵاو {blank('name')}\n{blank('leave_url')}\n",
    html=f'<p dir="rtl">سڵاو {blank("name")} <a href="{blank("leave_url")}">x</a></p>',
    headers={"List-Unsubscribe": f"<{blank('leave_url')}>", "Content-Language": "ckb"},
)
BLANKS = {"name": "Şîlan & <Co>", "leave_url": "https://n.example/u/1.a", "message_id": "<1@n.example>"}


def letter(address: str = "a@x.example", **blanks: str) -> EmailMessage:
    raw = written(POST, BLANKS | blanks, sender="n@n.example", sender_name="هەواڵ", address=address, now=NOW)
    assert raw.replace(b"\r\n", b"").count(b"\n") == 0
    assert max(map(len, raw.split(b"\r\n"))) <= 998  # RFC 5322 §2.1.1
    return cast(EmailMessage, message_from_bytes(raw, policy=default))


def part(message: EmailMessage, kind: str) -> str:
    found = message.get_body((kind,))
    assert found
    return str(found.get_content()).replace("\r\n", "\n")


def test_a_letter_reads_back_as_it_was_meant() -> None:
    message = letter()
    assert message["Subject"] == "باران ڕێگای ئەزمەڕی داخست"
    assert message["From"].addresses[0].display_name == "هەواڵ"
    assert message["To"].addresses[0].display_name == "Şîlan & <Co>"
    assert message["Message-ID"] == "<1@n.example>"
    assert message["List-Unsubscribe"] == "<https://n.example/u/1.a>"
    assert part(message, "plain") == "سڵاو Şîlan & <Co>\nhttps://n.example/u/1.a\n"
    assert "Şîlan &amp; &lt;Co&gt;" in part(message, "html")


def test_the_encoding_fits_the_script() -> None:
    assert letter().get_body(("plain",))["Content-Transfer-Encoding"] == "base64"  # type: ignore[index]
    latin = Post(
        id="p",
        edition=POST.edition,
        channel=POST.channel,
        language=Language("en"),
        text="Rain — at last, the mayor’s office said.",
    )
    raw = written(latin, BLANKS, sender="n@n.example", sender_name="", address="a@x.example", now=NOW)
    assert b"quoted-printable" in raw


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60))
def test_any_name_reads_back(name: str) -> None:
    message = letter(name=name)
    assert part(message, "plain").startswith(f"سڵاو {name}".splitlines()[0])


@pytest.mark.parametrize("name", ["a\r\nBcc: b@x.example", "a\nb", "a\0"])
def test_a_header_is_never_injected(name: str) -> None:
    with pytest.raises(BadLetter):
        letter(name=name)


@pytest.mark.parametrize(
    "address", ["", "a", "a@", "@b", "a b@x.example", "a@x.example>", "a@x\r\nRCPT TO:<b@y>", "a@b@c"]
)
def test_an_address_that_mail_cannot_go_to(address: str) -> None:
    with pytest.raises(BadLetter):
        letter(address)
    with pytest.raises(BadLetter):
        envelope(address)


def test_a_domain_in_another_script_goes_as_ascii() -> None:
    assert envelope("a@بوخارا.example").startswith("a@xn--")
    with pytest.raises(BadLetter):
        envelope("a@" + "x" * 70 + ".example")


def test_a_blank_that_nobody_fills() -> None:
    with pytest.raises(BadLetter, match="message_id"):
        written(POST, {}, sender="n@n.example", sender_name="", address="a@x.example", now=NOW)


WORDS = st.text("بۆدووەم ڕۆژێوێئ abc😀é ", min_size=1, max_size=160).map(
    lambda told: " ".join(told.split()) or "x"
)


@given(WORDS, WORDS)
def test_words_beyond_ascii_keep_the_space_between_them(subject: str, name: str) -> None:
    told = replace(POST, subject=subject)
    raw = written(
        told, {**BLANKS, "name": name}, sender="n@n.example", sender_name=name, address="a@b.example", now=NOW
    )
    head = raw.partition(b"\r\n\r\n")[0]
    assert max(map(len, head.split(b"\r\n"))) <= 78
    for reader in (compat32, default):
        letter = message_from_bytes(raw, policy=reader)  # type: ignore[arg-type]
        assert str(make_header(decode_header(str(letter["Subject"])))) == subject
    if not name.isascii():  # read by the older reader: the newer one splits a long name in two
        shown = message_from_bytes(raw, policy=compat32)["To"]
        assert str(make_header(decode_header(shown))) == f"{name} <a@b.example>"


def test_the_return_path_leads_back_to_the_delivery() -> None:
    token = "a" * 40
    made = return_path("bounces@news.example", {"verp": token})
    assert made == f"bounces+{token}@news.example"
    assert return_path("bounces@news.example", {}) == "bounces@news.example"
    assert return_path(None, {"verp": token}) is None
    longest = return_path(f"{'b' * 23}@news.example", {"verp": token}) or ""
    assert len(longest.partition("@")[0].encode()) == 64
    assert re.match(BOUNCES, f"{'b' * 23}@n.example")
    assert not re.match(BOUNCES, f"{'b' * 24}@n.example")
