"""Mail over SMTP, driven stage by stage so that an answer means one thing (RFC 5321).

Up to the final dot nothing can have been accepted: a broken connection there is ``deferred``. From the dot on
until its reply a broken connection is ``uncertain`` (RFC 1047). Replies are definite: 4xx deferred, 5xx rejected.
"""

from __future__ import annotations

import hashlib
import re
import smtplib
import socket
import ssl
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from syndicator.errors import ChannelError
from syndicator.model import ChannelId, Limits, Outcome, Receipt
from syndicator.ports import Capabilities, Lane, Parcel, World, too_late

from . import letter, relay_log

_LINE_DOT = re.compile(rb"(?m)^\.")  # RFC 5321 §4.5.2: a dot that begins a line is doubled
DOT_TIMEOUT = 600.0  # seconds to wait for the reply to the dot, RFC 5321 §4.5.3.2.6


class _Refusal(Exception):
    """A reply, or the lack of one, that ends a stage; it becomes a receipt."""

    def __init__(self, outcome: Outcome, detail: str, *, halt: bool = False, lost: bool = False) -> None:
        super().__init__(detail)
        self.outcome = outcome
        self.halt = halt  # nobody can be reached this way until someone looks
        self.lost = lost  # the connection is of no more use


class EmailChannel:
    """One relay. One mail has one recipient, so a doubt is always about one reader."""

    limits = Limits(markup="html")
    capabilities = Capabilities(addressed=True, recognised=True)

    class Settings(BaseModel):
        model_config = ConfigDict(frozen=True, extra="forbid")

        host: str = Field(description="the relay's name or address")
        port: int = Field(587, ge=1, le=65535, description="587 with starttls, 465 with implicit, 25 inside")
        tls: Literal["starttls", "implicit", "none"] = Field(
            "starttls", description="how the line is encrypted"
        )
        username: str | None = Field(None, description="for AUTH; none: no AUTH")
        password: SecretStr | None = Field(None, description="for AUTH")
        sender: str = Field(description="address in From", pattern=r"^[^@\s]+@[^@\s]+$")
        sender_name: str = Field("", description="name in From")
        timeout: float = Field(30.0, gt=0, le=300, description="seconds to wait for a reply before the dot")
        bounces: str | None = Field(
            None, description="return path; each mail's gets a token of its own", pattern=letter.BOUNCES
        )
        events: Path | None = Field(
            None, description="the log of a Postfix on this machine: doubts are read back from it"
        )

    def __init__(self, settings: Settings, world: World, *, id: ChannelId) -> None:  # noqa: A002 - the port's word
        self._settings = settings
        self._world = world
        self._line: smtplib.SMTP | None = None
        self.capabilities = replace(type(self).capabilities, can_look_up=bool(settings.events))
        if settings.events:
            relay = relay_log.Relay(settings.events, knock=self.probe, now=world.now, wait=world.wait)
            self.look_up = relay.look_up

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._hang_up()

    def run(self, lane: Lane) -> None:
        """Mail after mail over one connection; a receipt goes in with the next mail's mark."""
        receipts: list[Receipt] = []
        while parcel := lane.take():
            envelope = self._envelope(parcel)
            if isinstance(envelope, Receipt):
                lane.commit([*receipts, envelope], [])
                receipts = []
                if envelope.outcome is Outcome.DEFERRED and self._line is None:
                    return  # no relay: no sense in trying the next one
                continue
            allowed = lane.commit(receipts, [parcel])
            receipts = [too_late(one, self._world.now()) or self._body(one, envelope) for one in allowed]
            if not allowed or receipts[0].outcome is Outcome.DEFERRED:
                self._reset()
        if receipts:
            lane.commit(receipts, [])

    def probe(self) -> str:
        """Connect, encrypt, sign in and leave. Raises :exc:`ChannelError`."""
        relay_log.check(self._settings.events)
        try:
            self._open()
        except _Refusal as refusal:
            raise ChannelError(str(refusal)) from refusal
        self._hang_up()
        return f"{self._settings.host}:{self._settings.port} lets {self._settings.sender} in"

    def _envelope(self, parcel: Parcel) -> bytes | Receipt:
        """MAIL and RCPT, and the mail that may follow them; or why it may not."""
        used = self._line is not None
        try:
            return self._stages(parcel)
        except letter.BadLetter as error:
            return self._receipt(parcel, Outcome.REJECTED, str(error))
        except _Refusal as refusal:
            if refusal.lost:
                self._hang_up()
            if refusal.lost and used:  # an old line that had enough: nothing was sent, a new one may do
                return self._envelope(parcel)
            return self._receipt(parcel, refusal.outcome, str(refusal), halt=refusal.halt)

    def _stages(self, parcel: Parcel) -> bytes:
        settings = self._settings
        recipient = letter.envelope(parcel.address)
        options = self._options(recipient)
        body = letter.written(
            parcel.post,
            parcel.blanks,
            sender=settings.sender,
            sender_name=settings.sender_name,
            address=parcel.address,
            now=self._world.now(),
        )
        return_path = letter.return_path(settings.bounces, parcel.blanks) or settings.sender
        self._ask("MAIL", f"FROM:<{return_path}>{options}", ours=True)
        self._ask("RCPT", f"TO:<{recipient}>")
        return body

    def _options(self, address: str) -> str:
        line = self._open()
        if address.isascii():
            return ""
        if not line.has_extn("smtputf8"):
            raise letter.BadLetter(f"the relay cannot carry {address!r}: it has no SMTPUTF8 (RFC 6531)")
        return " SMTPUTF8 BODY=8BITMIME"

    def _ask(self, verb: str, argument: str, *, ours: bool = False) -> None:
        """One command before the dot; anything but 2xx is a refusal."""
        line = self._open()
        try:
            line.send(f"{verb} {argument}\r\n".encode())
            code, text = line.getreply()
        except (OSError, smtplib.SMTPException) as error:
            raise _Refusal(Outcome.DEFERRED, f"the line broke at {verb}: {error}", lost=True) from error
        if code // 100 == 2:
            return
        said = f"{verb}: {code} {_shown(text)}"
        if code == 421:
            raise _Refusal(Outcome.DEFERRED, said, lost=True)
        if ours and code // 100 == 5:  # the relay refuses the sender, not this reader
            raise _Refusal(Outcome.DEFERRED, said, halt=True, lost=True)
        self._reset()
        raise _Refusal(Outcome.REJECTED if code // 100 == 5 else Outcome.DEFERRED, said)

    def _body(self, parcel: Parcel, body: bytes) -> Receipt:
        """DATA, the mail, the dot."""
        try:
            detail = self._data(body)
        except _Refusal as refusal:
            if refusal.lost:
                self._hang_up()
            return self._receipt(parcel, refusal.outcome, str(refusal))
        return Receipt(
            delivery=parcel.delivery.id,
            at=self._world.now(),
            outcome=Outcome.ACCEPTED,
            remote_ids=(parcel.blanks["message_id"],),
            detail=detail,
            wire_hash=hashlib.sha256(body).hexdigest(),
        )

    def _data(self, body: bytes) -> str:
        line = self._open_line()
        try:
            code, text = line.docmd("DATA")
            if code == 354:
                line.send(_LINE_DOT.sub(b"..", body))
        except (OSError, smtplib.SMTPException) as error:
            raise _Refusal(Outcome.DEFERRED, f"the line broke before the dot: {error}", lost=True) from error
        if code != 354:
            outcome = Outcome.REJECTED if code // 100 == 5 else Outcome.DEFERRED
            raise _Refusal(outcome, f"DATA: {code} {_shown(text)}", lost=code == 421)
        try:
            _patient(line, DOT_TIMEOUT)
            line.send(b".\r\n" if body.endswith(b"\r\n") else b"\r\n.\r\n")
            code, text = line.getreply()
            _patient(line, self._settings.timeout)
        except (OSError, smtplib.SMTPException) as error:
            raise _Refusal(Outcome.UNCERTAIN, f"the line broke after the dot: {error}", lost=True) from error
        said = f"{code} {_shown(text)}"
        match code // 100:
            case 2:
                return said
            case 4:
                raise _Refusal(Outcome.DEFERRED, f"after the dot: {said}", lost=code == 421)
            case 5:
                raise _Refusal(Outcome.REJECTED, f"after the dot: {said}")
        raise _Refusal(Outcome.UNCERTAIN, f"after the dot: {said}", lost=True)

    def _open_line(self) -> smtplib.SMTP:
        if self._line is None:
            raise _Refusal(Outcome.DEFERRED, "the line was closed before the mail", lost=True)
        return self._line

    def _open(self) -> smtplib.SMTP:
        if self._line is None:
            try:
                self._line = self._connect()
            except smtplib.SMTPAuthenticationError as error:
                said = f"AUTH: {error.smtp_code} {_shown(error.smtp_error)}; look at username and password"
                raise _Refusal(Outcome.DEFERRED, said, halt=True, lost=True) from error
            except (OSError, smtplib.SMTPException) as error:
                where = f"{self._settings.host}:{self._settings.port}"
                raise _Refusal(Outcome.DEFERRED, f"{where} cannot be reached: {error}", lost=True) from error
        return self._line

    def _connect(self) -> smtplib.SMTP:
        settings = self._settings
        context = ssl.create_default_context()
        ehlo = settings.sender.rpartition("@")[2]
        line: smtplib.SMTP
        if settings.tls == "implicit":
            line = smtplib.SMTP_SSL(
                settings.host, settings.port, ehlo, timeout=settings.timeout, context=context
            )
        else:
            line = smtplib.SMTP(settings.host, settings.port, ehlo, timeout=settings.timeout)
        try:
            if line.sock is not None:  # the dot is a packet of its own: don't let it wait for an ACK
                line.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            line.ehlo_or_helo_if_needed()
            if settings.tls == "starttls":
                line.starttls(context=context)
                line.ehlo()
            if settings.username and settings.password:
                line.login(settings.username, settings.password.get_secret_value())
        except BaseException:
            line.close()
            raise
        return line

    def _reset(self) -> None:
        """Forget the envelope; a line that cannot do even that is let go."""
        if self._line is not None:
            try:
                self._line.rset()
            except (OSError, smtplib.SMTPException):
                self._hang_up()

    def _hang_up(self) -> None:
        """QUIT is politeness: what was accepted stays accepted whatever is said to it."""
        line, self._line = self._line, None
        if line is not None:
            try:
                line.quit()
            except (OSError, smtplib.SMTPException):
                line.close()

    def _receipt(self, parcel: Parcel, outcome: Outcome, detail: str, *, halt: bool = False) -> Receipt:
        at: datetime = self._world.now()
        return Receipt(delivery=parcel.delivery.id, at=at, outcome=outcome, detail=detail, halt=halt)


def _patient(line: smtplib.SMTP, seconds: float) -> None:
    if line.sock is not None:
        line.sock.settimeout(seconds)


def _shown(text: bytes | str) -> str:
    said = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return " ".join(said.split())[:300]
