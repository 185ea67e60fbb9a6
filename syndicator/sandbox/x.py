"""X API v2 on loopback: one account with its timeline, X's own count and X's own refusals."""

from __future__ import annotations

import binascii
import html
import re
import unicodedata
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import regex

from .faults import Fault, FaultyStandIn, spoilt
from .serving import Request, Response

WEIGHT_MAX = 280
LONG_MAX = 25_000
HOUR = timedelta(hours=1)  # so long a post can be edited
URL_WEIGHT = 23  # every address becomes a t.co link
# Of countries.
_COUNTRIES = (
    "ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw "
    "by bz ca cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et "
    "eu fi fj fk fm fo fr ga gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie "
    "il im in io iq ir is it je jm jo jp ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv "
    "ly ma mc md me mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx my mz na nc ne nf ng ni nl no np nr "
    "nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw sa sb sc sd se sg sh si sk sl "
    "sm sn so sr ss st su sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug uk us uy uz "
    "va vc ve vg vi vn vu wf ws ye yt za zm zw "
).split()
# A name that ends as registered names do, with a scheme or without one, and what follows without closing punctuation.
_URL = re.compile(
    r"(?:(?<![A-Za-z0-9@$#＠＃/.\-_])|(?=https?://))(?:https?://)?(?:[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?\.)+"
    rf"(?:com|org|net|info|news|media|next|krd|{'|'.join(_COUNTRIES)})(?![A-Za-z0-9@_-])(?::\d+)?"
    r"(?:/(?:(?:[A-Za-z0-9À-ÿЀ-ӿ!*';:=+,.$%#\[\]_~@|&?/-]|\([A-Za-z0-9_]+\))*(?:[A-Za-z0-9À-ÿЀ-ӿ=_#/+-]|\(\w+\)))?)?",
    re.IGNORECASE,
)
_LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))  # code points that weigh one; the others two
_CLUSTER = regex.compile(r"\X")
_EMOJI = regex.compile(
    r"\p{Emoji_Presentation}|[©®]|\p{Extended_Pictographic}\ufe0f|\p{Regional_Indicator}{2}|[#*0-9]\ufe0f?\u20e3"
)
_PARAMETERS = re.compile(r'(\w+)="([^"]*)"')
QUARTER, DAY = timedelta(minutes=15), timedelta(days=1)


@dataclass
class Plan:
    """What the account's plan allows."""

    replies: bool = True
    edits: bool = False
    long_posts: bool = False
    a_quarter: int = 100  # posts in a quarter of an hour, POST /2/tweets
    a_day: int = 10_000


@dataclass
class Picture:
    """What was uploaded."""

    kind: str
    total: int
    segments: dict[int, bytes] = field(default_factory=dict)
    whole: bool = False
    alt: str = ""

    @property
    def content(self) -> bytes:
        return b"".join(self.segments[number] for number in sorted(self.segments))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tweet:
    """A post as its readers see it: ``text`` with the addresses that were posted."""

    id: str
    text: str
    at: datetime
    reply_to: str | None = None
    pictures: tuple[str, ...] = ()  # media ids
    before: tuple[str, ...] = ()  # ids of its earlier versions
    deleted: bool = False


class _Refused(Exception):
    def __init__(self, status: int, title: str, detail: str, kind: str = "about:blank") -> None:
        super().__init__(detail)
        self.told = {"title": title, "detail": detail, "type": kind, "status": status}
        self.status = status


