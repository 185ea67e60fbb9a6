"""What goes wrong in the world: one clear error each, nothing lost, and the rest goes on."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from syndicator.app import App
from syndicator.config import Unusable
from syndicator.errors import StorageError
from syndicator.sandbox.faults import Fault
from syndicator.sandbox.serving import Response, Served
from syndicator.sandbox.world import Sandbox
from syndicator.services.audience import Wish
from syndicator.storage import brakes, ledger, outbox
from syndicator.storage.database import Database
from syndicator.storage.lock import only_worker, place

STATES = dict[str, dict[str, int]]


class Street:
    """A sandbox with a newsroom of ours at work on it, and a clock that we move."""

    def __init__(self, folder: Path) -> None:
        self.time = datetime(2026, 3, 1, 9, tzinfo=UTC)
        self.open = ExitStack()
        self.sandbox = self.open.enter_context(Sandbox(now=self.now))
        self.path = self.sandbox.configure(folder)

    def now(self) -> datetime:
        return self.time

    def app(self, more: str = "") -> App:
        text = self.path.read_text("utf-8") + more
        mine = self.sandbox.newsroom.url.removeprefix("http://")
        for there in re.findall(r'"http://(127\.0\.0\.1:\d+)/', more):
            text = text.replace(f'private_allowed = ["{mine}"', f'private_allowed = ["{mine}", "{there}"')
        self.path.write_text(text, "utf-8")
        return self.open.enter_context(App.opened(self.path, {}, now=self.now))

    def published(self, more: str = "") -> App:
        """An app that has planned today's flashes."""
        app = self.app(more)
        app.look()
        self.sandbox.newsroom.publish()
        app.look()
        assert app.compile().faults == ()
        return app

    def later(self, app: App, minutes: int = 40) -> STATES:
        self.time += timedelta(minutes=minutes)
        app.reconcile()
        app.deliver_due()
        return states(app)


def states(app: App) -> STATES:
    with app.database.read() as connection:
        return ledger.by_channel(connection)


@pytest.fixture
def street(tmp_path: Path) -> Iterator[Street]:
    made = Street(tmp_path)
    with made.open:
        yield made


RSS = (
    """<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>n</title>{}</channel></rss>"""
)
ENTRY = (
    "<item><title>{title}</title><link>https://n.example/{name}</link><guid>{guid}</guid>{date}"
    "<description>&lt;p&gt;{text}&lt;/p&gt;</description></item>"
)


def entry(name: str, guid: str = "", date: str = "Sun, 01 Mar 2026 08:30:00 GMT", text: str = "") -> str:
    return ENTRY.format(
        name=name,
        guid=guid or name,
        title=f"The story called {name} in English",
        date=f"<pubDate>{date}</pubDate>" if date else "",
        text=text or f"The mayor opened the bridge at {name} on Sunday. Hundreds of people came to see it.",
    )


def feed(*entries: str) -> Response:
    return Response(
        body=RSS.format("".join(entries)).encode(), headers={"content-type": "application/rss+xml"}
    )


