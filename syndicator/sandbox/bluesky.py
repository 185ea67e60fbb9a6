"""A Bluesky server on loopback: one account, its records by key, the lexicon's own limits."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import regex

from .faults import Fault, FaultyStandIn, spoilt
from .serving import Request, Response

DID = "did:plc:courier"
_KEY = re.compile(r"[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}")  # a TID
_POST = "app.bsky.feed.post"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    key: str
    value: dict[str, Any]
    writes: int = 1

    @property
    def uri(self) -> str:
        return f"at://{DID}/{_POST}/{self.key}"

    @property
    def cid(self) -> str:
        return "bafy" + sha256(json.dumps(self.value, sort_keys=True).encode()).hexdigest()[:40]

    @property
    def text(self) -> str:
        return str(self.value["text"])

    @property
    def links(self) -> list[tuple[str, str]]:
        """What each facet covers, and where it leads."""
        raw = self.text.encode()
        return [
            (raw[f["index"]["byteStart"] : f["index"]["byteEnd"]].decode(), f["features"][0]["uri"])
            for f in self.value.get("facets", ())
        ]


class BlueskyStandIn(FaultyStandIn):
    """``with BlueskyStandIn() as there: there.url`` — takes its account's password and then its session."""

    def __init__(self, *, now: Callable[[], datetime] = lambda: datetime.fromtimestamp(0, UTC)) -> None:
        super().__init__()
        self.handle = "courier.example"
        self.password = "sand-box-pass-word"
        self.sessions = 0
        self.blobs: dict[str, bytes] = {}
        self._standing: dict[str, Record] = {}
        self._now = now

    def posts(self) -> list[Record]:
        """What stands there, in the order it came."""
        with self._lock:
            return list(self._standing.values())

    def end_sessions(self) -> None:
        """Whoever comes with an older one is sent back."""
        self.sessions += 1

    def _answer(self, request: Request) -> Response | None:
        self.faults.watch("asked")
        fault = self.faults.meet()
        match fault:
            case Fault.DROP_BEFORE_ACCEPT:
                return None
            case Fault.SERVER_ERROR_HTML:
                return Response.page("<h1>502 Bad Gateway</h1>", 502)
            case Fault.RATE_LIMITED:
                reset = self._now() + timedelta(seconds=self.faults.retry_after)
                headers = {"ratelimit_reset": str(int(reset.timestamp()))}
                return Response.of(
                    {"error": "RateLimitExceeded", "message": "Rate Limit Exceeded"}, 429, **headers
                )
        with self._lock:
            response = self._called(request)
        self.faults.watch("taken")
        return spoilt(response, fault, self.faults)

    def _called(self, request: Request) -> Response:
        call = request.path.removeprefix("/xrpc/")
        if call == "com.atproto.server.createSession":
            return self._session(request.fields)
        if call == "com.atproto.repo.getRecord":
            found = self._standing.get(request.query.get("rkey", ""))
            if not found:
                return _refused("RecordNotFound", f"Could not locate record: {request.query}")
            return Response.of({"uri": found.uri, "cid": found.cid, "value": found.value})
        if request.headers.get("authorization") != f"Bearer session-{self.sessions}":
            return _refused("ExpiredToken", "Token has expired")
        match call:
            case "com.atproto.repo.putRecord":
                return self._put(request.fields)
            case "com.atproto.repo.deleteRecord":
                self._standing.pop(request.fields["rkey"], None)
                return Response.of({})
            case "com.atproto.repo.uploadBlob":
                return self._blob(request)
        return _refused("MethodNotImplemented", call, 501)

    def _session(self, told: dict[str, Any]) -> Response:
        if (told.get("identifier"), told.get("password")) != (self.handle, self.password):
            return _refused("AuthenticationRequired", "Invalid identifier or password", 401)
        return Response.of({"did": DID, "handle": self.handle, "accessJwt": f"session-{self.sessions}"})

    def _put(self, told: dict[str, Any]) -> Response:
        record = told["record"]
        if why := self._fault(told["rkey"], record):
            return _refused("InvalidRequest", f"Invalid {_POST} record: {why}")
        before = self._standing.get(told["rkey"])
        made = Record(key=told["rkey"], value=record, writes=before.writes + 1 if before else 1)
        self._standing[made.key] = made
        return Response.of({"uri": made.uri, "cid": made.cid})

    def _fault(self, key: str, record: dict[str, Any]) -> str:
        """What the lexicon finds wrong; empty: nothing."""
        text = record.get("text", "")
        raw = text.encode()
        if not _KEY.fullmatch(key):
            return "the record key is no TID"
        if len(regex.findall(r"\X", text)) > 300 or len(raw) > 3000:
            return "text must not be longer than 300 graphemes"
        if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", str(record.get("createdAt"))):
            return "createdAt must be a valid datetime"
        for facet in record.get("facets", ()):
            start, end = facet["index"]["byteStart"], facet["index"]["byteEnd"]
            if not 0 <= start < end <= len(raw):
                return "a facet is outside of the text"
        for above in record.get("reply", {}).values():
            stands = self._standing.get(above["uri"].rpartition("/")[2])
            if not stands or stands.cid != above["cid"]:
                return "a reply's parent is not there"
        images = record.get("embed", {}).get("images", ())
        if any(one["image"]["ref"]["$link"] not in self.blobs for one in images) or len(images) > 4:
            return "an image is not there"
        return ""

    def _blob(self, request: Request) -> Response:
        if len(request.body) > 1_000_000:
            return _refused("BlobTooLarge", "This file is too large")
        link = "bafk" + sha256(request.body).hexdigest()[:40]
        self.blobs[link] = request.body
        kind = request.headers.get_content_type()
        return Response.of({"blob": {"$type": "blob", "ref": {"$link": link}, "mimeType": kind, "size": 1}})


def _refused(error: str, message: str, status: int = 400) -> Response:
    return Response.of({"error": error, "message": message}, status)
