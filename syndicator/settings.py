"""The tables that a newsroom writes in its configuration, joined to one frozen Settings."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, field_validator, model_validator

from .bulletins import EVENTS, Event
from .letters import NewsletterTable
from .model import Language, Role
from .signing import key_of
from .tables import (
    Budget,
    Code,
    Duration,
    Host,
    Hours,
    Mark,
    Name,
    PluginTable,
    PreflightTable,
    Range,
    RecipeTable,
    ReputationTable,
    Rule,
    Table,
    Zone,
)

ZONES = (  # one for each hour in which many people live
    "America/Los_Angeles", "America/Denver", "America/Chicago", "America/New_York", "America/Sao_Paulo",
    "Europe/London", "Europe/Berlin", "Europe/Athens", "Europe/Istanbul", "Asia/Baghdad", "Asia/Tehran",
    "Asia/Dubai", "Asia/Karachi", "Asia/Kolkata", "Asia/Dhaka", "Asia/Bangkok", "Asia/Shanghai", "Asia/Tokyo",
    "Australia/Sydney", "Pacific/Auckland",
)  # fmt: skip


class Newsroom(Table):
    name: str = Field(description="the newsroom's name, as readers know it", min_length=1)
    url: str = Field(description="address of its site", pattern=r"^https?://\S+$")
    languages: tuple[Code, ...] = Field(
        description='codes of its languages, such as ["en", "ckb", "ar"]', min_length=1
    )
    timezone: Zone = Field(description="zone of its timetables and dates")
    zones: tuple[Zone, ...] = Field(
        (),
        description='zones a reader may live in, for newsletters with zone = "reader"; none: one for each hour',
        max_length=40,
    )
    accent: str = Field("#0b6e4f", description="colour of mails and pages", pattern=r"^#[0-9a-fA-F]{6}$")
    postal_address: str = Field("", description="stands in the foot of each mail; many countries demand it")
    archive_url: str | None = Field(
        None, description="where old newsletters can be read, for List-Archive", pattern=r"^https?://\S+$"
    )
    quiet_hours: Hours = Field(
        None, description="no flash goes out in them unless a channel's night rule says so"
    )
    mails_a_day: int | None = Field(
        None, ge=1, le=100, description="digests of all newsletters that a reader gets in a day, at most"
    )
    public_url: str = Field(
        "http://127.0.0.1:8700",
        description="where readers reach the pages of this server",
        pattern=r"^https?://\S+$",
    )

    @property
    def elsewhere(self) -> dict[str, ZoneInfo]:
        """Zones a reader may choose, by their names; its own is everybody's who did not."""
        zones = self.zones or map(ZoneInfo, ZONES)
        return {zone.key: zone for zone in zones if zone.key != self.timezone.key}


class DatabaseTable(Table):
    url: str = Field(
        "sqlite:///syndicator.db", description="SQLAlchemy address of the database, without its password"
    )
    memory: str = Field(
        "syndicator.memory", description="file of what a restore must not undo, such as leaves"
    )
    keep: Duration = Field(
        timedelta(days=180), description="how long the deliveries of an edition are kept; its report stays"
    )


class EngineTable(PluginTable):
    kind: str = Field("embedded", description="what wakes the jobs")


class SummariserTable(PluginTable):
    kind: str = Field("extract", description='what says a story in a few words: "extract" or "model"')
    unclear: Literal["extract", "hold"] = Field(
        "extract",
        description="a summary that the gate finds doubtful: take the story's own sentences, or wait for an editor",
    )


class Network(Table):
    private_allowed: tuple[str, ...] = Field(
        (), description="hosts in private networks that sources may be read from"
    )
    at_once: int = Field(4, ge=1, le=100, description="requests to one host at the same time")
    pause: float = Field(0.2, ge=0, le=60, description="seconds between two requests to one host of others")


class Web(Table):
    listen: str = Field(
        "127.0.0.1:8700",
        description="address and port of the readers' pages, such as 127.0.0.1:8700",
        pattern=r"^[\w.:\[\]-]+:\d{1,5}$",
    )

    trusted_proxies: tuple[Range, ...] = Field(
        ("127.0.0.1/32", "::1/128"),
        description='proxies whose X-Forwarded-For and X-Forwarded-Proto are believed, such as "10.0.0.0/8"',
    )

    @property
    def address(self) -> tuple[str, int]:
        host, _, port = self.listen.rpartition(":")
        return host.strip("[]"), int(port)


class Oidc(Table):
    """Where the newsroom's people sign on with an account that they have already; nowhere without an issuer."""

    issuer: str = Field(
        "",
        description="the provider's address, exactly as it calls itself",
        pattern=r"^(https://\S+|http://127\.0\.0\.1(:\d+)?(/\S*)?)?$",
    )
    client_id: str = Field("", description="what the provider calls this console")
    client_secret: SecretStr | None = Field(None, description="what proves it to the provider")
    name: str = Field("", description="what the button says; empty: the provider's host")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.issuer and not self.client_id:
            message = "client_id is missing; the provider gives one to each console"
            raise ValueError(message)
        return self


