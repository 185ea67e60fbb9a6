"""A WordPress on loopback: the part of its REST API that a reader of posts needs, with a site's usual oddities."""

from __future__ import annotations

import hmac
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from .serving import Request, Response, StandIn

_CODES = {
    400: ("rest_post_invalid_page_number", "The page number requested is larger than the number of pages available."),
    401: ("rest_forbidden", "Sorry, you are not allowed to do that."),
    404: ("rest_post_invalid_id", "Invalid post ID."),
}  # fmt: skip


@dataclass
class WordPressPost:
    id: int
    title: str  # HTML, as the theme prints it
    content: str
    date: datetime
    modified: datetime
    status: str = "publish"
    author: int = 1
    media: int = 0
    categories: tuple[int, ...] = (1,)
    tags: tuple[int, ...] = ()
    protected: bool = False


@dataclass
class WordPressStandIn(StandIn):
    """``with WordPressStandIn(now=clock) as site: site.publish("Rain")``. The site's own clock is at +03:00."""

    now: Callable[[], datetime]
    posts: dict[int, WordPressPost] = field(default_factory=dict)
    terms: dict[str, dict[int, str]] = field(
        default_factory=lambda: {"category": {1: "Uncategorized"}, "post_tag": {}}
    )
    authors: dict[int, str] = field(default_factory=lambda: {1: "Sara"})
    media: dict[int, dict[str, str]] = field(default_factory=dict)
    login: tuple[str, str] | None = None  # who may read; None: everybody
    embeds: bool = True
    hides_authors: bool = False
    pretty: bool = True  # /wp-json/; else /?rest_route=/
    asked: list[Request] = field(default_factory=list)
    before: Callable[[Request], Response | None] = lambda request: None  # may answer in its place

    def __post_init__(self) -> None:
        super().__init__()

    def publish(self, title: str, content: str = "", **more: Any) -> WordPressPost:
        """A post of now, unless told otherwise."""
        number = max(self.posts, default=100) + 1
        at = more.pop("date", self.now())
        told = {"modified": at} | more
        self.posts[number] = WordPressPost(number, title, content, date=at, **told)
        return self.posts[number]

    def edit(self, post: WordPressPost, **changes: Any) -> None:
        for name, value in (changes | {"modified": self.now()}).items():
            setattr(post, name, value)

    def _answer(self, request: Request) -> Response | None:
        with self._lock:
            self.asked.append(request)
            if (instead := self.before(request)) is not None:
                return instead
            route = (
                request.path.removeprefix("/wp-json") if self.pretty else request.query.get("rest_route", "")
            )
            if self.pretty != request.path.startswith("/wp-json/") or not route.startswith("/wp/v2/"):
                return Response.page("<h1>Not found</h1>", 404)
            if self.login and not self._let_in(request):
                return _error(401)
            match route.removeprefix("/wp/v2/").strip("/").split("/"):
                case ["posts"]:
                    return self._list(request.query)
                case ["posts", number]:
                    return self._one(int(number), request)
                case ["users"] if self.hides_authors:
                    return _error(401)
                case ["media" | "users" | "categories" | "tags" as kind]:
                    ids = [int(one) for one in request.query["include"].split(",")]
                    return Response.of([one for one in map(self._thing(kind), ids) if one])
            return _error(404)

    def _let_in(self, request: Request) -> bool:
        kind, _, told = request.headers.get("authorization", "").partition(" ")
        wanted = ":".join(self.login or ())
        return kind == "Basic" and hmac.compare_digest(b64decode(told), wanted.encode())

    def _one(self, number: int, request: Request) -> Response:
        post = self.posts.get(number)
        if post is None:
            return _error(404)
        if post.status != "publish" and not self.login:
            return _error(401)
        return Response.of(self._told(post, request.query))

    def _list(self, query: Mapping[str, str]) -> Response:
        found = [post for post in self.posts.values() if post.status == "publish" and post.date <= self.now()]
        if told := query.get("include"):
            found = [post for post in found if str(post.id) in told.split(",")]
        if told := query.get("modified_after"):
            after = datetime.fromisoformat(
                told
            )  # the column is in the site's own time, and so is a bare moment
            after = after if after.tzinfo else after.replace(tzinfo=timezone(timedelta(hours=3)))
            found = [post for post in found if post.modified > after]
        by = (lambda post: post.modified) if query.get("orderby") == "modified" else (lambda post: post.date)
        found.sort(key=by, reverse=query.get("order", "desc") == "desc")
        each, page = int(query.get("per_page", "10")), int(query.get("page", "1"))
        pages = -(-len(found) // each)
        if page > max(pages, 1):
            return _error(400)
        shown = [self._told(post, query) for post in found[each * (page - 1) : each * page]]
        return Response.of(shown, 200, x_wp_total=str(len(found)), x_wp_totalpages=str(pages))

    def _told(self, post: WordPressPost, query: Mapping[str, str]) -> dict[str, Any]:
        local = timezone(timedelta(hours=3))
        whole: dict[str, Any] = {
            "id": post.id,
            "guid": {"rendered": f"{self.url}/?p={post.id}"},
            "link": f"{self.url}/{post.id}",
            "status": post.status,
            "date": post.date.astimezone(local).strftime("%Y-%m-%dT%H:%M:%S"),
            "date_gmt": post.date.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
            "modified": post.modified.astimezone(local).strftime("%Y-%m-%dT%H:%M:%S"),
            "modified_gmt": post.modified.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
            "title": {"rendered": post.title},
            "content": {
                "rendered": "" if post.protected else post.content,
                "protected": post.protected,
            },
            "author": post.author,
            "featured_media": post.media,
            "categories": list(post.categories),
            "tags": list(post.tags),
            "_links": {"self": [{"href": f"{self.url}/wp-json/wp/v2/posts/{post.id}"}]},
        }
        wanted = query.get("_fields", "").split(",") if query.get("_fields") else [*whole, "_embedded"]
        if self.embeds and "_embed" in query and {"_links", "_embedded"} <= set(wanted):
            whole["_embedded"] = self._embedded(post)
        return {name: value for name, value in whole.items() if name in wanted}

    def _embedded(self, post: WordPressPost) -> dict[str, Any]:
        forbidden = {"code": "rest_user_cannot_view", "message": "Sorry", "data": {"status": 401}}
        author = forbidden if self.hides_authors else self._thing("users")(post.author)
        groups = [("categories", post.categories), ("tags", post.tags)]
        told = {
            "author": [author],
            "wp:term": [[self._thing(kind)(one) for one in ids] for kind, ids in groups],
        }
        return told | ({"wp:featuredmedia": [self._thing("media")(post.media)]} if post.media else {})

    def _thing(self, kind: str) -> Callable[[int], dict[str, Any] | None]:
        taxonomy = {"categories": "category", "tags": "post_tag"}.get(kind)

        def told(number: int) -> dict[str, Any] | None:
            if taxonomy:
                name = self.terms[taxonomy].get(number)
                return name and {"id": number, "name": name, "slug": name.lower(), "taxonomy": taxonomy}  # type: ignore[return-value]
            if kind == "users":
                return {"id": number, "name": self.authors[number]} if number in self.authors else None
            picture = self.media.get(number)
            return picture and {
                "id": number,
                "source_url": f"{self.url}/wp-content/uploads/{picture['file']}",
                "alt_text": picture.get("alt", ""),
                "caption": {"rendered": picture.get("caption", "")},
                "media_details": {"image_meta": {"credit": picture.get("credit", "")}},
            }

        return told


def _error(status: int) -> Response:
    code, message = _CODES[status]
    return Response.of({"code": code, "message": message, "data": {"status": status}}, status)