BROKEN = {
    "404": (Response.page("<h1>no</h1>", 404), "HTTP 404"),
    "410": (Response.page("<h1>no</h1>", 410), "410"),
    "500": (Response.page("<h1>no</h1>", 500), "HTTP 500"),
    "html": (Response.page("<!doctype html><html><body><h1>Welcome</h1></body></html>"), "feed"),
    "empty": (Response(body=b""), "empty"),
    "50 mb": (Response(body=b"<rss>" + b" " * 50_000_000), "bytes"),
    "broken xml": (Response(body=b"<?xml version='1.0'?><rss><channel><item><title>x</tit"), ""),
    "half": (Response(body=RSS.encode() * 50, cut=True), ""),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_feed_harms_no_other(street: Street, what: str) -> None:
    answer, said = BROKEN[what]
    with Served(lambda request: answer) as there:
        app = street.app(_source(there))
        looks = {one.source: one for one in app.look()}
    assert len(looks["broken"].faults) == 1
    assert said in looks["broken"].faults[0]
    assert "Traceback" not in looks["broken"].faults[0]
    assert all(not looks[name].faults and looks[name].arrivals for name in ("en", "ckb", "ar"))


def test_feed_mended_later_loses_nothing(street: Street) -> None:
    answers = [feed(entry("old")), Response.page("oops", 500), feed(entry("old"), entry("new"))]
    with Served(lambda request: answers[0]) as there:
        app = street.app(_source(there))
        app.look(["broken"])
        answers.pop(0)
        (failed,) = app.look(["broken"])
        assert failed.faults
        answers.pop(0)
        (mended,) = app.look(["broken"])
    assert [(one.headline, arrival.value) for one, arrival in mended.arrivals] == [
        ("The story called new in English", "new")
    ]


def _source(there: Served) -> str:
    return f'\n[sources.broken]\nkind = "feed"\nurl = "{there.url}/feed"\nfull_text = "never"\n'


FUTURE = "Mon, 01 Jun 2026 08:30:00 GMT"
RAIN = "Rain closed the road on Sunday, and the police asked drivers to take the tunnel."
SLIP = "Fri, 01 Mar 2126 08:30:00 GMT"


@pytest.mark.parametrize(
    ("entries", "sent", "faults"),
    [
        ([entry("a", date="")], 1, []),
        (
            [entry("a", date=FUTURE)],
            0,
            ["it is dated 2026-06-01 and waits until then; if that is a slip, push it"],
        ),
        ([entry("a", date=SLIP)], 1, []),
        ([entry("a", date="Sun, 01 Mar 2026 09:30:00 GMT")], 1, []),
        (
            [entry("a"), entry("b", guid="a", text="Snow fell on the pass at night, says another text.")],
            2,
            [],
        ),
        ([entry("a"), entry("a", text="The same entry once more, with another text about it.")], 1, []),
        (
            [
                entry("a", text=RAIN),
                entry("b", text=RAIN),
            ],
            1,
            [],
        ),
    ],
    ids=[
        "no dates",
        "dates in the future",
        "dates beyond reason",
        "dates that are soon passed",
        "duplicate ids of two stories",
        "duplicate ids of one story",
        "the same story under two URLs",
    ],
)
def test_feed_with_odd_entries_sends_each_story_once(
    street: Street, entries: list[str], sent: int, faults: list[str]
) -> None:
    answers = [feed(entry("zero")), feed(entry("zero"), *entries)]
    with Served(lambda request: answers[0]) as there:
        app = street.app(_source(there))
        app.look()
        answers.pop(0)
        street.time += timedelta(minutes=10)
        (look,) = app.look(["broken"])
        assert all(expected in told for expected, told in zip(faults, look.faults, strict=True))
        for _ in range(2):
            app.compile()
            app.deliver_due()
            street.later(app)
    assert len(street.sandbox.telegram.messages("@courier_en")) == sent


def test_page_without_a_story(street: Street) -> None:
    with Served(lambda request: Response.page("<html><body><nav>Home</nav></body></html>")) as there:
        app = street.app(f'\n[sources.page]\nkind = "page"\nurl = "{there.url}/about"\n')
        looks = {one.source: one for one in app.look()}
    assert "there is no story on it" in looks["page"].faults[0]
    assert f"{there.url}/about" in looks["page"].faults[0]
    assert looks["en"].arrivals


def test_template_with_an_error_is_told_before_anything_is_sent(street: Street) -> None:
    folder = street.path.parent / "templates" / "telegram"
    folder.mkdir(parents=True)
    (folder / "flash.ckb.html").write_text("<b>{{ stories[0].titel }}</b>", "utf-8")
    with pytest.raises(
        Unusable, match=r"channels\.tg-ckb: .*flash\.ckb\.html, line 1: .*titel.*; mend the template"
    ):
        street.app()


def test_template_whose_result_cannot_fit_stops_only_its_post(street: Street) -> None:
    folder = street.path.parent / "templates" / "x"
    folder.mkdir(parents=True)
    line = "{{ stories[0].headline }}{% if stories[0].section %}{{ 'x' * 300 }}{% endif %}"
    (folder / "flash.en.txt").write_text(line, "utf-8")
    app = street.app()
    app.look()
    street.sandbox.newsroom.publish()
    app.look()
    planned = app.compile()
    assert len(planned.faults) == 1
    assert "cannot fit x: 280" in planned.faults[0]
    app.deliver_due()
    assert len(street.sandbox.telegram.messages("@courier_en")) == 3
    assert len(street.sandbox.x.tweets()) == 2  # Sorani and Arabic
    (folder / "flash.en.txt").write_text("{{ stories[0].headline }}", "utf-8")
    mended = street.app()
    mended.compile()
    mended.deliver_due()
    assert len(street.sandbox.x.tweets()) == 3


READERS = [
    Wish(address=f"reader{n}@readers.example", language="en", newsletter="evening", proof="p")
    for n in range(3)
]


@pytest.mark.parametrize(
    ("fault", "first", "finally_"),
    [
        (Fault.GREYLIST, {"sent": 2, "pending": 1}, {"sent": 3}),
        (Fault.SERVER_ERROR_HTML, {"sent": 2, "pending": 1}, {"sent": 3}),  # 451
        (Fault.REJECT, {"sent": 2, "failed": 1}, {"sent": 2, "failed": 1}),  # 550
        (Fault.DROP_BEFORE_ACCEPT, {"sent": 2, "pending": 1}, {"sent": 3}),  # the others go over another line
    ],
)
def test_smtp_refusing_greylisting_5xx(
    street: Street, fault: Fault, first: dict[str, int], finally_: dict[str, int]
) -> None:
    app = street.app()
    app.subscribe(READERS, "evening")
    app.look()
    street.sandbox.newsroom.publish()
    app.look()
    app.compile(["evening"])
    street.sandbox.smtp.faults.coming(fault)
    app.deliver("letters")
    assert states(app)["letters"] == first
    assert street.later(app)["letters"] == finally_
    assert set(street.sandbox.smtp.received().values()) == {1}


def test_what_a_dead_worker_had_claimed_goes_out_whatever_place_it_had(street: Street) -> None:
    app = street.app()
    app.subscribe(READERS, "evening")
    app.look()
    street.sandbox.newsroom.publish()
    app.look()
    app.compile(["evening"])
    lease = timedelta(minutes=10)
    with app.database.write() as connection:
        for holder in ("letters-0", "letters-7"):
            now = app.world.now()
            outbox.claim(connection, "letters", holder=holder, now=now, lease=lease, limit=1, paused=())
    with place(app.database, "letters-7") as alive:  # it only looks dead
        assert alive
        app.deliver("letters")
        assert states(app)["letters"] == {"sent": 2, "claimed": 1}
    app.deliver("letters")
    assert states(app)["letters"] == {"sent": 3}


def test_smtp_not_there_loses_nothing(street: Street) -> None:
    text = street.path.read_text("utf-8")
    street.path.write_text(text.replace(f"port = {street.sandbox.smtp.port}", "port = 9"), "utf-8")
    app = street.app()
    app.subscribe(READERS, "evening")
    app.look()
    street.sandbox.newsroom.publish()
    app.look()
    app.compile(["evening"])
    app.deliver_due()
    assert states(app)["letters"] == {"pending": 3}
    assert states(app)["tg-en"] == {"sent": 3}
    street.path.write_text(text, "utf-8")
    assert street.later(street.app())["letters"] == {"sent": 3}


TELEGRAM = {
    "403": (Fault.KICKED, {"pending": 3}, "let the bot in again"),
    "401": (Fault.UNAUTHORIZED, {"pending": 3}, "BotFather"),
}


@pytest.mark.parametrize("what", TELEGRAM)
def test_telegram_401_403_stops_the_channel_and_says_what_to_do(street: Street, what: str) -> None:
    fault, first, advice = TELEGRAM[what]
    app = street.published()
    street.sandbox.telegram.faults.coming(fault)
    app.deliver("tg-en")
    assert states(app)["tg-en"] == first
    with app.database.read() as connection:
        assert "tg-en" in brakes.paused(connection)
        assert advice in str(brakes.overridden(connection)["pause:tg-en"])
    assert street.later(app)["tg-en"] == first  # nothing is tried while it is paused
    assert street.later(app)["tg-ckb"] == {"sent": 3}
    app.resume("tg-en", by="test")
    assert street.later(app)["tg-en"] == {"sent": 3}
    assert len(street.sandbox.telegram.messages("@courier_en")) == 3


def test_a_telegram_group_that_moved_is_followed(street: Street) -> None:
    app = street.published()
    street.sandbox.telegram.faults.coming(Fault.MIGRATE)
    app.deliver("tg-en")
    assert states(app)["tg-en"] == {"sent": 3}
    with app.database.read() as connection:
        kept = brakes.overridden(connection, "note:tg-en:chat")
    assert kept == {"note:tg-en:chat": {"from": "@courier_en", "to": -1_009_999_999_999}}


@pytest.mark.parametrize("fault", [Fault.CONFLICT, Fault.RATE_LIMITED, Fault.RATE_LIMITED_BARE])
def test_telegram_409_429_is_tried_again(street: Street, fault: Fault) -> None:
    app = street.published()
    street.sandbox.telegram.faults.coming(fault)
    app.deliver("tg-en")
    assert states(app)["tg-en"]["pending"] >= 1
    assert street.later(app)["tg-en"] == {"sent": 3}
    assert len(street.sandbox.telegram.messages("@courier_en")) == 3


def test_what_telegram_would_refuse_is_told_and_the_others_go_out(street: Street) -> None:
    folder = street.path.parent / "templates" / "telegram"
    folder.mkdir(parents=True)
    (folder / "flash.en.html").write_text(
        "{{ stories[0].headline }}{% if 'solar' in stories[0].headline %}<br>{% endif %}", "utf-8"
    )
    app = street.app()
    app.look()
    street.sandbox.newsroom.publish()
    app.look()
    (told,) = app.compile().faults
    app.deliver("tg-en")
    assert states(app)["tg-en"] == {"sent": 2}
    (told,) = app.compile().faults
    assert (
        'Telegram would refuse what telegram/flash.en.html writes: Unsupported start tag "br" at byte' in told
    )


@pytest.mark.parametrize("fault", [Fault.UNAUTHORIZED, Fault.KICKED])
def test_x_401_403_stops_the_channel(street: Street, fault: Fault) -> None:
    app = street.published()
    street.sandbox.x.faults.coming(fault)
    app.deliver("x")
    assert states(app)["x"] == {"pending": 3}
    app.resume("x", by="test")
    assert street.later(app)["x"] == {"sent": 3}


def test_x_429_waits_as_long_as_x_says(street: Street) -> None:
    app = street.published()
    street.sandbox.x.faults.retry_after = 1800
    street.sandbox.x.faults.coming(Fault.RATE_LIMITED)
    app.deliver("x")
    assert states(app)["x"] == {"pending": 3}  # what is behind it would be refused, too
    assert street.later(app, minutes=29)["x"] == {"pending": 3}
    assert street.later(app, minutes=2)["x"] == {"sent": 3}


@pytest.mark.parametrize(
    ("fault", "there"),
    [(Fault.SERVER_ERROR_HTML, 2), (Fault.DROP_AFTER_ACCEPT, 3), (Fault.DROP_BEFORE_ACCEPT, 2)],
)
def test_x_5xx_and_broken_lines_are_read_back_never_guessed(street: Street, fault: Fault, there: int) -> None:
    app = street.published()
    street.sandbox.x.faults.coming(fault)
    app.deliver("x")
    assert states(app)["x"] == {"sent": 2, "uncertain": 1}
    assert len(street.sandbox.x.tweets()) == there
    assert street.later(app)["x"] == {"sent": 3}
    assert len(street.sandbox.x.tweets()) == 3


def test_telegram_in_doubt_is_held_for_a_person(street: Street) -> None:
    app = street.published()
    street.sandbox.telegram.faults.coming(Fault.DROP_AFTER_ACCEPT)
    app.deliver("tg-en")
    assert states(app)["tg-en"] == {"sent": 2, "uncertain": 1}
    assert street.later(app)["tg-en"] == {"sent": 2, "held": 1}
    assert len(street.sandbox.telegram.messages("@courier_en")) == 3


def test_database_locked(street: Street) -> None:
    app = street.published()
    assert app.database.path
    with closing(sqlite3.connect(app.database.path)) as other:
        other.execute("BEGIN IMMEDIATE")
        waiting = Database(app.database.url, busy_ms=50)
        with (
            pytest.raises(StorageError, match=r"another program holds it; stop the other one or wait"),
            waiting.write(),
        ):
            pass
        other.rollback()
    app.deliver_due()
    assert states(app)["tg-en"] == {"sent": 3}


def test_database_read_only(street: Street) -> None:
    app = street.published()
    reading = Database(f"sqlite:///file:{app.database.path}?mode=ro&uri=true")
    with reading.read() as connection:
        assert ledger.count_deliveries(connection) == 12
    with (
        pytest.raises(StorageError, match="may not be written; give this user the right"),
        reading.write() as connection,
    ):
        brakes.pause(connection, "everything", now=street.now(), by="test", why="")
    app.deliver_due()
    assert states(app)["tg-en"] == {"sent": 3}


def test_database_on_a_full_disk(street: Street) -> None:
    app = street.published()
    with pytest.raises(
        StorageError, match="the disk is full; free some space, nothing that was recorded is lost"
    ):
        with app.database.write() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count=1")
            for number in range(2000):
                brakes.note(connection, who="t", what="t", about=str(number), why="x" * 500, now=street.now())
    again = Database(app.database.url)
    with again.read() as connection:
        assert ledger.count_deliveries(connection) == 12
    app.deliver_due()


def test_database_from_a_newer_version(street: Street) -> None:
    app = street.app()
    with app.database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StorageError, match=r"from a newer version of Syndicator .*; upgrade Syndicator"):
        street.app()


