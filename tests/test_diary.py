"""The calendar, and slots that an editor moves or leaves out: each goes out once, whatever is said of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from syndicator.app import App
from syndicator.errors import NotFound, Refused
from syndicator.storage import archive, ledger
from syndicator.storage.schema import audit
from syndicator.storage.schema import slots as slots_kept
from tests.test_cli import syndicator, told
from tests.test_newsstand import NOON, Stand, stand  # noqa: F401 - a fixture

HOUR = timedelta(hours=1)
TODAY, TOMORROW = NOON + 3 * HOUR, NOON + 27 * HOUR  # the evening's slots: at 18:00 in Baghdad


def ticks(stand: Stand, app: App, *hours: float) -> dict[datetime, float]:  # noqa: F811
    """At each of these hours since noon the engine looks: which slots were fired, and when. Without news an edition is
    too thin, and fired all the same."""
    planned: list[str] = []
    for hour in hours:
        stand.clock.time = NOON + timedelta(hours=hour)
        planned += [name for name in app.compile().editions if name.startswith("digest")]
    assert len(planned) == len(set(planned))
    with app.database.read() as connection:
        fired = select(slots_kept).where(slots_kept.c.outcome.in_(["planned", "thin"]))
        rows = connection.execute(fired).all()
    assert {row.edition for row in rows if row.edition} == set(planned)
    return {row.slot: (row.fired_at - NOON) / HOUR for row in rows}


def digest(slot: datetime) -> str:
    return f"digest:evening:{slot.isoformat()}"


def test_a_slot_that_is_moved_later_goes_out_then_and_once_under_its_own_key(stand: Stand) -> None:  # noqa: F811
    with stand.opened() as app:
        app.newsstand.move("evening", TODAY, NOON + 5 * HOUR, by="sara")
        planned = ticks(stand, app, 1, 3, 3.1, 4.9, 5, 5.1, 6, 27, 27.1)
        assert planned == {TODAY: 5, TOMORROW: 27}
        with app.database.read() as connection:
            noted = connection.execute(select(audit).where(audit.c.what == "slot moved")).one()
            assert ledger.report(connection, digest(TODAY)).candidates == {"letters": 1}
        assert (noted.who, noted.about) == ("sara", f"evening {TODAY:%Y-%m-%d %H:%M} UTC")
        assert noted.why == "to 2026-03-01 17:00 UTC"


def test_one_that_is_moved_ahead_of_its_time_leaves_the_others_alone(stand: Stand) -> None:  # noqa: F811
    with stand.opened() as app:
        app.newsstand.move("evening", TOMORROW, NOON + 2 * HOUR, by="sara")
        planned = ticks(stand, app, 1, 2, 2.1, 3, 3.1, 26, 27, 27.1, 51)
        assert planned == {TOMORROW: 2, TODAY: 3, TOMORROW + 24 * HOUR: 51}


def test_one_that_is_moved_behind_the_next_comes_after_it(stand: Stand) -> None:  # noqa: F811
    with stand.opened() as app:
        app.newsstand.move("evening", TODAY, NOON + 30 * HOUR, by="sara")
        planned = ticks(stand, app, 3, 4, 27, 27.1, 30, 30.1, 51)
        assert planned == {TOMORROW: 27, TODAY: 30, TOMORROW + 24 * HOUR: 51}


def test_one_that_is_left_out_leaves_its_stories_to_the_next(stand: Stand) -> None:  # noqa: F811
    with stand.opened() as app:
        app.newsstand.skip("evening", TODAY, by="sara", why="a holiday")
        assert ticks(stand, app, 3, 3.1, 10, 27) == {TOMORROW: 27}


def test_what_was_said_is_taken_back(stand: Stand) -> None:  # noqa: F811
    with stand.opened() as app:
        app.newsstand.skip("evening", TODAY, by="sara")
        app.newsstand.put_back("evening", TODAY, by="dana")
        app.newsstand.move("evening", TOMORROW, NOON + 2 * HOUR, by="sara")
        app.newsstand.put_back("evening", TOMORROW, by="dana")
        assert ticks(stand, app, 2, 3, 27) == {TODAY: 3, TOMORROW: 27}
        with pytest.raises(Refused, match="nobody moved evening"):
            app.newsstand.put_back("evening", TOMORROW, by="dana")


def test_one_that_was_moved_and_missed_by_too_much_is_held(stand: Stand) -> None:  # noqa: F811
    with stand.opened() as app:
        app.newsstand.move("evening", TODAY, NOON + 4 * HOUR, by="sara")
        assert ticks(stand, app, 11) == {}
        assert [one.slot for one in app.newsstand.held()] == [TODAY]
        assert app.newsstand.release("evening", by="sara").editions == (digest(TODAY),)
        assert app.newsstand.held() == []


def test_an_order_that_makes_no_sense_is_refused(stand: Stand) -> None:  # noqa: F811
    with stand.opened() as app:
        move = app.newsstand.move
        with pytest.raises(NotFound, match="no newsletter is called 'evning'"):
            move("evning", TODAY, NOON + 5 * HOUR, by="sara")
        with pytest.raises(Refused, match=r"is no slot of '0 18 \* \* \*'"):
            move("evening", NOON + 2 * HOUR, NOON + 5 * HOUR, by="sara")
        with pytest.raises(Refused, match="has passed"):
            move("evening", TODAY, NOON, by="sara")
        ticks(stand, app, 3)
        with pytest.raises(Refused, match="was planned already; `syndicator move` moves its edition"):
            move("evening", TODAY, NOON + 5 * HOUR, by="sara")
        with pytest.raises(Refused, match="was planned already"):
            app.newsstand.skip("evening", TODAY, by="sara")


def test_who_moves_it_while_it_is_planned_is_obeyed_or_told(stand: Stand) -> None:  # noqa: F811
    with stand.opened() as app:
        write = app.desk.digests._write

        def meanwhile(*words: object) -> object:
            app.desk.digests._write = write
            app.newsstand.move("evening", TODAY, NOON + 5 * HOUR, by="sara")
            return write(*words)  # type: ignore[arg-type]

        app.desk.digests._write = meanwhile  # type: ignore[assignment]
        assert ticks(stand, app, 3, 3.1, 5) == {TODAY: 5}


def test_the_calendar_has_everything_in_its_order(stand: Stand) -> None:  # noqa: F811
    with stand.opened() as app:
        newest = {one.language: one.id for one in app.ledger.articles(limit=20).articles}
        at = NOON + 4 * HOUR
        (push,) = app.push([newest["en"]], ["x"], editor="dana", at=at).editions
        app.stories.embargo(newest["ckb"], NOON + 6 * HOUR, by="ara")
        app.newsstand.move("evening", TOMORROW, NOON + 28 * HOUR, by="sara")
        app.newsstand.skip("evening", TOMORROW + 24 * HOUR, by="sara", why="a holiday")
        found = app.calendar.entries(3)
        assert [(one.kind, one.state, one.when) for one in found] == [
            ("slot", "planned", TODAY),
            ("push", "planned", at),
            ("embargo", "opens", NOON + 6 * HOUR),
            ("slot", "moved", NOON + 28 * HOUR),
            ("slot", "skipped", TOMORROW + 24 * HOUR),
        ]
        first, pushed, opens, moved, skipped = found
        assert first.stories["en"] > 0
        assert (pushed.about, pushed.channels, pushed.movable) == (push, ("x",), True)
        assert opens.why == "ara said so"
        assert (moved.slot, moved.why) == (TOMORROW, "sara moved it from 2026-03-02 15:00 UTC")
        assert skipped.why == "a holiday"
        app.pause("x", by="ara", why="the token is gone")
        (pushed,) = [one for one in app.calendar.entries(1, stories=False) if one.kind == "push"]
        assert (pushed.state, pushed.why) == ("paused", "the token is gone")
        with pytest.raises(Refused, match="1 to 60 days"):
            app.calendar.entries(61)


def test_the_calendar_tells_what_waits_at_its_gate_and_what_goes(stand: Stand) -> None:  # noqa: F811
    with stand.opened(hours=3) as app:
        app.plan()
        (gated,) = [one for one in app.calendar.entries(1) if one.kind == "digest"]
        assert (gated.state, gated.about) == ("at its gate", digest(TODAY))
        app.compile()
        (going,) = [one for one in app.calendar.entries(1) if one.kind == "digest"]
        assert (going.state, going.movable) == ("going", False)
        app.deliver_due()
        assert [one for one in app.calendar.entries(1) if one.kind == "digest"] == []


def test_a_flash_waits_for_the_end_of_quiet_hours(stand: Stand) -> None:  # noqa: F811
    text = stand.path.read_text("utf-8")
    quiet = '[channels.tg-en]\nquiet_hours = "14:00-17:00"\n'
    stand.path.write_text(text.replace("[channels.tg-en]\n", quiet, 1), "utf-8")
    with stand.opened() as app:
        app.compile()
        found = [one for one in app.calendar.entries(1) if one.channels == ("tg-en",)]
        told_so = {(one.kind, one.state, one.why, one.when) for one in found}
        assert told_so == {("flash", "planned", "quiet hours", NOON + 2 * HOUR)}


def test_a_thin_edition_is_told_as_it_stands(stand: Stand) -> None:  # noqa: F811
    text = stand.path.read_text("utf-8")
    stand.path.write_text(
        text.replace("[newsletters.evening]\n", "[newsletters.evening]\nminimum = 12\n"), "utf-8"
    )
    with stand.opened() as app:
        found = app.calendar.entries(2)
        assert [one.state for one in found] == ["thin", "planned"], found


def test_hours_where_readers_live_are_in_the_calendar(stand: Stand) -> None:  # noqa: F811
    text = stand.path.read_text("utf-8")
    told_so = text.replace("[newsletters.evening]\n", '[newsletters.evening]\nzone = "reader"\n')
    stand.path.write_text(told_so.replace("[newsroom]\n", '[newsroom]\nzones = ["Asia/Tokyo"]\n'), "utf-8")
    with stand.opened() as app:
        assert [(one.when, one.until) for one in app.calendar.entries(1)] == [(TODAY, TODAY)]


def test_an_editor_types_it(stand: Stand, tmp_path: object) -> None:  # noqa: F811
    with stand.opened() as app:
        (slot, *_) = [one.slot for one in app.calendar.entries(2)]
        assert slot == TODAY
        with app.database.read() as connection:
            assert archive.count(connection)
            assert connection.execute(select(slots_kept)).all()
    c = ("-c", str(stand.path))
    later = f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%dT%H:%MZ}"
    assert (
        "say where to"
        in syndicator("newsletter", "move", "evening", "--slot", "2100-03-01T15:00Z", *c).stderr
    )
    assert isinstance(told("calendar", "--days", "2", *c)["entries"], list)
    refused = syndicator("newsletter", "skip", "evening", "--slot", later, *c)
    assert "is no slot" in refused.stderr or refused.returncode == 0
    done = told(
        "newsletter", "move", "evening", "--slot", "2100-03-01T15:00Z", "--to", "2100-03-01T17:00Z", *c
    )
    assert str(done["to"]).startswith("2100-03-01 17:00")
    assert (
        told("newsletter", "move", "evening", "--slot", "2100-03-01T15:00Z", "--undo", *c)["newsletter"]
        == "evening"
    )
    assert told("newsletter", "skip", "evening", "--slot", "2100-03-01T15:00Z", *c)["skipped"] is True
    said = syndicator("newsletter", "skip", "evening", "--slot", "2100-03-01T15:00Z", "--undo", *c)
    assert "goes out by its timetable" in said.stdout
