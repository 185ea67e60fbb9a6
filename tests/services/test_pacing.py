"""Editions that are spread over time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from syndicator.app import App
from syndicator.services.audience import Wish
from syndicator.storage import ledger
from tests.channels.test_relays import READERS, Newsroom, newsroom

SIX = datetime(2026, 3, 1, 15, tzinfo=UTC)  # in the evening, in Baghdad
HALF_PAST_FIVE = SIX - timedelta(minutes=30)
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


@contextmanager
def timed(folder: Path, relay: str, setting: str) -> Iterator[Newsroom]:
    """Twelve readers of a digest of six in the evening, and it is half past five."""
    with newsroom(folder, lambda first, second: HOST.format(first) + relay) as room:
        path = folder / "syndicator.toml"
        told = path.read_text("utf-8").replace("[newsletters.evening]", f"[newsletters.evening]\n{setting}")
        path.write_text(told, "utf-8")
        with App.opened(path, {}, now=room.clock.now) as app:
            room.app = app
            wishes = [Wish(address=one, language="en", newsletter="evening", proof="p") for one in READERS]
            app.subscribe(wishes, "evening")
            app.look()
            app.compile()
            room.sandbox.newsroom.publish()
            app.look()
            room.clock.time = HALF_PAST_FIVE
            yield room


def begun(room: Newsroom) -> datetime:
    """When its edition was planned, looking twice a minute."""
    for _ in range(80):
        if any(one.startswith("digest") for one in room.app.compile().editions):
            return room.clock.time
        room.clock.time += timedelta(seconds=30)
    raise AssertionError


def test_an_edition_begins_so_early_that_all_have_it_in_time(tmp_path: Path) -> None:
    with timed(tmp_path, 'rates = ["1/m"]\n', 'done_by = "18:05"') as room:
        at = begun(room)
        assert at == SIX - timedelta(minutes=8)  # 12 mails of a minute and a tenth more, before five past six
        with room.app.database.read() as connection:
            (edition,) = [one for one in ledger.latest(connection, 9) if one.startswith("digest")]
            assert edition == f"digest:evening:{SIX.isoformat()}"  # of its slot all the same
        while len(room.sandbox.smtp.mails) < 12:
            room.deliver(later=10)
        assert room.clock.time <= SIX + timedelta(minutes=5)
        (date,) = {str(mail.message["Date"]) for mail in room.sandbox.smtp.mails}
        assert parsedate_to_datetime(date) == at
        assert not [one for one in room.app.compile().editions if one.startswith("digest")]


@pytest.mark.parametrize(
    ("relay", "setting", "minutes"),
    [
        pytest.param('rates = ["1/m"]\n', 'done_by = "18:05"\nearly = "5m"', -5, id="no earlier than early"),
        pytest.param("", 'done_by = "18:05"', 0, id="nobody knows its speed"),
        pytest.param("", 'done_by = "18:05"\npace = "60/m"', 0, id="there is time enough"),
        pytest.param("", 'done_by = "18:05"\npace = "2/m"', -1.5, id="its own pace"),
        pytest.param(
            'rates = ["1/m"]\n', 'done_by = "18:05"\nquiet_hours = "09:00-17:55"', -5, id="quiet hours"
        ),
    ],
)
def test_how_early_an_edition_begins(tmp_path: Path, relay: str, setting: str, minutes: float) -> None:
    with timed(tmp_path, relay, setting) as room:
        assert begun(room) == SIX + timedelta(minutes=minutes)


def test_it_is_told_when_it_cannot_be_done_though_it_begins_early(tmp_path: Path) -> None:
    with timed(tmp_path, 'rates = ["1/m"]\n', 'done_by = "18:05"') as room:
        room.clock.time = SIX - timedelta(minutes=2)
        (found,) = room.app.gate.preflight._more("evening")
    assert found.what.startswith("12 mails until 15:05 UTC need")
    assert "let it begin by 14:53 UTC (early), or done_by be later" in found.instead
