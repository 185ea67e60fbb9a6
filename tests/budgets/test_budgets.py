"""What Telegram lets through, whoever sends: by a clock of our own, and by three real workers of one newsroom."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from syndicator.app import App
from syndicator.model import Act, Allowance, ChannelId, Edition, EditionId, EditionKind, Language, Post
from syndicator.sandbox.faults import Fault
from syndicator.sandbox.telegram import Flood, TelegramStandIn
from syndicator.storage import allowances, ledger, outbox, planning
from syndicator.storage.database import Connection, Database
from tests.budgets.worker import work
from tests.lanes import NOW

CHAT = "@courier_en"
PICTURES = tuple(f"https://courier.example/{one}.jpg" for one in range(3))
CONFIGURATION = """\
[newsroom]
name = "The Courier"
url = "https://courier.example"
languages = ["en"]
timezone = "Asia/Baghdad"
postal_address = "Salim Street 12, Sulaimani"

[sources.en]
kind = "feed"
url = "https://courier.example/feed"

[channels.tg]
kind = "telegram"
chat = "{chat}"
base_url = "{base_url}"
flash = true
{more}
"""


@dataclass
class Clock:
    time: datetime = NOW

    def now(self) -> datetime:
        return self.time

    def wait(self, seconds: float) -> bool:
        self.time += timedelta(seconds=seconds)
        return False


def configured(folder: Path, there: TelegramStandIn, more: str = "", url: str = "") -> Path:
    held = folder / "secrets"
    held.mkdir(parents=True)
    (held / "SYNDICATOR_SECRET_KEY").write_text("k" * 40)
    (held / "SYNDICATOR_CHANNELS_TG_TOKEN").write_text(there.token)
    if url:
        (held / "SYNDICATOR_DATABASE_URL").write_text(url)
    for secret in held.iterdir():
        secret.chmod(0o600)
    path = folder / "syndicator.toml"
    path.write_text(CONFIGURATION.format(chat=CHAT, base_url=there.base_url, more=more))
    return path


@contextmanager
def newsroom(
    folder: Path, clock: Clock, flood: Flood | None = None, more: str = ""
) -> Iterator[tuple[App, TelegramStandIn]]:
    with TelegramStandIn(chats={CHAT: "The Courier"}, now=clock.now, flood=flood or Flood()) as there:
        path = configured(folder, there, more)
        with App.opened(path, {}, now=clock.now, wait=lambda told: clock.wait(told)) as app:  # noqa: PLW0108
            yield app, there


def queue(
    database: Database, number: int, now: datetime, *, urgency: int = 1, name: str = "post", **told: Any
) -> None:
    with database.write() as connection:
        for one in range(number):
            edition = Edition(
                id=EditionId(f"push:{name}{one}"),
                kind=EditionKind.PUSH,
                language=Language("en"),
                due_at=now,
                stories=(),
            )
            planning.add_edition(connection, edition, newsletter=None, now=now, by="t")
            post = Post(
                id=f"{name}{one}",
                edition=edition.id,
                channel=ChannelId("tg"),
                language=Language("en"),
                text=f"{name} {one}",
                **told,
            )
            planning.add_posts(connection, [post])
            planning.add_delivery(
                connection, post, due_at=now, not_after=now + timedelta(hours=2), urgency=urgency
            )


def sent(database: Database) -> int:
    with database.read() as connection:
        return ledger.by_channel(connection)["tg"].get("sent", 0)


def texts(there: TelegramStandIn) -> list[str]:
    return [message.text for message in there.messages(CHAT)]


def test_a_budget_is_never_exceeded_in_any_stretch() -> None:
    for number, seconds in ((1, 1.0), (2, 1.0), (20, 60.0), (30, 1.0)):
        bucket = Allowance.never_more("b", number, seconds)
        assert (
            bucket.most + bucket.rate * seconds <= number + 1
        )  # of what comes after the first, less than that
        assert bucket.rate * seconds >= number / 2


def test_a_minute_of_a_chat_takes_no_more_than_telegram_does(tmp_path: Path) -> None:
    clock = Clock()
    with newsroom(tmp_path, clock) as (app, there):
        queue(app.database, 60, clock.time)
        app.deliver("tg")
        assert clock.time > NOW + timedelta(minutes=2)
        assert there.refused == []
        assert texts(there) == [f"post {one}" for one in range(60)]


def test_what_is_urgent_overtakes_what_waits(tmp_path: Path) -> None:
    clock = Clock()
    with newsroom(tmp_path, clock) as (app, there):
        queue(app.database, 10, clock.time)
        clock.wait = _then(clock, 3, lambda: queue(app.database, 1, clock.time, urgency=-1, name="breaking"))  # type: ignore[method-assign]
        app.deliver("tg")
        assert texts(there)[:5] == ["post 0", "post 1", "post 2", "breaking 0", "post 3"]


def _then(clock: Clock, turn: int, what: Callable[[], None]) -> Callable[[float], bool]:
    turns = [0]
    wait = clock.wait

    def waited(seconds: float) -> bool:
        turns[0] += 1
        if turns[0] == turn:
            what()
        return wait(seconds)

    return waited


def test_after_a_429_nobody_asks_until_it_is_over_and_order_is_kept(tmp_path: Path) -> None:
    clock = Clock()
    with newsroom(tmp_path, clock, Flood(group=(2, 40.0))) as (app, there):
        queue(app.database, 4, clock.time)
        app.deliver("tg")
        assert (texts(there), len(there.refused)) == (["post 0", "post 1"], 1)
        for _ in range(3):
            app.deliver("tg")
        assert len(there.refused) == 1
        assert list(app.gate.resting()) == ["telegram/7000000001/@courier_en"]
        clock.time = NOW + timedelta(seconds=50)
        with App.opened(app.wiring.folder / "syndicator.toml", {}, now=clock.now, wait=clock.wait) as again:
            again.deliver("tg")
        assert texts(there)[:3] == ["post 0", "post 1", "post 2"]


def test_a_later_moment_stays_right(database: Database) -> None:
    with database.write() as connection:
        allowances.rest_until(connection, "door", NOW + timedelta(seconds=9), "429")
        allowances.rest_until(connection, "door", NOW + timedelta(seconds=3), "429")
        assert allowances.all_resting(connection, NOW)["door"][0] == NOW + timedelta(seconds=9)
        budget = allowances.Budget("door", ())
        assert budget.opens(connection, NOW) == NOW + timedelta(seconds=9)
        assert budget.opens(connection, NOW + timedelta(minutes=1)) == NOW + timedelta(minutes=1)


def _fill(there: TelegramStandIn, number: int) -> None:
    """Somebody else was quicker, once."""
    there.faults.watch = lambda stage: None
    there.chats[CHAT].sent.extend([datetime.now(UTC)] * number)


def test_three_workers_send_200_posts_to_one_chat(tmp_path: Path, database: Database) -> None:
    """Telegram's limits, scaled down in time; the chat is full when the first one comes, and that one is refused."""

    def clock() -> datetime:
        return datetime.now(UTC)

    flood = Flood(chat=(30, 1.0), group=(80, 3.0), bot=(60, 1.0))
    with TelegramStandIn(chats={CHAT: "The Courier"}, now=clock, flood=flood) as there:
        limits = "per_second = 30\nper_minute = 600\naltogether = 60\n"
        path = configured(tmp_path, there, limits, database.url)
        with App.opened(path, {}) as app:
            queue(app.database, 200, clock())
            there.faults.watch = lambda stage: _fill(there, 80)
            processes = [get_context("spawn").Process(target=work, args=(path, "tg", 200)) for _ in range(3)]
            for one in processes:
                one.start()
            for one in processes:
                one.join(90)
            assert [one.exitcode for one in processes] == [0, 0, 0]
            assert sent(app.database) == 200
        assert texts(there) == [f"post {number}" for number in range(200)]
        assert len(there.refused) == 1


