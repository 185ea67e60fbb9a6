"""HTTP that cannot be turned against its own house: resolve once, pin, re-check each hop, cap everything."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Collection, Mapping
from functools import cached_property
from types import TracebackType
from typing import Self

import httpx

from syndicator.errors import SourceError
from syndicator.ports import Answer

from . import addresses

REDIRECTS = 5
PERMANENT = frozenset({301, 308})
FOLLOWED = frozenset({301, 302, 303, 307, 308})
BODY_MAX = 15_000_000  # bytes, on the wire and inflated
DEADLINE = 30.0  # seconds for everything, redirects and all
STEP = 65_536  # bytes inflated at a time: a bomb is noticed after this much
USER_AGENT = "Syndicator/0.1 (+feed reader of a newsroom)"


class GuardedWeb:
    """Implements :class:`syndicator.ports.Web`; safe to share between threads."""

    def __init__(
        self,
        *,
        monotonic: Callable[[], float],
        private_allowed: Collection[str] = (),
        body_max: int = BODY_MAX,
        deadline: float = DEADLINE,
        resolve: addresses.Resolve = addresses.resolve,
    ) -> None:
        self._monotonic = monotonic
        self._private_allowed = frozenset(private_allowed)
        self._body_max = body_max
        self._deadline = deadline
        self._resolve = resolve

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        if "_client" in self.__dict__:
            self._client.close()

    @cached_property
    def _client(self) -> httpx.Client:
        """Made when first asked for: reading all certificates takes long. No proxies from the environment; redirects
        are ours, one by one.
        """
        return httpx.Client(trust_env=False, follow_redirects=False, headers={"User-Agent": USER_AGENT})

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Raises :exc:`SourceError`, naming the URL, when no complete answer came."""
        return self.ask("GET", url, headers=headers)

    def ask(
        self,
        method: str,
        url: str,
        *,
        content: bytes = b"",
        headers: Mapping[str, str] | None = None,
        follow: bool = True,
        whole: bool = True,
    ) -> Answer:
        """Implements :class:`syndicator.ports.Caller`; ``content`` is a form. Raises :exc:`SourceError`."""
        until = self._monotonic() + self._deadline
        permanent, asked = True, url
        form = {"Content-Type": "application/x-www-form-urlencoded"} if content else {}
        for _ in range(REDIRECTS + 1):
            answer = self._hop(method, asked, {**form, **(headers or {})}, until, content, whole=whole)
            target = answer.headers.get("location")
            if not follow or answer.status not in FOLLOWED or not target:
                moved = asked if permanent and asked != url else None
                return Answer(
                    status=answer.status, url=asked, headers=answer.headers, body=answer.body, moved_to=moved
                )
            permanent = permanent and answer.status in PERMANENT
            asked = _joined(asked, target)
        raise SourceError(f"{url}: more than {REDIRECTS} redirects")

    def _hop(
        self, method: str, url: str, headers: Mapping[str, str], until: float, content: bytes, *, whole: bool
    ) -> Answer:
        pinned, names = self._pinned(url)
        left = until - self._monotonic()
        if left <= 0:
            raise SourceError(f"{url}: no complete answer within {self._deadline:.0f} s")
        try:
            with self._client.stream(
                method,
                pinned,
                content=content or None,
                headers={"Accept-Encoding": "gzip", **headers, "Host": names[0]},
                extensions={"sni_hostname": names[1]},
                timeout=left,
            ) as response:
                body = self._body(url, response, until) if whole else b""
                found = {name.lower(): value for name, value in response.headers.items()}
                return Answer(status=response.status_code, url=url, headers=found, body=body)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise SourceError(f"{url}: {_said(error)}") from error

    def _pinned(self, url: str) -> tuple[httpx.URL, tuple[str, str]]:
        """The URL with the one address in it that was checked, its Host header and its TLS name."""
        try:
            asked = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise SourceError(f"{url}: this is not a URL ({error})") from error
        if asked.scheme not in {"http", "https"} or not asked.host:
            raise SourceError(f"{url}: only http and https addresses can be fetched")
        port = asked.port or (443 if asked.scheme == "https" else 80)
        address = addresses.allowed(
            asked.host, port, private_allowed=self._private_allowed, resolve=self._resolve
        )
        return asked.copy_with(host=address), (asked.netloc.decode("ascii"), asked.host)

    def _body(self, url: str, response: httpx.Response, until: float) -> bytes:
        coding = response.headers.get("content-encoding", "identity").lower()
        if coding not in {"gzip", "x-gzip", "identity", ""}:
            raise SourceError(f"{url}: the answer is coded as {coding!r}, which was not asked for")
        inflating = zlib.decompressobj(31) if "gzip" in coding else None
        body = bytearray()
        for chunk in response.iter_raw():
            if self._monotonic() > until:
                raise SourceError(f"{url}: no complete answer within {self._deadline:.0f} s")
            self._add(url, body, chunk, inflating)
        return bytes(body)

    def _add(self, url: str, body: bytearray, chunk: bytes, inflating: zlib._Decompress | None) -> None:
        try:
            while chunk:
                body += inflating.decompress(chunk, STEP) if inflating else chunk
                chunk = inflating.unconsumed_tail if inflating else b""
                if len(body) > self._body_max:
                    raise SourceError(f"{url}: the answer is larger than {self._body_max} bytes")
        except zlib.error as error:
            raise SourceError(f"{url}: the answer is not the gzip it says it is ({error})") from error


def _joined(url: str, target: str) -> str:
    try:
        return str(httpx.URL(url).join(target))
    except httpx.InvalidURL as error:
        raise SourceError(f"{url}: it redirects to {target!r}, which is not a URL") from error


def _said(error: Exception) -> str:
    match error:
        case httpx.TimeoutException():
            return "the server did not answer in time"
        case httpx.ConnectError():
            return f"no connection ({error})"
        case _:
            return f"the answer broke off ({error or type(error).__name__})"
