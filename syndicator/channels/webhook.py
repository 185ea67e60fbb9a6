"""A program of the newsroom's own: each post is told to it, signed as Standard Webhooks has it.

The id of a call comes from the delivery's key, so that whoever is called knows a second call from a new one; calls
that were not answered are made again by the ledger, with the same id.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from syndicator.errors import SourceError
from syndicator.model import ChannelId, DeliveryId, Limits, Outcome, Post, Receipt
from syndicator.net.talking import Line, receipt, unheard
from syndicator.ports import Capabilities, Lane, Parcel, Published, World, one_by_one
from syndicator.signing import key_of, signed


class WebhookChannel:
    """Tells of posts, of edits and of what was taken back: ``post.published``, ``post.edited``, ``post.retracted``."""

    limits = Limits(markup="plain", media=4)
    capabilities = Capabilities(
        idempotent=True, recognised=True, can_look_up=True, editable_for=None, deletable_for=None
    )

    class Settings(BaseModel):
        model_config = ConfigDict(frozen=True, extra="forbid")

        url: str = Field(description="who is called", pattern=r"^https?://\S+$")
        secret: SecretStr = Field(
            description="whsec_ and at least 24 bytes in base64; the called one has it, too"
        )
        timeout: float = Field(15.0, gt=0, le=300, description="seconds to wait for an answer")

        @field_validator("secret")
        @classmethod
        def _is_a_key(cls, told: SecretStr) -> SecretStr:
            key_of(told.get_secret_value())
            return told

    def __init__(self, settings: Settings, world: World, *, id: ChannelId) -> None:  # noqa: A002 - the port's word
        self._settings = settings
        self._world = world

    def __enter__(self) -> Self:
        self._line = Line(self._settings.url, seconds=self._settings.timeout)
        return self

    def __exit__(self, *exc: object) -> None:
        self._line.__exit__(*exc)

    def run(self, lane: Lane) -> None:
        one_by_one(lane, self._send, self._world.now, self)

    def probe(self) -> str:
        """Nobody is called: a call would be news to them."""
        return f"calls {urlsplit(self._settings.url).hostname}; it is not called to try it out"

    def look_up(self, parcel: Parcel, since: datetime) -> Receipt:
        """Nobody can be asked, and nobody needs to: the same id again is no second call."""
        now = self._world.now()
        return Receipt(
            parcel.delivery.id, now, Outcome.DEFERRED, retry_at=now, detail="called again by the same id"
        )

    def edit(self, published: Published, post: Post) -> Receipt:
        told = _told(post) | {"id": published.remote_ids[0]}
        number = _number(published.remote_ids[0], "edited", post.text)
        return self._call(published.delivery, number, "post.edited", told, published.remote_ids)

    def retract(self, published: Published, notice: Post | None = None) -> Receipt:
        (there,) = published.remote_ids
        told = {"id": there, "notice": notice.text if notice else None}
        return self._call(published.delivery, _number(there, "retracted"), "post.retracted", told, ())

    def _send(self, parcel: Parcel) -> Receipt:
        number = _number(parcel.delivery.key)
        told = _told(parcel.post) | {"id": number, "key": parcel.delivery.key, "reply_to": parcel.reply_to}
        return self._call(parcel.delivery.id, number, "post.published", told, (number,))

    def _call(
        self, delivery: DeliveryId, number: str, kind: str, told: Mapping[str, Any], stands: tuple[str, ...]
    ) -> Receipt:
        now = self._world.now()
        body = json.dumps(
            {"type": kind, "timestamp": now.isoformat(), "data": told}, ensure_ascii=False
        ).encode()
        headers = signed(number, body, [key_of(self._settings.secret.get_secret_value())], now)
        try:
            heard = self._line.ask("POST", content=body, headers=headers)
        except SourceError as error:
            return unheard(delivery, now, error)
        done = receipt(delivery, now, heard, stands)
        return done._replace(outcome=Outcome.DEFERRED, halt=True) if heard.status == 410 else done


def _told(post: Post) -> dict[str, Any]:
    names = ("edition", "channel", "language", "part", "text", "subject", "html", "media", "alts")
    return {name: getattr(post, name) for name in names}


def _number(*told: str) -> str:
    return "msg_" + sha256("\0".join(told).encode()).hexdigest()[:32]
