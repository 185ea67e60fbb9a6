"""JSON spoken with one server of the newsroom's own choice, through the guarded way out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Self
from urllib.parse import urlsplit

from syndicator.model import DeliveryId, Outcome, Receipt

from .asking import Limits
from .web import GuardedWeb

_LATER = frozenset({408, 409, 425, 429})
_SAID_MAX = 300  # characters of an answer that are kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """An answer; ``told`` is its JSON, None where it is none."""

    status: int
    headers: Mapping[str, str]
    told: Any
    said: str

    @property
    def fields(self) -> dict[str, Any]:
        return self.told if isinstance(self.told, dict) else {}

    @property
    def well(self) -> bool:
        return 200 <= self.status < 300


class Line:
    """``with Line("https://social.example", seconds=30) as line: line.ask("GET", "/api/v2/instance")``.

    The server that the configuration names may stand in a private network; nothing else may.
    """

    def __init__(self, base_url: str, *, seconds: float) -> None:
        self._base_url = base_url.rstrip("/")
        parts = urlsplit(base_url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        self._web = GuardedWeb(private_allowed=[f"{parts.hostname}:{port}"], limits=Limits(seconds=seconds))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._web.close()

    def ask(
        self,
        method: str,
        path: str = "",
        *,
        told: Mapping[str, Any] | None = None,
        content: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> Heard:
        """``told`` goes as JSON, ``content`` as it is. Raises :exc:`SourceError` where no whole answer came."""
        kind = {} if told is None else {"Content-Type": "application/json"}
        body = content if told is None else json.dumps(told, ensure_ascii=False).encode()
        answer = self._web.ask(
            method, self._base_url + path, content=body, headers=kind | dict(headers or {}), follow=False
        )
        try:
            read = json.loads(answer.body)
        except ValueError:
            read = None
        return Heard(status=answer.status, headers=answer.headers, told=read, said=_said(answer.status, read))


def receipt(delivery: DeliveryId, now: datetime, heard: Heard, remote_ids: tuple[str, ...] = ()) -> Receipt:
    """What an answer means on a channel that knows a delivery again by its key: what may have failed is tried again."""
    if heard.well:
        return Receipt(delivery, now, Outcome.ACCEPTED, remote_ids)
    shut = heard.status in {401, 403}
    later = shut or heard.status in _LATER or heard.status >= 500
    return Receipt(
        delivery=delivery,
        at=now,
        outcome=Outcome.DEFERRED if later else Outcome.REJECTED,
        retry_at=again_at(heard.headers, now) if later else None,
        detail=heard.said,
        halt=shut,
    )


def unheard(delivery: DeliveryId, now: datetime, error: Exception) -> Receipt:
    """No answer, and the key makes sure that asking again is asking once."""
    return Receipt(delivery, now, Outcome.DEFERRED, detail=str(error)[:_SAID_MAX])


def again_at(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """When a server that has had enough takes more; None where it does not say."""
    told = (
        headers.get("retry-after") or headers.get("x-ratelimit-reset") or headers.get("ratelimit-reset", "")
    )
    try:
        if told.isdigit():
            number = int(told)
            return now + timedelta(seconds=number) if number < 10**8 else datetime.fromtimestamp(number, UTC)
        found = parsedate_to_datetime(told) if "," in told else datetime.fromisoformat(told)
    except (ValueError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def form(fields: Mapping[str, str], file: bytes, kind: str, boundary: str) -> tuple[bytes, str]:
    """A multipart form with one file, and its content type."""
    lines = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    named = 'Content-Disposition: form-data; name="file"; filename="picture"'
    head = f"--{boundary}\r\n{named}\r\nContent-Type: {kind}\r\n\r\n"
    body = "".join([*lines, head]).encode() + file + f"\r\n--{boundary}--\r\n".encode()
    return body, f"multipart/form-data; boundary={boundary}"


def _said(status: int, told: Any) -> str:
    words = told if isinstance(told, dict) else {}
    detail = (
        words.get("error_description") or words.get("message") or words.get("detail") or words.get("error")
    )
    return f"HTTP {status}: {detail}"[:_SAID_MAX] if detail else f"HTTP {status}"


SIGNS = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"GIF8": "image/gif",
    b"RIFF": "image/webp",
}


def kind_of(picture: bytes) -> str | None:
    """A picture's media type, by how it begins."""
    return next((kind for sign, kind in SIGNS.items() if picture.startswith(sign)), None)
