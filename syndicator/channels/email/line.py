"""One connection to a relay: replies, commands that are pipelined where the relay can (RFC 2920), TLS, AUTH.

It knows nothing of mails. Whoever speaks over it hears once: when all replies are there, or when the line broke.
"""

from __future__ import annotations

import asyncio
import base64
import re
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

REPLY_MAX = 65_536  # octets of what is not a whole reply yet; more is no relay
SHOWN = 300  # octets of a reply that are told
CONNECT_TIMEOUT = 30.0  # seconds
_WHOLE = re.compile(rb"(?:\d{3} [^\r\n]*\r\n)+")  # replies of one line each


class Reply(bytes):
    """What a relay says, all lines of it. Read when somebody wants to know."""

    @property
    def code(self) -> int:
        return int(self[:3])

    @property
    def kind(self) -> int:
        """2 is yes, 3 go on, 4 not now, 5 no (RFC 5321 §4.2.1)."""
        return self[0] - 48

    @property
    def lines(self) -> list[str]:
        return [line[4:].decode("utf-8", "replace").strip() for line in self.split(b"\n")]

    def __str__(self) -> str:
        if self.find(b"\n") >= 0:
            return f"{self.code} {' '.join(' '.join(self.lines).split())}"[:SHOWN]
        return self[:SHOWN].decode("utf-8", "replace").rstrip()


class LineBroken(Exception):
    """The relay cannot be spoken to; the text says why. ``refused``: it does not let us in as we are."""

    def __init__(self, why: str, *, refused: bool = False) -> None:
        super().__init__(why)
        self.refused = refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """Where to connect and how to come in."""

    host: str
    port: int
    tls: Literal["starttls", "implicit", "none"]
    username: str | None
    password: str | None
    ehlo: str  # our own name
    timeout: float  # seconds for a reply before the dot


class Line(asyncio.Protocol):
    """Opened by :func:`opened`."""

    def __init__(self, timeout: float) -> None:
        self.timeout = timeout
        self.extensions: frozenset[str] = frozenset()
        self.lost = ""  # why the line is of no more use
        self.whole = True  # all we wrote has left this process
        self.used = 0  # mails that went over it
        self.deadline = float("inf")  # of the loop's clock
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._pipelining = False
        self._rest = b""
        self._text: list[bytes] = []  # of a reply that goes on
        self._replies: list[Reply] = []
        self._unsaid: list[bytes] = []
        self.gone: asyncio.Future[None] = self._loop.create_future()  # done when the transport has closed
        self.greeting: asyncio.Future[list[Reply]] = self._loop.create_future()
        self._wanted = 1
        self._then: Callable[[list[Reply]], None] | None = self.greeting.set_result

    def say(
        self, chunks: Sequence[bytes], then: Callable[[list[Reply]], None], *, patience: float | None = None
    ) -> None:
        """Write the chunks, each of which has one reply. ``then`` gets as many replies as came before the line broke.

        ``patience`` in seconds for the first reply, where it is not the usual one.
        """
        self._then, self._replies, self._wanted = then, [], len(chunks)
        if self.lost or self._transport is None:
            self._answer()
            return
        self.deadline = self._loop.time() + (patience or self.timeout)
        if self._pipelining:
            self._transport.writelines(chunks)
        else:
            self._unsaid = [*chunks[1:]]
            self._transport.write(chunks[0])

    async def ask(self, command: str) -> Reply:
        """One command, one reply. Raises :exc:`LineBroken`."""
        heard: asyncio.Future[list[Reply]] = self._loop.create_future()
        self.say([f"{command}\r\n".encode()], heard.set_result)
        return await self.heard(heard)

    async def heard(self, replies: asyncio.Future[list[Reply]]) -> Reply:
        """The one reply that is awaited. Raises :exc:`LineBroken`."""
        found = await replies
        if not found:
            raise LineBroken(self.lost or "the line broke")
        return found[0]

    def hang_up(self) -> None:
        """QUIT is politeness: what was accepted stays accepted whatever is said to it."""
        if self._transport and not self.lost:
            self._transport.write(b"QUIT\r\n")
            self._transport.close()
        self._end("closed")

    def drop(self, why: str) -> None:
        """End it at once; what was not closed by its dot is not taken."""
        if self._transport:
            self._transport.abort()
        self._end(why)

    async def encrypt(self, context: ssl.SSLContext, host: str) -> None:
        """Raises :exc:`LineBroken`."""
        if self._transport is None or self._rest:
            raise LineBroken("the relay spoke before the line was encrypted")
        try:
            transport = await self._loop.start_tls(self._transport, self, context, server_hostname=host)
        except (OSError, ssl.SSLError) as error:
            raise LineBroken(f"STARTTLS: {error}") from error
        if transport is None:
            raise LineBroken("STARTTLS: the line broke")
        self.connection_made(transport)

    def learn(self, ehlo: Reply) -> None:
        """What the relay can, from its reply to EHLO."""
        words = [line.upper().split() for line in ehlo.lines[1:]]
        self.extensions = frozenset(
            name for line in words if line for name in (line[0], *(f"{line[0]} {w}" for w in line[1:]))
        )
        self._pipelining = "PIPELINING" in self.extensions

    # What the loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport) or hasattr(transport, "write"):
            self._transport = transport  # type: ignore[assignment]
            transport.set_write_buffer_limits(high=0)  # type: ignore[attr-defined]

    def pause_writing(self) -> None:
        self.whole = False

    def resume_writing(self) -> None:
        self.whole = True

    def data_received(self, data: bytes) -> None:
        begun = self._rest or self._text or self._replies or self._unsaid
        if self._then and not begun and _WHOLE.fullmatch(data):
            replies = [*map(Reply, data.splitlines())]
            if len(replies) == self._wanted:  # the usual case, for every mail
                self._replies = replies
                return self._answer()
        *lines, self._rest = (self._rest + data if self._rest else data).split(b"\n")
        for line in lines:
            if not line[:3].isdigit():
                return self.drop(f"the relay said {line[:80]!r}")
            if line[3:4] == b"-":
                self._text.append(line)
            elif self._text:
                self._text.append(line)
                self._replied(Reply(b"\n".join(self._text)))
                self._text = []
            else:
                self._replied(Reply(line))
        if len(self._rest) > REPLY_MAX or len(self._text) > REPLY_MAX // 80:
            self.drop("the relay does not come to an end")
        return None

    def connection_lost(self, error: Exception | None) -> None:
        if not self.gone.done():
            self.gone.set_result(None)
        self._end(str(error) if error else "the relay hung up")

    def _replied(self, reply: Reply) -> None:
        self._replies.append(reply)
        if self._then is None:  # nobody asked: a farewell, such as after a time of silence
            self.drop(str(reply))
        elif len(self._replies) == self._wanted:
            self._answer()
        else:
            self.deadline = self._loop.time() + self.timeout
            if self._unsaid and self._transport:
                self._transport.write(self._unsaid.pop(0))

    def _end(self, why: str) -> None:
        self.lost = self.lost or why
        if self._then:
            self._answer()

    def _answer(self) -> None:
        then, self._then, self.deadline = self._then, None, float("inf")
        if then:
            then(self._replies)


