"""Mail against a relay that is a script: what it answers at which stage, and where it hangs up."""

from __future__ import annotations

import base64
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Thread

import pytest

from syndicator.channels.email import EmailChannel
from syndicator.errors import ChannelError, StorageError
from syndicator.model import ChannelId, Outcome, Receipt
from syndicator.ports import Parcel
from tests.lanes import WORLD, ListLane, parcel

BLANKS = {"message_id": "<1@n.example>", "name": "Sara"}
A, D, R, U = Outcome.ACCEPTED, Outcome.DEFERRED, Outcome.REJECTED, Outcome.UNCERTAIN
HANG_UP = ""


PIPELINED = {"now": False}


@pytest.fixture(params=[False, True], ids=["step by step", "pipelined"], autouse=True)
def _pipelined(request: pytest.FixtureRequest) -> None:
    PIPELINED["now"] = request.param


@dataclass
class Relay:
    """Answers a command by its script: ``{"RCPT": ["450 wait", "250 ok"]}``; an empty answer hangs up."""

    script: dict[str, list[str]] = field(default_factory=dict)
    bodies: list[bytes] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    port: int = 0
    threads: list[Thread] = field(default_factory=list)
    lines: list[socket.socket] = field(default_factory=list)
    open: int = 0  # lines just now, and at most
    most: int = 0

    def answer(self, verb: str) -> str:
        usual = {
            "greet": "220 hi",
            "DATA": "354 go",
            "dot": "250 queued",
            "QUIT": "221 bye",
            "EHLO": "250-here\r\n250 PIPELINING" if PIPELINED["now"] else "250 here",
        }
        waiting = self.script.get(verb)
        return waiting.pop(0) if waiting else usual.get(verb, "250 ok")

    def serve(self, listener: socket.socket) -> None:
        while True:
            try:
                line, _ = listener.accept()
            except OSError:
                return
            thread = Thread(target=self.answer_all, args=(line,))
            thread.start()
            self.threads.append(thread)

    def answer_all(self, line: socket.socket) -> None:
        with suppress(ConnectionError), line, line.makefile("rb") as reader:
            self.open += 1
            self.lines.append(line)
            self.most = max(self.most, self.open)
            try:
                self.talk(line, reader)
            finally:
                self.open -= 1

    def talk(self, line: socket.socket, reader: object) -> None:
        def say(verb: str) -> bool:
            answer = self.answer(verb)
            if answer == "SILENCE":
                line.recv(1)  # until the other side hangs up
                return False
            if answer:
                line.sendall(answer.encode() + b"\r\n")
            return bool(answer) and not answer.startswith(("421", "221"))

        if not say("greet"):
            return
        for raw in iter(reader.readline, b""):  # type: ignore[attr-defined]
            verb = raw.split()[0].decode("utf-8", "replace").upper()
            self.said.append(raw.decode("utf-8", "replace").strip())
            if not say(verb):
                return
            if raw.strip() == b"DATA" and not self.refused:
                self.read_body(reader)
                if not say("dot"):
                    return

    refused: bool = False

    def hang_up(self) -> None:
        """Every line that is open, at once."""
        for line in self.lines:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def read_body(self, reader: object) -> None:
        lines = []
        for raw in iter(reader.readline, b".\r\n"):  # type: ignore[attr-defined]
            if not raw:
                return
            lines.append(raw)
        self.bodies.append(b"".join(lines))


@contextmanager
def relay(refused: bool = False, **script: list[str]) -> Iterator[Relay]:  # noqa: FBT001, FBT002
    there = Relay(script, refused=refused)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        there.port = listener.getsockname()[1]
        thread = Thread(target=there.serve, args=(listener,))
        thread.start()
        try:
            yield there
        finally:
            listener.shutdown(socket.SHUT_RDWR)
    thread.join()
    for one in there.threads:
        one.join(10)


