"""Mail against a relay that is a script: what it answers at which stage, and where it hangs up."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Thread

import pytest

from syndicator.channels.email import EmailChannel
from syndicator.errors import ChannelError
from syndicator.model import ChannelId, Outcome
from syndicator.ports import Parcel
from tests.lanes import WORLD, ListLane, parcel

BLANKS = {"message_id": "<1@n.example>", "name": "Sara"}
A, D, R, U = Outcome.ACCEPTED, Outcome.DEFERRED, Outcome.REJECTED, Outcome.UNCERTAIN
HANG_UP = ""


@dataclass
class Relay:
    """Answers a command by its script: ``{"RCPT": ["450 wait", "250 ok"]}``; an empty answer hangs up."""

    script: dict[str, list[str]] = field(default_factory=dict)
    bodies: list[bytes] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    port: int = 0

    def answer(self, verb: str) -> str:
        usual = {
            "greet": "220 hi",
            "DATA": "354 go",
            "dot": "250 queued",
            "QUIT": "221 bye",
            "EHLO": "250 here",
        }
        waiting = self.script.get(verb)
        return waiting.pop(0) if waiting else usual.get(verb, "250 ok")

    def serve(self, listener: socket.socket) -> None:
        while True:
            try:
                line, _ = listener.accept()
            except OSError:
                return
            with suppress(ConnectionError), line, line.makefile("rb") as reader:
                self.talk(line, reader)

    def talk(self, line: socket.socket, reader: object) -> None:
        def say(verb: str) -> bool:
            answer = self.answer(verb)
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
            if verb == "DATA" and self.said[-1] == "DATA" and not self.refused:
                self.read_body(reader)
                if not say("dot"):
                    return

    refused: bool = False

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


def send(port: int, *parcels: Parcel, **lane: object) -> ListLane:
    found = ListLane([*parcels], **lane)  # type: ignore[arg-type]
    with channel(port) as open_channel:
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
