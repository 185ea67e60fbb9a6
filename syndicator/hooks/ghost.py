"""Ghost: its webhooks for posts, signed with the secret of the webhook; the moment of the call is signed, too."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from syndicator.errors import Refused
from syndicator.manuscripts import ghost
from syndicator.manuscripts.reading import inner, word
from syndicator.ports import News, World

from .telling import must_be_fresh, telling


class GhostHook:
    class Settings(BaseModel):
        model_config = ConfigDict(frozen=True, extra="forbid")

        secret: SecretStr = Field(description="the webhook's secret, as it stands in Ghost, too")
        source: str | None = Field(None, description="the source whose stories it tells; none: its own")
        language: str | None = Field(None, description="language of its stories, if it is but one")

    def __init__(self, settings: Settings, world: World) -> None:
        self._settings = settings
        self._secret = settings.secret.get_secret_value()
        self._now = world.now

    def read(self, headers: Mapping[str, str], body: bytes) -> Sequence[tuple[str, News]]:
        number = self._verified(headers.get("x-ghost-signature", ""), body)
        post = inner(telling(body), "post")
        news = self._news(inner(post, "current") or {}, inner(post, "previous") or {})
        return [(number, news)] if news else []

    def _verified(self, signature: str, body: bytes) -> str:
        told = dict(part.strip().partition("=")[::2] for part in signature.split(","))
        at, given = told.get("t", ""), told.get("sha256", "")  # milliseconds
        made = hmac.new(self._secret.encode(), body + at.encode(), "sha256").hexdigest()
        if not hmac.compare_digest(made.encode(), given.encode()):
            raise Refused("the call is not signed with our secret")
        must_be_fresh(at[:-3], self._now())
        return given

    def _news(self, post: dict[str, object], before: dict[str, object]) -> News | None:
        """The call does not say what happened: what is so now, and was so before, does."""
        number = word(post, "id") or word(before, "id")
        if not number:
            return None
        if word(post, "status") != "published":
            return News(withdrawn=(number,)) if word(before, "status") == "published" or not post else None
        item = ghost.item(post, source="", language=self._settings.language)
        return News(items=(item,)) if item else News(withdrawn=(number,))  # it is for members only, now
