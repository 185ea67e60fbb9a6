"""An X account through tweepy, which this file gives what it lacks: a time-out and an address of its own."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import requests
import tweepy
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from requests.adapters import HTTPAdapter
from urllib3.exceptions import MaxRetryError, NewConnectionError

from syndicator.errors import ChannelError
from syndicator.model import ChannelId, DeliveryId, Limits, Outcome, Receipt
from syndicator.ports import Capabilities, Lane, Parcel, World, one_by_one

POST_MAX = 280  # weighted, twitter-text configuration v3
_API = "https://api.twitter.com"  # where tweepy always goes
DUPLICATE = "duplicate content"
_LINK = re.compile(r"https?://\S+")
_RESETS = (  # remaining and reset, of the quarter of an hour and of the day
    ("x-rate-limit-remaining", "x-rate-limit-reset"),
    ("x-user-limit-24hour-remaining", "x-user-limit-24hour-reset"),
    ("x-app-limit-24hour-remaining", "x-app-limit-24hour-reset"),
)


class XChannel:
    """One account. Its timeline can be read back, so a doubt can be settled."""

    limits = Limits(text=POST_MAX, unit="x-weighted", markup="plain")
    capabilities = Capabilities(can_look_up=True, deletable_for=None)

    class Settings(BaseModel):
        model_config = ConfigDict(frozen=True, extra="forbid")

        api_key: SecretStr = Field(description="the app's key (OAuth 1.0a consumer key)")
        api_secret: SecretStr = Field(description="the app's secret")
        access_token: SecretStr = Field(description="the account's token")
        access_secret: SecretStr = Field(description="the account's token secret")
        base_url: str = Field("https://api.x.com", description="where API v2 is")
        timeout: float = Field(30.0, gt=0, le=300, description="seconds to wait for an answer")

    def __init__(self, settings: Settings, world: World, *, id: ChannelId) -> None:  # noqa: A002 - the port's word
        self._settings = settings
        self._world = world
        self._session = requests.Session()

    def __enter__(self) -> Self:
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.mount(_API, _Elsewhere(self._settings.base_url, self._settings.timeout))
        return self

    def __exit__(self, *exc: object) -> None:
        self._session.close()

    def run(self, lane: Lane) -> None:
        one_by_one(lane, self._send, self._world.now)

    def probe(self) -> str:
        """Whose account it is. Raises :exc:`ChannelError`."""
        with self:
            try:
                me = self._client().get_me(user_auth=True).json()["data"]
            except (tweepy.TweepyException, requests.RequestException, ValueError, KeyError) as error:
                raise ChannelError(f"{self._settings.base_url}: {_advice(error)}") from error
        return f"posts as @{me['username']}"

    def look_up(self, parcel: Parcel, since: datetime) -> Receipt:
        """Whether the post stands in the account's own timeline: accepted, deferred (surely absent) or uncertain."""
        delivery = parcel.delivery.id
        try:
            client = self._client()
            me = client.get_me(user_auth=True).json()["data"]["id"]
            start = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            found = client.get_users_tweets(
                me, start_time=start, max_results=100, tweet_fields="created_at,entities", user_auth=True
            ).json()
            told = found.get("data", [])
        except (tweepy.TweepyException, requests.RequestException, ValueError, KeyError) as error:
            return self._receipt(
                delivery, Outcome.UNCERTAIN, f"the timeline cannot be read: {_advice(error)}"
            )
        standing = {_posted(_expanded(post)): str(post["id"]) for post in told}
        wanted = _posted(parcel.post.text)
        if wanted in standing:
            return self._receipt(
                delivery, Outcome.ACCEPTED, "read back from the timeline", remote_ids=(standing[wanted],)
            )
        if any(_LINK.sub("", text) == _LINK.sub("", wanted) for text in standing):
            return self._receipt(
                delivery, Outcome.UNCERTAIN, "one that differs in its link only stands there"
            )
        if found.get("meta", {}).get("next_token"):
            return self._receipt(delivery, Outcome.UNCERTAIN, "the timeline is longer than one page")
        return self._receipt(delivery, Outcome.DEFERRED, "not in the timeline", retry_at=self._world.now())

    def delete(self, remote_ids: Sequence[str]) -> Receipt:
        """Take posts away."""
        for post in remote_ids:
            try:
                self._client().delete_tweet(post, user_auth=True)
            except (tweepy.TweepyException, requests.RequestException) as error:
                return self._refused(DeliveryId(0), error)
        return self._receipt(DeliveryId(0), Outcome.ACCEPTED, remote_ids=tuple(remote_ids))

    def _send(self, parcel: Parcel) -> Receipt:
        delivery = parcel.delivery.id
        try:
            answer = self._client().create_tweet(
                text=parcel.post.text, in_reply_to_tweet_id=parcel.reply_to, user_auth=True
            )
            return self._receipt(delivery, Outcome.ACCEPTED, remote_ids=(str(answer.json()["data"]["id"]),))
        except (tweepy.TweepyException, requests.RequestException) as error:
            return self._refused(delivery, error)
        except (ValueError, KeyError, TypeError) as error:  # 200 with something else in it: posted, perhaps
            return self._receipt(delivery, Outcome.UNCERTAIN, f"the answer cannot be read: {error}")

    def _refused(self, delivery: DeliveryId, error: Exception) -> Receipt:
        said = _advice(error)
        match error:
            case tweepy.TooManyRequests():
                reset = _reset(error.response.headers)
                return self._receipt(delivery, Outcome.DEFERRED, said, retry_at=reset)
            case tweepy.Unauthorized():
                return self._receipt(delivery, Outcome.DEFERRED, said, halt=True)
            case tweepy.Forbidden() if DUPLICATE in said:  # it may stand there already: the timeline knows
                return self._receipt(delivery, Outcome.UNCERTAIN, said)
            case tweepy.Forbidden():
                return self._receipt(delivery, Outcome.DEFERRED, said, halt=True)
            case tweepy.BadRequest() | tweepy.NotFound():
                return self._receipt(delivery, Outcome.REJECTED, said)
            case requests.ConnectionError() if _never_left(error):
                return self._receipt(delivery, Outcome.DEFERRED, said)
        return self._receipt(delivery, Outcome.UNCERTAIN, said)

    def _receipt(self, delivery: DeliveryId, outcome: Outcome, detail: str = "", **more: Any) -> Receipt:
        return Receipt(delivery=delivery, at=self._world.now(), outcome=outcome, detail=detail, **more)

    def _client(self) -> tweepy.Client:
        settings = self._settings
        client = tweepy.Client(
            consumer_key=settings.api_key.get_secret_value(),
            consumer_secret=settings.api_secret.get_secret_value(),
            access_token=settings.access_token.get_secret_value(),
            access_token_secret=settings.access_secret.get_secret_value(),
            return_type=requests.Response,
            wait_on_rate_limit=False,  # it would sleep, and without a reset header for ever
        )
        client.session.close()
        client.session = self._session
        return client