def test_two_workers_on_one_sqlite_file(street: Street) -> None:
    app = street.app()
    assert app.database.path
    with only_worker(app.database.path):
        with pytest.raises(StorageError, match=r"a worker runs on it already \(process \d+\)"), app.alone():
            pass
    with only_worker(app.database.path):
        pass


def test_too_many_stories_at_once_ask_an_editor(street: Street) -> None:
    text = street.path.read_text("utf-8")
    street.path.write_text(text.replace('chat = "@courier_en"', 'chat = "@courier_en"\nat_most = 2'), "utf-8")
    app = street.app()
    app.look()
    street.sandbox.newsroom.publish()
    app.look()
    (fault,) = app.compile().faults
    assert "more than at_most = 2" in fault
    assert "tg-en" not in states(app)
    app.resume("tg-en", by="test")
    assert app.compile().faults == ()
    app.deliver_due()
    assert states(app)["tg-en"] == {"sent": 3}


def test_a_database_put_back_from_a_backup_sends_nothing_by_itself(street: Street) -> None:
    app = street.published()
    assert app.database.path
    with app.alone():
        pass  # a worker ran
    kept = street.path.parent / "kept.db"
    with closing(sqlite3.connect(app.database.path)) as live, closing(sqlite3.connect(kept)) as copy:
        live.backup(copy)
    app.deliver_due()
    app.memory.turn(app.database, street.now())  # as the worker does after it sent
    app.database.close()
    for file in app.database.path.parent.glob("syndicator.db*"):
        file.unlink()
    kept.rename(app.database.path)
    again = street.app()
    with again.alone(), again.database.read() as connection:
        assert "everything" in brakes.paused(connection)
    again.deliver_due()
    assert len(street.sandbox.telegram.messages("@courier_en")) == 3  # what went out before, once
    assert states(again)["tg-en"] == {"uncertain": 3}
    again.resume("everything", by="dana")
    again.recall()
    with again.database.read() as connection:
        assert "everything" not in brakes.paused(connection)  # the person's word stands


def test_a_fault_is_told_when_it_comes_and_again_when_it_comes_back(
    street: Street, caplog: pytest.LogCaptureFixture
) -> None:
    app = street.app()
    trouble = [StorageError("locked"), StorageError("locked"), None, StorageError("locked")]

    def job() -> None:
        if error := trouble.pop(0):
            raise error

    for _ in range(4):
        app._guarded(job, "ingest")()
    assert [record.getMessage() for record in caplog.records if "locked" in record.getMessage()] == [
        "job ingest: locked"
    ] * 2
