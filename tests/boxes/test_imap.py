"""Bounces in a mailbox, over IMAP, on a real server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from syndicator.boxes.imap import LARGEST, ImapBox
from syndicator.errors import SourceError
from tests.bounces.samples import dsn
from tests.lanes import WORLD

from .dovecot import PASSWORD, Server, dovecot

OWNER = "bounces"


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    try:
        with dovecot(OWNER) as server:
            yield server
    except FileNotFoundError:
        pytest.skip("dovecot is not here (Debian: dovecot-imapd)")


@pytest.fixture
def server(running: Server) -> Server:
    with box(running) as opened:
        for mail in opened.mails():
            opened.done(mail)
    return running


def box(server: Server, **changes: object) -> ImapBox:
    told = {"host": "127.0.0.1", "port": server.port, "tls": "none", "username": OWNER, "password": PASSWORD}
    return ImapBox(ImapBox.Settings.model_validate(told | changes), WORLD)


def test_each_mail_goes_where_it_belongs(server: Server) -> None:
    handled, aside = server.held(OWNER, "Handled"), server.held(OWNER, "Aside")
    raw = dsn().replace(b"\n", b"\r\n")
    server.put(OWNER, raw, b"Subject: a letter\r\n\r\n\xff\xfe text\r\n")
    with box(server) as opened:
        first, second = opened.mails()
        assert first.raw == raw  # to the octet
        assert second.raw.endswith(b"\xff\xfe text\r\n")
        opened.done(first)
        opened.set_aside(second)
        assert not [*opened.mails()]
    assert server.held(OWNER, "Handled") == handled + 1
    assert server.held(OWNER, "Aside") == aside + 1


def test_whoever_dies_before_a_mail_is_done_finds_it_again(server: Server) -> None:
    server.put(OWNER, dsn())
    with box(server) as opened:
        assert len([*opened.mails()]) == 1
    with box(server) as opened:
        (mail,) = opened.mails()
        opened.done(mail)


def test_a_mail_that_another_reader_took_away_meanwhile(server: Server) -> None:
    server.put(OWNER, dsn(), dsn("5.2.2", "552 full"))
    with box(server) as one, box(server) as other:
        mails = one.mails()
        first = next(mails)
        for mail in other.mails():
            other.done(mail)
        with pytest.raises(SourceError, match="no longer exist"):
            one.done(first)
    with box(server) as opened:  # the next tick
        assert not [*opened.mails()]


def test_what_is_too_large_is_not_read(server: Server) -> None:
    server.put(OWNER, b"Subject: x\r\n\r\n" + b"x" * 70 + b"\r\n" * LARGEST)
    with box(server) as opened:
        (mail,) = opened.mails()
        assert mail.raw == b""


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"password": "wrong"}, "does not let bounces in"),
        ({"folder": "Nowhere"}, "Nowhere"),
        ({"port": 1}, "refused"),
    ],
)
def test_a_box_that_cannot_be_opened_says_why(server: Server, changes: dict[str, object], said: str) -> None:
    with box(server, **changes) as opened, pytest.raises(SourceError, match=said):
        next(opened.mails())
