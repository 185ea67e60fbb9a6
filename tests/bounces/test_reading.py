"""What a mail in the bounce box says."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicator.bounces import Kind, Why, read, refused

from .samples import TOKEN, complaint, dsn, plain

BOUNCES = Path(__file__).parents[3] / "shared" / "corpora" / "bounces"


def test_nobody_is_there() -> None:
    report = read(dsn())
    (notice,) = report.notices
    assert (notice.kind, notice.reason, notice.status) == (Kind.HARD, Why.USER_UNKNOWN, "5.1.1")
    assert notice.address == "sara@readers.example"
    assert "no such user" in notice.diagnostic
    assert report.tokens == (TOKEN,)
    assert report.about == "<abc@news.example>"
    assert report.id == "<bounce.1@mx.readers.example>"


@pytest.mark.parametrize(
    ("status", "diagnostic", "kind", "reason"),
    [
        ("5.1.2", "550 Host or domain name not found", Kind.HARD, Why.HOST_UNKNOWN),
        ("5.1.10", "556 5.1.10 Recipient address has null MX", Kind.HARD, Why.ACCEPTS_NO_MAIL),
        ("5.1.6", "551 5.1.6 The user has moved", Kind.HARD, Why.MOVED),
        ("5.1.1", "x", Kind.HARD, Why.USER_UNKNOWN),
        ("5.2.2", "552 5.2.2 mailbox is full", Kind.SOFT, Why.MAILBOX_FULL),
        ("5.2.1", "550 5.2.1 The account is disabled", Kind.SOFT, Why.DISABLED),
        ("4.4.7", "451 4.4.7 message expired", Kind.SOFT, Why.EXPIRED),
        ("4.4.1", "x", Kind.SOFT, Why.NETWORK),
        ("5.3.0", "554 5.3.0 internal software error", Kind.SOFT, Why.SYSTEM),
        ("5.0.0", "x", Kind.SOFT, Why.OTHER),
        ("5.7.26", "550 5.7.26 Unauthenticated email is not accepted: DMARC", Kind.OURS, Why.AUTHENTICATION),
        ("5.7.23", "x", Kind.OURS, Why.AUTHENTICATION),
        ("5.7.515", "550 5.7.515 Access denied, sending domain does not pass", Kind.OURS, Why.AUTHENTICATION),
        ("5.7.1", "554 5.7.1 Service unavailable; blocked using zen.spamhaus.org", Kind.OURS, Why.BLOCKED),
        ("5.7.25", "550 5.7.25 no PTR record", Kind.OURS, Why.BLOCKED),
        ("4.7.28", "421 4.7.28 rate limited", Kind.OURS, Why.RATE),
        ("5.7.1", "550 this message looks like spam", Kind.OURS, Why.SPAM),
        ("5.7.1", "550 5.7.1 relaying denied", Kind.OURS, Why.RELAYING),
        ("5.1.8", "550 5.1.8 sender address rejected", Kind.OURS, Why.SENDER),
        ("5.3.4", "552 5.3.4 message too large", Kind.OURS, Why.TOO_LARGE),
        # A code that lies: our fault is never laid at the reader's door.
        ("5.1.1", "550 5.1.1 rejected: your IP address is on a blacklist", Kind.OURS, Why.BLOCKED),
    ],
)  # fmt: skip
def test_what_a_refusal_means(status: str, diagnostic: str, kind: Kind, reason: Why) -> None:
    (notice,) = read(dsn(status, diagnostic)).notices
    assert (notice.kind, notice.reason) == (kind, reason)


def test_a_delay_gives_nobody_up() -> None:
    (notice,) = read(dsn("4.1.1", "450 4.1.1 user unknown", action="delayed")).notices
    assert notice.kind is Kind.SOFT


def test_what_was_delivered_is_no_bounce() -> None:
    (notice,) = read(dsn("2.0.0", "250 ok", action="delivered")).notices
    assert notice.kind is Kind.NONE


def test_a_server_that_took_the_recipient_and_not_the_text_knows_the_user() -> None:
    said = "SMTP error from remote mail server after end of data: 550 user unknown"
    (notice,) = read(dsn("5.0.0", "550 user unknown", prose=said)).notices
    assert notice.kind is Kind.SOFT


def test_a_server_that_heard_of_no_recipient_refuses_the_sender() -> None:
    (notice,) = read(dsn("5.1.0", "550 news.example does not exist (in reply to MAIL FROM command)")).notices
    assert notice.kind is Kind.OURS


def test_a_bounce_that_contradicts_itself_gives_nobody_up() -> None:
    (notice,) = read(dsn(prose="The mailbox is full.")).notices
    assert notice.kind is Kind.SOFT


def test_words_in_an_address_are_not_the_server_s() -> None:
    (notice,) = read(
        dsn(
            "5.3.0",
            "554 5.3.0 <user-unknown@spam.example>: local error",
            recipient="user-unknown@spam.example",
        )
    ).notices
    assert notice.reason is Why.SYSTEM


def test_two_recipients_in_prose_are_told_apart() -> None:
    said = """The following addresses failed:

  a@readers.example
    550 5.2.2 mailbox full
  b@readers.example
    550 5.1.1 user unknown