def channel(port: int, **settings: object) -> EmailChannel:
    told = {
        "host": "127.0.0.1",
        "port": port,
        "tls": "none",
        "sender": "n@n.example",
        "timeout": 5,
        "connections": 1,
        **settings,
    }
    return EmailChannel(EmailChannel.Settings.model_validate(told), WORLD, id=ChannelId("mail"))


def mail(number: int = 1, address: str = "a@x.example", text: str = "Rain.") -> Parcel:
    return parcel(number, text, subject="Rain", address=address, blanks=BLANKS)


def send(port: int, *parcels: Parcel, connections: int = 1, **lane: object) -> ListLane:
    found = ListLane([*parcels], **lane)  # type: ignore[arg-type]
    with channel(port, connections=connections) as open_channel:
        open_channel.run(found)
    return found


def test_several_mails_over_one_connection() -> None:
    with relay() as there:
        lane = send(there.port, mail(1), mail(2, text=".dot\n..two"))
    assert lane.outcomes == [A, A]
    assert len(lane.receipts[0].wire_hash) == 64
    assert sum(line.startswith("EHLO") for line in there.said) == 1
    assert b"\r\n=2Edot\r\n=2E.two" in there.bodies[1]


def test_no_body_before_its_mark() -> None:
    with relay() as there:
        lane = send(there.port, mail(), on_mark=lambda _: there.bodies.append(b"marked"))
    assert lane.outcomes == [A]
    assert there.bodies[0] == b"marked"


def test_a_mail_that_may_not_go_any_more_is_not_sent() -> None:
    with relay() as there:
        lane = send(there.port, mail(1), mail(2), refuse=frozenset({1}))
    assert lane.outcomes == [A]
    assert len(there.bodies) == 1
    assert sum(line.startswith("EHLO") for line in there.said) == 2  # out of DATA there is no other way


@pytest.mark.parametrize(
    ("stage", "answer", "outcome"),
    [
        ("MAIL", "451 later", D),
        ("RCPT", "450 greylisted", D),
        ("RCPT", "550 5.1.1 nobody", R),
        ("RCPT", "421 busy", D),
        ("DATA", "451 later", D),
        ("DATA", "554 no", R),
        ("dot", "452 full", D),
        ("dot", "550 spam", R),
        ("dot", "421 later", D),
        ("dot", "999 what", U),
    ],
)
def test_smtp_refusing_at_a_stage(stage: str, answer: str, outcome: Outcome) -> None:
    with relay(refused=stage == "DATA", **{stage: [answer]}) as there:
        lane = send(there.port, mail())
    assert lane.outcomes == [outcome]
    assert answer in lane.receipts[0].detail


@pytest.mark.parametrize(
    ("stage", "outcome"), [("greet", D), ("EHLO", D), ("MAIL", D), ("RCPT", D), ("DATA", D), ("dot", U)]
)
def test_a_line_that_breaks_means_one_thing_before_the_dot_and_another_after(
    stage: str, outcome: Outcome
) -> None:
    script = {stage: [HANG_UP] * 4}
    if stage == "EHLO":
        script["HELO"] = [HANG_UP] * 4
    with relay(**script) as there:
        lane = send(there.port, mail())
    assert lane.outcomes == [outcome]


def test_greylisting_of_one_reader_is_not_the_others_business() -> None:
    with relay(RCPT=["450 greylisted", "250 ok"]) as there:
        assert send(there.port, mail(1), mail(2)).outcomes == [D, A]


def test_a_connection_that_had_enough_is_opened_again() -> None:
    with relay(MAIL=["250 ok", "421 too many messages in this connection", "250 ok"]) as there:
        assert send(there.port, mail(1), mail(2)).outcomes == [A, A]
    assert sum(line.startswith("EHLO") for line in there.said) == 2


def test_a_relay_that_refuses_the_sender_stops_the_channel() -> None:
    with relay(MAIL=["550 5.7.515 you may not"]) as there:
        lane = send(there.port, mail(1), mail(2))
    assert lane.outcomes == [D]
    assert lane.receipts[0].halt


