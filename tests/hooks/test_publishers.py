"""Publishers' calls: a story is in at once, only from who can prove it, and once."""

from __future__ import annotations

import hmac
import json
import re
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from time import monotonic

import httpx
import pytest

from syndicator.app import App
from syndicator.config import Unusable
from syndicator.errors import Refused, SourceError
from syndicator.hooks.ghost import GhostHook
from syndicator.hooks.published import PublishedHook
from syndicator.hooks.wordpress import WordPressHook
from syndicator.ports import Hook, News
from syndicator.sandbox.ghost import GhostStandIn
from syndicator.sandbox.wordpress import WordPressStandIn
from syndicator.sandbox.world import Sandbox
from syndicator.storage import archive, retractions
from syndicator.storage.database import Database
from syndicator.web.pages import serving
from syndicator.wiring import utc_now
from tests.lanes import NOW, WORLD
from tests.outside import Clock

Call = tuple[dict[str, str], bytes]
KEY = b"s" * 24
SECRET = "whsec_" + b64encode(KEY).decode()
LONG = "<p>" + "The road over Azmar was closed after a night of rain. " * 15 + "</p>"
STORY = {
    "id": "r-1",
    "url": "https://courier.example/rain",
    "headline": "Rain & roads",
    "text": "Rain closed the road over Azmar.\n\nIt opens on Monday.",
    "published": NOW.isoformat(),
}


def signed(told: object, *, number: str = "msg_1", at: float | None = None, key: bytes = KEY) -> Call:
    body, when = json.dumps(told).encode(), str(int(NOW.timestamp() if at is None else at))
    made = b64encode(hmac.digest(key, f"{number}.{when}.".encode() + body, "sha256")).decode()
    return {"webhook-id": number, "webhook-timestamp": when, "webhook-signature": f"v1,{made}"}, body


def told(kind: str, data: object = None, **more: object) -> Call:
    return signed({"type": kind, "data": STORY if data is None else data}, **more)  # type: ignore[arg-type]


def heard(hook: Hook, call: Call) -> News:
    ((_, news),) = hook.read(*call)
    assert isinstance(news, News)
    return news


def published(**more: object) -> PublishedHook:
    return PublishedHook(PublishedHook.Settings.model_validate({"secret": SECRET} | more), WORLD)


def test_a_story_in_our_own_form() -> None:
    (item,) = heard(published(language="en"), told("story.published")).items
    assert (item.key, item.url, item.headline) == ("r-1", STORY["url"], "Rain &amp; roads")
    assert (item.published_at, item.language) == (NOW, "en")
    assert heard(published(), told("story.updated")).items
    assert heard(published(), told("story.unpublished", {"id": "r-1"})).withdrawn == ("r-1",)
    assert heard(published(source="site"), told("story.changed")).look
    assert published().read(*told("comment.published")) == []


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (told("story.published", {}), "data: headline: this key is missing"),
        (told("story.published", STORY | {"body": "x"}), "data: body: this key is not known"),
        (told("story.published", {**STORY, "url": None}), "data.url: this key is missing"),
        (told("story.published", []), "data: a story is an object"),
        (told("story.unpublished", {}), "named by its id or url"),
        (told("story.changed"), "name it at the hook"),
    ],
)
def test_what_makes_no_sense_says_why(call: Call, said: str) -> None:
    with pytest.raises(SourceError, match=said):
        published().read(*call)


@pytest.mark.parametrize(
    "call",
    [
        told("story.published", key=b"t" * 24),
        told("story.published", at=NOW.timestamp() - 301),
        told("story.published", at=NOW.timestamp() + 301),
        ({}, b"{}"),
        (told("story.published")[0], told("story.updated")[1]),
        ({**told("story.published")[0], "webhook-id": "msg_2"}, told("story.published")[1]),
        ({**told("story.published")[0], "webhook-signature": "v1,é v2,x"}, told("story.published")[1]),
        signed([]),
    ],
)
def test_who_proves_nothing_is_refused(call: Call) -> None:
    for hook in (
        published(),
        WordPressHook(WordPressHook.Settings.model_validate({"secret": SECRET}), WORLD),
        GhostHook(GhostHook.Settings.model_validate({"secret": SECRET}), WORLD),
    ):
        with pytest.raises(Refused):
            hook.read(*call)


@pytest.fixture
def magazine() -> Iterator[GhostStandIn]:
    with GhostStandIn(now=lambda: NOW) as opened:
        yield opened


