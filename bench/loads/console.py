"""The console's pages beside a trivial page of the same server: 10,000 stories, 1,000,000 deliveries, idle and while
another process sends a large run."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from sqlalchemy import Connection, insert, text

from bench import databases
from bench.measuring import Pairs, Size, say
from bench.newsroom import NOW, subscribe
from syndicator.app import App
from syndicator.model import Article, ArticleId, Language, Person, Role
from syndicator.storage import people
from syndicator.storage.content import ARTICLE, dump
from syndicator.storage.schema import (
    articles,
    candidates,
    edition_stories,
    editions,
    posts,
    revisions,
    story_keys,
)
from syndicator.text.words import plain

from .mail import prepared
from .pages import MAILING, PAUSE, looked_at, mails_of, serving, slower

STORIES, EDITIONS, READERS = 10_000, 20, 50_000
CARRIED = 12  # stories of an edition
TRIVIAL = "a trivial page"
MEANWHILE = ("today", "a story")
PAGES = {
    "today": "/console",
    "stories": "/console/stories",
    "a search": "/console/stories?q=rain+{story}",
    "a story": "/console/stories/story{story:08}",
    "editions": "/console/editions",
    "an edition": "/console/editions/old:19",
    "channels": "/console/channels",
    "doubts": "/console/doubts",
    "audit": "/console/audit",
    "calendar": "/console/calendar",
    "readers": "/console/readers",
    "a reader": "/console/readers/{reader}",
    "numbers": "/console/numbers",
}
SENT = """
INSERT INTO deliveries (key, edition, channel, recipient, part, post, state, urgency, due_at, not_after, settled_at)
SELECT :edition || '/' || id, :edition, 'letters', CAST(id AS TEXT), 0, :edition || '/post', 'sent', 2, :at, :at, :at
FROM subscribers WHERE id <= :readers
"""
BODY = "Rain closed the road above the city for a second day, and the crews worked through the night. " * 3


def run(size: Size) -> list[Pairs]:
    share = min(1.0, size.share * 2)
    seconds = max(0.5, share)
    readers, stories = max(100, int(READERS * share)), max(200, int(STORIES * share))
    facts = {
        f"time of {name} to that of a trivial page": partial(slower, of=name, to=TRIVIAL) for name in PAGES
    }
    busy = {
        f"time of {one} while it mails to idle": partial(slower, of=one + MAILING, to=one)
        for one in MEANWHILE
    }
    pairs = Pairs(
        load="console",
        unit="pages",
        baseline=TRIVIAL,
        about=f"one browser for {seconds:.1f} s a page, {stories} stories, {EDITIONS * readers} deliveries; the "
        "trivial page is one of the same server; while it mails, an edition goes out in a process of its own",
        facts={**facts, **busy},
    )
    token: list[str] = []

    def prepare(app: App) -> int:
        told = prepared(app, max(readers, mails_of(size)), 12_000)
        fill(app, stories, readers)
        token.append(signed_in(app))
        return told

    with databases.sqlite(prepare) as planned:
        told = {"seconds": seconds, "connections": 1, "pause": PAUSE, "cookie": token[0]}
        paths = {
            name: path.format(story=stories - stories // EDITIONS, reader=readers // 2)
            for name, path in PAGES.items()
        }
        asked = partial(looked_at, size=size, **told)
        with serving(planned, size) as rooms:
            for _ in range(size.rounds):
                for name, path in {TRIVIAL: "/plain", **paths}.items():
                    pairs.add(name, asked(rooms, paths=[path]))
        with serving(planned, size, mails="apart") as rooms:
            for name in MEANWHILE:
                pairs.add(name + MAILING, asked(rooms, paths=[paths[name]]))
    say(pairs)
    return [pairs]


def fill(app: App, stories: int, readers: int) -> None:
    """Stories, and the editions that carried them to so many readers."""
    subscribe_more(app, readers)
    with app.database.write() as connection:
        for number in range(EDITIONS):
            add_edition(connection, number, readers)
        for number in range(stories):
            add_story(connection, number, stories)
        connection.execute(text("ANALYZE"))


def add_edition(connection: Connection, number: int, readers: int) -> None:
    at, name = NOW - timedelta(days=EDITIONS - number), f"old:{number}"
    told = {"kind": "digest", "newsletter": "evening", "language": "ckb", "title": f"Edition {number}"}
    connection.execute(
        insert(editions), {"id": name, **told, "due_at": at, "planned_at": at, "planned_by": "bench"}
    )
    connection.execute(insert(candidates), {"edition": name, "channel": "letters", "number": readers})
    post = {"id": f"{name}/post", "edition": name, "channel": "letters", "language": "ckb"}
    connection.execute(insert(posts), {**post, "hash": "", "content": {**post, "text": "…"}})
    at_all = {"edition": name, "at": f"{at:%Y-%m-%d %H:%M:%S.%f}", "readers": readers}
    connection.execute(text(SENT), at_all)


def subscribe_more(app: App, readers: int) -> None:
    with app.database.read() as connection:
        known = connection.execute(text("SELECT count(*) FROM subscribers")).scalar_one()
    if known < readers:
        subscribe(app, readers)


def add_story(connection: Connection, number: int, stories: int) -> None:
    at, edition = NOW - timedelta(minutes=stories - number), f"old:{number * EDITIONS // stories}"
    article = Article(
        id=ArticleId(f"story{number:08}"),
        revision=1,
        url=f"https://bench.example.com/{number}",
        language=Language("ckb"),
        headline=f"Rain closes the road for a second day {number}",
        body=(BODY,) * 6,
        published_at=at,
    )
    told = {
        "source": "s",
        "sought": plain(article.headline),
        "revision": 1,
        "fingerprint": str(number),
        "seen_at": at,
        "fresh": False,
    }
    known = {name: getattr(article, name) for name in ("id", "url", "language", "headline", "published_at")}
    connection.execute(insert(articles), {**known, **told})
    content = dump(ARTICLE, article)
    connection.execute(
        insert(revisions), {"article": article.id, "revision": 1, "seen_at": at, "content": content}
    )
    if number * EDITIONS % stories >= CARRIED * EDITIONS:
        return
    key = {"channel": "letters", "newsletter": "evening", "again": 0, "edition": edition}
    connection.execute(insert(story_keys), {"article": article.id, **key})
    summary = {"article": article.id, "text": BODY, "method": "extract"}
    place = {"edition": edition, "position": number, "article": article.id, "revision": 1}
    connection.execute(insert(edition_stories), {**place, "summary": summary})


def signed_in(app: App) -> str:
    app.people.add(
        Person(name="bench", role=Role.ADMIN, language=Language("en")),
        "lavender tractor nine moons",
        by="operator",
    )
    with app.database.write() as connection:
        card = people.find(connection, "bench")
        if card is None:
            raise SystemExit("nobody is there to sign in")
        told = {"way": "password", "place": "127.0.0.1", "browser": "bench", "strong": True}
        return app.people.reception.open(connection, card, **told).token
