"""A Ghost on loopback: its Content API, and the calls it makes when a post is published, edited or taken back."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from .serving import Request, Response, StandIn

_NQL = re.compile(r"(?P<field>\w+):(?:>'(?P<after>[^']+)'|\[(?P<ids>[^\]]*)\]|(?P<word>[\w-]+))(?:\+|$)")


@dataclass
class GhostPost:
    id: str
    title: str
    html: str
    published_at: datetime
    updated_at: datetime
    status: str = "published"
    visibility: str = "public"
    tags: tuple[str, ...] = ()
    authors: tuple[str, ...] = ("Sara",)
    image: Mapping[str, str] = field(default_factory=dict)  # url, alt, caption


@dataclass
class GhostStandIn(StandIn):
    """``with GhostStandIn(now=clock) as site: site.publish("Rain")``; :meth:`call` is what its webhook would send."""

    now: Callable[[], datetime]
    key: str = "22444f78447824223cefc48062"
    posts: dict[str, GhostPost] = field(default_factory=dict)
    asked: list[Request] = field(default_factory=list)
    before: Callable[[Request], Response | None] = lambda request: None  # may answer in its place

    def __post_init__(self) -> None:
        super().__init__()

    def publish(self, title: str, html: str = "", **more: Any) -> GhostPost:
        number = f"{len(self.posts) + 1:024x}"
        at = more.pop("published_at", self.now())
        told = {"updated_at": at} | more
        self.posts[number] = GhostPost(number, title, html, published_at=at, **told)
        return self.posts[number]

    def edit(self, post: GhostPost, **changes: Any) -> None:
        for name, value in (changes | {"updated_at": self.now()}).items():
            setattr(post, name, value)

    def call(self, post: GhostPost, previous: Mapping[str, Any], secret: str) -> tuple[dict[str, str], bytes]:
        """Headers and body of a webhook; ``previous`` is what was so before."""
        body = json.dumps({"post": {"current": self._told(post), "previous": dict(previous)}}).encode()
        at = str(int(self.now().timestamp() * 1000))
        signed = hmac.new(secret.encode(), body + at.encode(), hashlib.sha256).hexdigest()
        return {"x-ghost-signature": f"sha256={signed}, t={at}", "content-type": "application/json"}, body

    def _answer(self, request: Request) -> Response | None:
        with self._lock:
            self.asked.append(request)
            if (instead := self.before(request)) is not None:
                return instead
            if not request.path.startswith("/ghost/api/content/posts/"):
                return Response.page("<h1>404</h1>", 404)
            if request.query.get("key") != self.key:
                return _error(401, "Unknown Content API Key")
            out = [
                one
                for one in self.posts.values()
                if one.status == "published" and one.published_at <= self.now()
            ]
            number = request.path.removeprefix("/ghost/api/content/posts/").strip("/")
            if not number:
                return self._list(out, request.query)
            found = [one for one in out if one.id == number]
            return (
                Response.of({"posts": [self._shown(found[0], request.query)]})
                if found
                else _error(404, "Not found")
            )

    def _list(self, out: list[GhostPost], query: Mapping[str, str]) -> Response:
        for wanted in _NQL.finditer(query.get("filter", "")):
            if wanted["after"]:
                after = datetime.strptime(wanted["after"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
                out = [one for one in out if one.updated_at > after]
            elif wanted["ids"] is not None:
                out = [one for one in out if one.id in wanted["ids"].split(",")]
            else:
                out = [one for one in out if wanted["word"] in {tag.lower() for tag in one.tags}]
        by, _, way = query.get("order", "published_at desc").partition(" ")
        out.sort(key=lambda one: getattr(one, by), reverse=way == "desc")
        limit, page = min(int(query.get("limit", "15")), 100), int(query.get("page", "1"))
        shown = [self._shown(one, query) for one in out[limit * (page - 1) : limit * page]]
        pages = {"page": page, "limit": limit, "pages": -(-len(out) // limit), "total": len(out)}
        return Response.of({"posts": shown, "meta": {"pagination": pages}})

    def _shown(self, post: GhostPost, query: Mapping[str, str]) -> dict[str, Any]:
        """What the Content API gives: of a post for members only the beginning."""
        told = self._told(post)
        open_ = post.visibility == "public"
        told |= {"access": open_, "html": post.html if open_ else ""}
        wanted = (
            {*query["fields"].split(","), *query.get("include", "").split(",")}
            if "fields" in query
            else set(told)
        )
        return {name: value for name, value in told.items() if name in wanted | {"access"}}

    def _told(self, post: GhostPost) -> dict[str, Any]:
        return {
            "id": post.id,
            "title": post.title,
            "slug": post.id,
            "html": post.html,
            "status": post.status,
            "visibility": post.visibility,
            "url": f"{self.url}/{post.id}/",
            "published_at": post.published_at.isoformat(timespec="milliseconds"),
            "updated_at": post.updated_at.isoformat(timespec="milliseconds"),
            "feature_image": post.image.get("url"),
            "feature_image_alt": post.image.get("alt"),
            "feature_image_caption": post.image.get("caption"),
            "tags": [{"name": name, "slug": name.strip("#").lower()} for name in post.tags],
            "authors": [{"name": name} for name in post.authors],
        }


def _error(status: int, message: str) -> Response:
    return Response.of({"errors": [{"message": message, "type": "NotFoundError"}]}, status)