def test_ghost(magazine: GhostStandIn) -> None:
    hook = GhostHook(GhostHook.Settings.model_validate({"secret": "s3cret", "language": "en"}), WORLD)
    post = magazine.publish("Rain", LONG, tags=("City",))
    (item,) = heard(hook, magazine.call(post, {"status": "draft"}, "s3cret")).items
    assert (item.key, item.headline, item.html, item.section) == (post.id, "Rain", LONG, "City")
    assert heard(hook, magazine.call(post, {"title": "Rian"}, "s3cret")).items
    post.visibility = "paid"
    assert heard(hook, magazine.call(post, {"visibility": "public"}, "s3cret")).withdrawn == (post.id,)
    post.status = "draft"
    assert heard(hook, magazine.call(post, {"status": "published"}, "s3cret")).withdrawn == (post.id,)
    assert hook.read(*magazine.call(post, {"title": "Rian"}, "s3cret")) == []
    post.status = "scheduled"
    assert hook.read(*magazine.call(post, {"status": "draft"}, "s3cret")) == []


def test_ghost_deletes(magazine: GhostStandIn) -> None:
    hook = GhostHook(GhostHook.Settings.model_validate({"secret": "s3cret"}), WORLD)
    body = json.dumps({"post": {"current": {}, "previous": {"id": "p1", "status": "published"}}}).encode()
    at = str(int(NOW.timestamp() * 1000))
    made = hmac.new(b"s3cret", body + at.encode(), "sha256").hexdigest()
    assert heard(hook, ({"x-ghost-signature": f"sha256={made}, t={at}"}, body)).withdrawn == ("p1",)
    with pytest.raises(Refused):  # the moment is signed, too
        hook.read({"x-ghost-signature": f"sha256={made}, t={int(at) + 1}"}, body)
    late = str(int((NOW - timedelta(minutes=6)).timestamp() * 1000))
    made = hmac.new(b"s3cret", body + late.encode(), "sha256").hexdigest()
    with pytest.raises(Refused, match="too old"):
        hook.read({"x-ghost-signature": f"sha256={made}, t={late}"}, body)


def wordpress(**more: object) -> WordPressHook:
    return WordPressHook(WordPressHook.Settings.model_validate({"secret": SECRET} | more), WORLD)


POST = {
    "post_id": 7,
    "post": {
        "ID": 7,
        "guid": "https://courier.example/?p=7",
        "post_title": "Rain &amp; roads",
        "post_content": '<!-- wp:paragraph --><p>Rain [sic].</p>[caption id="x"]A road[/caption]',
        "post_status": "publish",
        "post_date_gmt": "2026-03-01 09:00:00",
    },
    "post_permalink": "https://courier.example/rain",
    "post_thumbnail": "https://courier.example/r.jpg",
    "taxonomies": {"category": {"city": {"name": "City", "slug": "city"}}, "post_tag": []},
}


def test_wordpress_brings_the_story_where_nobody_reads_its_api() -> None:
    (item,) = heard(wordpress(), signed(POST)).items
    assert (item.key, item.url, item.section) == (
        "https://courier.example/?p=7",
        POST["post_permalink"],
        "City",
    )
    assert item.html == "<!-- wp:paragraph --><p>Rain [sic].</p>A road"
    assert item.published_at == NOW
    trashed = POST | {"post": POST["post"] | {"post_status": "trash"}}  # type: ignore[operator]
    assert heard(wordpress(), signed(trashed)).withdrawn == ("https://courier.example/?p=7",)
    for wrong in ({"post_id": 7}, {**POST, "post_permalink": ""}):
        with pytest.raises(SourceError, match="this key is missing"):
            wordpress().read(*signed(wrong))


def test_wordpress_only_calls_where_its_api_is_read() -> None:
    assert heard(wordpress(source="site"), signed(POST)) == News(look=True)
    assert heard(wordpress(source="site"), signed({"post_id": 7})) == News(look=True)
    trashed = POST | {"post": POST["post"] | {"post_status": "trash"}}  # type: ignore[operator]
    found = heard(wordpress(source="site"), signed(trashed))
    assert found == News(look=True, withdrawn=("https://courier.example/?p=7",))


# In a newsroom


