"""Somebody who is called by webhook: believes only what is signed, and knows a second call by its id."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

from .faults import Fault, FaultyStandIn, spoilt
from .serving import Request, Response


class WebhookStandIn(FaultyStandIn):
    """``with WebhookStandIn() as there: there.url`` — keeps what it was told, and which posts stand."""

    def __init__(self) -> None:
        super().__init__()
        self._raw = bytes(range(32))
        self.secret = "whsec_" + base64.b64encode(self._raw).decode()
        self.calls: list[tuple[str, dict[str, Any]]] = []  # each id once
        self.standing: dict[str, dict[str, Any]] = {}

    def _answer(self, request: Request) -> Response | None:
        self.faults.watch("asked")
        fault = self.faults.meet()
        match fault:
            case Fault.DROP_BEFORE_ACCEPT:
                return None
            case Fault.SERVER_ERROR_HTML:
                return Response.page("<h1>502</h1>", 502)
            case Fault.KICKED:
                return Response.of({"error": "nobody lives here any more"}, 410)
            case Fault.RATE_LIMITED:
                return Response.of({}, 429, retry_after=str(self.faults.retry_after))
        with self._lock:
            response = self._called(request)
        self.faults.watch("taken")
        return spoilt(response, fault, self.faults)

    def _called(self, request: Request) -> Response:
        number = request.headers.get("webhook-id", "")
        stamped = b".".join(
            [number.encode(), request.headers.get("webhook-timestamp", "").encode(), request.body]
        )
        wanted = base64.b64encode(hmac.new(self._raw, stamped, hashlib.sha256).digest()).decode()
        if f"v1,{wanted}" not in request.headers.get("webhook-signature", "").split():
            return Response.of({"error": "not signed with our secret"}, 400)
        told = json.loads(request.body)
        if told["type"] == "post.edited" and told["data"]["id"] not in self.standing:
            return Response.of({"error": "no such post"}, 404)
        if all(known != number for known, _ in self.calls):
            self.calls.append((number, told))
            self._take(told["type"], told["data"])
        return Response.of({}, 200)

    def _take(self, kind: str, told: dict[str, Any]) -> None:
        match kind:
            case "post.published" | "post.edited":
                self.standing[told["id"]] = told
            case "post.retracted":
                self.standing.pop(told["id"], None)