"""
    report = read(plain(said, subject="Mail delivery failed: returning message to sender"))
    assert {(one.address, one.kind) for one in report.notices} == {
        ("a@readers.example", Kind.SOFT),
        ("b@readers.example", Kind.HARD),
    }


def test_a_complaint() -> None:
    (notice,) = read(complaint()).notices
    assert (notice.kind, notice.address) == (Kind.COMPLAINT, "sara@readers.example")
    assert read(complaint("not-spam")).notices[0].kind is Kind.NONE
    assert read(complaint("auth-failure")).notices[0].kind is Kind.OURS


@pytest.mark.parametrize(
    "more", ["Auto-Submitted: auto-replied\n", "Precedence: auto_reply\n", "X-Autoreply: yes\n", ""]
)
def test_an_auto_reply(more: str) -> None:
    subject = "Re: The evening" if more else "Out of office: The evening"
    (notice,) = read(
        plain("I am at the sea.", subject=subject, sender="sara@readers.example", more=more)
    ).notices
    assert notice.kind is Kind.AUTO_REPLY


def test_a_reader_s_own_words_are_no_bounce() -> None:
    (notice,) = read(
        plain("Dear editors, thank you!", subject="A letter", sender="sara@readers.example")
    ).notices
    assert notice.kind is Kind.NONE


def test_what_a_relay_says_at_once() -> None:
    assert refused("RCPT: 550 5.1.1 no such user").kind is Kind.HARD
    assert refused("RCPT: 550 no such user here").kind is Kind.HARD
    assert refused("after the dot: 550 5.7.1 this is spam").kind is Kind.OURS
    assert refused("RCPT: 552 5.2.2 over quota").kind is Kind.SOFT


@given(st.binary(max_size=400))
def test_whatever_comes_in_is_read(raw: bytes) -> None:
    assert read(raw).notices
    assert read(dsn() + raw).notices
    assert read(dsn()[: len(raw) * 3] + raw).notices


OWN = {
    head: (kind, address, raw)
    for head, kind, address, raw in (
        (*(word.strip() for word in entry.partition("\n")[0].split("|")), entry.partition("\n")[2])
        for entry in (Path(__file__).parent / "own.txt").read_text("utf-8").split("\n=== ")[1:]
    )
}


def told(raw: str) -> list[tuple[str, str]]:
    return [(str(one.kind), one.address) for one in read(raw.encode()).notices]


@pytest.mark.parametrize("name", OWN)
def test_bounces_in_words_that_no_rule_was_made_for(name: str) -> None:
    kind, address, raw = OWN[name]
    assert told(raw) == [(kind, address)]


def test_there_are_enough_of_them_of_enough_servers_and_of_each_kind() -> None:
    assert len(OWN) >= 25
    assert len({name.split()[0] for name in OWN}) >= 6
    kinds = Counter(kind for kind, _, _ in OWN.values())
    assert min(kinds["hard"], kinds["soft"], kinds["ours"]) >= 5


@pytest.mark.parametrize("name", OWN)
def test_what_a_bounce_means_does_not_hang_on_names_line_ends_or_lines_before_it(name: str) -> None:
    """A reader may be called anything, such as unknown, quota or spam."""
    kind, address, raw = OWN[name]
    assert told(raw.replace("\n", "\r\n")) == [(kind, address)]
    assert told(f"Received: from a by b; Sun, 1 Mar 2026 09:00:00 +0000\n{raw}") == [(kind, address)]
    if address:
        for other in ("quota-full", "spam.blocked", "no-such-user", "dmarc"):
            renamed = f"{other}@{address.partition('@')[2]}"
            assert told(raw.replace(address, renamed)) == [(kind, renamed)], other


def test_others_bounces_as_others_label_them() -> None:
    """Hard or not, file by file, as sisimai has it: at least 95 of 100."""
    labels = BOUNCES / "sisimai_expected.json"
    if not labels.exists():
        pytest.skip("others' bounces are not here")
    files = {file.name: file for file in (BOUNCES / "sisimai").rglob("*.eml")}
    agreed: Counter[bool] = Counter()
    for name, told in json.loads(labels.read_text("utf-8")).items():
        if name in files:
            hard = {one.kind is Kind.HARD for one in read(files[name].read_bytes()).notices}
            agreed[hard == {one["hard"] for one in told}] += 1
    assert agreed.total() >= 160
    assert agreed[True] / agreed.total() >= 0.95


def test_others_bounces_name_whom_they_are_about() -> None:
    labels = BOUNCES / "flufl_bounce.json"
    if not labels.exists():
        pytest.skip("others' bounces are not here")
    found: Counter[bool] = Counter()
    for _, name, temporary, *addresses in json.loads(labels.read_text("utf-8")):
        file = BOUNCES / "flufl/tests/data" / name
        if file.exists() and addresses:
            notices = read(file.read_bytes()).notices
            found[{one.casefold() for one in addresses} <= {one.address.casefold() for one in notices}] += 1
            assert not (temporary and any(one.kind is Kind.HARD for one in notices)), name
    assert (found[True], found[False]) == (29, 0)