async def opened(relay: Relay) -> Line:
    """Connected, greeted, encrypted and signed in. Raises :exc:`LineBroken`."""
    context = ssl.create_default_context() if relay.tls != "none" else None
    where = f"{relay.host}:{relay.port} cannot be reached"
    try:
        line = await _connected(relay, context if relay.tls == "implicit" else None)
        try:
            async with asyncio.timeout(2 * relay.timeout):
                await _let_in(line, relay, context)
        except BaseException:
            line.drop("not let in")
            raise
    except TimeoutError as error:
        raise LineBroken(f"{where}: no answer in time") from error
    except LineBroken as error:
        raise LineBroken(
            str(error) if error.refused else f"{where}: {error}", refused=error.refused
        ) from error
    except (OSError, ssl.SSLError) as error:
        raise LineBroken(f"{where}: {error}") from error
    return line


async def _connected(relay: Relay, context: ssl.SSLContext | None) -> Line:
    async with asyncio.timeout(min(CONNECT_TIMEOUT, relay.timeout)):
        _, line = await asyncio.get_running_loop().create_connection(
            lambda: Line(relay.timeout),
            relay.host,
            relay.port,
            ssl=context,
            server_hostname=relay.host if context else None,
        )
    return line


async def _let_in(line: Line, relay: Relay, context: ssl.SSLContext | None) -> None:
    greeting = await line.heard(line.greeting)
    if greeting.code != 220:
        raise LineBroken(str(greeting))
    await _introduce(line, relay)
    if relay.tls == "starttls" and context:
        if "STARTTLS" not in line.extensions:
            raise LineBroken('it does not offer STARTTLS; write tls = "implicit" or "none"')
        reply = await line.ask("STARTTLS")
        if reply.code != 220:
            raise LineBroken(f"STARTTLS: {reply}")
        await line.encrypt(context, relay.host)
        await _introduce(line, relay)
    if relay.username and relay.password:
        reply = await _sign_in(line, relay.username, relay.password)
        if reply.code != 235:
            said = f"AUTH: {reply}; look at username and password"
            raise LineBroken(said, refused=reply.kind == 5)


async def _introduce(line: Line, relay: Relay) -> None:
    reply = await line.ask(f"EHLO {relay.ehlo}")
    if reply.kind == 5:
        reply = await line.ask(f"HELO {relay.ehlo}")
    if reply.code != 250:
        raise LineBroken(str(reply))
    line.learn(reply)


async def _sign_in(line: Line, username: str, password: str) -> Reply:
    """PLAIN (RFC 4616), else LOGIN."""
    if "AUTH PLAIN" in line.extensions or "AUTH LOGIN" not in line.extensions:
        return await line.ask("AUTH PLAIN " + _armoured(f"\0{username}\0{password}"))
    reply = await line.ask("AUTH LOGIN")
    for told in (username, password):
        if reply.code != 334:
            break
        reply = await line.ask(_armoured(told))
    return reply


def _armoured(told: str) -> str:
    return base64.b64encode(told.encode()).decode()
