"""An account on Bluesky. A post's record key comes from its delivery's key: written twice is written once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from threading import Lock
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from syndicator.errors import ChannelError, SourceError
from syndicator.model import ChannelId, Limits, Outcome, Post, Receipt
from syndicator.net.talking import Heard, Line, kind_of, receipt, unheard
from syndicator.ports import Capabilities, Lane, Notes, Parcel, Published, World, one_by_one

GRAPHEMES_MAX = 300  # app.bsky.feed.post
PICTURES_MAX = 4
PICTURE_MAX = 1_000_000  # bytes, app.bsky.embed.images
COLLECTION = "app.bsky.feed.post"
_LINK = re.compile(r"https?://[^\s\u2066-\u2069]+[^\s\u2066-\u2069.,:;!?)\]}»”’'\"،؛؟…]")
_SORTABLE = "234567abcdefghijklmnopqrstuvwxyz"  # of record keys
_SINCE, _SPAN = 1_672_531_200_000_000, 63_072_000_000_000  # µs: 2023, and two years
_SESSIONS: dict[
    tuple[str, str], Mapping[str, str]
] = {}  # so that not every run asks for one: they are rationed
_LOCK = Lock()


class ShutOut(SourceError):
    """The server does not let this account in."""


class BlueskyChannel:
    """One account on one server. Its records can be read back by their keys."""

    limits = Limits(text=GRAPHEMES_MAX, unit="graphemes", markup="plain", media=PICTURES_MAX)
    # Readers are never shown that a record was changed: so posts are not edited here.
    capabilities = Capabilities(idempotent=True, can_look_up=True, deletable_for=None)

    class Settings(BaseModel):
        model_config = ConfigDict(frozen=True, extra="forbid")

        handle: str = Field(description="the account, such as courier.example")
        app_password: SecretStr = Field(description="a password of the account's for programs")
        base_url: str = Field("https://bsky.social", description="the account's server")
        thread: int = Field(1, ge=1, le=25, description="posts that one story may take, at most")
        pictures: int = Field(
            0, ge=0, le=PICTURES_MAX, description="pictures of a story that are posted; none: a card"
        )
        timeout: float = Field(30.0, gt=0, le=300, description="seconds to wait for an answer")

    @classmethod
    def limits_with(cls, settings: Settings, notes: Notes, channel: str) -> Limits:
        """A card has a picture, too."""
        return Limits(
            text=GRAPHEMES_MAX,
            unit="graphemes",
            markup="plain",
            media=settings.pictures or 1,
            parts=settings.thread,
        )

    def __init__(self, settings: Settings, world: World, *, id: ChannelId) -> None:  # noqa: A002 - the port's word
        self._settings = settings
        self._world = world
        self.limits = self.limits_with(settings, world.notes, id)

    def __enter__(self) -> Self:
        self._line = Line(self._settings.base_url, seconds=self._settings.timeout)
        return self

    def __exit__(self, *exc: object) -> None:
        self._line.__exit__(*exc)

    def link(self, remote_id: str) -> str:
        """Of at://DID/COLLECTION/KEY."""
        _, _, did, _, key = remote_id.split("/")
        return f"https://bsky.app/profile/{did}/post/{key}"

    def run(self, lane: Lane) -> None:
        one_by_one(lane, self._send, self._world.now, self)

    def probe(self) -> str:
        """Whose account it is. Raises :exc:`ChannelError`."""
        with self:
            try:
                return f"posts as @{self._session(anew=True)['handle']}"
            except SourceError as error:
                raise ChannelError(f"{error}; look at handle and app_password") from error

    def look_up(self, parcel: Parcel, since: datetime) -> Receipt:
        """Whether the record is there, by its key."""
        number, now = parcel.delivery.id, self._world.now()
        try:
            found = self._record(record_key(parcel.delivery.key))
        except SourceError as error:
            return Receipt(number, now, Outcome.UNCERTAIN, detail=str(error))
        if found:
            return Receipt(number, now, Outcome.ACCEPTED, (found["uri"],), detail="read back by its key")
        return Receipt(number, now, Outcome.DEFERRED, retry_at=now, detail="there is no such record")

    def edit(self, published: Published, post: Post) -> Receipt:
        detail = "Bluesky does not show that a post was edited: take it back, or post a correction"
        return Receipt(published.delivery, self._world.now(), Outcome.REJECTED, detail=detail)

    def retract(self, published: Published, notice: Post | None = None) -> Receipt:
        """At any time; what is gone already is gone."""
        now = self._world.now()
        try:
            for uri in published.remote_ids:
                told = {"collection": COLLECTION, "rkey": uri.rpartition("/")[2]}
                heard = self._ask("com.atproto.repo.deleteRecord", told)
                if not heard.well:
                    return receipt(published.delivery, now, heard)
        except SourceError as error:
            return unheard(published.delivery, now, error)
        return Receipt(published.delivery, now, Outcome.ACCEPTED)

    def _send(self, parcel: Parcel) -> Receipt:
        number, now = parcel.delivery.id, self._world.now
        try:
            record, lost = self._written(parcel)
            told = {"collection": COLLECTION, "rkey": record_key(parcel.delivery.key), "record": record}
            heard = self._ask("com.atproto.repo.putRecord", told)
        except SourceError as error:
            return unheard(number, now(), error)._replace(halt=isinstance(error, ShutOut))
        done = receipt(number, now(), heard, (str(heard.fields.get("uri", "")),))
        if heard.well and not heard.fields.get("uri"):
            return Receipt(number, now(), Outcome.UNCERTAIN, detail="the answer has no uri")
        return done._replace(detail=lost) if heard.well else done

    def _written(self, parcel: Parcel) -> tuple[dict[str, Any], str]:
        """The record, and why something is missing in it. Raises :exc:`SourceError`."""
        post = parcel.post
        embed, lost = self._embed(post)
        record: dict[str, Any] = {
            "$type": COLLECTION,
            "text": post.text,
            "langs": [post.language],
            "createdAt": self._world.now().astimezone(UTC).isoformat().replace("+00:00", "Z"),
        }
        if links := facets(post.text):
            record["facets"] = links
        if embed:
            record["embed"] = embed
        if parcel.delivery.part:
            record["reply"] = self._above(parcel.delivery.key)
        return record, lost

    def _above(self, key: str) -> dict[str, Any]:
        """The first post of a thread and the one before this, which have keys like ours."""
        thread, _, part = key.rpartition(":")
        told = {}
        for name, number in (("root", 0), ("parent", int(part) - 1)):
            found = self._record(record_key(f"{thread}:{number}"))
            if not found:
                raise SourceError(f"the thread's part {number} is not there any more")
            told[name] = {"uri": found["uri"], "cid": found["cid"]}
        return told

    def _embed(self, post: Post) -> tuple[dict[str, Any] | None, str]:
        """Pictures, or else a card of the story that is linked."""
        blobs, lost = self._uploaded(post)
        if blobs and self._settings.pictures:
            images = [{"image": blob, "alt": alt} for blob, alt in blobs]
            return {"$type": "app.bsky.embed.images", "images": images}, lost
        if not (link := _LINK.search(post.text)):
            return None, lost
        lines = [line for line in post.text.replace(link[0], "").splitlines() if line.strip()]
        card: dict[str, Any] = {"uri": link[0], "title": lines[0] if lines else link[0]}
        card["description"] = " ".join(lines[1:])
        if blobs:
            card["thumb"] = blobs[0][0]
        return {"$type": "app.bsky.embed.external", "external": card}, lost

    def _uploaded(self, post: Post) -> tuple[list[tuple[Any, str]], str]:
        """Blobs with their words, and why one is missing: the news goes out without it."""
        made: list[tuple[Any, str]] = []
        for number, url in enumerate(post.media[: self.limits.media]):
            try:
                picture = self._world.web.get(url).body
                kind = kind_of(picture)
                if kind is None or len(picture) > PICTURE_MAX:
                    return made, f"without a picture: {url} is none, or larger than {PICTURE_MAX} bytes"
                heard = self._ask("com.atproto.repo.uploadBlob", content=picture, kind=kind)
                if not heard.well:
                    return made, f"without a picture: {heard.said}"
                made.append((heard.fields["blob"], post.alts[number] if number < len(post.alts) else ""))
            except (SourceError, KeyError) as error:
                return made, f"without a picture: {error}"
        return made, ""

    def _record(self, rkey: str) -> dict[str, Any] | None:
        """None where it surely is not. Raises :exc:`SourceError`."""
        repo = self._session()["did"]
        path = f"/xrpc/com.atproto.repo.getRecord?repo={repo}&collection={COLLECTION}&rkey={rkey}"
        heard = self._line.ask("GET", path)
        if heard.well and "uri" in heard.fields and "cid" in heard.fields:
            return heard.fields
        if heard.fields.get("error") == "RecordNotFound":
            return None
        raise SourceError(f"the record cannot be read: {heard.said}")

    def _ask(
        self, call: str, told: Mapping[str, Any] | None = None, *, content: bytes = b"", kind: str = ""
    ) -> Heard:
        """A call of the account's own; its session is renewed once where it is over. Raises :exc:`SourceError`."""
        heard = self._asked(call, told, content, kind, self._session())
        if heard.fields.get("error") in {"ExpiredToken", "InvalidToken"}:
            heard = self._asked(call, told, content, kind, self._session(anew=True))
        return heard

    def _asked(
        self, call: str, told: Mapping[str, Any] | None, content: bytes, kind: str, session: Mapping[str, str]
    ) -> Heard:
        headers = {"Authorization": f"Bearer {session['accessJwt']}"} | (
            {"Content-Type": kind} if kind else {}
        )
        body = None if told is None else {"repo": session["did"], **told}
        return self._line.ask("POST", f"/xrpc/{call}", told=body, content=content, headers=headers)

    def _session(self, *, anew: bool = False) -> Mapping[str, str]:
        """Raises :exc:`SourceError`."""
        settings = self._settings
        known = (settings.base_url, settings.handle)
        with _LOCK:
            if not anew and known in _SESSIONS:
                return _SESSIONS[known]
        told = {"identifier": settings.handle, "password": settings.app_password.get_secret_value()}
        heard = self._line.ask("POST", "/xrpc/com.atproto.server.createSession", told=told)
        if not heard.well or not {"accessJwt", "did", "handle"} <= set(heard.fields):
            refused = ShutOut if heard.status in {401, 403} else SourceError
            raise refused(f"{settings.base_url}: {heard.said}")
        with _LOCK:
            _SESSIONS[known] = heard.fields
        return heard.fields


def record_key(delivery: str) -> str:
    """A key in the form that the network wants (13 signs that sort like moments), always the same for a delivery."""
    told = int.from_bytes(sha256(delivery.encode()).digest()[:12], "big")
    number = (_SINCE + told % _SPAN) << 10 | (told >> 64) & 1023
    return "".join(_SORTABLE[number >> shift & 31] for shift in range(60, -1, -5))


def facets(text: str) -> list[dict[str, Any]]:
    """Where the links are, in bytes of UTF-8."""
    told = []
    for found in _LINK.finditer(text):
        start = len(text[: found.start()].encode())
        told.append(
            {
                "index": {"byteStart": start, "byteEnd": start + len(found[0].encode())},
                "features": [{"$type": "app.bsky.richtext.facet#link", "uri": found[0]}],
            }
        )
    return told
