"""Mastodon's API on loopback: one account, its statuses as HTML, the server's own count and refusals."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import regex

from .faults import Fault, FaultyStandIn, spoilt
from .serving import Request, Response

_LINK = re.compile(r"https?://\S+")
REMEMBERED = timedelta(hours=1)  # so long an Idempotency-Key is known


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    id: str
    text: str
    at: datetime
    language: str
    visibility: str
    reply_to: str | None = None
    pictures: tuple[str, ...] = ()
    versions: int = 1


class MastodonStandIn(FaultyStandIn):
    """``with MastodonStandIn() as there: there.url`` — takes calls with its token."""

    def __init__(
        self, *, characters: int = 500, now: Callable[[], datetime] = lambda: datetime.fromtimestamp(0, UTC)
    ) -> None:
        super().__init__()
        self.token = "sandbox-mastodon"
        self.characters = characters
        self.pictures: dict[str, str] = {}  # media id -> what stands in it
        self._standing: dict[str, Status] = {}
        self._keys: dict[str, tuple[datetime, str]] = {}
        self._made = 0
        self._now = now

    def statuses(self) -> list[Status]:
        """What stands there, oldest first."""
        with self._lock:
            return list(self._standing.values())

    def _answer(self, request: Request) -> Response | None:
        self.faults.watch("asked")
        fault = self.faults.meet()
        match fault:
            case Fault.DROP_BEFORE_ACCEPT:
                return None
            case Fault.SERVER_ERROR_HTML:
                return Response.page("<h1>502 Bad Gateway</h1>", 502)
            case Fault.UNAUTHORIZED:
                return Response.of({"error": "The access token was revoked"}, 401)
            case Fault.RATE_LIMITED:
                reset = self._now() + timedelta(seconds=self.faults.retry_after)
                return Response.of({"error": "Too many requests"}, 429, x_ratelimit_reset=reset.isoformat())
        with self._lock:
            response = self._called(request)
        self.faults.watch("taken")
        return spoilt(response, fault, self.faults)

    def _called(self, request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return Response.of({"error": "The access token is invalid"}, 401)
        match request.method, request.path.strip("/").split("/")[2:]:
            case "GET", ["accounts", "verify_credentials"]:
                return Response.of({"id": "7", "acct": "courier"})
            case "GET", ["instance"]:
                return Response.of({"configuration": {"statuses": {"max_characters": self.characters}}})
            case "GET", ["accounts", "7", "statuses"]:
                newest = [*reversed(self._standing.values())][: int(request.query.get("limit", "20"))]
                return Response.of([_told(one) for one in newest])
            case "POST", ["statuses"]:
                return self._post(request)
            case "PUT" | "DELETE", ["statuses", number]:
                return self._change(number, request)
            case "POST", ["media"]:
                number = f"m{len(self.pictures)}"
                self.pictures[number] = request.fields.get("description", "")
                return Response.of({"id": number, "url": None}, 202)
            case "GET", ["media", number] if number in self.pictures:
                return Response.of({"id": number})
        return Response.of({"error": "Record not found"}, 404)

    def _post(self, request: Request) -> Response:
        key, told = request.headers.get("idempotency-key", ""), request.fields
        then, number = self._keys.get(key, (None, ""))
        if then and self._now() < then + REMEMBERED and number in self._standing:
            return Response.of(_told(self._standing[number]))
        if (refusal := self._refusal(told)) is not None:
            return refusal
        self._made += 1
        status = Status(
            id=str(110_000_000 + self._made),
            text=told["status"],
            at=self._now(),
            language=told.get("language", ""),
            visibility=told.get("visibility", "public"),
            reply_to=told.get("in_reply_to_id"),
            pictures=tuple(told.get("media_ids", ())),
        )
        self._standing[status.id] = status
        if key:
            self._keys[key] = self._now(), status.id
        return Response.of(_told(status))

    def _refusal(self, told: dict[str, Any]) -> Response | None:
        text = str(told.get("status", ""))
        if not text.strip():
            return Response.of({"error": "Validation failed: Text can't be blank"}, 422)
        if length(text) > self.characters:
            return Response.of({"error": f"Validation failed: Text limit of {self.characters} exceeded"}, 422)
        reply = told.get("in_reply_to_id")
        if reply and reply not in self._standing:
            return Response.of({"error": "The post you are trying to reply to does not exist"}, 404)
        return None

    def _change(self, number: str, request: Request) -> Response:
        if number not in self._standing:
            return Response.of({"error": "Record not found"}, 404)
        if request.method == "DELETE":
            return Response.of(_told(self._standing.pop(number)))
        if (refusal := self._refusal(request.fields)) is not None:
            return refusal
        old = self._standing[number]
        text = request.fields["status"]
        self._standing[number] = replace(old, text=text, versions=old.versions + (text != old.text))
        return Response.of(_told(self._standing[number]))


def length(text: str) -> int:
    """As the server counts: clusters, and 23 for each link."""
    bare, links = _LINK.subn("", text)
    return len(regex.findall(r"\X", bare)) + 23 * links


def _told(status: Status) -> dict[str, Any]:
    def linked(found: re.Match[str]) -> str:
        scheme, shown = found[0].split("//", 1)
        return f'<a href="{found[0]}"><span class="invisible">{scheme}//</span><span>{shown}</span></a>'

    escaped = html.escape(status.text, quote=False)
    body = "".join(f"<p>{block}</p>" for block in _LINK.sub(linked, escaped).split("\n\n")).replace(
        "\n", "<br />"
    )
    return {
        "id": status.id,
        "content": body,
        "created_at": status.at.isoformat(),
        "language": status.language,
    }
