"""A Ghost site through its Content API: what was published, what was edited since, what was taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from syndicator.manuscripts import ghost
from syndicator.manuscripts.reading import inner, rows, word
from syndicator.model import Item
from syndicator.ports import Harvest, World

from .known import Known, Seen, iso, missing
from .patience import AskedToWait
from .rest import Interface

PER_PAGE = 100  # the most that Ghost 6 gives
PAGES_MAX = 20  # pages that one look reads
OVERLAP = timedelta(minutes=10)  # changes so long before the last one are asked for again
ADVICE = {
    401: "the secret key is not one of its Content API; Ghost shows it under Integrations",
    403: "the secret key is not one of its Content API; Ghost shows it under Integrations",
    404: "there is no Content API; url is the address of the site as its editors open it",
}
_ASKED: Mapping[str, object] = {
    "include": "tags,authors", "fields": ghost.FIELDS, "formats": "html", "order": "updated_at desc",
    "limit": PER_PAGE,
}  # fmt: skip


class GhostSource:
    class Settings(BaseModel):
        model_config = ConfigDict(frozen=True, extra="forbid")

        url: str = Field(description="address of the site as its editors open it", pattern=r"^https?://\S+$")
        key: SecretStr = Field(description="a Content API key, from Integrations")
        language: str | None = Field(None, description="language of its stories, if it is but one")
        filter: str = Field("", description='which posts, as Ghost writes it, such as "tag:news"')

    def __init__(self, settings: Settings, world: World, *, name: str) -> None:
        self._settings = settings
        self._name = name
        self._now = world.now
        self._api = Interface(
            web=world.web,
            now=world.now,
            root=f"{settings.url.rstrip('/')}/ghost/api/content/",
            advice=ADVICE,
            headers={"Accept-Version": "v5.0"},
            key=settings.key.get_secret_value(),
        )

    def fetch(self, checkpoint: str | None) -> Harvest:
        """Posts that are new or changed, oldest first. Raises :exc:`SourceError`."""
        try:
            return self._harvest(checkpoint)
        except AskedToWait as error:
            return error.harvest(checkpoint)

    def _harvest(self, checkpoint: str | None) -> Harvest:
        known = Known.read(checkpoint, self._now())
        posts, whole = self._changed(known)
        seen = {one: _seen(post) for one, post in posts.items()}
        new = [one for one in posts if known.is_new(one, seen[one])]
        items = {one: item for one in new if (item := self._item(posts[one]))}
        hidden = [one for one in new if one in known.seen and not ghost.is_public(posts[one])]
        gone, faults = self._gone(known, posts)
        return Harvest(
            items=tuple(sorted(items.values(), key=lambda item: item.published_at or self._now())),
            checkpoint=known.next(seen, gone, self._now(), whole=whole).written(),
            faults=tuple(faults),
            withdrawn=known.keys([*gone, *hidden]),
            old=frozenset(item.key for one, item in items.items() if known.is_old(one, item)),
        )

    def _item(self, post: dict[str, Any]) -> Item | None:
        return ghost.item(post, source=self._name, language=self._settings.language)

    def _changed(self, known: Known) -> tuple[dict[str, dict[str, Any]], bool]:
        """The posts that changed, newest first, and whether the list stood still meanwhile.

        What is edited while we turn the pages goes to the front, so that none slips past us; what is taken away makes
        the list shorter. At first sight one page is enough: older posts are no news.
        """
        wanted = [self._settings.filter] if self._settings.filter else []
        if since := known.after(OVERLAP):
            wanted.append(f"updated_at:>'{since:%Y-%m-%d %H:%M:%S}'")
        asked = {**_ASKED, "filter": "+".join(wanted)} if wanted else _ASKED
        found: dict[str, dict[str, Any]] = {}
        totals, pages, page = set(), 1, 0
        while page < min(pages, PAGES_MAX):
            page += 1
            told = self._api.told("posts/", {**asked, "page": page})
            found = {word(post, "id"): post for post in rows(told, "posts")} | found
            totals.add(word(told, "meta", "pagination", "total"))
            number = inner(told, "meta", "pagination", "pages")
            pages = number if isinstance(number, int) and not known.first else 1
        return found, len(totals) == 1

    def _gone(self, known: Known, posts: Mapping[str, object]) -> tuple[Sequence[str], Sequence[str]]:
        """Posts of the last days that are not out any more."""
        watched = known.watched(self._now(), posts)
        if not watched:
            return (), ()
        asked = {"filter": f"id:[{','.join(watched)}]", "fields": "id", "limit": PER_PAGE}
        listed = {word(post, "id") for post in rows(self._api.told("posts/", asked), "posts")}
        return missing(watched, listed, self._is_gone, self._api.root)

    def _is_gone(self, one: str) -> bool:
        return self._api.ask(f"posts/{one}/", {"fields": "id"}).status in {404, 410}


def _seen(post: dict[str, Any]) -> Seen:
    return Seen(iso(word(post, "updated_at")), iso(word(post, "published_at")), word(post, "id"))