def test_no_relay_no_second_try() -> None:
    with relay() as there:
        pass
    lane = send(there.port, mail(1), mail(2))
    assert lane.outcomes == [D]
    assert "cannot be reached" in lane.receipts[0].detail
    assert not lane.receipts[0].halt
    assert len(lane.parcels) == 1


def test_a_wrong_password_stops_the_channel() -> None:
    with relay(EHLO=["250-here\r\n250 AUTH PLAIN"], AUTH=["535 wrong"] * 3) as there:
        lane = ListLane([mail()])
        with channel(there.port, username="u", password="canary") as open_channel:
            open_channel.run(lane)
    assert lane.receipts[0].halt
    assert "canary" not in lane.receipts[0].detail


def test_a_letter_that_cannot_be_written_stops_only_itself() -> None:
    with relay() as there:
        assert send(there.port, mail(1, "a b@x.example"), mail(2)).outcomes == [R, A]


def test_an_address_beyond_ascii_needs_a_relay_that_can() -> None:
    with relay() as there:
        assert "SMTPUTF8" in send(there.port, mail(1, "سارا@x.example")).receipts[0].detail
    with relay(EHLO=["250-here\r\n250 SMTPUTF8"]) as there:
        assert send(there.port, mail(1, "سارا@x.example")).outcomes == [A]
    assert "MAIL FROM:<n@n.example> SMTPUTF8 BODY=8BITMIME" in there.said


def test_a_goodbye_that_breaks_harms_nothing() -> None:
    with relay(QUIT=[HANG_UP]) as there:
        assert send(there.port, mail()).outcomes == [A]


def test_trying_it_out() -> None:
    with relay() as there:
        assert "lets n@n.example in" in channel(there.port).probe()
    with pytest.raises(ChannelError, match="cannot be reached"):
        channel(there.port).probe()


def test_a_relay_without_tls_is_refused_where_tls_is_asked_for() -> None:
    with relay() as there:
        with pytest.raises(ChannelError, match="STARTTLS"):
            channel(there.port, tls="starttls").probe()
        with pytest.raises(ChannelError, match="cannot be reached"):
            channel(there.port, tls="implicit").probe()


class CountingLane(ListLane):
    """How many mails were in doubt at most: marked, and their result not written down."""

    def __init__(self, parcels: list[Parcel]) -> None:
        super().__init__(parcels)
        self.doubtful: set[int] = set()
        self.most = 0

    def commit(self, receipts: Sequence[Receipt], sending: Sequence[Parcel]) -> Sequence[Parcel]:
        self.doubtful -= {receipt.delivery for receipt in receipts}
        self.doubtful |= {parcel.delivery.id for parcel in sending}
        self.most = max(self.most, len(self.doubtful))
        return super().commit(receipts, sending)


def test_several_lines_at_once_and_no_more_in_doubt_than_lines() -> None:
    lane = CountingLane([mail(number, f"r{number}@x.example") for number in range(1, 121)])
    with relay() as there, channel(there.port, connections=6) as open_channel:
        open_channel.run(lane)
    assert len(there.bodies) == 120
    assert sorted(receipt.delivery for receipt in lane.receipts) == list(range(1, 121))
    assert set(lane.outcomes) == {A}
    assert 1 < there.most <= 6
    assert lane.most <= 6


def test_a_relay_that_wants_few_lines_gets_few() -> None:
    with relay(greet=["220 hi", "220 hi", "421 4.7.0 too many connections"] + ["220 hi"] * 9) as there:
        lane = send(there.port, *(mail(number) for number in range(1, 41)), connections=8)
    assert lane.outcomes == [A] * 40
    assert there.most <= 5  # those that it let in, and what was on its way when it refused


def test_a_relay_that_asks_for_the_body_though_it_refused_the_reader() -> None:
    with relay(RCPT=["550 5.1.1 nobody", "250 ok"]) as there:
        lane = send(there.port, mail(1), mail(2))
    assert lane.outcomes == [R, A]
    assert len([body for body in there.bodies if body]) == 1
    assert "RSET" in there.said


