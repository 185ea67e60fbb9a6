"""A WordPress site through its REST API: what was published, what was edited since, what was taken back."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from syndicator.manuscripts import wordpress
from syndicator.manuscripts.reading import inner, rows, word
from syndicator.model import Item
from syndicator.ports import Harvest, World
from syndicator.tables import Duration

from .known import Known, Seen, iso, missing
from .patience import AskedToWait
from .rest import Interface

PER_PAGE = 100  # the most that WordPress gives
PAGES_MAX = 20  # pages that one look reads
GONE = frozenset({401, 403, 404, 410})  # what a post's own address answers when it is no longer published
ADVICE = {
    401: "it wants a login: set username, and an application password as the secret",
    403: "it lets nobody in: allow this server there, or set username and an application password",
    404: "there is no REST API; say its address as api, such as https://newsroom.example/?rest_route=/",
}
_EMBEDS = {"media": "wp:featuredmedia", "users": "author"}


class WordPressSource:
    class Settings(BaseModel):
        model_config = ConfigDict(frozen=True, extra="forbid")

        url: str = Field(description="address of the site", pattern=r"^https?://\S+$")
        api: str | None = Field(
            None, description="address of its REST API, if it is not /wp-json/", pattern=r"^https?://\S+$"
        )
        username: str | None = Field(None, description="user of the application password, if there is one")
        password: SecretStr | None = Field(None, description="an application password of that user")
        language: str | None = Field(None, description="language of its stories, if it is but one")
        kinds: tuple[str, ...] = Field(("posts",), description="what is read, as the API's addresses call it")
        query: Mapping[str, str] = Field(
            default_factory=dict, description='more of the query, such as { lang = "ckb", categories = "7" }'
        )
        overlap: Duration = Field(
            timedelta(minutes=10), description="changes so long before the last one are asked for again"
        )

        @model_validator(mode="after")
        def _both(self) -> Self:
            if (self.username is None) != (self.password is None):
                message = "username and the secret password belong together"
                raise ValueError(message)
            return self

    def __init__(self, settings: Settings, world: World, *, name: str) -> None:
        self._settings = settings
        self._name = name
        self._now = world.now
        root = settings.api or f"{settings.url.rstrip('/')}/wp-json/"
        self._api = Interface(
            web=world.web,
            now=world.now,
            root=f"{root.rstrip('/')}/wp/v2/",
            advice=ADVICE,
            headers=_login(settings.username, settings.password),
        )

    def fetch(self, checkpoint: str | None) -> Harvest:
        """Posts that are new or changed, oldest first. Raises :exc:`SourceError`."""
        try:
            return self._harvest(checkpoint)
        except AskedToWait as error:
            return error.harvest(checkpoint)

    def _harvest(self, checkpoint: str | None) -> Harvest:
        known = Known.read(checkpoint, self._now())
        posts, whole = self._posts(known)
        seen = {one: _seen(post) for one, post in posts.items()}
        new = {one: post for one, post in posts.items() if known.is_new(one, seen[one])}
        faults = self._complete(new.values())
        items = {one: item for one, post in new.items() if (item := self._item(post))}
        hidden = [one for one in new if one in known.seen and one not in items]
        gone, more = self._gone(known, posts)
        return Harvest(
            items=tuple(sorted(items.values(), key=lambda item: item.published_at or self._now())),
            checkpoint=known.next(seen, gone, self._now(), whole=whole).written(),
            faults=(*faults, *more),
            withdrawn=known.keys([*gone, *hidden]),
            old=frozenset(item.key for one, item in items.items() if known.is_old(one, item)),
        )

    def _item(self, post: dict[str, Any]) -> Item | None:
        return wordpress.item(post, source=self._name, language=self._settings.language)

    def _posts(self, known: Known) -> tuple[dict[str, dict[str, Any]], bool]:
        """What changed, by kind and id, and whether every list stood still meanwhile."""
        posts: dict[str, dict[str, Any]] = {}
        whole = True
        for kind in self._settings.kinds:
            found, steady = self._changed(kind, known)
            posts |= {f"{kind}/{word(post, 'id')}": post for post in found if word(post, "id")}
            whole = whole and steady
        return posts, whole

    def _changed(self, kind: str, known: Known) -> tuple[list[dict[str, Any]], bool]:
        """The posts that changed, newest first, and whether the list stood still meanwhile.

        A post that is edited while we turn the pages goes to the front, so that none slips past us; one that is taken
        away makes the list shorter. At first sight one page is enough: older posts are no news.
        """
        asked: dict[str, object] = {
            "per_page": PER_PAGE, "orderby": "modified", "order": "desc",
            "_fields": wordpress.FIELDS, "_embed": wordpress.EMBED, **self._settings.query,
        }  # fmt: skip
        if since := known.after(self._settings.overlap):
            asked["modified_after"] = since.strftime("%Y-%m-%dT%H:%M:%SZ")
        found: list[dict[str, Any]] = []
        totals, pages, page = set(), 1, 0
        while page < min(pages, PAGES_MAX):
            page += 1
            answer = self._api.ask(kind, {**asked, "page": page})
            if page > 1 and answer.status == 400:
                return found, False  # the list has become shorter than this page
            found += rows(self._api.judged(kind, answer))
            totals.add(answer.headers.get("x-wp-total"))
            pages = 1 if known.first else _number(answer.headers.get("x-wp-totalpages"))
        return found, len(totals) == 1

    def _gone(self, known: Known, posts: Mapping[str, object]) -> tuple[Sequence[str], Sequence[str]]:
        """Posts of the last days that are not out any more."""
        watched = known.watched(self._now(), posts)
        listed: set[str] = set()
        for kind in self._settings.kinds:
            ids = [one.rpartition("/")[2] for one in watched if one.startswith(f"{kind}/")]
            if ids:
                asked = {"include": ",".join(ids), "per_page": PER_PAGE, "_fields": "id"}
                listed |= {f"{kind}/{word(post, 'id')}" for post in rows(self._api.told(kind, asked))}
        return missing(watched, listed, self._is_gone, self._api.root)

    def _is_gone(self, one: str) -> bool:
        answer = self._api.ask(one, {"_fields": "id,status"})
        if answer.status != 200:
            return answer.status in GONE
        return word(self._api.judged(one, answer), "status") not in {"publish", ""}

    def _complete(self, posts: Iterable[dict[str, Any]]) -> list[str]:
        """Look up what the site did not embed: pictures, authors, categories and tags, each kind in one request."""
        bare = [post for post in posts if not inner(post, "_embedded")]
        faults = []
        for kind, place in (("media", "featured_media"), ("users", "author")):
            found, said = self._looked_up(kind, {word(post, place) for post in bare})
            faults += said
            for post in bare:
                if one := found.get(word(post, place)):
                    post.setdefault("_embedded", {})[_EMBEDS[kind]] = [one]
        for kind, taxonomy in (("categories", "category"), ("tags", "post_tag")):
            found, said = self._looked_up(kind, {str(one) for post in bare for one in _ids(post, kind)})
            faults += said
            for post in bare:
                terms = [
                    {**found[str(one)], "taxonomy": taxonomy} for one in _ids(post, kind) if str(one) in found
                ]
                post.setdefault("_embedded", {}).setdefault("wp:term", []).append(terms)
        return faults

    def _looked_up(self, kind: str, ids: set[str]) -> tuple[dict[str, dict[str, Any]], list[str]]:
        wanted = sorted(ids - {"", "0"})[:PER_PAGE]
        if not wanted:
            return {}, []
        answer = self._api.ask(kind, {"include": ",".join(wanted), "per_page": PER_PAGE})
        if answer.status != 200:
            hidden = kind == "users" and answer.status in {401, 403}  # many sites hide their authors
            said = f"{self._api.root}{kind}: the server answers HTTP {answer.status}; stories come without"
            return {}, [] if hidden else [said]
        return {word(one, "id"): one for one in rows(self._api.judged(kind, answer))}, []


def _login(username: str | None, password: SecretStr | None) -> dict[str, str]:
    if not username or not password:
        return {}
    told = f"{username}:{password.get_secret_value()}"
    return {"Authorization": "Basic " + b64encode(told.encode()).decode()}


def _seen(post: dict[str, Any]) -> Seen:
    return Seen(iso(word(post, "modified_gmt")), iso(word(post, "date_gmt")), wordpress.key(post))


def _number(told: str | None) -> int:
    return int(told) if told and told.isascii() and told.isdigit() else 1


def _ids(post: Mapping[str, Any], kind: str) -> list[object]:
    found = inner(post, kind)
    return found if isinstance(found, list) else []
