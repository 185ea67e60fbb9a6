"""A configuration, understood to the end: plug-ins found, options checked, templates tried. Nothing is open yet."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import product
from pathlib import Path
from random import SystemRandom
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from . import config, editing, plugins
from . import settings as tables_told
from .cleaning import clean
from .config import Book
from .errors import (
    ConfigError,
    SourceError,
    TemplateError,
)
from .model import (
    Article,
    ArticleId,
    ChannelId,
    Edition,
    EditionId,
    EditionKind,
    Item,
    Language,
    Limits,
    Story,
    Summary,
)
from .ports import Notes, Slate, World
from .press import CONSOLE
from .rendering import Masthead, Outlet, Renderer
from .settings import Settings
from .tables import Budget, PluginTable
from .text.measure import Space
from .tokens import Keys, click_token, open_token

KEY_MIN = 32  # characters of the secret key


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Socket:
    """A plug-in that the configuration names, with its own settings."""

    factory: Any
    options: BaseModel

    def limits(self, channel: str, notes: Notes) -> Limits:
        """What a channel carries as it is configured, and as far as it was learned."""
        found: Limits = self.factory.limits
        if tuned := getattr(self.factory, "limits_with", None):
            found = tuned(self.options, notes, channel)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """The configuration, understood: nothing is open yet."""

    folder: Path
    settings: Settings
    keys: Keys
    sources: Mapping[str, Socket]
    channels: Mapping[str, Socket]
    summariser: Socket
    engine: Socket
    box: Socket | None  # where bounces arrive
    hooks: Mapping[str, Socket]
    renderer: Renderer
    secrets: frozenset[str] = field(repr=False)
    alerts: tuple[str, ...] = field(default=(), repr=False)  # where editors are told of faults
    notes: Notes = field(default_factory=Slate, repr=False)  # the database's, once there is one

    def limits(self, channel: str) -> Limits:
        return self.channels[channel].limits(channel, self.notes)

    @property
    def mark(self) -> str:
        """Two processes that have the same one understood the same configuration."""
        told = json.dumps(self.settings.model_dump(), default=str, sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()[:16]

    @property
    def told_of(self) -> Mapping[str, str]:
        """Hooks that tell of stories, and of which source each does."""
        return {
            name: one.options.source or name
            for name, one in self.hooks.items()
            if hasattr(one.options, "source")
        }

    def summarisers(self, world: World) -> dict[str, Any]:
        """Who says what stories say, as :class:`Summaries` wants it."""
        told, extract = self.summariser, plugins.load("summarisers", "extract")
        return {
            "summariser": told.factory(told.options, world),
            "extract": extract(extract.Settings(), world),
            "holds": self.settings.summariser.unclear == "hold",
        }

    def space(self, channel: str) -> Space:
        """Where a channel's summaries are to stand."""
        return Space(self.limits(channel).unit, self.settings.channels[channel].summary)

    def clean(self, item: Item, now: datetime) -> Article:
        """Raises :exc:`SourceError` where there is no story in it."""
        told = self.settings
        return clean(item, languages=told.newsroom.languages, now=now, sites=told.recipes)

    def outlet(self, channel: str, newsletter: str = "") -> Outlet:
        plain = Outlet(
            id=ChannelId(channel),
            kind=self.settings.channels[channel].kind,
            limits=self.limits(channel),
            marks=dict(self.settings.channels[channel].utm.items()),
            links=_links(self.settings.channels[channel]),
        )
        if not newsletter:
            return plain
        told = self.settings.newsletters[newsletter]
        pages = self.settings.newsroom.public_url.rstrip("/")
        return replace(
            plain,
            newsletter=newsletter,
            titles=dict(told.titles.items()),
            sender=told.sender,
            sender_names=dict(told.sender_names.items()),
            images=told.images,
            click=(lambda edition, story: f"{pages}/r/{click_token(self.keys, edition, channel, story)}")
            if told.clicks
            else None,
            picture=(lambda edition: f"{pages}/o/{open_token(self.keys, edition)}") if told.opens else None,
            archive_url=self.settings.archive_of(newsletter),
            own_hours=told.zone == "reader",
        )


