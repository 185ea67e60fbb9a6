"""Calls to API v2 through tweepy, which this file gives what it lacks: a time-out, an address of its own, media."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any

import requests
import tweepy
from requests.adapters import HTTPAdapter
from urllib3.exceptions import MaxRetryError, NewConnectionError

_API = "https://api.twitter.com"  # where tweepy always goes
CHUNK = 1_000_000  # bytes of one appended segment
ALT_MAX = 1000  # characters, POST /2/media/metadata
_SIGNS = (  # how the files begin that X takes as pictures, and how many bytes it takes of each
    (b"\xff\xd8\xff", "image/jpeg", "tweet_image", 5_000_000),
    (b"\x89PNG\r\n\x1a\n", "image/png", "tweet_image", 5_000_000),
    (b"GIF8", "image/gif", "tweet_gif", 15_000_000),
    (b"RIFF", "image/webp", "tweet_image", 5_000_000),
)
FAULTS = (tweepy.TweepyException, requests.RequestException)  # whatever a call raises
UNREADABLE = (*FAULTS, ValueError, KeyError, TypeError)  # or what reading its answer does

Told = Callable[[str, Mapping[str, str]], None]


class Account:
    """One account, opened. Every call raises ``FAULTS``; ``told`` hears each answer's call and headers."""

    def __init__(self, keys: Mapping[str, str], base_url: str, timeout: float, told: Told) -> None:
        self._told = told
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.mount(_API, _Elsewhere(base_url, timeout))
        self._client = tweepy.Client(
            **keys,
            return_type=requests.Response,
            wait_on_rate_limit=False,  # it would sleep, and without a reset header for ever
        )
        self._client.session.close()
        self._client.session = self._session

    def close(self) -> None:
        self._session.close()

    def post(self, told: Mapping[str, Any]) -> str:
        """The new post's id."""
        return str(self._ask("POST", "/2/tweets", told=told).json()["data"]["id"])

    def delete(self, post: str) -> None:
        self._ask("DELETE", f"/2/tweets/{post}")

    def me(self) -> Mapping[str, str]:
        found: Mapping[str, str] = self._ask("GET", "/2/users/me").json()["data"]
        return found

    def timeline(self, user: str, since: str) -> tuple[list[dict[str, Any]], bool]:
        """The account's own posts since then, newest first, and whether there are more than these."""
        fields = "created_at,entities,edit_history_tweet_ids"
        params = {"start_time": since, "max_results": "100", "tweet.fields": fields}
        found = self._ask("GET", f"/2/users/{user}/tweets", params=params).json()
        return list(found.get("data", [])), bool(found.get("meta", {}).get("next_token"))

    def upload(self, picture: bytes, alt: str) -> str:
        """Its media id. Raises :exc:`ValueError` for what X does not take as a picture, too."""
        kind, category = _taken(picture)
        begun = {"media_type": kind, "media_category": category, "total_bytes": len(picture)}
        media = str(self._ask("POST", "/2/media/upload/initialize", told=begun).json()["data"]["id"])
        for number, start in enumerate(range(0, len(picture), CHUNK)):
            segment = {
                "media": b64encode(picture[start : start + CHUNK]).decode(),
                "segment_index": number,
            }
            self._ask("POST", f"/2/media/upload/{media}/append", told=segment)
        self._ask("POST", f"/2/media/upload/{media}/finalize")
        if alt:
            words = {"id": media, "metadata": {"alt_text": {"text": alt[:ALT_MAX]}}}
            self._ask("POST", "/2/media/metadata", told=words)
        return media

    def _ask(
        self,
        method: str,
        route: str,
        *,
        told: Mapping[str, Any] | None = None,
        params: Mapping[str, str] | None = None,
    ) -> requests.Response:
        call = f"{method} {route}"
        try:
            answer: requests.Response = self._client.request(
                method, route, params=params, json=told, user_auth=True
            )
        except tweepy.HTTPException as error:
            self._told(call, error.response.headers)
            raise
        self._told(call, answer.headers)
        return answer


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


def _taken(picture: bytes) -> tuple[str, str]:
    for sign, kind, category, most in _SIGNS:
        if picture.startswith(sign):
            if len(picture) > most:
                raise ValueError(f"a picture of {len(picture)} bytes; X takes {most}")
            return kind, category
    raise ValueError("no JPEG, PNG, GIF or WebP")


def never_left(error: Exception) -> bool:
    """Whether no connection was made at all."""
    inner = error.args[0] if error.args else None
    reason = inner.reason if isinstance(inner, MaxRetryError) else inner
    return isinstance(error, requests.ConnectTimeout) or isinstance(reason, NewConnectionError)


def advice(error: Exception) -> str:
    """What X said, from problem+json where there is one; never a header or a key."""
    if isinstance(error, KeyError | TypeError):
        return "the answer lacks its data"
    if not isinstance(error, tweepy.HTTPException):
        return f"{type(error).__name__}: {error}"
    return f"HTTP {error.response.status_code}: {_problem(error.response) or error}"[:300]


def _problem(answer: requests.Response) -> str:
    """title, detail and the faults of single fields, each once (RFC 9457, and X's own ``errors``)."""
    try:
        told = answer.json()
        words = [told.get("detail") or told.get("title")]
        words += [one.get("message") or one.get("detail") for one in told.get("errors", ())]
        kind = str(told.get("type", "")).rpartition("/")[2]  # such as usage-capped
    except (json.JSONDecodeError, AttributeError, TypeError, ValueError):
        return ""
    kind = "" if kind in {"about:blank", "blank"} or kind.startswith("about:") else f" ({kind})"
    return "; ".join(dict.fromkeys(str(one) for one in words if one)) + kind
