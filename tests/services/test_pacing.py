"""Editions that are spread over time."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from syndicator.app import App
from syndicator.services.audience import Wish
from tests.channels.test_relays import READERS, newsroom

HOST = 'host = "127.0.0.1"\nport = {}\ntls = "none"\n'


def spread(folder: Path, setting: str, *, url: str = "") -> list[int]:
    """Mails sent by the end of each minute for an hour, from three in the afternoon in Sulaimani on."""
    with newsroom(folder, lambda first, second: HOST.format(first), url=url) as room:
        path = folder / "syndicator.toml"
        path.write_text(
            path.read_text("utf-8").replace("[newsletters.evening]", f"[newsletters.evening]\n{setting}"),
            "utf-8",
        )
        environ = {"SYNDICATOR_DATABASE_URL": url} if url else {}
        with App.opened(path, environ, now=room.clock.now) as app:
            room.app = app
            room.plan([f"{letter}{one}" for letter in "abcde" for one in READERS])
            counts = []
            for _ in range(60):
                for _ in range(6):
                    app.deliver("letters")
                    room.clock.time += timedelta(seconds=10)
                counts.append(len(room.sandbox.smtp.mails))
            assert max(Counter(mail.recipient for mail in room.sandbox.smtp.mails).values()) == 1
    return counts


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_an_edition_is_evenly_done_by_a_time(
    tmp_path: Path, kind: str, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue("postgresql").url if kind == "postgresql" else ""
    counts = spread(tmp_path, 'spread_until = "15:30"', url=url)
    each = [after - before for before, after in zip([0, *counts], counts, strict=False)]
    assert each[:30] == [2] * 30
    assert counts[29] == 60


def test_a_pace_is_kept(tmp_path: Path) -> None:
    counts = spread(tmp_path, 'pace = "6/m"')
    assert counts[:10] == [6, 12, 18, 24, 30, 36, 42, 48, 54, 60]


def test_a_time_that_has_passed_spreads_nothing(tmp_path: Path) -> None:
    assert spread(tmp_path, 'spread_until = "14:00"')[0] == 60


def test_it_is_told_when_it_cannot_be_done_by_then(tmp_path: Path) -> None:
    with newsroom(tmp_path, lambda first, second: HOST.format(first) + 'rates = ["1/m"]\n') as room:
        path = tmp_path / "syndicator.toml"
        told = path.read_text("utf-8").replace(
            "[newsletters.evening]", '[newsletters.evening]\nspread_until = "15:10"'
        )
        path.write_text(told, "utf-8")
        with App.opened(path, {}, now=room.clock.now) as app:
            wishes = [Wish(address=one, language="en", newsletter="evening", proof="p") for one in READERS]
            app.subscribe(wishes, "evening")
            (found,) = app.gate.preflight._more("evening")
    assert found.check == "pace"
    assert "12 mails until 12:10 UTC" in found.what
    assert "begin by 11:58 UTC" in found.instead