def _links(told: tables_told.ChannelTable) -> Callable[[Edition], bool]:
    """Which editions of a channel lead to their stories."""
    top = editing.flash_rule(told.top or False)

    def leads(edition: Edition) -> bool:
        if told.links != "top":
            return told.links == "always"
        pushed = edition.kind is EditionKind.PUSH
        return pushed or (top is not None and any(top(story.article) for story in edition.stories))

    return leads


def examine(path: Path, environ: Mapping[str, str]) -> tuple[Wiring | None, Book]:
    """Everything the configuration says, checked to the end; None, with all faults in the book, if there are any."""
    settings, book = config.read(path, environ)
    if not book.tables:
        return None, book
    keys = _keys(book)
    sources = _sockets(book, "sources", tables_told.SourceTable)
    channels = _sockets(book, "channels", tables_told.ChannelTable)
    summariser = _socket(
        book, "summarisers", book.table("summariser"), tables_told.SummariserTable, "summariser"
    )
    engine = _socket(book, "engines", book.table("engine"), tables_told.EngineTable, "engine")
    hooks = _sockets(book, "hooks", tables_told.HookTable)
    box = _socket(book, "boxes", book.table("bounces"), tables_told.BouncesTable, "bounces")
    if engine:
        _check_timetables(book, engine)
    alerts = (book.secret("SYNDICATOR_ALERTS") or "").split()
    book.secrets.update(alerts)
    if settings and engine:
        _check_engine(book, settings, engine)
        _check_use(book, settings, channels)
        _check_hooks(book, settings, hooks)
    if book.faults or not (settings and keys and summariser and engine):
        return None, book
    wiring = Wiring(
        folder=book.folder,
        settings=settings,
        keys=keys,
        sources=sources,
        channels=channels,
        summariser=summariser,
        engine=engine,
        box=box,
        hooks=hooks,
        renderer=Renderer(_masthead(settings), _template_reader(book.folder / settings.templates)),
        secrets=frozenset(book.secrets),
        alerts=tuple(alerts),
    )
    _check_templates(book, wiring)
    return wiring if not book.faults else None, book


def json_schema() -> dict[str, Any]:
    """The configuration's JSON Schema, with the settings of every plug-in that is installed; secrets left out."""
    schema = Settings.model_json_schema()
    schema["$defs"] = {name: _without_secrets(one) for name, one in schema["$defs"].items()}
    tables = {
        "sources": "SourceTable",
        "channels": "ChannelTable",
        "summarisers": "SummariserTable",
        "engines": "EngineTable",
        "boxes": "BouncesTable",
        "hooks": "HookTable",
    }
    for group, table in tables.items():
        base = schema["$defs"][table]
        kind = base["properties"].pop("kind")
        choices = []
        for name in plugins.names(group):
            told = plugins.load(group, name).Settings
            own = told.model_json_schema()
            schema["$defs"] |= {name: _without_secrets(one) for name, one in own.pop("$defs", {}).items()}
            hidden = config.secret_fields(told)
            shown = {key: value for key, value in own["properties"].items() if key not in hidden}
            needed = {*base.get("required", ()), *own.get("required", ())} & {*base["properties"], *shown}
            choices.append(
                {
                    "properties": {"kind": {"const": name}, **base["properties"], **shown},
                    "required": sorted(needed | ({"kind"} if kind.get("default") != name else set())),
                    "additionalProperties": False,
                }
            )
        if kind.get("default", name) is None:  # a table of its own, also without a plug-in
            choices.append({"properties": base["properties"], "additionalProperties": False})
        schema["$defs"][table] = {"type": "object", "title": table, "anyOf": choices}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _without_secrets(told: dict[str, Any]) -> dict[str, Any]:
    """A table of a plug-in's own, as it may be written into a file."""
    if "properties" not in told:
        return told
    secret = {name for name, one in told["properties"].items() if "writeOnly" in str(one)}
    return told | {"properties": {k: one for k, one in told["properties"].items() if k not in secret}}