def test_a_line_that_broke_between_mark_and_body_sends_again_at_once() -> None:
    lane = ListLane([mail(1), mail(2)])
    with relay(DATA=["354 go", "354 go", "354 go"]) as there:
        lane.on_mark = lambda parcel: there.hang_up() if parcel.delivery.id == 2 else None
        with channel(there.port) as open_channel:
            open_channel.run(lane)
    assert lane.outcomes[0] is A
    assert lane.outcomes[1] in {D, U}  # whether the relay was gone before the body, the wire decides
    assert len(there.bodies) == 1


def test_a_relay_that_says_nothing_is_given_up() -> None:
    with relay(MAIL=["SILENCE"]) as there:
        lane = ListLane([mail()])
        with channel(there.port, timeout=0.3) as open_channel:
            open_channel.run(lane)
    assert lane.outcomes == [D]
    assert "no answer in time" in lane.receipts[0].detail


def test_a_relay_that_speaks_nonsense_is_given_up() -> None:
    for nonsense in ("HTTP/1.1 400 Bad Request", "250-and so on\r\n" * 2000 + "250-"):
        with relay(MAIL=[nonsense]) as there:
            assert send(there.port, mail()).outcomes == [D]


def test_what_cannot_be_written_down_ends_the_run() -> None:
    class Torn(ListLane):
        def commit(self, receipts: Sequence[Receipt], sending: Sequence[Parcel]) -> Sequence[Parcel]:
            if receipts:
                message = "the disk is full"
                raise StorageError(message)
            return super().commit(receipts, sending)

    with relay() as there, channel(there.port, connections=3) as open_channel:
        with pytest.raises(StorageError, match="disk is full"):
            open_channel.run(Torn([mail(number) for number in range(1, 9)]))


def test_a_fault_of_our_own_ends_the_run() -> None:
    class Broken(dict[str, str]):
        def __getitem__(self, name: str) -> str:
            raise RuntimeError(name)

    unforeseen = mail(2)
    unforeseen.blanks = Broken()
    with relay() as there, channel(there.port) as open_channel:
        with pytest.raises(RuntimeError):
            open_channel.run(ListLane([mail(1), unforeseen]))


def test_thousands_of_addresses_that_cannot_be_written_to_are_told_one_by_one() -> None:
    many = 3000
    with relay() as there:
        bad = [mail(number, address="no address") for number in range(1, many + 1)]
        lane = send(there.port, *bad, mail(many + 1))
    assert lane.outcomes == [R] * many + [A]


def test_replies_that_come_before_their_commands_do_not_stand_for_them() -> None:
    early = "250 ok\r\n250 ok\r\n354 go"
    with relay(MAIL=[early], RCPT=[HANG_UP]) as there:
        send(there.port, mail())
    assert [line.split()[0] for line in there.said][:3] == ["EHLO", "MAIL", "RCPT"]


def test_eight_bits_where_the_relay_carries_them() -> None:
    text = "Café – naïve"
    with relay(EHLO=["250-here\r\n250 8BITMIME"]) as there:
        lane = ListLane([mail(text=text)])
        with channel(there.port, eightbit=True) as open_channel:
            open_channel.run(lane)
    assert text.encode() in there.bodies[0]
    assert "MAIL FROM:<n@n.example> BODY=8BITMIME" in there.said


def test_signing_in_with_login() -> None:
    with relay(EHLO=["250-here\r\n250 AUTH LOGIN"], AUTH=["334 VXNlcm5hbWU6"]) as there:
        lane = ListLane([mail()])
        with channel(there.port, username="u", password="canary") as open_channel:
            there.script[base64.b64encode(b"u").decode().upper()] = ["334 UGFzc3dvcmQ6"]
            there.script[base64.b64encode(b"canary").decode().upper()] = ["235 welcome"]
            open_channel.run(lane)
    assert lane.outcomes == [A]