class _Elsewhere(HTTPAdapter):
    """Sends what is meant for tweepy's fixed address to ours, and never waits for ever."""

    def __init__(self, base_url: str, timeout: float) -> None:
        super().__init__(max_retries=0)
        self._base_url = base_url.rstrip("/")
        self._wait = timeout

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        request.url = self._base_url + (request.url or "").removeprefix(_API)
        options["timeout"] = (min(10.0, self._wait), self._wait)
        return super().send(request, *args, **options)


def _never_left(error: requests.ConnectionError) -> bool:
    inner = error.args[0] if error.args else None
    reason = inner.reason if isinstance(inner, MaxRetryError) else inner
    return isinstance(error, requests.ConnectTimeout) or isinstance(reason, NewConnectionError)


def _reset(headers: Mapping[str, str]) -> datetime | None:
    """The latest reset of a budget that is used up; None when the answer does not say."""
    resets = [
        int(headers[reset])
        for remaining, reset in _RESETS
        if headers.get(remaining) == "0" and headers.get(reset, "").isdigit()
    ]
    return datetime.fromtimestamp(max(resets), UTC) + timedelta(seconds=1) if resets else None


def _advice(error: Exception) -> str:
    """problem+json's detail where there is one, never a header or a key."""
    if not isinstance(error, tweepy.HTTPException):
        return (
            f"{type(error).__name__}: {error}"
            if not isinstance(error, KeyError)
            else "the answer lacks its data"
        )
    try:
        told = error.response.json()
        detail = str(told.get("detail") or told.get("title") or error)
    except (json.JSONDecodeError, AttributeError, ValueError):
        detail = str(error)
    return f"HTTP {error.response.status_code}: {detail}"[:300]


def _posted(text: str) -> str:
    """A text as X keeps it: NFC, nothing blank around it."""
    return unicodedata.normalize("NFC", text).strip()


def _expanded(post: Mapping[str, Any]) -> str:
    """A post's text with the addresses that were posted, not X's short ones."""
    text = str(post.get("text", ""))
    for link in post.get("entities", {}).get("urls", ()):
        text = text.replace(link["url"], link.get("expanded_url") or link["url"])
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