def shipped(folder: str) -> Traversable:
    """``templates`` or ``config`` as it came with this package, installed or beside the source."""
    packaged = files("syndicator") / "_data" / folder
    return packaged if packaged.is_dir() else Path(__file__).parents[1] / folder


def _keys(book: Book) -> Keys | None:
    name = "SYNDICATOR_SECRET_KEY"
    key = book.secret(name)
    if key is None or len(key) < KEY_MIN:
        problem = "the secret is missing" if key is None else f"it is shorter than {KEY_MIN} characters"
        book.blame(
            name, problem, f"set {name}, or {name}_FILE to a file that holds it; `syndicator init` makes one"
        )
        return None
    return Keys({1: key.encode()})


def _sockets(book: Book, group: str, common: type[PluginTable]) -> dict[str, Socket]:
    found = {
        name: _socket(book, group, table, common, f"{group}.{name}")
        for name, table in book.table(group).items()
        if isinstance(table, dict)
    }
    return {name: socket for name, socket in found.items() if socket}


def _socket(
    book: Book, group: str, table: Mapping[str, Any], common: type[PluginTable], at: str
) -> Socket | None:
    """The plug-in that a table names, with the keys of the table that are its own."""
    kind = table.get("kind", common.model_fields["kind"].default)
    if kind is None:
        for name in sorted(set(table) - set(common.model_fields)):
            names = " or ".join(f'kind = "{one}"' for one in plugins.names(group))
            book.blame(f"{at}.{name}", "nobody reads it: no kind is named", f"write {names} beside it")
    if not isinstance(kind, str):
        return None  # it is missing or no word, and that is noted
    try:
        factory = plugins.load(group, kind)
    except ConfigError as error:
        book.blame(f"{at}.kind", str(error), "name one that is installed")
        return None
    own = {name: value for name, value in table.items() if name not in common.model_fields}
    options = book.model(factory.Settings, own, at, common.model_fields)
    return Socket(factory, options) if options else None


def _check_use(book: Book, settings: Settings, channels: Mapping[str, Socket]) -> None:
    """Newsletters go to readers, flashes to a channel that all its followers see."""
    for name, socket in channels.items():
        addressed = socket.factory.capabilities.addressed
        if addressed and settings.channels[name].flash:
            problem = "this channel writes to subscribers, one by one"
            book.blame(f"channels.{name}.flash", problem, "take it out; write a newsletter")
        if addressed and settings.channels[name].approval:
            problem = "this channel writes to subscribers"
            book.blame(f"channels.{name}.approval", problem, "write approval = true in its newsletters")
        if settings.channels[name].parallel > 1 and not addressed:
            problem = "what its followers see has an order: one sends at a time"
            book.blame(f"channels.{name}.parallel", problem, "take it out; it is for mail")
        if settings.channels[name].links != "always" and socket.factory.limits.markup != "plain":
            problem = "its posts are made around their links"
            book.blame(f"channels.{name}.links", problem, "take it out; it is for channels without markup")
        if settings.channels[name].budget != Budget() and not hasattr(socket.factory, "price"):
            problem = "nobody takes money there"
            book.blame(f"channels.{name}.budget", problem, "take it out; it is for X")
        if settings.channels[name].doubt == "resend-once" and not socket.factory.capabilities.recognised:
            problem = "a second copy is not recognised there"
            book.blame(f"channels.{name}.doubt", problem, 'write "hold"; resend-once is for mail')
        for letter, told in settings.newsletters.items():
            if told.channel == name and not addressed:
                at = f"newsletters.{letter}.channel"
                book.blame(at, f"{name} does not write to subscribers", 'name a channel of kind "email"')


def _check_hooks(book: Book, settings: Settings, hooks: Mapping[str, Socket]) -> None:
    for name, socket in hooks.items():
        wanted = getattr(socket.options, "source", None)
        if wanted and wanted not in settings.sources:
            near = config.closest(wanted, settings.sources)
            book.blame(f"hooks.{name}.source", f"there is no source {wanted!r}", near)


