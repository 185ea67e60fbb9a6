"""X API v2 on loopback: one account with its timeline, X's own count and X's own refusals."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import regex

from .faults import Fault, Switches, spoilt
from .serving import Request, Response, StandIn

WEIGHT_MAX = 280
URL_WEIGHT = 23  # every address becomes a t.co link
# A scheme, a name that ends as registered names do, and what follows without closing punctuation.
_URL = re.compile(
    r"https?://(?:[\w-]+\.)+(?:com|org|net|info|news|media|krd|[a-z]{2})\b(?::\d+)?"
    r"(?:/[^\s<>\"'،؛]*[^\s<>\"'،؛.,:;!?)\]}»”’…])?",
    re.IGNORECASE,
)
_LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))  # code points that weigh one; the others two
_CLUSTER = regex.compile(r"\X")
_EMOJI = regex.compile(
    r"\p{Emoji_Presentation}|\p{Extended_Pictographic}\ufe0f|\p{Regional_Indicator}{2}|[#*0-9]\ufe0f?\u20e3"
)
_PARAMETERS = re.compile(r'(\w+)="([^"]*)"')
_BUDGET = 100  # posts per quarter of an hour


@dataclass(frozen=True, slots=True, kw_only=True)
class Tweet:
    """A post as its readers see it: ``text`` with the addresses that were posted."""

    id: str
    text: str
    at: datetime
    reply_to: str | None = None
    deleted: bool = False


class _Refused(Exception):
    def __init__(self, status: int, title: str, detail: str, kind: str = "about:blank") -> None:
        super().__init__(detail)
        self.told = {"title": title, "detail": detail, "type": kind, "status": status}
        self.status = status


class XStandIn(StandIn):
    """``with XStandIn() as x: x.url`` — takes OAuth 1.0a calls that carry its app's key and account's token."""

    def __init__(
        self,
        *,
        username: str = "courier",
        now: Callable[[], datetime] = lambda: datetime.fromtimestamp(0, UTC),
    ) -> None:
        super().__init__()
        self.username = username
        self.credentials = {
            "api_key": "sandbox-app",
            "api_secret": "sandbox-app-secret",
            "access_token": "1900-sandbox-account",
            "access_secret": "sandbox-account-secret",
        }
        self.faults = Switches()
        self._tweets: list[Tweet] = []
        self._now = now

    def tweets(self) -> list[Tweet]:
        """What stands in the timeline, oldest first."""
        with self._lock:
            return [tweet for tweet in self._tweets if not tweet.deleted]

    def _watch(self, stage: str) -> None:
        self.faults.watch(stage)

    def _answer(self, request: Request) -> Response | None:
        self.faults.watch("asked")
        fault = self.faults.meet()
        match fault:
            case Fault.DROP_BEFORE_ACCEPT:
                return None
            case Fault.RATE_LIMITED_BARE:
                return Response.page("<html><h1>429 Too Many Requests</h1></html>", 429)
            case Fault.SERVER_ERROR_HTML:
                return Response.page("<html><h1>503 Service Unavailable</h1></html>", 503)
        with self._lock:
            try:
                response = self._called(request, fault)
            except _Refused as refused:
                response = Response.of(refused.told, refused.status, **self._headers(fault))
        self.faults.watch("taken")
        return spoilt(response, fault, self.faults)

    def _called(self, request: Request, fault: Fault | None) -> Response:
        self._authorised(request, fault)
        if fault is Fault.KICKED:
            raise _Refused(403, "Forbidden", "You are not permitted to perform this action.")
        if fault is Fault.RATE_LIMITED:
            raise _Refused(429, "Too Many Requests", "Too Many Requests")
        match request.method, request.path.strip("/").split("/"):
            case "POST", ["2", "tweets"]:
                return Response.of({"data": self._post(request)}, 201, **self._headers(fault))
            case "DELETE", ["2", "tweets", number]:
                return Response.of({"data": {"deleted": self._delete(number)}}, **self._headers(fault))
            case "GET", ["2", "users", "me"]:
                return Response.of({"data": {"id": "1900", "name": "Courier", "username": self.username}})
            case "GET", ["2", "users", "1900", "tweets"]:
                return Response.of(self._timeline(request))
        raise _Refused(404, "Not Found Error", f"Could not find {request.path}.")

    def _authorised(self, request: Request, fault: Fault | None) -> None:
        told = dict(_PARAMETERS.findall(request.headers.get("authorization", "")))
        known = (told.get("oauth_consumer_key"), told.get("oauth_token"))
        signed = told.get("oauth_signature") and told.get("oauth_nonce")
        ours = (self.credentials["api_key"], self.credentials["access_token"])
        if fault is Fault.UNAUTHORIZED or known != ours or not signed:
            raise _Refused(401, "Unauthorized", "Unauthorized")

    def _post(self, request: Request) -> dict[str, Any]:
        fields = request.fields
        text = unicodedata.normalize("NFC", str(fields.get("text", ""))).strip()
        reply = (fields.get("reply") or {}).get("in_reply_to_tweet_id")
        standing = [tweet for tweet in self._tweets if not tweet.deleted]
        if not text or weight(text) > WEIGHT_MAX:
            raise _Refused(
                400, "Invalid Request", "Your Tweet text is too long." if text else "text is required."
            )
        if reply and all(tweet.id != reply for tweet in standing):
            raise _Refused(
                400, "Invalid Request", "The Tweet you are replying to is deleted or not visible to you."
            )
        if any(tweet.text == text for tweet in standing):
            raise _Refused(403, "Forbidden", "You are not allowed to create a Tweet with duplicate content.")
        tweet = Tweet(
            id=str(1_990_000_000_000_000_000 + len(self._tweets)), text=text, at=self._now(), reply_to=reply
        )
        self._tweets.append(tweet)
        return {"id": tweet.id, "text": _shortened(tweet)["text"], "edit_history_tweet_ids": [tweet.id]}

    def _delete(self, number: str) -> bool:
        for at, tweet in enumerate(self._tweets):
            if tweet.id == number and not tweet.deleted:
                self._tweets[at] = Tweet(id=tweet.id, text=tweet.text, at=tweet.at, deleted=True)
                return True
        raise _Refused(404, "Not Found Error", f"Could not find tweet with id: [{number}].")

    def _timeline(self, request: Request) -> dict[str, Any]:
        start = datetime.fromisoformat(
            request.query.get("start_time", "1970-01-01T00:00:00Z").replace("Z", "+00:00")
        )
        most = int(request.query.get("max_results", "10"))
        found = [_shortened(t) for t in reversed(self._tweets) if not t.deleted and t.at >= start]
        more = {"next_token": "more"} if len(found) > most else {}
        told: dict[str, Any] = {"meta": {"result_count": min(most, len(found))} | more}
        return told | ({"data": found[:most]} if found else {})  # an empty timeline has no data at all

    def _headers(self, fault: Fault | None) -> dict[str, str]:
        used_up = fault is Fault.RATE_LIMITED
        reset = self._now() + timedelta(seconds=self.faults.retry_after)
        return {
            "x_rate_limit_limit": str(_BUDGET),
            "x_rate_limit_remaining": "0" if used_up else str(_BUDGET - 1),
            "x_rate_limit_reset": str(int(reset.timestamp())),
        }


def weight(text: str) -> int:
    """X's weighted length: addresses 23, emoji 2, light scripts 1, the others 2."""
    bare, links = _URL.subn("", unicodedata.normalize("NFC", text))
    return links * URL_WEIGHT + sum(
        2 if _EMOJI.search(c) else sum(map(_weighs, c)) for c in _CLUSTER.findall(bare)
    )


def _weighs(character: str) -> int:
    return 1 if any(low <= ord(character) <= high for low, high in _LIGHT) else 2


def _shortened(tweet: Tweet) -> dict[str, Any]:
    """A post as the API tells it: addresses shortened and listed, the three signs of HTML escaped."""
    links: list[dict[str, str]] = []

    def short(found: re.Match[str]) -> str:
        links.append({"url": f"https://t.co/{tweet.id[-4:]}{len(links):06d}", "expanded_url": found[0]})
        return links[-1]["url"]

    text = html.escape(_URL.sub(short, tweet.text), quote=False)
    told: dict[str, Any] = {"id": tweet.id, "text": text, "created_at": tweet.at.astimezone(UTC).isoformat()}
    return told | ({"entities": {"urls": links}} if links else {})
