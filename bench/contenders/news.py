"""Stories in and posts out: feeds, networks, templates, cleaning, pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random

from bench import newsroom
from bench.measuring import Run, measured
from syndicator.app import App
from syndicator.channels.telegram import TelegramChannel
from syndicator.channels.x import XChannel
from syndicator.cleaning import clean
from syndicator.model import (
    ChannelId,
    Delivery,
    DeliveryId,
    Edition,
    EditionId,
    EditionKind,
    Item,
    Language,
    Outcome,
    Post,
    Story,
    Summary,
)
from syndicator.net.web import GuardedWeb
from syndicator.ports import Parcel, World
from syndicator.sandbox.contract import ListLane
from syndicator.sandbox.newsroom import SampleNewsroom
from syndicator.sources.feed import FeedSource

NOW = newsroom.NOW


def world(web: GuardedWeb | None = None) -> World:
    return World(
        now=lambda: NOW,
        rng=Random(1),
        wait=lambda seconds: False,
        web=web or GuardedWeb(private_allowed=["127.0.0.1"]),
    )


def feeds(port: int, many: int) -> Run:
    """Each feed looked at for the first time, by the source as it stands, one after the other."""
    with GuardedWeb(private_allowed=[f"127.0.0.1:{port}", "127.0.0.1"]) as web:
        around = world(web)
        with measured(lambda: many) as found:
            for number in range(many):
                told = FeedSource.Settings(url=f"http://127.0.0.1:{port}/{number}", full_text="never")
                FeedSource(told, around, name=f"f{number}").fetch(None)
    return found[0]


def polled(port: int, many: int, carried: bool) -> Run:  # noqa: FBT001 - from JSON
    """Feeds that are known and did not change, looked at together as the worker does it, and written down.

    Without ``carried`` each is asked from a thread, as a source that waits for its answer is.
    """
    from datetime import UTC, datetime
    from tempfile import mkdtemp

    from syndicator.services.ingest import Intake, Watched
    from syndicator.storage import archive
    from syndicator.storage.archive import SourceState
    from syndicator.storage.database import Database

    names = [f"f{number}" for number in range(many)]
    allowed = [f"127.0.0.1:{port}"]
    with GuardedWeb(private_allowed=allowed) as web:
        around = world(web)

        def watched(name: str) -> Watched:
            told = FeedSource.Settings(url=f"http://127.0.0.1:{port}/{name[1:]}", full_text="never")
            source = FeedSource(told, around, name=name)
            return Watched(name=name, source=source if carried else _Waiting(source))

        known = watched("f0").source.fetch(None).checkpoint
        database = Database(f"sqlite:///{mkdtemp()}/news.db")
        database.migrate()
        state = SourceState(
            name="", checkpoint=known, first_seen_at=NOW, looked_at=NOW, due_at=None, failures=0, closed=False,
            fault=None,
        )  # fmt: skip
        with database.write() as connection:
            archive.save_sources(connection, [replace(state, name=name) for name in names])
        intake = Intake(
            database,
            watched=watched,
            clean=lambda item: clean(item, languages=["en"], now=NOW),
            carry=web.carry,
            now=lambda: datetime.now(UTC),
            rng=Random(1),
            every=timedelta(minutes=5),
        )
        faults: list[str] = []
        with measured(lambda: many) as found:
            for one in intake.look(names):
                faults += one.faults
        database.close()
    if faults:
        raise SystemExit(faults[0])
    return found[0]


class _Waiting:
    def __init__(self, source: FeedSource) -> None:
        self.fetch = source.fetch


def parcels(many: int) -> list[Parcel]:
    made = []
    for number in range(many):
        post = Post(
            id=f"e:c:en:{number}",
            edition=EditionId("e"),
            channel=ChannelId("c"),
            language=Language("en"),
            text=f"Rain closed road {number}. https://bench.example.com/{number}",
        )
        delivery = Delivery(
            id=DeliveryId(number),
            key=f"e:c:{number}:0",
            channel=post.channel,
            edition=post.edition,
            recipient="-",
            post=post.id,
            due_at=NOW,
            not_after=NOW + timedelta(hours=1),
            token=1,
        )
        made.append(Parcel(delivery, post))
    return made


def telegram(url: str, token: str, chat: str, many: int) -> Run:
    told = TelegramChannel.Settings(token=token, chat=chat, base_url=url)  # type: ignore[arg-type]
    return _sent(lambda: TelegramChannel(told, world(), id=ChannelId("c")), many)


def x(url: str, account: dict[str, str], many: int) -> Run:
    told = XChannel.Settings(**account, base_url=url)  # type: ignore[arg-type]
    return _sent(lambda: XChannel(told, world(), id=ChannelId("c")), many)


def _sent(channel: Callable[[], TelegramChannel | XChannel], many: int) -> Run:
    lane = ListLane(parcels(many))
    accepted = [0]
    with channel() as opened, measured(lambda: accepted[0]) as found:
        opened.run(lane)
        accepted[0] = sum(one.outcome is Outcome.ACCEPTED for one in lane.receipts)
    if accepted[0] != many:
        raise SystemExit(f"{accepted[0]} of {many} accepted: {lane.receipts[-1].detail}")
    return found[0]


def page() -> Item:
    site = SampleNewsroom(now=lambda: NOW)
    html = site._page(site.publish(1)[0], [])
    return Item(source="s", key="k", url="https://bench.example.com/a", html=html, whole_page=True)


def cleaning(many: int) -> Run:
    item = page()
    with measured(lambda: many) as found:
        for _ in range(many):
            clean(item, languages=["en", "ckb", "ar"], now=NOW)
    return found[0]


def parsing(many: int) -> Run:
    from lxml import html as parser

    item = page()
    with measured(lambda: many) as found:
        for _ in range(many):
            parser.document_fromstring(item.html)
    return found[0]


def rendering(many: int) -> Run:
    """A digest of 20 stories: subject, text and HTML."""
    from syndicator.rendering import Outlet

    app, edition = _digest()
    outlet = Outlet(
        id=ChannelId("letters"),
        kind="email",
        limits=app.wiring.channels["letters"].factory.limits,
        newsletter="evening",
    )
    app.wiring.renderer.write(edition, outlet)
    with measured(lambda: many) as found:
        for _ in range(many):
            app.wiring.renderer.write(edition, outlet)
    return found[0]


def bare_jinja(many: int) -> Run:
    """The HTML of as many stories by a template without translations, directions and sandbox."""
    import jinja2

    _, edition = _digest()
    source = (
        "{% for s in stories %}<h2><a href='{{ s.article.url }}'>{{ s.article.headline }}</a></h2>"
        "<p>{{ s.summary.text }}</p>{% endfor %}"
    )
    template = jinja2.Environment(autoescape=True).from_string(source)
    with measured(lambda: many) as found:
        for _ in range(many):
            template.render(stories=edition.stories)
    return found[0]


def _digest() -> tuple[App, Edition]:
    from tempfile import mkdtemp

    folder = Path(mkdtemp())
    app = newsroom.opened(newsroom.configure(folder, newsroom.Relay(port=25)))
    article = clean(page(), languages=["en", "ckb", "ar"], now=NOW)
    summary = Summary(article=article.id, text=article.body[0], method="first")
    stories = tuple(
        Story(article=replace(article, url=f"{article.url}/{n}"), summary=summary) for n in range(20)
    )
    edition = Edition(
        id=EditionId("e"),
        kind=EditionKind.DIGEST,
        language=article.language,
        due_at=NOW,
        stories=stories,
        title="Evening",
    )
    return app, edition