class Console(Table):
    """Where the newsroom's own people see and do."""

    enabled: bool = Field(default=True, description="whether there is one")
    session: Duration = Field(timedelta(hours=12), description="after this everybody signs in again")
    idle: Duration = Field(timedelta(hours=1), description="who does nothing so long is signed out")
    second_factor: tuple[Role, ...] = Field(
        tuple(Role), description="roles that cannot come in without a second factor"
    )
    oidc: Oidc = Field(default_factory=Oidc, description="accounts elsewhere that they may sign on with")


class Schedule(Table):
    ingest: Duration = Field(timedelta(minutes=5), description="how often a source is looked at, at most")
    deliver: Duration = Field(timedelta(seconds=10), description="how often due deliveries are looked for")
    reconcile: Duration = Field(timedelta(minutes=1), description="how often open rows are looked at")
    apart: int = Field(
        2000,
        ge=0,
        description="deliveries after which a run beside the pages goes on in a process of its own; 0: never",
    )


class BouncesTable(PluginTable):
    kind: str | None = Field(
        None, description='"imap" or "maildir": where bounces arrive; none: only by pipe or hook'
    )
    every: Duration = Field(timedelta(minutes=5), description="how often it is looked at")
    half_life: Duration = Field(timedelta(days=14), description="a soft bounce counts half after this")
    most: float = Field(
        3.0, gt=0, le=100, description="soft bounces that end a reader's mail; one a day counts"
    )


class HookTable(PluginTable):
    kind: str = Field(
        description='"ses", "postmark", "mailgun", "standard"; "published", "wordpress", "ghost": who calls /hooks/NAME'
    )


class SourceTable(PluginTable):
    kind: str = Field(
        description='"feed", "wordpress", "ghost", "sitemap", "folder" or "page", or a plug-in of your own'
    )
    look_back: Duration = Field(
        timedelta(0), description="how old a story may be to count as new at first sight"
    )
    at_most: int = Field(
        50, ge=1, le=10_000, description="new stories of one look that go out; of more only the newest"
    )


Done = Literal["none", "edit", "visible", "post", "replace", "mail"]


class CorrectionsTable(Table):
    """What becomes of what stands in a channel when its story is revised; by how much was changed."""

    typo: Done = Field("edit", description="words mended by a letter or two")
    wording: Done = Field("edit", description="other words for the same, sentences more or less")
    facts: Done = Field("visible", description="a number, a name, a quotation, the headline, or all of it")
    reshaped: Literal["replace", "post"] = Field(
        "replace", description="what cannot be changed in its place, such as a photo that becomes a text"
    )
    approve: bool = Field(default=True, description="more than a typo waits for an editor")
    retract: bool = Field(default=True, description="what a retracted story left there is taken away")


class ChannelTable(PluginTable):
    kind: str = Field(
        description='"email", "telegram", "x", "mastodon", "bluesky", "webhook", "feed", "file", or one of your own'
    )
    languages: tuple[Code, ...] = Field((), description="its languages; none: all of the newsroom's")
    flash: Rule | bool = Field(
        default=False, description="stories that go out by themselves as they are published"
    )
    night: Rule | None = Field(None, description="flashes that do not wait for the end of the quiet hours")
    quiet_hours: Hours = Field(None, description="instead of the newsroom's")
    silent_hours: Hours = Field(None, description="what goes out then makes no sound")
    breaking: Rule | None = Field(None, description="flashes that overtake what waits, and can be pinned")
    at_most: int = Field(10, ge=1, le=1000, description="stories at once before it stops and asks an editor")
    fresh_for: Duration = Field(
        timedelta(hours=24), description="a story first seen longer ago is no flash any more"
    )
    approval: bool | Literal["pushes", "everything"] = Field(
        default=False,
        description='what waits until a second person approves it: "pushes", as true does; "everything", also flashes',
    )
    collapse: Duration | None = Field(
        None, description="three flashes or more that wait longer go out in one post"
    )
    lives: Duration = Field(timedelta(hours=12), description="after this a post that did not go out is stale")
    corrections: CorrectionsTable = Field(
        default_factory=CorrectionsTable, description="what becomes of posts whose story is revised"
    )
    doubt: Literal["hold", "resend-once"] = Field(
        "hold", description="what becomes of a doubt that cannot be read back"
    )
    batch: int = Field(20, ge=1, le=1000, description="deliveries that one claim takes")
    parallel: int = Field(
        1, ge=1, le=64, description="how many send at the same time, over all workers; mail only"
    )
    utm: Mapping[Mark, str] = Field(
        default_factory=dict, description='marks of its links, such as { source = "mail", medium = "email" }'
    )
    links: Literal["always", "top", "never"] = Field(
        "always", description="which posts carry a link to their story; top: what editors push, and by `top`"
    )
    top: Rule | None = Field(None, description='top stories, for links = "top"')
    budget: Budget = Field(Budget(), description="what it may spend")
    summary: int = Field(
        400, ge=0, le=4000, description="length of a summary, in characters as the network counts"
    )


class Signup(Table):
    """So that nobody is bombed with confirmations from here."""

    per_network: int = Field(10, ge=1, description="letters in an hour that one network may ask for")
    per_domain: int = Field(200, ge=1, description="letters in an hour to the addresses of one domain")
    altogether: int = Field(1000, ge=1, description="letters in an hour to everybody")