def amend(database: Database, number: int, now: datetime, act: Act, name: str) -> None:
    """What changes, or takes away, what :func:`queue` has sent."""
    with database.write() as connection:
        for one in range(number):
            edition = EditionId(f"correction:{name}{one}")
            told = {"kind": EditionKind.CORRECTION, "language": Language("en"), "due_at": now, "stories": ()}
            planning.add_edition(connection, Edition(id=edition, **told), newsletter=None, now=now, by="t")
            post = Post(
                id=f"{name}{one}",
                edition=edition,
                channel=ChannelId("tg"),
                language=Language("en"),
                text=f"{name} {one}",
                media=PICTURES if name == "album" else (),
                act=act,
                mends=f"push:post{one}:tg:-:0",
            )
            planning.add_posts(connection, [post])
            planning.add_delivery(connection, post, due_at=now, not_after=now + timedelta(hours=2), urgency=0)


def drain(app: App, clock: Clock) -> None:
    """The worker comes by every ten seconds until nothing waits."""
    for _ in range(1000):
        app.deliver("tg")
        with app.database.read() as connection:
            if not outbox.waits(connection, "tg", clock.time):
                return
        clock.wait(10)


def test_pins_edits_and_deletions_take_their_part(tmp_path: Path) -> None:
    clock = Clock()
    with newsroom(tmp_path, clock, more="pin = true\npictures = 3\n") as (app, there):
        queue(app.database, 25, clock.time, breaking=True, media=PICTURES)
        drain(app, clock)
        assert len(there.chats[CHAT].pinned) == 25
        amend(app.database, 25, clock.time, Act.EDIT, "album")
        drain(app, clock)
        assert [text for text in texts(there) if text] == [f"album {one}" for one in range(25)]
        amend(app.database, 25, clock.time, Act.RETRACT, "gone")
        drain(app, clock)
        assert texts(there) == []
        assert there.refused == []
        assert len(there.chats[CHAT].sent) >= 25 * (4 + 1 + 1)  # nothing of it went unseen


