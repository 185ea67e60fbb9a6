"""Bounces in a Maildir."""

from __future__ import annotations

from pathlib import Path

import pytest

from syndicator.boxes.maildir import LARGEST, MaildirBox
from syndicator.errors import SourceError
from tests.bounces.samples import dsn
from tests.lanes import WORLD


@pytest.fixture
def path(tmp_path: Path) -> Path:
    for folder in ("new", "cur", "tmp"):
        (tmp_path / folder).mkdir()
    return tmp_path


def box(path: Path) -> MaildirBox:
    return MaildirBox(MaildirBox.Settings(path=path), WORLD)


def test_each_mail_goes_where_it_belongs(path: Path) -> None:
    (path / "new" / "2.b.host").write_bytes(b"second")
    (path / "cur" / "1.a.host:2,S").write_bytes(dsn())
    (path / "new" / ".hidden").write_bytes(b"")
    with box(path) as opened:
        first, second = opened.mails()
        assert (first.raw, second.raw) == (dsn(), b"second")
        opened.done(first)
        opened.set_aside(second)
        assert not [*opened.mails()]
    assert (path / ".Handled/cur/1.a.host:2,S").read_bytes() == dsn()
    assert (path / ".Aside/cur/2.b.host:2,S").read_bytes() == b"second"


def test_what_is_too_large_is_not_read(path: Path) -> None:
    with (path / "new" / "1.a").open("wb") as file:
        file.truncate(LARGEST + 1)
    with box(path) as opened:
        (mail,) = opened.mails()
        assert mail.raw == b""


def test_a_mail_that_somebody_took_away_meanwhile(path: Path) -> None:
    for name in ("1", "2"):
        (path / "new" / name).write_bytes(b"x")
    with box(path) as opened:
        mails = opened.mails()
        first = next(mails)
        (path / "new" / "2").unlink()
        assert not [*mails]
        (path / "new" / "1").unlink()
        with pytest.raises(SourceError, match=r"bounces\.path: .*new/1"):
            opened.done(first)


def test_a_folder_that_is_no_maildir(tmp_path: Path) -> None:
    with box(tmp_path / "none") as opened, pytest.raises(SourceError, match="name a Maildir"):
        next(opened.mails())
