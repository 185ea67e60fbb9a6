"""An SMTP server that keeps what it accepts, by aiosmtpd."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from itertools import count
from pathlib import Path
from threading import Lock
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from .faults import Fault, Switches

SIZE_MAX = 10_000_000  # bytes
_NAME = re.compile(rb"(?mi)^Message-ID:\s*(<[^>]*>)")


@dataclass(frozen=True, slots=True)
class Mail:
    sender: str
    recipient: str
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.raw, policy=default)

    def part(self, kind: str) -> str:
        """The ``plain`` or ``html`` part's text, empty when there is none."""
        found = self.message.get_body((kind,))
        return str(found.get_content()) if found else ""


class SmtpStandIn:
    """``with SmtpStandIn() as smtp: smtp.port, smtp.mails``."""

    host = "127.0.0.1"

    def __init__(
        self, *, log: Path | None = None, now: Callable[[], datetime] = lambda: datetime.fromtimestamp(0, UTC)
    ) -> None:
        self.log = log  # where it tells what it does, as Postfix would
        self._now = now
        self._queue = count(0x4A10)
        self.mails: list[Mail] = []
        self.faults = Switches()
        self._lock = Lock()
        self._controller = _Controller(self)

    @property
    def port(self) -> int:
        return self._controller.found_port

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._controller.stop(no_assert=True)

    def received(self) -> dict[str, int]:
        """How often each Message-ID was accepted: more than once is a reader who got it twice."""
        counts: dict[str, int] = {}
        with self._lock:
            for mail in self.mails:
                name = str(mail.message["Message-ID"])
                counts[name] = counts.get(name, 0) + 1
        return counts

    def tell(self, program: str, said: str) -> None:
        """A line in the log, in the format of Postfix with zoned timestamps."""
        if self.log:
            with self.log.open("a", encoding="utf-8") as file:
                file.write(f"{self._now().isoformat()} relay postfix/{program}[1]: {said}\n")

    # aiosmtpd calls these by name.

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.faults.watch("ehlo")
        session.host_name = hostname
        return responses

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.faults.watch("mail")
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 Ok"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.faults.watch("rcpt")
        match self.faults.meet():
            case Fault.GREYLIST:
                return "450 4.2.0 Greylisted, please try again later"
            case Fault.REJECT:
                return "550 5.1.1 No such user here"
            case Fault.SERVER_ERROR_HTML:
                return "451 4.3.0 Local error in processing"
            case Fault.DROP_BEFORE_ACCEPT:
                _break(server)
                return "421 4.3.2 gone"
            case Fault() as later:
                self.faults.coming(later)
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.faults.watch("body")
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        name = _NAME.search(content)
        queue = f"{next(self._queue):X}"
        self.tell("cleanup", f"{queue}: message-id={name[1].decode() if name else '<>'}")
        self.faults.watch("named")
        with self._lock:
            for recipient in envelope.rcpt_tos:
                self.mails.append(Mail(envelope.mail_from or "", recipient, content))
        self.tell(
            "qmgr", f"{queue}: from=<{envelope.mail_from}>, size={len(content)}, nrcpt=1 (queue active)"
        )
        self.faults.watch("taken")
        if (
            self.faults.meet() is not None
        ):  # whatever comes now comes after the dot: taken, but nobody is told
            _break(server)
        return "250 2.0.0 Ok: queued"


class _Line(SMTP):
    """One connection, whose stages can be watched."""

    stand_in: SmtpStandIn
    _in_body = False

    def connection_made(self, transport: Any) -> None:
        self.stand_in.tell("smtpd", "connect from localhost[127.0.0.1]")
        self.stand_in.faults.watch("connected")
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if self._in_body:
            self._in_body = False
            self.stand_in.faults.watch("first bytes of the body")
        super().data_received(data)

    async def smtp_DATA(self, arg: str) -> None:
        self.stand_in.faults.watch("data")
        self._in_body = True
        await super().smtp_DATA(arg)
        self.stand_in.faults.watch("answered")


def _break(server: SMTP) -> None:
    transport: Any = server.transport
    transport.abort()


class _Controller(Controller):
    def __init__(self, handler: Any) -> None:
        super().__init__(handler, hostname=SmtpStandIn.host, port=0, data_size_limit=SIZE_MAX)

    def factory(self) -> SMTP:
        line = _Line(self.handler, **self.SMTP_kwargs)
        line.stand_in = self.handler
        return line

    @property
    def found_port(self) -> int:
        server: Any = self.server
        return int(server.sockets[0].getsockname()[1])

    def _trigger_server(self) -> None:
        """aiosmtpd tries the door out before it says that it is open; with port 0 it would try the wrong one."""
        self.port = self.found_port
        super()._trigger_server()  # type: ignore[no-untyped-call]