def test_what_takes_more_than_one_is_owed(database: Database) -> None:
    bucket = Allowance(name="door:minute", rate=1.0, most=5.0)
    budget = allowances.Budget("door", [bucket], lambda post: 8)
    queue(database, 2, NOW)
    with database.write() as connection:

        def claim(seconds: float) -> int:
            now = NOW + timedelta(seconds=seconds)
            told = {"holder": "w", "now": now, "lease": timedelta(minutes=1), "paused": ()}
            won = partial(_won, connection, told)
            return len(budget.claim(connection, won, 1, now)[0])

        assert [claim(0), claim(3.5)] == [1, 0]
        assert budget.opens(connection, NOW) == NOW + timedelta(seconds=3.5 + 0.5 + allowances.MOMENT)
        assert claim(4.1) == 1


def _won(connection: Connection, told: dict[str, Any], limit: int) -> list[outbox.Claimed]:
    return outbox.claim(connection, ChannelId("tg"), limit=limit, **told)


def test_nothing_comes_together_while_a_message_is_on_its_way(database: Database) -> None:
    own = Allowance(name="door:second", rate=1.0, most=1.0)
    shared = Allowance(name="bot", rate=1.0, most=1.0)
    budget = allowances.Budget("door", [own, shared])
    with database.write() as connection:
        assert allowances.take(connection, [own, shared], 1, NOW) == 1
        answered = NOW + timedelta(seconds=0.8)
        budget.heard(connection, answered)
        then = NOW + timedelta(seconds=1.1)
        assert allowances.take(connection, [own], 1, then) == 0
        assert allowances.take(connection, [shared], 1, then) == 1  # others go on meanwhile
        assert allowances.take(connection, [own], 1, answered + timedelta(seconds=1)) == 1


def test_status_tells_the_health_of_a_channel(tmp_path: Path) -> None:
    """Last success, age of the queue, what its budget lets through, doubts; in words and as JSON."""
    from syndicator.cli.editor import _health
    from syndicator.verbs.newsroom import standing

    clock = Clock()
    with newsroom(tmp_path, clock) as (app, there):
        queue(app.database, 3, clock.time)
        app.deliver("tg")
        clock.wait(60)
        there.faults.coming(Fault.DROP_AFTER_ACCEPT)
        queue(app.database, 1, clock.time, name="lost")
        app.deliver("tg")
        last, gone = clock.time, clock.time
        queue(app.database, 1, clock.time, name="late")
        app.pause("tg", by="leyla", why="lunch")
        clock.wait(120)
        found = standing(app)["health"]["tg"]
        assert found["doubts"] == 1
        assert found["may_go_now"] == 1  # a second's worth
        assert (found["waits_since"], found["left_today"]) == (gone, None)
        assert NOW < found["last"] < last
        said = f"  last sent {found['last']:%Y-%m-%d %H:%M} UTC, waits since {gone:%H:%M} UTC, 1 in doubt, 1 may go now"
        assert _health(found) == said
        with app.database.write() as connection:
            allowances.rest_until(
                connection, "telegram/7000000001/@courier_en", clock.time + timedelta(seconds=9), "429"
            )
        assert standing(app)["health"]["tg"]["may_go_now"] == 0
    assert _health({**found, "left_today": "3.500", "left_month": "9.000"}).endswith(
        "3.500 left today, 9.000 left this month"
    )
