"""A configuration that is understood to the end, or every fault of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from syndicator.sandbox.world import Sandbox
from syndicator.wiring import examine, utc_now


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    with Sandbox(now=utc_now) as sandbox:
        yield sandbox.configure(tmp_path)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (
            'tls = "none"',
            'tls = "none"\nflash = true',
            "channels.letters.flash: this channel writes to subscribers",
        ),
        (
            'channel = "letters"',
            'channel = "x"',
            "newsletters.evening.channel: x does not write to subscribers",
        ),
        ('kind = "x"', "kind = 7", "channels.x.kind: 7 is not right"),
        ('kind = "x"\n', "", "channels.x.kind: this key is missing"),
        (
            "[channels.x]",
            "[summariser]\nkind = 'oracle'\n[channels.x]",
            "summariser.kind: no summariser is called 'oracle'",
        ),
        (
            "[channels.x]",
            "[engine]\nkind = 'steam'\n[channels.x]",
            "engine.kind: no engine is called 'steam'",
        ),
        ("[channels.x]", "[engine]\nthreads = 0\n[channels.x]", "engine.threads: 0 is not right"),
        ('timetable = "0 18 * * *"', "timetable = 18", "newsletters.evening.timetable: 18 is not right"),
        ("flash = {", "flahs = {", "channels.x.flahs: this key is not known; did you mean 'flash'?"),
        (
            'chat = "@courier_en"',
            'chat = "@courier_en"\nchats = "x"',
            "channels.tg-en.chats: this key is not known; did you mean",
        ),
        ("[channels.x]", "[channels]\nx2 = 5\n[channels.x]", "channels.x2"),
    ],
)
def test_faults_of_every_part_are_told(path: Path, before: str, after: str, said: str) -> None:
    text = path.read_text("utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), "utf-8")
    wiring, book = examine(path, {})
    assert wiring is None
    assert any(said in str(fault) for fault in book.faults), [str(fault) for fault in book.faults]


def test_a_template_that_is_no_text(path: Path) -> None:
    folder = path.parent / "templates" / "x"
    folder.mkdir(parents=True)
    (folder / "flash.txt").write_bytes(b"\xff\xfe")
    _, book = examine(path, {})
    assert any("flash.txt: it cannot be read as UTF-8 text" in str(fault) for fault in book.faults)


def test_a_configuration_that_is_not_there(tmp_path: Path) -> None:
    wiring, book = examine(tmp_path / "none.toml", {})
    assert wiring is None
    assert "syndicator init" in str(book.faults[0])