@contextmanager
def newsroom(
    sandbox: Sandbox, folder: Path, clock: Clock, more: str, **environ: str
) -> Iterator[tuple[App, str]]:
    path = sandbox.configure(folder)
    allowed = [url.partition("://")[2] for url in re.findall(r'"(http://127[^"]+)"', more)]
    text = path.read_text("utf-8").replace(
        "private_allowed = [", f"private_allowed = {json.dumps(allowed)[:-1]},"
    )
    path.write_text(text.replace("[,", "[") + more, "utf-8")
    with App.opened(path, environ, now=clock.now) as app, serving(app) as url:
        yield app, url


def post(url: str, name: str, call: Call) -> int:
    return httpx.post(f"{url}/hooks/{name}", headers=call[0], content=call[1]).status_code


HOOK = '\n[hooks.cms]\nkind = "published"\nlanguage = "en"\n'


def unsent(app: App) -> list[str]:
    since = app.world.now() - timedelta(days=2)
    asked = {"channel": "tg-en", "newsletter": "", "languages": ["en"], "since": since}
    with app.database.read() as connection:
        return [one.headline for one in archive.unsent(connection, now=app.world.now(), **asked)]  # type: ignore[arg-type]


def test_a_story_is_in_at_once_and_once(tmp_path: Path, database: Database) -> None:
    clock = Clock()
    environ = {"SYNDICATOR_HOOKS_CMS_SECRET": SECRET, "SYNDICATOR_DATABASE_URL": database.url}
    with Sandbox(now=clock.now) as sandbox, newsroom(sandbox, tmp_path, clock, HOOK, **environ) as (app, url):
        call = told("story.published")
        assert [post(url, "cms", call), post(url, "cms", call)] == [200, 200]
        assert unsent(app) == ["Rain & roads"]
        edited = told("story.updated", STORY | {"text": "Two roads."}, number="msg_2")
        assert post(url, "cms", edited) == 200
        assert post(url, "cms", call) == 200  # played again: what it says is not so any more
        with app.database.read() as connection:
            (article,) = archive.newest(connection, 9)
            assert (article.body, article.revision) == (("Two roads.",), 2)
        gone = told("story.unpublished", {"id": "r-1"}, number="msg_3")
        assert post(url, "cms", gone) == 200
        assert unsent(app) == []
        assert post(url, "cms", told("story.published", number="msg_4")) == 200
        assert unsent(app) == ["Rain & roads"]
        assert post(url, "cms", gone) == 200
        assert unsent(app) == ["Rain & roads"]


def test_faults_are_answered_to_whoever_signed(tmp_path: Path) -> None:
    clock = Clock()
    environ = {"SYNDICATOR_HOOKS_CMS_SECRET": SECRET}
    with Sandbox(now=clock.now) as sandbox, newsroom(sandbox, tmp_path, clock, HOOK, **environ) as (_, url):
        call = told("story.published", {**STORY, "language": "fa", "text": "..."})
        answer = httpx.post(f"{url}/hooks/cms", headers=call[0], content=call[1])
        assert (answer.status_code, "there is no story on it" in answer.text) == (422, True)
        bad = told("story.published", {})
        assert post(url, "cms", bad) == 422
        assert post(url, "cms", told("story.published", key=b"x")) == 403
        assert post(url, "cms", ({}, b"x" * 2_000_001)) == 413
        assert post(url, "nobody", call) == 404


def test_the_doctor_says_where_to_call(tmp_path: Path) -> None:
    clock = Clock()
    environ = {"SYNDICATOR_HOOKS_CMS_SECRET": SECRET}
    with Sandbox(now=clock.now) as sandbox, newsroom(sandbox, tmp_path, clock, HOOK, **environ) as (app, url):
        said = f"stories of cms are told at {url}/hooks/cms"
        assert list(app.switchboard.doctor()) == [("hooks.cms", True, said)]


def test_an_old_story_that_is_told_is_no_news(tmp_path: Path) -> None:
    clock = Clock()
    environ = {"SYNDICATOR_HOOKS_CMS_SECRET": SECRET}
    with Sandbox(now=clock.now) as sandbox, newsroom(sandbox, tmp_path, clock, HOOK, **environ) as (app, url):
        old = STORY | {"published": (NOW - timedelta(days=3)).isoformat()}
        assert post(url, "cms", told("story.updated", old)) == 200
        assert unsent(app) == []
        with app.database.read() as connection:
            assert len(archive.newest(connection, 9)) == 1


