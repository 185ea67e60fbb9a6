"""Several relays and what each may carry, in a whole newsroom with relays on loopback."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
from pydantic import ValidationError

from syndicator.app import App
from syndicator.channels.email import EmailChannel
from syndicator.channels.email.relays import WarmUp
from syndicator.model import ChannelId
from syndicator.sandbox.faults import Fault
from syndicator.sandbox.smtp import SmtpStandIn
from syndicator.sandbox.world import Sandbox
from syndicator.services.audience import Wish
from syndicator.storage import allowances, brakes, ledger
from syndicator.wiring import json_schema
from tests.lanes import WORLD

SENDER = 'sender = "news@courier.example"\nsender_name'


@dataclass
class Clock:
    time: datetime = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time


@dataclass
class Newsroom:
    app: App
    clock: Clock
    sandbox: Sandbox
    spare: SmtpStandIn
    counts: list[int] = field(default_factory=list)

    def plan(self, readers: Sequence[str]) -> None:
        self.app.subscribe(
            [Wish(address=one, language="en", newsletter="evening", proof="p") for one in readers], "evening"
        )
        self.app.look()
        self.sandbox.newsroom.publish()
        self.app.look()
        self.app.compile(["evening"])

    def deliver(self, later: float = 0.0) -> tuple[int, int]:
        """How many mails the first relay took by now, and the second one."""
        self.clock.time += timedelta(seconds=later)
        self.app.deliver("letters")
        return len(self.sandbox.smtp.mails), len(self.spare.mails)

    def states(self) -> dict[str, int]:
        with self.app.database.read() as connection:
            return ledger.by_channel(connection)["letters"]

    def resting(self) -> list[str]:
        with self.app.database.read() as connection:
            return list(allowances.all_resting(connection, self.clock.time))


@contextmanager
def newsroom(
    folder: Path, settings: Callable[[int, int], str], *, batch: int = 5, url: str = ""
) -> Iterator[Newsroom]:
    """``settings`` gets the two relays' ports; they come in place of the sandbox's own host."""
    clock = Clock()
    with Sandbox(now=clock.now) as sandbox, SmtpStandIn() as spare:
        path = sandbox.configure(folder)
        text = path.read_text("utf-8")
        before, _, after = text.partition("[channels.letters]\n")
        _, _, after = after.partition('tls = "none"\n')
        told = settings(sandbox.smtp.port, spare.port)
        first, _, tables = told.partition("[[")
        after = after.replace(
            "[channels.tg-en]", f"[[{tables}\n[channels.tg-en]" if tables else "[channels.tg-en]", 1
        )
        path.write_text(
            f'{before}[channels.letters]\nkind = "email"\nbatch = {batch}\nconnections = 1\n{first}\n{after}',
            "utf-8",
        )
        environ = {"SYNDICATOR_DATABASE_URL": url} if url else {}
        with App.opened(path, environ, now=clock.now) as app:
            yield Newsroom(app, clock, sandbox, spare)


def two(first: int, second: int, *, more: str = "", priorities: tuple[int, int] = (1, 2)) -> str:
    return "".join(
        f'[[channels.letters.relays]]\nname = "{name}"\nhost = "127.0.0.1"\nport = {port}\ntls = "none"\n'
        f"priority = {priority}\n{more if name == 'own' else ''}\n"
        for name, port, priority in (("own", first, priorities[0]), ("spare", second, priorities[1]))
    )


READERS = [f"r{number}@readers.example" for number in range(12)]


def closed() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_the_first_relay_takes_all_while_it_can(tmp_path: Path) -> None:
    with newsroom(tmp_path, two) as room:
        room.plan(READERS)
        assert room.deliver() == (12, 0)


def test_a_relay_that_cannot_be_reached_is_left_alone_and_the_next_takes_over(tmp_path: Path) -> None:
    gone = closed()
    with newsroom(tmp_path, lambda first, second: two(gone, second)) as room:
        room.plan(READERS)
        assert room.deliver() == (0, 12)
        assert room.resting() == ["letters/own"]
        assert room.states() == {"sent": 12}
        assert max(room.spare.received().values()) == 1
        room.clock.time += timedelta(seconds=31)
        assert room.resting() == []


@pytest.mark.parametrize("greeting", [b"421 busy\r\n", b"454 later\r\n", b"554 no\r\n"])
def test_a_relay_that_does_not_greet_is_left_alone(tmp_path: Path, greeting: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def refuse() -> None:
            line, _ = server.accept()
            line.sendall(greeting)
            line.close()

        thread = Thread(target=refuse)
        thread.start()
        port = server.getsockname()[1]
        with newsroom(tmp_path, lambda first, second: two(port, second)) as room:
            room.plan(READERS)
            assert room.deliver() == (0, 12)
            assert room.resting() == ["letters/own"]
        thread.join()


def test_a_relay_that_does_not_know_us_is_left_alone_and_the_channel_goes_on(tmp_path: Path) -> None:
    """A wrong password pauses a channel that has one relay; here the next one takes over."""
    answers = [b"220 hi\r\n", b"250-hi\r\n250 AUTH PLAIN\r\n", b"535 5.7.8 no\r\n"]
    with socket.create_server(("127.0.0.1", 0)) as server:

        def refuse() -> None:
            line, _ = server.accept()
            for place, answer in enumerate(answers):
                if place:
                    line.recv(1000)
                line.sendall(answer)
            line.close()

        thread = Thread(target=refuse)
        thread.start()
        port = server.getsockname()[1]
        (tmp_path / "secrets").mkdir()
        secret = tmp_path / "secrets" / "SYNDICATOR_CHANNELS_LETTERS_RELAYS_OWN_PASSWORD"
        secret.write_text("wrong-password", "utf-8")
        with newsroom(tmp_path, lambda first, second: two(port, second, more='username = "n"')) as room:
            room.plan(READERS)
            assert room.deliver() == (0, 12)
            assert room.resting() == ["letters/own"]
            with room.app.database.read() as connection:
                assert brakes.paused(connection) == frozenset()
        thread.join()


def test_when_none_can_be_reached_everything_waits_and_nothing_fails(tmp_path: Path) -> None:
    with newsroom(tmp_path, lambda first, second: two(closed(), closed())) as room:
        room.plan(READERS)
        assert room.deliver() == (0, 0)
        assert room.resting() == ["letters/own", "letters/spare"]
        assert room.states() == {"pending": 12}
        assert room.deliver() == (0, 0)  # and is not tried at each tick
        with room.app.database.read() as connection:
            assert brakes.paused(connection) == frozenset()


def test_a_mail_in_doubt_at_one_relay_never_goes_through_another(tmp_path: Path) -> None:
    with newsroom(tmp_path, two) as room:
        room.plan(READERS)
        room.sandbox.smtp.faults.coming(Fault.DROP_AFTER_ACCEPT)
        room.deliver()
        for _ in range(3):
            room.app.reconcile()
            room.deliver(120.0)
        names = {**room.sandbox.smtp.received()}
        for name, number in room.spare.received().items():
            names[name] = names.get(name, 0) + number
        assert len(names) == 12
        assert max(names.values()) == 1
        assert room.states().get("sent", 0) == 11
        assert sum(room.states().get(state, 0) for state in ("uncertain", "held")) == 1


def test_what_one_relay_may_not_carry_goes_through_the_next(tmp_path: Path) -> None:
    with newsroom(tmp_path, lambda a, b: two(a, b, more='rates = ["6/m"]')) as room:
        room.plan(READERS)
        assert room.deliver() == (1, 11)


def test_a_rate_is_kept_over_ticks_and_restarts(tmp_path: Path) -> None:
    told = 'host = "127.0.0.1"\nport = {}\ntls = "none"\nrates = ["18/m"]\n'
    with newsroom(tmp_path, lambda first, second: told.format(first)) as room:
        room.plan(READERS)
        assert [room.deliver(later)[0] for later in (0.0, 0.0, 10.0, 5.0, 5.0, 600.0, 0.0)] == [
            3,
            3,
            6,
            7,
            9,
            12,
            12,
        ]
        assert room.states() == {"sent": 12}


def test_a_warm_up_counts_by_the_newsrooms_days(tmp_path: Path) -> None:
    told = (
        'host = "127.0.0.1"\nport = {}\ntls = "none"\n'
        "warm_up = {{ start = 4, factor = 1.5, from = 2026-03-01 }}\n"
    )
    with newsroom(tmp_path, lambda first, second: told.format(first)) as room:
        room.plan(READERS)
        assert room.deliver()[0] == 4
        assert room.deliver(8 * 3600.0)[0] == 4  # 23:00 in Sulaimani
        assert room.deliver(3600.0)[0] == 10  # midnight there: six more
        assert room.states() == {"sent": 10, "pending": 2}


def test_the_days_of_a_warm_up() -> None:
    made = WarmUp.model_validate({"start": 500, "factor": 1.5, "from": date(2026, 12, 1)})
    days = [date(2026, 11, 30), date(2026, 12, 1), date(2026, 12, 2), date(2026, 12, 5), date(2030, 1, 1)]
    assert [made.allowed(day) for day in days] == [500, 500, 750, 2531, 10**9]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_receiver_gets_so_many_and_the_others_do_not_wait_for_it(
    tmp_path: Path, kind: str, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue("postgresql").url if kind == "postgresql" else ""
    told = 'host = "127.0.0.1"\nport = {}\ntls = "none"\ndomains = {{ "gmail.example" = "12/m" }}\n'
    slow = [f"s{number}@gmail.example" for number in range(8)]
    with newsroom(tmp_path, lambda first, second: told.format(first), batch=4, url=url) as room:
        room.plan([*slow, *READERS])

        def arrived(later: float) -> tuple[int, int]:
            room.deliver(later)
            mails = room.sandbox.smtp.mails
            return sum(mail.recipient in slow for mail in mails), sum(
                mail.recipient in READERS for mail in mails
            )

        assert arrived(0.0) == (2, 12)
        with room.app.database.read() as connection:
            waiting = ledger.listed(connection, state="pending", channel="letters", edition=None, limit=20)
        turns = sorted(str(one["due_at"]) for one in waiting)
        assert len(set(turns)) == 6  # each has its own turn, and is looked at then
        assert arrived(1.0) == (2, 12)
        assert [arrived(10.0)[0] for _ in range(4)] == [4, 6, 8, 8]
        assert room.states() == {"sent": 20}


def test_those_behind_a_slow_receiver_do_not_wait_for_the_next_tick(tmp_path: Path) -> None:
    """Whole claims of it are put off, and the next one is looked at."""
    told = 'host = "127.0.0.1"\nport = {}\ntls = "none"\ndomains = {{ "gmail.example" = "6/m" }}\n'
    slow = [f"s{number}@gmail.example" for number in range(20)]
    with newsroom(tmp_path, lambda first, second: told.format(first), batch=2) as room:
        room.plan([*slow, *READERS])
        assert room.deliver()[0] == 1 + 12


def test_doctor_names_every_relay_that_does_not_let_us_in(tmp_path: Path) -> None:
    with newsroom(tmp_path, lambda first, second: two(closed(), closed())) as room:
        (said,) = [said for name, well, said in room.app.doctor() if name == "channels.letters" and not well]
    assert said.count("cannot be reached") == 2


def test_of_relays_with_the_same_priority_any_comes_first() -> None:
    relays = [{"name": name, "host": "h", "priority": at} for name, at in (("a", 1), ("b", 1), ("c", 2))]
    settings = EmailChannel.Settings.model_validate({"sender": "a@n.example", "relays": relays})
    channel = EmailChannel(settings, WORLD, id=ChannelId("letters"))
    orders = {"".join(one.name for one in channel._in_order()) for _ in range(50)}
    assert orders == {"abc", "bac"}


def test_settings_that_contradict_each_other() -> None:
    relay = {"name": "own", "host": "h"}
    for told, why in (
        ({}, "either host"),
        ({"host": "h", "relays": [relay]}, "either host"),
        ({"relays": [relay, relay]}, "same name"),
        ({"relays": [relay, relay | {"name": "b"}], "events": "/var/log/mail.log"}, "the log of one"),
        ({"host": "h", "rates": ["fast"]}, "second, minute, hour or day"),
    ):
        with pytest.raises(ValidationError, match=why):
            EmailChannel.Settings.model_validate({"sender": "a@n.example", **told})


def test_each_relay_has_its_own_secret(tmp_path: Path) -> None:
    with Sandbox(now=Clock().now) as sandbox:
        path = sandbox.configure(tmp_path)
        text = path.read_text("utf-8")
        text = text.replace('host = "127.0.0.1"\nport = ', "# port = ", 1).replace('tls = "none"\n', "", 1)
        tables = two(1, 2, more='username = "news"\n')
        path.write_text(text.replace("[channels.tg-en]", f"{tables}[channels.tg-en]", 1), "utf-8")
        environ = {"SYNDICATOR_CHANNELS_LETTERS_RELAYS_OWN_PASSWORD": "sesame-open"}
        with App.opened(path, environ) as app:
            own, spare = app.wiring.channels["letters"].options.relays  # type: ignore[attr-defined]
            assert own.password.get_secret_value() == "sesame-open"
            assert spare.password is None
            assert "sesame-open" in app.wiring.secrets
        path.write_text(path.read_text("utf-8").replace('username = "news"', 'password = "x"'), "utf-8")
        with pytest.raises(Exception, match="a secret stands in the file"):
            App.opened(path, {})


def test_no_relays_secret_stands_in_the_schema() -> None:
    told = json_schema()["$defs"]["RelaySettings"]["properties"]
    assert "host" in told
    assert "password" not in told
