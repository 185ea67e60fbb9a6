"""Any publisher that signs as Standard Webhooks has it and tells its stories in our own form.

The body is ``{"type": T, "data": D}``. T is ``story.published`` or ``story.updated``, and D a story as
:class:`~syndicator.manuscripts.own.Manuscript` has it; ``story.unpublished``, and D its ``id`` or ``url``; or
``story.changed``, and the source is looked at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from syndicator.errors import SourceError
from syndicator.manuscripts import own
from syndicator.manuscripts.reading import inner, word
from syndicator.ports import News, World

from .telling import signed, telling


class PublishedHook:
    class Settings(BaseModel):
        model_config = ConfigDict(frozen=True, extra="forbid")

        secret: SecretStr = Field(description="whsec_… as the sender has it, too")
        source: str | None = Field(None, description="the source whose stories it tells; none: its own")
        language: str | None = Field(None, description="language of stories that do not say")

    def __init__(self, settings: Settings, world: World) -> None:
        self._settings = settings
        self._secret = settings.secret.get_secret_value()
        self._now = world.now

    def read(self, headers: Mapping[str, str], body: bytes) -> Sequence[tuple[str, News]]:
        now = self._now()
        number = signed(headers, body, self._secret, now)
        told = telling(body)
        data = inner(told, "data")
        match told.get("type"):
            case "story.published" | "story.updated":
                return [(number, self._story(data))]
            case "story.unpublished":
                key = word(data, "id") or word(data, "url")
                if not key:
                    raise SourceError("data: a story that is taken back is named by its id or url")
                return [(number, News(withdrawn=(key,)))]
            case "story.changed":
                if not self._settings.source:
                    raise SourceError("story.changed: no source is to be looked at; name it at the hook")
                return [(number, News(look=True))]
        return []

    def _story(self, data: object) -> News:
        try:
            told = own.of(data)
        except own.Unreadable as error:
            raise SourceError(f"data: {error}") from error
        if not told.url:
            raise SourceError("data.url: this key is missing; readers must find the story somewhere")
        language = self._settings.language
        return News(
            items=(
                told.item(source="", key=told.url, url=told.url, published=self._now(), language=language),
            )
        )
