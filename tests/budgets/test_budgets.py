"""What Telegram lets through, whoever sends: by a clock of our own, and by three real workers of one newsroom."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path

from syndicator.app import App
from syndicator.model import Allowance, Edition, EditionId, EditionKind, Language, Post
from syndicator.sandbox.telegram import Flood, TelegramStandIn
from syndicator.storage import allowances, ledger, planning
from syndicator.storage.database import Database
from tests.budgets.worker import work
from tests.lanes import NOW

CHAT = "@courier_en"
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


def configured(folder: Path, there: TelegramStandIn, more: str = "") -> Path:
    held = folder / "secrets"
    held.mkdir(parents=True)
    (held / "SYNDICATOR_SECRET_KEY").write_text("k" * 40)
    (held / "SYNDICATOR_CHANNELS_TG_TOKEN").write_text(there.token)
    for secret in held.iterdir():
        secret.chmod(0o600)
    path = folder / "syndicator.toml"
    path.write_text(CONFIGURATION.format(chat=CHAT, base_url=there.base_url, more=more))
    return path


@contextmanager
def newsroom(folder: Path, clock: Clock, flood: Flood | None = None) -> Iterator[tuple[App, TelegramStandIn]]:
    with TelegramStandIn(chats={CHAT: "The Courier"}, now=clock.now, flood=flood or Flood()) as there:
        path = configured(folder, there)
        with App.opened(path, {}, now=clock.now, wait=clock.wait) as app:
            yield app, there


def queue(database: Database, number: int, now: datetime, *, urgency: int = 1, name: str = "post") -> None:
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
                channel="tg",  # type: ignore[arg-type]
                language=Language("en"),
                text=f"{name} {one}",
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
        app.world = app.world.__class__(**{**_fields(app.world), "wait": clock.wait})
        app.deliver("tg")
        assert texts(there)[:5] == ["post 0", "post 1", "post 2", "breaking 0", "post 3"]


def _fields(world: object) -> dict[str, object]:
    return {name: getattr(world, name) for name in ("now", "rng", "wait", "web", "notes", "till")}


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


def test_three_workers_send_200_posts_to_one_chat(tmp_path: Path) -> None:
    """Telegram's limits, scaled down in time; the chat is full when the first one comes, and that one is refused."""

    def clock() -> datetime:
        return datetime.now(UTC)

    limits = Flood(chat=(30, 1.0), group=(80, 3.0), bot=(60, 1.0))
    with TelegramStandIn(chats={CHAT: "The Courier"}, now=clock, flood=limits) as there:
        path = configured(tmp_path, there, "per_second = 30\nper_minute = 600\naltogether = 60\n")
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
