"""One HTTP request after another on an event loop: every address checked as it is dialled, everything capped."""

from __future__ import annotations

import asyncio
import socket
import ssl
import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, Self

import aiohttp
import certifi
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from syndicator.errors import SourceError, Unwelcome
from syndicator.ports import Answer

from . import addresses
from .doors import Door, Doors
from .robots import Robots

REDIRECTS = 5
PERMANENT = frozenset({301, 308})
FOLLOWED = frozenset({301, 302, 303, 307, 308})
STEP = 65_536  # bytes inflated at a time: a bomb is noticed after this much
USER_AGENT = "Syndicator/0.1 (+feed reader of a newsroom)"
PRIVATE = frozenset({"authorization", "cookie"})  # headers that are for one host alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    body: int = 15_000_000  # bytes, on the wire and inflated
    seconds: float = 30.0  # for everything, redirects and all; waiting for our turn does not count
    at_once: int = 100  # requests to one host at the same time
    gap: float = 0.0  # seconds between two requests to one host; our own machines need none


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    method: str = "GET"
    content: bytes = b""  # a form
    headers: Mapping[str, str] = field(default_factory=dict)
    follow: bool = True
    whole: bool = True
    robots: bool = False  # robots.txt is asked first
    seconds: float | None = None  # instead of the limit


class Dialler:
    """Who may be spoken to: asked once when a name is resolved, and again at the very moment of dialling."""

    def __init__(self, private_allowed: Collection[str], resolve: addresses.Resolve) -> None:
        self._private_allowed = frozenset(private_allowed)
        self._resolve = resolve
        self._own: set[tuple[str, int]] = set()

    def is_own(self, host: str, port: int) -> bool:
        return f"{host}:{port}" in self._private_allowed

    def allowed(self, host: str, port: int) -> list[str]:
        """Raises :exc:`SourceError` unless every address of the name may be spoken to."""
        found = addresses.allowed(host, port, private_allowed=self._private_allowed, resolve=self._resolve)
        if self.is_own(host, port):
            self._own |= {(one, port) for one in found}
        return found

    def socket(self, told: tuple[Any, ...]) -> socket.socket:
        """What aiohttp dials with, one address at a time, whichever way it came by it."""
        family, kind, protocol, _, (host, port, *_) = told
        if not addresses.is_public(host) and not self.is_own(host, port) and (host, port) not in self._own:
            raise SourceError(addresses.refusal(host, port, host))
        return socket.socket(family, kind, protocol)