class XStandIn(FaultyStandIn):
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
        self.plan = Plan()
        self.pictures: dict[str, Picture] = {}
        self.asked: list[str] = []  # every call, refused or not
        self.answered: list[int] = []  # what was said to each
        self._tweets: list[Tweet] = []
        self._begun = {QUARTER: (now(), 0), DAY: (now(), 0)}  # when a window began, and what it had
        self._now = now

    def tweets(self) -> list[Tweet]:
        """What stands in the timeline, oldest first."""
        with self._lock:
            return [tweet for tweet in self._tweets if not tweet.deleted]

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
        self.answered.append(response.status)
        self.faults.watch("taken")
        return spoilt(response, fault, self.faults)

    def _called(self, request: Request, fault: Fault | None) -> Response:
        self.asked.append(f"{request.method} {request.path}")
        self._authorised(request, fault)
        if fault is Fault.KICKED:
            raise _Refused(403, "Forbidden", "You are not permitted to perform this action.")
        if fault is Fault.RATE_LIMITED:
            raise _Refused(429, "Too Many Requests", "Too Many Requests")
        match request.method, request.path.strip("/").split("/"):
            case "POST", ["2", "tweets"]:
                self._count()
                return Response.of({"data": self._post(request)}, 201, **self._headers(fault))
            case "DELETE", ["2", "tweets", number]:
                return Response.of({"data": {"deleted": self._delete(number)}})
            case "GET", ["2", "users", "me"]:
                return Response.of({"data": {"id": "1900", "name": "Courier", "username": self.username}})
            case "GET", ["2", "users", "1900", "tweets"]:
                return Response.of(self._timeline(request))
            case "POST", ["2", "media", *call]:
                return self._media(call, request.fields)
        raise _Refused(404, "Not Found Error", f"Could not find {request.path}.")

    def _count(self) -> None:
        """One more call in both windows, or 429 where one is used up."""
        for window, most in ((QUARTER, self.plan.a_quarter), (DAY, self.plan.a_day)):
            begun, had = self._begun[window]
            if self._now() >= begun + window:
                begun, had = self._now(), 0
            self._begun[window] = begun, had
            if had >= most:
                raise _Refused(429, "Too Many Requests", "Too Many Requests")
        self._begun = {window: (begun, had + 1) for window, (begun, had) in self._begun.items()}

    def _media(self, call: list[str], told: dict[str, Any]) -> Response:
        match call:
            case ["upload", "initialize"]:
                number = str(1_880_000_000_000_000_000 + len(self.pictures))
                self.pictures[number] = Picture(told["media_type"], told["total_bytes"])
                return Response.of({"data": {"id": number, "media_key": f"3_{number}"}})
            case ["upload", number, "append"] if number in self.pictures:
                self.pictures[number].segments[told["segment_index"]] = _decoded(told["media"])
                return Response.of({"data": {"expires_at": 0}})
            case ["upload", number, "finalize"] if number in self.pictures:
                picture = self.pictures[number]
                if len(picture.content) != picture.total:
                    raise _Refused(400, "Invalid Request", "Segments do not add up to provided total_bytes.")
                picture.whole = True
                return Response.of({"data": {"id": number, "size": picture.total}})
            case ["metadata"] if told["id"] in self.pictures:
                self.pictures[told["id"]].alt = told["metadata"]["alt_text"]["text"]
                return Response.of({"data": {"id": told["id"]}})
        raise _Refused(404, "Not Found Error", "Could not find media.")

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
        before = (fields.get("edit_options") or {}).get("previous_post_id")
        media = tuple((fields.get("media") or {}).get("media_ids", ()))
        self._may_stand(text, reply, before, media)
        tweet = Tweet(
            id=str(1_990_000_000_000_000_000 + len(self._tweets)),
            text=text,
            at=self._now(),
            reply_to=reply,
            pictures=media,
            before=self._replaced(before) if before else (),
        )
        self._tweets.append(tweet)
        history = [*tweet.before, tweet.id]
        return {"id": tweet.id, "text": _shortened(tweet)["text"], "edit_history_tweet_ids": history}

    def _may_stand(self, text: str, reply: str | None, before: str | None, media: tuple[str, ...]) -> None:
        standing = [tweet for tweet in self._tweets if not tweet.deleted]
        most = LONG_MAX if self.plan.long_posts else WEIGHT_MAX
        if not text or weight(text) > most:
            raise _Refused(
                400, "Invalid Request", "Your Tweet text is too long." if text else "text is required."
            )
        if reply and not self.plan.replies:
            raise _Refused(403, "Forbidden", "Reply to this conversation is not allowed with your plan.")
        if before and not self.plan.edits:
            raise _Refused(403, "Forbidden", "You are not permitted to edit posts.")
        if before and all(tweet.id != before or tweet.at + HOUR < self._now() for tweet in standing):
            raise _Refused(400, "Invalid Request", "The post cannot be edited any more.")
        if any(media_id not in self.pictures or not self.pictures[media_id].whole for media_id in media):
            raise _Refused(400, "Invalid Request", "Your media IDs are invalid.")
        if reply and all(tweet.id != reply for tweet in standing):
            raise _Refused(
                400, "Invalid Request", "The Tweet you are replying to is deleted or not visible to you."
            )
        if any(tweet.text == text for tweet in standing):
            raise _Refused(403, "Forbidden", "You are not allowed to create a Tweet with duplicate content.")

    def _replaced(self, number: str) -> tuple[str, ...]:
        """Take an earlier version away; the ids of all that were."""
        (old,) = (tweet for tweet in self._tweets if tweet.id == number)
        self._delete(number)
        return (*old.before, number)

    def _delete(self, number: str) -> bool:
        for at, tweet in enumerate(self._tweets):
            if tweet.id == number and not tweet.deleted:
                self._tweets[at] = replace(tweet, deleted=True)
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
        told = {}
        for name, window, most in (
            ("x_rate_limit", QUARTER, self.plan.a_quarter),
            ("x_app_limit_24hour", DAY, self.plan.a_day),
        ):
            begun, had = self._begun[window]
            told[f"{name}_limit"] = str(most)
            told[f"{name}_remaining"] = str(most - had)
            told[f"{name}_reset"] = str(int((begun + window).timestamp()))
        if fault is Fault.RATE_LIMITED:
            reset = self._now() + timedelta(seconds=self.faults.retry_after)
            told |= {"x_rate_limit_remaining": "0", "x_rate_limit_reset": str(int(reset.timestamp()))}
        return told


def weight(text: str) -> int:
    """X's weighted length: addresses 23, emoji 2, light scripts 1, the others 2."""
    bare, links = _URL.subn("", unicodedata.normalize("NFC", text))
    return links * URL_WEIGHT + sum(
        2 if _EMOJI.search(c) else sum(map(_weighs, c)) for c in _CLUSTER.findall(bare)
    )


def _decoded(told: str) -> bytes:
    try:
        return b64decode(told, validate=True)
    except binascii.Error as error:
        raise _Refused(400, "Invalid Request", "media is not base64.") from error


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
    told["edit_history_tweet_ids"] = [*tweet.before, tweet.id]
    return told | ({"entities": {"urls": links}} if links else {})
