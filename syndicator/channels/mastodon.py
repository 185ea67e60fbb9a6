"""An account on Mastodon, or on what speaks its API. A delivery's key is its Idempotency-Key: twice is once."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from syndicator.errors import ChannelError, SourceError
from syndicator.model import ChannelId, Limits, Outcome, Post, Receipt
from syndicator.net.talking import Heard, Line, form, kind_of, receipt, unheard
from syndicator.ports import Capabilities, Lane, Notes, Parcel, Published, World, one_by_one

CHARACTERS = 500  # where nobody says otherwise
PICTURES_MAX = 4
ALT_MAX = 1500  # characters
PAGE = 40  # statuses of one look
_TRIES = 10  # looks at a picture that is still worked on, a second apart
_BREAK = re.compile(r"<br\s*/?>|</p>\s*<p[^>]*>")
_LINK = re.compile(r"https?://\S+")
_TAG = re.compile(r"<[^>]*>")


class MastodonChannel:
    """One account. Its own statuses can be read back."""

    limits = Limits(text=CHARACTERS, unit="mastodon", markup="plain", media=PICTURES_MAX)
    capabilities = Capabilities(idempotent=True, can_look_up=True, editable_for=None, deletable_for=None)

    class Settings(BaseModel):
        model_config = ConfigDict(frozen=True, extra="forbid")

        access_token: SecretStr = Field(
            description="of an application with write:statuses, write:media and read"
        )
        base_url: str = Field(description="the account's server, such as https://social.example")
        visibility: Literal["public", "unlisted", "private"] = Field("public", description="who sees it")
        characters: int | None = Field(
            None,
            ge=100,
            description="of a status, at most; none: what the server told `syndicator doctor`, or 500",
        )
        thread: int = Field(1, ge=1, le=25, description="statuses that one story may take, at most")
        pictures: int = Field(0, ge=0, le=PICTURES_MAX, description="pictures of a story that are posted")
        timeout: float = Field(30.0, gt=0, le=300, description="seconds to wait for an answer")

    @classmethod
    def limits_with(cls, settings: Settings, notes: Notes, channel: str) -> Limits:
        """As configured, or as the server said when it was asked."""
        told = settings.characters or notes.read(f"{channel}:characters") or CHARACTERS
        parts, pictures = settings.thread, settings.pictures
        return Limits(text=int(told), unit="mastodon", markup="plain", media=pictures, parts=parts)

    def __init__(self, settings: Settings, world: World, *, id: ChannelId) -> None:  # noqa: A002 - the port's word
        self._settings = settings
        self._world = world
        self._id = id
        self.limits = self.limits_with(settings, world.notes, id)

    def __enter__(self) -> Self:
        self._line = Line(self._settings.base_url, seconds=self._settings.timeout)
        return self

    def __exit__(self, *exc: object) -> None:
        self._line.__exit__(*exc)

    def link(self, remote_id: str) -> str:
        return f"{self._settings.base_url.rstrip('/')}/web/statuses/{remote_id}"

    def run(self, lane: Lane) -> None:
        one_by_one(lane, self._send, self._world.now, self)

    def probe(self) -> str:
        """Whose account it is, and how long a status may be there. Raises :exc:`ChannelError`."""
        with self:
            try:
                me, server = (
                    self._ask("GET", path)
                    for path in ("/api/v1/accounts/verify_credentials", "/api/v2/instance")
                )
            except SourceError as error:
                raise ChannelError(str(error)) from error
        for heard in (me, server):
            if not heard.well or not heard.fields:
                raise ChannelError(
                    f"{self._settings.base_url}: {heard.said}; look at the access token and the address"
                )
        most = server.fields.get("configuration", {}).get("statuses", {}).get("max_characters")
        if isinstance(most, int):
            self._world.notes.write(f"{self._id}:characters", most)
        return f"posts as @{me.fields.get('acct')}, {most or CHARACTERS} characters"

    def look_up(self, parcel: Parcel, since: datetime) -> Receipt:
        """Whether it stands among the account's own statuses; where it does not, its key keeps it from coming twice."""
        number, now = parcel.delivery.id, self._world.now()
        try:
            told = self._statuses()
        except SourceError as error:
            return Receipt(number, now, Outcome.UNCERTAIN, detail=str(error))
        for one in told:
            if _plain(str(one.get("content", ""))) == _squeezed(parcel.post.text):
                return Receipt(number, now, Outcome.ACCEPTED, (str(one["id"]),), detail="read back")
        if any(_bare(_plain(str(one.get("content", "")))) == _bare(parcel.post.text) for one in told):
            return Receipt(
                number, now, Outcome.UNCERTAIN, detail="one that differs in its link only stands there"
            )
        if len(told) == PAGE and _moment(told[-1]) > since:
            return Receipt(
                number, now, Outcome.UNCERTAIN, detail="there are more statuses than one look shows"
            )
        return Receipt(number, now, Outcome.DEFERRED, retry_at=now, detail="not among the statuses")

    def edit(self, published: Published, post: Post) -> Receipt:
        """The server keeps the earlier versions and shows that there were some."""
        path = f"/api/v1/statuses/{published.remote_ids[0]}"
        return self._corrected(published, "PUT", path, {"status": post.text, "language": post.language})

    def retract(self, published: Published, notice: Post | None = None) -> Receipt:
        """At any time; what is gone already is gone."""
        path = f"/api/v1/statuses/{published.remote_ids[0]}"
        done = self._corrected(published, "DELETE", path, None)
        gone = done.outcome is Outcome.REJECTED and "404" in done.detail
        return done._replace(outcome=Outcome.ACCEPTED if gone else done.outcome, remote_ids=())

    def _corrected(
        self, published: Published, method: str, path: str, told: Mapping[str, Any] | None
    ) -> Receipt:
        now = self._world.now()
        try:
            return receipt(published.delivery, now, self._ask(method, path, told=told), published.remote_ids)
        except SourceError as error:
            return unheard(published.delivery, now, error)

    def _send(self, parcel: Parcel) -> Receipt:
        post, number = parcel.post, parcel.delivery.id
        key = sha256(parcel.delivery.key.encode()).hexdigest()
        try:
            pictures, lost = self._uploaded(post)
            told: dict[str, Any] = {
                "status": post.text,
                "language": post.language,
                "visibility": self._settings.visibility,
            }
            told |= {"media_ids": pictures} if pictures else {}
            told |= {"in_reply_to_id": parcel.reply_to} if parcel.reply_to else {}
            heard = self._ask("POST", "/api/v1/statuses", told=told, headers={"Idempotency-Key": key})
        except SourceError as error:
            return Receipt(number, self._world.now(), Outcome.UNCERTAIN, detail=str(error))
        made = str(heard.fields.get("id", ""))
        if heard.well and not made:  # something else in a 200: posted, perhaps
            return Receipt(number, self._world.now(), Outcome.UNCERTAIN, detail="the answer has no id")
        if heard.status >= 500:
            return Receipt(number, self._world.now(), Outcome.UNCERTAIN, detail=heard.said)
        done = receipt(number, self._world.now(), heard, (made,))
        return done._replace(detail=lost) if heard.well else done

    def _uploaded(self, post: Post) -> tuple[list[str], str]:
        """Media ids, and why a picture is missing: the news goes out without it."""
        made: list[str] = []
        for number, url in enumerate(post.media[: self._settings.pictures]):
            try:
                picture = self._world.web.get(url).body
                kind = kind_of(picture)
                if kind is None:
                    return made, f"without a picture: {url} is no JPEG, PNG, GIF or WebP"
                alt = post.alts[number] if number < len(post.alts) else ""
                made.append(self._upload(picture, kind, alt))
            except (SourceError, KeyError) as error:
                return made, f"without a picture: {error}"
        return made, ""

    def _upload(self, picture: bytes, kind: str, alt: str) -> str:
        boundary = sha256(picture).hexdigest()
        body, shape = form({"description": alt[:ALT_MAX]}, picture, kind, boundary)
        heard = self._ask("POST", "/api/v2/media", content=body, headers={"Content-Type": shape})
        if not heard.well:
            raise SourceError(heard.said)
        number = str(heard.fields["id"])
        for _ in range(_TRIES if heard.status == 202 else 0):
            if self._ask("GET", f"/api/v1/media/{number}").status == 200 or self._world.wait(1.0):
                break
        return number

    def _statuses(self) -> Sequence[Mapping[str, Any]]:
        """The account's newest. Raises :exc:`SourceError`."""
        me = self._ask("GET", "/api/v1/accounts/verify_credentials")
        path = f"/api/v1/accounts/{me.fields.get('id')}/statuses?limit={PAGE}&exclude_reblogs=true"
        heard = self._ask("GET", path)
        if not me.well or not heard.well or not isinstance(heard.told, list):
            raise SourceError(f"the statuses cannot be read: {heard.said}")
        return heard.told

    def _ask(self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **more: Any) -> Heard:
        token = f"Bearer {self._settings.access_token.get_secret_value()}"
        return self._line.ask(method, path, headers={"Authorization": token, **(headers or {})}, **more)


def _plain(content: str) -> str:
    """A status as it was written, blanks apart: the server wraps lines and links in markup."""
    return _squeezed(html.unescape(_TAG.sub("", _BREAK.sub("\n", content))))


def _squeezed(text: str) -> str:
    return " ".join(text.split())


def _bare(text: str) -> str:
    """Without its links, of which a server may make something else."""
    return _squeezed(_LINK.sub("", text))


def _moment(status: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(str(status["created_at"]).replace("Z", "+00:00"))