class _Names(AbstractResolver):
    def __init__(self, dialler: Dialler) -> None:
        self._dialler = dialler

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await asyncio.to_thread(self._dialler.allowed, host, port)
        return [
            ResolveResult(
                hostname=host,
                host=one,
                port=port,
                family=socket.AF_INET6 if ":" in one else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for one in found
        ]

    async def close(self) -> None: ...


class Asker:
    """Made and used on one event loop."""

    def __init__(self, dialler: Dialler, limits: Limits) -> None:
        self._dialler = dialler
        self._limits = limits
        self._doors = Doors(limits.at_once)
        self._robots = Robots(lambda url: self.ask(url, Request()))

    async def __aenter__(self) -> Self:
        # No proxies and no cookies from anywhere; redirects are ours, one by one.
        self._client = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=0,
                resolver=_Names(self._dialler),
                socket_factory=self._dialler.socket,
                ssl=ssl.create_default_context(cafile=certifi.where()),
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(total=None),
            headers={"User-Agent": USER_AGENT, "Accept-Encoding": "gzip"},
        )
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._client.close()

    async def ask(self, url: str, request: Request) -> Answer:
        """Raises :exc:`SourceError`, naming the URL, when no complete answer came."""
        left = request.seconds or self._limits.seconds
        asked, permanent, headers = _read(url), True, request.headers
        if request.robots and not await self._robots.allow(asked):
            raise Unwelcome(
                f"{url}: its robots.txt asks programs to stay away; if the site is yours, set own = true"
            )
        for _ in range(REDIRECTS + 1):
            answer, took = await self._hop(asked, request, headers, left)
            left -= took
            target = answer.headers.get("location")
            if not request.follow or answer.status not in FOLLOWED or not target:
                return _told(answer, answer.url if permanent and str(asked) != str(_read(url)) else None)
            permanent = permanent and answer.status in PERMANENT
            following = _joined(asked, target)
            if following.origin() != asked.origin():
                headers = {name: value for name, value in headers.items() if name.lower() not in PRIVATE}
            asked = following
        raise SourceError(f"{url}: more than {REDIRECTS} redirects")

    async def _hop(
        self, url: URL, request: Request, headers: Mapping[str, str], left: float
    ) -> tuple[Answer, float]:
        """The answer, and how many seconds it took from our turn on."""
        loop = asyncio.get_running_loop()
        host, port = str(url.raw_host), int(url.port or 0)
        door = self._doors.of(host, loop.time())
        async with door.places:
            if (rest := door.rests(loop.time())) > 0:
                raise SourceError(
                    f"{url}: {host} gave no answer several times; it is left alone for {rest:.0f} s"
                )
            if ahead := door.turn(loop.time(), 0 if self._dialler.is_own(host, port) else self._limits.gap):
                await asyncio.sleep(ahead)
            begin = loop.time()
            answer = await self._answer(url, request, headers, left, door)
            return answer, loop.time() - begin

    async def _answer(
        self, url: URL, request: Request, headers: Mapping[str, str], left: float, door: Door
    ) -> Answer:
        try:
            async with asyncio.timeout(left):
                answer = await self._spoken(url, request, headers)
        except aiohttp.InvalidURL as error:
            raise SourceError(f"{url}: this is not a URL ({error})") from error
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            door.gave_no_answer(asyncio.get_running_loop().time())
            raise SourceError(f"{url}: {_said(error, request.seconds or self._limits.seconds)}") from error
        door.answered()
        return answer

    async def _spoken(self, url: URL, request: Request, headers: Mapping[str, str]) -> Answer:
        form = {"Content-Type": "application/x-www-form-urlencoded"} if request.content else {}
        async with self._client.request(
            request.method,
            url,
            data=BytesIO(request.content) if request.content else None,
            headers={**form, **headers},
            allow_redirects=False,
        ) as response:
            body = await self._body(url, response) if request.whole else b""
            if not request.whole:
                response.close()
            found: dict[str, str] = {}
            for name, value in response.headers.items():  # one that comes twice is one list, RFC 9110 §5.2
                known = found.get(name.lower())
                found[name.lower()] = f"{known}, {value}" if known else value
            return Answer(status=response.status, url=str(url), headers=found, body=body)

    async def _body(self, url: URL, response: aiohttp.ClientResponse) -> bytes:
        coding = response.headers.get("content-encoding", "identity").lower()
        if coding not in {"gzip", "x-gzip", "identity", ""}:
            raise SourceError(f"{url}: the answer is coded as {coding!r}, which was not asked for")
        inflating = zlib.decompressobj(31) if "gzip" in coding else None
        body = bytearray()
        async for chunk in response.content.iter_any():
            self._add(url, body, chunk, inflating)
        if inflating and not inflating.eof and body:
            raise SourceError(f"{url}: the answer broke off (its gzip has no end)")
        return bytes(body)

    def _add(self, url: URL, body: bytearray, chunk: bytes, inflating: zlib._Decompress | None) -> None:
        try:
            while chunk:
                body += inflating.decompress(chunk, STEP) if inflating else chunk
                chunk = inflating.unconsumed_tail if inflating else b""
                if len(body) > self._limits.body:
                    raise SourceError(f"{url}: the answer is larger than {self._limits.body} bytes")
        except zlib.error as error:
            raise SourceError(f"{url}: the answer is not the gzip it says it is ({error})") from error


def _said(error: Exception, seconds: float) -> str:
    match error:
        case TimeoutError():
            return f"no complete answer within {seconds:.0f} s"
        case aiohttp.ClientConnectorError():
            return f"no connection ({error})"
        case _:
            return f"the answer broke off ({error or type(error).__name__})"


def _read(url: str) -> URL:
    try:
        read = URL(url)
    except ValueError as error:
        raise SourceError(f"{url}: this is not a URL ({error})") from error
    return _checked(read)


def _joined(url: URL, target: str) -> URL:
    try:
        return _checked(url.join(URL(target)))
    except ValueError as error:
        raise SourceError(f"{url}: it redirects to {target!r}, which is not a URL") from error


def _checked(url: URL) -> URL:
    if url.scheme not in {"http", "https"} or not url.raw_host:
        raise SourceError(f"{url}: only http and https addresses can be fetched")
    return url


def _told(answer: Answer, moved_to: str | None) -> Answer:
    return Answer(
        status=answer.status, url=answer.url, headers=answer.headers, body=answer.body, moved_to=moved_to
    )
