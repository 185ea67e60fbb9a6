"""A WebSub hub on loopback: takes subscriptions, proves them, and sends what a publisher has to say."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPConnection
from urllib.parse import urlencode, urlsplit

from .serving import Request, Response, StandIn


@dataclass
class Subscription:
    callback: str
    topic: str
    secret: str
    lease: int  # seconds


@dataclass
class HubStandIn(StandIn):
    """It proves a subscription while it still answers, as some do, or when :meth:`prove` is called."""

    at_once: bool = False
    method: str = "sha256"
    longest: int = 864_000  # seconds of a lease
    asked: list[Subscription] = field(default_factory=list)  # and not proven yet
    proven: list[Subscription] = field(default_factory=list)
    instead: Callable[[Request], Response | None] = lambda request: None  # may answer in its place

    def __post_init__(self) -> None:
        super().__init__()

    def _answer(self, request: Request) -> Response | None:
        if (instead := self.instead(request)) is not None:
            return instead
        told = request.fields
        if request.method != "POST" or told.get("hub.mode") != "subscribe":
            return Response.page("only subscriptions", 400)
        lease = min(int(told.get("hub.lease_seconds", self.longest)), self.longest)
        self.asked.append(
            Subscription(told["hub.callback"], told["hub.topic"], told.get("hub.secret", ""), lease)
        )
        if self.at_once:
            self.prove()
        return Response(status=202)

    def prove(self, challenge: str = "a-challenge-of-32-letters-or-more") -> list[int]:
        """Ask each subscriber whether it was they; what they answer."""
        statuses = []
        coming, self.asked = self.asked, []
        for one in coming:
            told = {"hub.mode": "subscribe", "hub.topic": one.topic, "hub.challenge": challenge}
            status, body = self._call("GET", one.callback, told | {"hub.lease_seconds": str(one.lease)})
            statuses.append(status)
            if status // 100 == 2 and body == challenge.encode():
                self.proven = [other for other in self.proven if other.callback != one.callback] + [one]
        return statuses

    def tell(self, one: Subscription, **more: str) -> int:
        """Another word to a subscriber, such as that it is denied."""
        return self._call(
            "GET", one.callback, {"hub.topic": one.topic} | {f"hub.{k}": v for k, v in more.items()}
        )[0]

    def distribute(self, body: bytes, *, secret: str | None = None) -> list[int]:
        """Send the feed as it is now to all who have proven themselves; what they answer."""
        return [self.send(one, body, secret=secret) for one in self.proven]

    def send(self, one: Subscription, body: bytes, *, secret: str | None = None) -> int:
        key = one.secret if secret is None else secret
        signed = hmac.new(key.encode(), body, self.method).hexdigest()
        return self._call("POST", one.callback, {}, body, {"X-Hub-Signature": f"{self.method}={signed}"})[0]

    def _call(
        self,
        method: str,
        url: str,
        query: dict[str, str],
        body: bytes = b"",
        headers: dict[str, str] | None = None,
    ) -> tuple[int, bytes]:
        parts = urlsplit(url)
        connection = HTTPConnection(str(parts.hostname), parts.port, timeout=10)
        try:
            connection.request(method, f"{parts.path}?{urlencode(query)}", body or None, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()
