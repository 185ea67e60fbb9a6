"""The sample newsroom's site on loopback: feeds in three languages and article pages full of page furniture.

The English and Arabic feeds carry whole stories; the Sorani one is cut, as many are, so its pages are read.
"""

from __future__ import annotations

import hashlib
import struct
import tomllib
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from importlib.resources import files

from .serving import Request, Response, StandIn

NAME = "The Azmar Courier"
LANGUAGES = ("en", "ckb", "ar")
_CUT = frozenset({"ckb"})  # feeds that give but a beginning
_RIGHT_TO_LEFT = frozenset({"ckb", "ar"})

# What the theme writes around a story.
_FURNITURE = {
    "en": ("Home", "Share", "Total", "Previous Article", "Next Article", "Related Posts", "Leave a reply"),
    "ckb": (
        "سەرەتا",
        "هاوبەشی بکە",
        "کۆی گشتی",
        "بابەتی پێشوو",
        "بابەتی دواتر",
        "بابەتە پەیوەندیدارەکان",
        "کۆمێنتەکان",
    ),
    "ar": ("الرئيسية", "شارك", "المجموع", "المقال السابق", "المقال التالي", "مقالات ذات صلة", "التعليقات"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleStory:
    slug: str
    language: str
    section: str
    author: str
    headline: str
    dateline: str
    caption: str
    body: tuple[str, ...]
    published_at: datetime
    updated_at: datetime


class SampleNewsroom(StandIn):
    """``with SampleNewsroom(now=clock) as site: site.feed("ckb")``; :meth:`publish` brings today's stories out."""

    def __init__(self, *, now: Callable[[], datetime]) -> None:
        super().__init__()
        self._now = now
        self.hub = ""  # address of a hub that tells of its feeds
        told = tomllib.loads((files(__package__) / "stories.toml").read_text("utf-8"))["story"]
        start = now()
        self._waiting = [_story(one, start) for one in told if not one.get("old")]
        yesterday = start - timedelta(days=1)
        self._out = [_story(one, yesterday) for one in told if one.get("old")]

    def feed(self, language: str) -> str:
        """Address of the language's feed."""
        return f"{self.url}/{language}/feed"

    def publish(self, most: int | None = None) -> list[SampleStory]:
        """Bring the next stories out, all that wait unless ``most`` says how many."""
        with self._lock:
            coming, self._waiting = self._waiting[:most], self._waiting[most:] if most is not None else []
            now = self._now()
            new = [
                replace(story, published_at=now - timedelta(minutes=9 * age), updated_at=now)
                for age, story in enumerate(coming)
            ]
            self._out += new
        return new

    def revise(self, slug: str, **changes: str | tuple[str, ...]) -> None:
        """Correct a story that is out."""
        with self._lock:
            for at, story in enumerate(self._out):
                if story.slug == slug:
                    self._out[at] = replace(story, updated_at=self._now(), **changes)  # type: ignore[arg-type]

    def _answer(self, request: Request) -> Response:
        with self._lock:
            out = sorted(self._out, key=lambda story: story.published_at, reverse=True)
        match request.path.strip("/").split("/"):
            case [language, "feed"] if language in LANGUAGES:
                told = _rss([s for s in out if s.language == language], language, self.url, self._link)
                answer = _conditional(request, told.encode(), "application/rss+xml; charset=utf-8")
                links = f'<{self.hub}>; rel="hub", <{self.feed(language)}>; rel="self"'
                return replace(answer, headers={**answer.headers, "link": links}) if self.hub else answer
            case ["media", name]:
                return Response(body=_picture(name), headers={"content-type": "image/png"})
            case [language, slug] if found := [s for s in out if (s.language, s.slug) == (language, slug)]:
                others = [s for s in out if s.language == language and s.slug != slug]
                return _conditional(
                    request, self._page(found[0], others).encode(), "text/html; charset=utf-8"
                )
            case [""]:
                return Response.page(self._front(out))
        return Response.page("<h1>Not found</h1>", 404)

    def _link(self, story: SampleStory) -> str:
        return f"{self.url}/{story.language}/{story.slug}"

    def _front(self, out: Sequence[SampleStory]) -> str:
        lines = "".join(
            f'<li lang="{s.language}" dir="auto"><a href="{self._link(s)}">{escape(s.headline)}</a></li>'
            for s in out
        )
        return f"<!doctype html><meta charset=utf-8><title>{NAME}</title><h1>{NAME}</h1><ul>{lines}</ul>"

    def _page(self, story: SampleStory, others: Sequence[SampleStory]) -> str:
        home, share, total, before, after, related, reply = _FURNITURE[story.language]
        way = "rtl" if story.language in _RIGHT_TO_LEFT else "ltr"
        near = "".join(f'<li><a href="{self._link(s)}">{escape(s.headline)}</a></li>' for s in others[:3])
        link, picture = self._link(story), f"{self.url}/media/{story.slug}.png"
        return f"""<!doctype html>
<html lang="{story.language}" dir="{way}" class="no-js">
<head><meta charset="utf-8"><title>{escape(story.headline)} – {NAME}</title>
<link rel="canonical" href="{link}"><meta property="og:type" content="article">
<meta property="og:title" content="{escape(story.headline)}"><meta property="og:image" content="{picture}">
<meta property="article:published_time" content="{story.published_at.isoformat()}">
<meta property="article:modified_time" content="{story.updated_at.isoformat()}">
<meta property="article:section" content="{escape(story.section)}"><meta name="author" content="{escape(story.author)}">
</head>
<body class="post-template-default single single-post wp-custom-logo">
<header id="masthead"><nav><ul><li><a href="/">{home}</a></li><li><a href="/{story.language}/feed">RSS</a></li></ul>
</nav></header>
<main><article id="post-{len(story.slug) + 4000}" class="post type-post status-publish format-standard hentry">
<div class="breadcrumbs"><a href="/">{home}</a> » <span>{escape(story.section)}</span></div>
<h1 class="entry-title">{escape(story.headline)}</h1>
<div class="entry-meta"><span class="author">{escape(story.author)}</span>
<time datetime="{story.published_at.isoformat()}">{story.published_at:%d.%m.%Y}</time></div>
<div class="share-buttons"><span>{share}</span><a href="#">Facebook</a><a href="#">Telegram</a>
<span>{total}</span><span>0</span></div>
<div class="entry-content">
{_content(story, picture)}
</div>
<div class="share-buttons"><span>{share}</span><span>{total}</span><span>0</span></div>
<nav class="post-navigation"><div>{before}</div><div>{after}</div></nav>
<section class="related"><h3>{related}</h3><ul>{near}</ul></section>
<section class="comments"><h3>{reply}</h3><form><textarea></textarea></form></section>
</article></main>
<footer><p>© {NAME}</p></footer></body></html>"""


def _story(told: dict[str, object], moment: datetime) -> SampleStory:
    names = ("slug", "language", "section", "author", "headline", "dateline", "caption")
    body = told["body"]
    return SampleStory(
        **{name: str(told[name]) for name in names},
        body=tuple(body) if isinstance(body, list) else (),
        published_at=moment,
        updated_at=moment,
    )


def _content(story: SampleStory, picture: str) -> str:
    """The article's own markup: picture with caption, dateline before the first sentence."""
    first, *rest = story.body
    paragraphs = "\n".join(
        f"<p>{escape(text, quote=False)}</p>" for text in (f"{story.dateline} — {first}", *rest)
    )
    return (
        f'<figure class="wp-block-image"><img src="{picture}" alt="{escape(story.caption)}">'
        f"<figcaption>{escape(story.caption)}</figcaption></figure>\n{paragraphs}"
    )


def _rss(stories: Sequence[SampleStory], language: str, site: str, link: Callable[[SampleStory], str]) -> str:
    entries = []
    for story in stories:
        whole = _content(story, f"{site}/media/{story.slug}.png")
        beginning = f"<p>{escape(' '.join(story.body[0].split()[:9]))} […]</p>"
        content = "" if language in _CUT else f"<content:encoded><![CDATA[{whole}]]></content:encoded>"
        entries.append(
            f"<item><title>{escape(story.headline)}</title><link>{link(story)}</link>"
            f'<guid isPermaLink="false">{site}/?p={story.slug}</guid><dc:creator>{escape(story.author)}</dc:creator>'
            f"<category>{escape(story.section)}</category><pubDate>{format_datetime(story.published_at.astimezone(UTC))}</pubDate>"
            f"<description><![CDATA[{beginning}]]></description>{content}</item>"
        )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<channel><title>{NAME}</title><link>{site}</link><description>{NAME}</description>"
        f"<language>{language}</language>{''.join(entries)}</channel></rss>"
    )


def _conditional(request: Request, body: bytes, kind: str) -> Response:
    etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
    if request.headers.get("if-none-match") == etag:
        return Response(status=304, headers={"etag": etag})
    return Response(body=body, headers={"content-type": kind, "etag": etag})


def _picture(name: str, width: int = 600, height: int = 300) -> bytes:
    """A PNG of hills under a sky, in colours of the name."""
    seed = hashlib.sha256(name.encode()).digest()
    sky, far, near = (
        (190 + seed[0] % 50, 205 + seed[1] % 40, 215 + seed[2] % 40),
        (90 + seed[3] % 60, 120 + seed[4] % 50, 130 + seed[5] % 40),
        (30 + seed[6] % 40, 70 + seed[7] % 50, 60 + seed[8] % 40),
    )
    columns = []
    for x in range(width):
        far_top = 110 + abs((x + seed[9]) % 220 - 110) * 70 // 110
        near_top = 190 + abs((x + seed[10] * 2) % 340 - 170) * 60 // 170
        columns.append((far_top, near_top))
    rows = (
        b"\0" + b"".join(bytes(near if y >= low else far if y >= top else sky) for top, low in columns)
        for y in range(height)
    )
    data = zlib.compress(b"".join(rows), 6)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