def test_a_hook_for_a_source_that_is_none(tmp_path: Path) -> None:
    clock = Clock()
    with Sandbox(now=clock.now) as sandbox:
        path = sandbox.configure(tmp_path)
        path.write_text(path.read_text("utf-8") + HOOK + 'source = "ckp"\n', "utf-8")
        with pytest.raises(
            Unusable, match=r"hooks.cms.source: there is no source 'ckp'; did you mean 'ckb'\?"
        ):
            App.opened(path, {"SYNDICATOR_HOOKS_CMS_SECRET": SECRET})


SITE = """
[sources.site]
kind = "wordpress"
url = "{url}"
language = "en"

[hooks.site]
kind = "wordpress"
source = "site"
"""


def test_a_call_makes_the_source_be_looked_at(tmp_path: Path) -> None:
    clock = Clock()
    environ = {"SYNDICATOR_HOOKS_SITE_SECRET": SECRET}
    with Sandbox(now=clock.now) as sandbox, WordPressStandIn(now=clock.now) as site:
        with newsroom(sandbox, tmp_path, clock, SITE.format(url=site.url), **environ) as (app, url):
            app.switchboard.look(app.look)
            assert site.asked == []
            one = site.publish("Rain", LONG)
            assert post(url, "site", signed({"post_id": one.id})) == 200
            (look,) = app.switchboard.look(app.look)
            assert (look.source, look.first, len(look.arrivals)) == ("site", True, 1)
            assert app.switchboard.look(app.look) == []
            clock.on(minutes=1)
            two = site.publish("Snow", LONG.replace("rain", "snow"))
            assert (
                post(url, "site", signed({"post_id": two.id}, number="msg_2", at=clock.now().timestamp()))
                == 200
            )
            app.switchboard.look(app.look)
            assert unsent(app) == ["Snow"]
            clock.on(minutes=1)
            site.edit(two, status="trash")
            trashed = {"post": {"ID": two.id, "guid": f"{site.url}/?p={two.id}", "post_status": "trash"}}
            assert post(url, "site", signed(trashed, number="msg_3", at=clock.now().timestamp())) == 200
            assert unsent(app) == []
            with app.database.read() as connection:
                assert (
                    len(retractions.moments(connection, [one.id for one in archive.newest(connection, 9)]))
                    == 1
                )


def test_a_worker_sends_a_told_story_within_two_seconds(tmp_path: Path) -> None:
    with Sandbox(now=utc_now) as sandbox, WordPressStandIn(now=utc_now) as site:
        path = sandbox.configure(tmp_path)
        text = path.read_text("utf-8").replace('ingest = "2s"', 'ingest = "1h"').replace('"1s"', '"1h"')
        text = text.replace("private_allowed = [", f'private_allowed = ["{site.url[7:]}", ')
        path.write_text(text + HOOK + SITE.format(url=site.url), "utf-8")
        environ = {"SYNDICATOR_HOOKS_CMS_SECRET": SECRET, "SYNDICATOR_HOOKS_SITE_SECRET": SECRET}
        with App.opened(path, environ) as app, serving(app) as url, app.alone():
            app.look()  # everybody has been seen once
            worker = Thread(target=app.work)
            worker.start()
            try:
                sent = Event()
                sandbox.telegram.faults.watch = lambda stage: sent.set() if stage == "taken" else None
                waited = []
                for number in range(3):
                    for name in ("cms", "site"):
                        sent.clear()
                        begun = monotonic()
                        assert post(url, name, _news(name, number, site)) == 200
                        assert sent.wait(30)
                        waited.append(monotonic() - begun)
            finally:
                app.stop()
                worker.join()
        assert min(waited[::2]) < 2
        assert min(waited[1::2]) < 2
        texts = [message.text for message in sandbox.telegram.messages("@courier_en")]
        assert len(texts) == 6


def _news(name: str, number: int, site: WordPressStandIn) -> Call:
    now, about = utc_now(), f"{name} {number}"
    text = f"The road over Azmar was closed by {about} on Monday, said the police. It opens soon after {number} days."
    if name == "site":
        site.publish(f"Rain {about}", f"<p>{text}</p>")
        return signed({"post_id": number}, number=about, at=now.timestamp())
    told = {"url": f"https://courier.example/{number}", "headline": f"Rain {about}", "text": text}
    return signed({"type": "story.published", "data": told}, number=about, at=now.timestamp())
