"""WordPress: a call with the post as its plug-ins send it, signed as Standard Webhooks has it.

Where the source is read by the REST API the call only says that it is to be looked at: what the API gives is the
story as readers see it. Without such a source the post in the call is the story.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from syndicator.errors import SourceError
from syndicator.manuscripts import wordpress
from syndicator.manuscripts.reading import inner, word
from syndicator.ports import News, World

from .telling import signed, telling


class WordPressHook:
    class Settings(BaseModel):
        model_config = ConfigDict(frozen=True, extra="forbid")

        secret: SecretStr = Field(description="whsec_… as the site has it, too")
        source: str | None = Field(None, description="the source to look at; none: the call brings the story")
        language: str | None = Field(None, description="language of its stories, if it is but one")

    def __init__(self, settings: Settings, world: World) -> None:
        self._settings = settings
        self._secret = settings.secret.get_secret_value()
        self._now = world.now

    def read(self, headers: Mapping[str, str], body: bytes) -> Sequence[tuple[str, News]]:
        number = signed(headers, body, self._secret, self._now())
        told = telling(body)
        post = inner(told, "post")
        key = wordpress.key_of_call(told)
        out = word(post, "post_status") == "publish" and not word(post, "post_password")
        gone = (key,) if key and post and not out else ()
        if self._settings.source:
            return [(number, News(look=True, withdrawn=gone))]
        if not post:
            raise SourceError("post: this key is missing; name the source to look at, or send the post along")
        if not out:
            return [(number, News(withdrawn=gone))]
        item = wordpress.item_of_call(told, language=self._settings.language)
        if item is None:
            raise SourceError("post_permalink: this key is missing; readers must find the story somewhere")
        return [(number, News(items=(item,)))]
