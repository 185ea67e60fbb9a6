"""A Matrix room. The transaction id of each event comes from the delivery's key: sent twice is there once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any, Self
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from syndicator.errors import ChannelError, SourceError
from syndicator.model import ChannelId, DeliveryId, Limits, Outcome, Post, Receipt
from syndicator.net.talking import Heard, Line, receipt, unheard
from syndicator.ports import Capabilities, Lane, Parcel, Published, World, one_by_one


class MatrixChannel:
    """One room, and one account that is in it."""

    limits = Limits(text=16_000, unit="bytes", markup="plain")  # an event holds 65,536 bytes
    capabilities = Capabilities(idempotent=True, can_look_up=True, editable_for=None, deletable_for=None)

    class Settings(BaseModel):
        model_config = ConfigDict(frozen=True, extra="forbid")

        access_token: SecretStr = Field(description="of the account that posts")
        base_url: str = Field(description="the account's server", pattern=r"^https?://\S+$")
        room: str = Field(description="the room's id", pattern=r"^!\S+$")
        timeout: float = Field(30.0, gt=0, le=300, description="seconds to wait for an answer")

    def __init__(self, settings: Settings, world: World, *, id: ChannelId) -> None:  # noqa: A002 - the port's word
        self._settings = settings
        self._world = world

    def __enter__(self) -> Self:
        self._line = Line(self._settings.base_url, seconds=self._settings.timeout)
        return self

    def __exit__(self, *exc: object) -> None:
        self._line.__exit__(*exc)

    def run(self, lane: Lane) -> None:
        one_by_one(lane, self._send, self._world.now, self)

    def probe(self) -> str:
        """Who posts. Raises :exc:`ChannelError`."""
        with self:
            try:
                me = self._ask("GET", "/account/whoami")
            except SourceError as error:
                raise ChannelError(str(error)) from error
        if not me.well:
            raise ChannelError(f"{self._settings.base_url}: {me.said}; look at the access token")
        return f"posts as {me.fields.get('user_id')}"

    def look_up(self, parcel: Parcel, since: datetime) -> Receipt:
        """The server knows the transaction id again, so that nobody needs to look."""
        now = self._world.now()
        return Receipt(
            parcel.delivery.id, now, Outcome.DEFERRED, retry_at=now, detail="sent again by the same id"
        )

    def edit(self, published: Published, post: Post) -> Receipt:
        event = published.remote_ids[0]
        if self._is_gone(event):
            detail = "it is not in the room any more"
            return Receipt(published.delivery, self._world.now(), Outcome.REJECTED, detail=detail)
        told = _message(f"* {post.text}") | {
            "m.new_content": _message(post.text),
            "m.relates_to": {"rel_type": "m.replace", "event_id": event},
        }
        done = self._put(published.delivery, "send/m.room.message", _key(event, post.text), told)
        return done._replace(remote_ids=published.remote_ids if done.outcome is Outcome.ACCEPTED else ())

    def retract(self, published: Published, notice: Post | None = None) -> Receipt:
        (event,) = published.remote_ids
        done = self._put(published.delivery, f"redact/{quote(event, safe='')}", _key(event, "redact"), {})
        return done._replace(remote_ids=())

    def _send(self, parcel: Parcel) -> Receipt:
        told = _message(parcel.post.text)
        return self._put(parcel.delivery.id, "send/m.room.message", _key(parcel.delivery.key), told)

    def _put(self, delivery: DeliveryId, what: str, key: str, told: Mapping[str, Any]) -> Receipt:
        try:
            heard = self._ask("PUT", f"/rooms/{quote(self._settings.room, safe='')}/{what}/{key}", told)
        except SourceError as error:
            return unheard(delivery, self._world.now(), error)
        event = str(heard.fields.get("event_id", ""))
        if heard.well and not event:
            return Receipt(
                delivery, self._world.now(), Outcome.UNCERTAIN, detail="the answer has no event id"
            )
        return receipt(delivery, self._world.now(), heard, (event,))

    def _is_gone(self, event: str) -> bool:
        room = quote(self._settings.room, safe="")
        try:
            heard = self._ask("GET", f"/rooms/{room}/event/{quote(event, safe='')}")
        except SourceError:
            return False  # the edit itself will say
        return heard.status == 404 or "redacted_because" in heard.fields.get("unsigned", {})

    def _ask(self, method: str, path: str, told: Mapping[str, Any] | None = None) -> Heard:
        token = f"Bearer {self._settings.access_token.get_secret_value()}"
        return self._line.ask(
            method, f"/_matrix/client/v3{path}", told=told, headers={"Authorization": token}
        )


def _message(text: str) -> dict[str, Any]:
    return {"msgtype": "m.text", "body": text}


def _key(*told: str) -> str:
    return sha256("\0".join(told).encode()).hexdigest()[:32]