def _check_engine(book: Book, settings: Settings, engine: Socket) -> None:
    if engine.factory.needs_server and settings.database.url.startswith("sqlite"):
        problem = f"{settings.engine.kind} works on PostgreSQL, and database.url names a SQLite file"
        book.blame("engine.kind", problem, 'write "embedded", or name a server under database.url')


def _check_timetables(book: Book, engine: Socket) -> None:
    world = World(now=utc_now, rng=SystemRandom(), wait=lambda _: False, web=_NoWeb())
    clock = engine.factory(engine.options, world, zone=ZoneInfo("UTC"), database="")
    for name, told in book.table("newsletters").items():
        timetable = told.get("timetable") if isinstance(told, dict) else None
        if not isinstance(timetable, str) or len(timetable.split()) != config.CRON_FIELDS:
            continue  # it is noted already
        try:
            clock.slots(timetable, utc_now(), utc_now() + timedelta(minutes=1))
        except ConfigError as error:
            problem, _, instead = str(error).rpartition("; ")
            book.blame(f"newsletters.{name}.timetable", problem, instead)


def _check_templates(book: Book, wiring: Wiring) -> None:
    """Each template writes a sample story once."""
    settings = wiring.settings
    for name, socket in wiring.channels.items():
        letters = [letter for letter, told in settings.newsletters.items() if told.channel == name]
        addressed = socket.factory.capabilities.addressed
        for letter in letters if addressed else [""]:
            kinds = [EditionKind.DIGEST, EditionKind.CONFIRM] if addressed else [EditionKind.FLASH]
            for kind, language in product(kinds, settings.languages_of(name)):
                try:
                    wiring.renderer.write(_sample(kind, language), wiring.outlet(name, letter))
                except TemplateError as error:
                    fault = config.Fault("templates", f"channels.{name}", str(error), "mend the template")
                    book.faults += [fault] * (fault not in book.faults)


def _sample(kind: EditionKind, language: Language) -> Edition:
    now = utc_now()
    article = Article(
        id=ArticleId("sample"),
        revision=1,
        url="https://newsroom.example/a-story",
        language=language,
        headline="A story that nobody wrote",
        body=("It is only here to try the template out.",),
        published_at=now,
    )
    summary = Summary(article=article.id, text=article.body[0], method="sample")
    story = Story(article=article, summary=summary)
    return Edition(
        id=EditionId("sample"), kind=kind, language=language, due_at=now, stories=(story,), title="Sample"
    )


def _masthead(settings: Settings) -> Masthead:
    newsroom = settings.newsroom
    return Masthead(
        name=newsroom.name,
        url=newsroom.url,
        accent=newsroom.accent,
        zone=newsroom.timezone,
        postal_address=newsroom.postal_address,
        archive_url=newsroom.archive_url or "",
    )


def _template_reader(own: Path) -> Callable[[str], tuple[str, str] | None]:
    """The newsroom's own templates win, file by file; the console's are ours."""
    ours = shipped("templates")

    def read(name: str) -> tuple[str, str] | None:
        for folder in (ours,) if name.startswith(f"{CONSOLE}/") else (own, ours):
            file = folder.joinpath(*name.split("/"))
            if file.is_file():
                try:
                    return file.read_text("utf-8"), str(file)
                except (OSError, UnicodeDecodeError) as error:
                    raise TemplateError(f"{file}: it cannot be read as UTF-8 text: {error}") from error
        return None

    return read


def database_url(wiring: Wiring, told: str | None = None) -> str:
    """The database's address, or another one; a SQLite file's path counts from the folder of the configuration."""
    told = told or wiring.settings.database.url
    if not told.startswith("sqlite:///"):
        return told
    return f"sqlite:///{wiring.folder / told.removeprefix('sqlite:///')}"


class _NoWeb:
    def get(self, url: str, headers: Mapping[str, str] | None = None, *, robots: bool = False) -> Any:
        raise SourceError(f"{url}: nothing is fetched while the configuration is checked")

    def post(self, url: str, content: bytes, headers: Mapping[str, str], *, seconds: float) -> Any:
        return self.get(url)