class Api(Table):
    """For programs of the newsroom's own."""

    per_minute: int = Field(300, ge=1, description="calls that one key may make in a minute")


class Bot(Table):
    """The newsroom's own bot in Telegram; there is none without a token."""

    token: SecretStr | None = Field(None, description="the bot's token, from @BotFather")
    mode: Literal["polling", "webhook"] = Field(
        "polling", description='how it hears; "webhook": Telegram calls newsroom.public_url, by https'
    )
    group: int | None = Field(
        None, description="number of the editors' group; elsewhere it answers in private only"
    )
    readers: bool = Field(
        default=True, description="tells strangers who start it where the channels and newsletters are"
    )
    base_url: str = Field("https://api.telegram.org/bot", description="where the Bot API is")


class WebhookTable(Table):
    """A program of others that is told what happens here."""

    url: str = Field(description="who is called", pattern=r"^https?://\S+$")
    secret: SecretStr = Field(
        description="whsec_ and at least 24 bytes in base64; two of them, the new one first, while it is changed"
    )
    events: tuple[Event, ...] = Field(
        EVENTS,
        description='what it is told: "published", "sent", "failed", "bounced", "unsubscribed"',
        min_length=1,
    )
    addresses: bool = Field(
        default=False, description="also the addresses of readers, not only their numbers"
    )
    timeout: float = Field(15.0, gt=0, le=60, description="seconds to wait for an answer")
    patience: Duration = Field(
        timedelta(days=5), description="after so long without one call that was heard it is switched off"
    )

    @field_validator("secret")
    @classmethod
    def _are_keys(cls, told: SecretStr) -> SecretStr:
        for one in told.get_secret_value().split() or [""]:
            key_of(one)
        return told

    @property
    def keys(self) -> tuple[bytes, ...]:
        return tuple(map(key_of, self.secret.get_secret_value().split()))


class Filter(Table):
    channels: tuple[Name, ...] = Field((), description="channels it is for; none: all")
    drop: Rule | None = Field(None, description="stories that never go out there")
    keep: Rule | None = Field(None, description="only these stories go out there")


class Settings(Table):
    """What a newsroom said, whole and unchangeable."""

    newsroom: Newsroom = Field(description="who publishes")
    database: DatabaseTable = Field(default_factory=DatabaseTable, description="where everything is kept")
    engine: EngineTable = Field(default_factory=EngineTable, description="what wakes the jobs")
    summariser: SummariserTable = Field(
        default_factory=SummariserTable, description="how stories are summarised"
    )
    network: Network = Field(default_factory=Network, description="where sources may be read from")
    web: Web = Field(default_factory=Web, description="the pages that readers reach")
    console: Console = Field(default_factory=Console, description="where the newsroom's own people come in")
    signup: Signup = Field(default_factory=Signup, description="how many may ask for newsletters")
    preflight: PreflightTable = Field(
        default_factory=PreflightTable, description="what is looked at before an edition goes out"
    )
    reputation: ReputationTable = Field(
        default_factory=ReputationTable, description="when what comes back stops an edition"
    )
    api: Api = Field(default_factory=Api, description="how much programs may ask")
    bot: Bot = Field(default_factory=Bot, description="the newsroom's own bot in Telegram")
    schedule: Schedule = Field(default_factory=Schedule, description="how often the worker looks")
    bounces: BouncesTable = Field(
        default_factory=BouncesTable, description="what becomes of mail that comes back"
    )
    hooks: Mapping[Name, HookTable] = Field(
        default_factory=dict, description="providers that tell of bounces, publishers that tell of stories"
    )
    webhooks: Mapping[Name, WebhookTable] = Field(
        default_factory=dict, description="programs of others that are told what happens"
    )
    templates: str = Field(
        "templates", description="folder of the newsroom's own templates, beside this file"
    )
    sources: Mapping[Name, SourceTable] = Field(default_factory=dict, description="where stories come from")
    recipes: Mapping[Host, RecipeTable] = Field(
        default_factory=dict, description="how the pages of a site are read, by its domain"
    )
    channels: Mapping[Name, ChannelTable] = Field(default_factory=dict, description="where stories go")
    newsletters: Mapping[Name, NewsletterTable] = Field(
        default_factory=dict, description="what readers subscribe to"
    )
    filters: Mapping[Name, Filter] = Field(
        default_factory=dict, description="what goes where, and what never does"
    )

    def languages_of(self, channel: str) -> tuple[Language, ...]:
        return self.channels[channel].languages or self.newsroom.languages

    def archive_of(self, newsletter: str) -> str:
        """Address of the newsletter's archive; empty where it has none."""
        told = self.newsletters[newsletter]
        shown = told.signup if told.archive is None else told.archive
        return f"{self.newsroom.public_url.rstrip('/')}/archive/{newsletter}/" if shown else ""

    def languages_in(self, newsletter: str) -> tuple[Language, ...]:
        told = self.newsletters[newsletter]
        return told.languages or self.languages_of(told.channel)
