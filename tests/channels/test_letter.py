"""Letters compiled once read, for every reader, as if they had been written for that reader alone."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import replace
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import SMTP, compat32, default
from typing import cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from syndicator.channels.email.bodies import fill
from syndicator.channels.email.letter import BOUNCES, DOT, BadLetter, Letter, envelope
from syndicator.model import ChannelId, EditionId, Language, Post, blank

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
DATE = "Sun, 01 Mar 2026 09:00:00 +0000"


def wire(
    post: Post = POST,
    address: str = "a@x.example",
    *,
    sender_name: str = "هەواڵ",
    eightbit: bool = False,
    **values: str,
) -> bytes:
    compiled = Letter(post, sender="n@n.example", sender_name=sender_name, date=DATE, eightbit=eightbit)
    return compiled.written(BLANKS | values, envelope(address))


def received(raw: bytes) -> bytes:
    """What a relay keeps: without the last dot, and without the stuffing of the others."""
    assert raw.endswith(b"\r\n" + DOT)
    assert raw.replace(b"\r\n", b"").count(b"\n") == raw.replace(b"\r\n", b"").count(b"\r") == 0
    lines = raw.removesuffix(DOT).split(b"\r\n")
    assert max(map(len, lines)) <= 998  # RFC 5322 §2.1.1
    assert b"." not in lines  # would end it
    return b"\r\n".join(line.removeprefix(b".") for line in lines)


def read(raw: bytes) -> EmailMessage:
    return cast(EmailMessage, message_from_bytes(received(raw), policy=default))


def part(message: EmailMessage, kind: str) -> str:
    found = message.get_body((kind,))
    assert found
    return str(found.get_content()).replace("\r\n", "\n")


def fresh(post: Post, values: Mapping[str, str]) -> EmailMessage:
    """The same mail as the standard library writes it, for one reader, without any compiling."""
    made = EmailMessage(policy=SMTP)
    made.set_content(fill(post.text, values))
    shown = {name: html.escape(value) for name, value in values.items()}
    made.add_alternative(fill(post.html or "", shown), subtype="html")
    return cast(EmailMessage, message_from_bytes(made.as_bytes(), policy=default))


def test_a_letter_reads_back_as_it_was_meant() -> None:
    message = read(wire())
    assert message["Subject"] == "باران ڕێگای ئەزمەڕی داخست"
    assert message["From"].addresses[0].display_name == "هەواڵ"
    assert message["To"].addresses[0].display_name == "Şîlan & <Co>"
    assert message["Message-ID"] == "<1@n.example>"
    assert message["List-Unsubscribe"] == "<https://n.example/u/1.a>"
    assert message["Date"] == DATE
    assert part(message, "plain") == "سڵاو Şîlan & <Co>\nhttps://n.example/u/1.a\n"
    assert "Şîlan &amp; &lt;Co&gt;" in part(message, "html")


def test_the_encoding_fits_the_script() -> None:
    def encoding(post: Post, *, eightbit: bool = False) -> str:
        body = read(wire(post, eightbit=eightbit)).get_body(("plain",))
        assert body
        return str(body["Content-Transfer-Encoding"])

    latin = replace(POST, text="Rain — at last, the mayor’s office said.")
    assert encoding(POST) == "base64"
    assert encoding(latin) == "quoted-printable"
    assert encoding(latin, eightbit=True) == encoding(POST, eightbit=True) == "8bit"
    assert (
        encoding(replace(POST, text="x" * 901), eightbit=True) == "quoted-printable"
    )  # no line is that long


LATIN = "abc ABC.-_'\"\\(),:;<>@[]=?&%éüñß—’\t"
ARABIC = "بۆدووەمڕێگاکەلی ئەحمەد ـ\u200c\u200f\u2067\u2069ًّ،؟"
ODD = "😀👩‍👩‍👧‍👦\u202e\ufeff=?utf-8?b?eA==?="
NAMES = st.text(LATIN + ARABIC + ODD, max_size=90)
TEXTS = st.lists(
    st.one_of(
        st.text(LATIN + ARABIC + ODD + "\n", max_size=120),
        st.sampled_from([blank("name"), blank("leave_url"), "\n.\n", "\n..", " \n", "=\n"]),
    ),
    max_size=12,
).map("".join)


@given(name=NAMES, text=TEXTS, markup=TEXTS, eightbit=st.booleans())
@example(name=".", text=f"\n{blank('name')}", markup=f"{blank('name')}\n.", eightbit=True)
@example(name="", text=f"a\n{blank('name')}.", markup=f"\n{blank('name')}{blank('name')}.\n", eightbit=True)
@example(name="ab", text=f"س{blank('name')}ا{blank('name')}ب", markup="سسسس", eightbit=False)
def test_any_name_in_any_text_reads_as_a_fresh_letter(
    name: str, text: str, markup: str, *, eightbit: bool
) -> None:
    post = replace(POST, text=f"{text}\n", html=f"<p>{markup}\n")
    values = BLANKS | {"name": name}
    message = read(wire(post, eightbit=eightbit, name=name))
    meant = fresh(post, values)
    for kind in ("plain", "html"):
        assert part(message, kind) == part(meant, kind)


@given(NAMES)
def test_any_name_reads_back_in_the_head(name: str) -> None:
    raw = received(wire(name=name))
    head = raw.partition(b"\r\n\r\n")[0]
    assert max(map(len, head.split(b"\r\n"))) <= 78
    shown = message_from_bytes(raw, policy=compat32)["To"]  # the newer reader splits a long name in two
    if not name:
        assert shown == "a@x.example"
    elif shown.startswith('"'):
        assert shown.replace("\r\n ", " ") == f'"{name}" <a@x.example>'
    else:
        assert str(make_header(decode_header(shown))) == f"{name} <a@x.example>"
    assert "Bcc" not in message_from_bytes(raw, policy=compat32)


@pytest.mark.parametrize("dots", [0, 71, 72, 73, 144])
def test_a_long_link_with_a_dot_where_a_line_begins(dots: int) -> None:
    link = f"https://n.example/{'a' * 200}"
    link = link[:dots] + "." + link[dots + 1 :]
    post = replace(
        POST, text=f"Leave:\n{blank('leave_url')}\n", html=f"<a href='{blank('leave_url')}'>x</a>\n"
    )
    raw = wire(post, leave_url=link)
    assert max(map(len, received(raw).split(b"\r\n"))) <= 300  # the head's own line with the link
    assert part(read(raw), "plain") == f"Leave:\n{link}\n"
    assert part(read(raw), "html") == f"<a href='{link}'>x</a>\n"
    body = received(raw).partition(b"\r\n\r\n")[2]
    assert max(map(len, body.split(b"\r\n"))) <= 76


def test_a_blank_in_the_subject() -> None:
    post = replace(POST, subject=f"{blank('name')}, your digest")
    assert read(wire(post, name="سارا"))["Subject"] == "سارا, your digest"
    assert read(wire(post, name="Sara"))["Subject"] == "Sara, your digest"
    with pytest.raises(BadLetter):
        wire(post, name="a\nBcc: b@x.example")


def test_a_list_s_name_in_another_script_stands_before_its_identifier() -> None:
    post = replace(POST, headers={"List-Id": "پوختەی بەیانی <morning.n.example>"})
    head = received(wire(post)).partition(b"\r\n\r\n")[0]
    assert b"\r\n <morning.n.example>" in head
    assert read(wire(post))["List-Id"] == "پوختەی بەیانی <morning.n.example>"


@pytest.mark.parametrize("name", ["a\r\nBcc: b@x.example", "a\nb", "a\0"])
def test_a_header_is_never_injected(name: str) -> None:
    with pytest.raises(BadLetter):
        wire(name=name)


@pytest.mark.parametrize(
    "address", ["", "a", "a@", "@b", "a b@x.example", "a@x.example>", "a@x\r\nRCPT TO:<b@y>", "a@b@c"]
)
def test_an_address_that_mail_cannot_go_to(address: str) -> None:
    with pytest.raises(BadLetter):
        envelope(address)


def test_a_domain_in_another_script_goes_as_ascii() -> None:
    assert envelope("a@بوخارا.example").startswith("a@xn--")
    with pytest.raises(BadLetter):
        envelope("a@بوخارا" + "x" * 70 + ".example")


def test_a_blank_that_nobody_fills() -> None:
    compiled = Letter(POST, sender="n@n.example", sender_name="", date=DATE)
    with pytest.raises(BadLetter, match="message_id"):
        compiled.written({}, "a@x.example")
    with pytest.raises(BadLetter, match="leave_url"):
        compiled.written({"message_id": "<1@n.example>", "name": ""}, "a@x.example")


def test_a_head_line_that_no_relay_takes() -> None:
    with pytest.raises(BadLetter, match="998"):
        wire(leave_url="https://n.example/" + "a" * 1000)


def test_the_edition_s_own_date_wins() -> None:
    post = replace(POST, headers={"Date": "Mon, 02 Mar 2026 09:00:00 +0000"})
    assert read(wire(post))["Date"] == "Mon, 02 Mar 2026 09:00:00 +0000"


WORDS = st.text("بۆدووەم ڕۆژێوێئ abc😀é ", min_size=1, max_size=160).map(
    lambda told: " ".join(told.split()) or "x"
)


@given(WORDS, WORDS)
def test_words_beyond_ascii_keep_the_space_between_them(subject: str, name: str) -> None:
    raw = received(wire(replace(POST, subject=subject), "a@b.example", sender_name=name, name=name))
    head = raw.partition(b"\r\n\r\n")[0]
    assert max(map(len, head.split(b"\r\n"))) <= 78
    for reader in (compat32, default):
        letter = message_from_bytes(raw, policy=reader)  # type: ignore[arg-type]
        assert str(make_header(decode_header(str(letter["Subject"])))) == subject
    if not name.isascii():
        shown = message_from_bytes(raw, policy=compat32)["To"]
        assert str(make_header(decode_header(shown))) == f"{name} <a@b.example>"


def test_the_return_path_leads_back_to_the_delivery() -> None:
    def made(bounces: str | None) -> str:
        compiled = Letter(POST, sender="n@n.example", sender_name="", date=DATE, bounces=bounces)
        return compiled.return_path({"verp": "a" * 40})

    assert made("bounces@news.example") == f"bounces+{'a' * 40}@news.example"
    assert made(None) == "n@n.example"
    longest = made(f"{'b' * 23}@news.example")
    assert len(longest.partition("@")[0].encode()) == 64
    assert re.match(BOUNCES, f"{'b' * 23}@n.example")
    assert not re.match(BOUNCES, f"{'b' * 24}@n.example")
