"""An X account: posts, threads, pictures with their words, edits; its own timeline settles doubts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Self

import tweepy
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from syndicator.errors import ChannelError, SourceError
from syndicator.model import Act, ChannelId, DeliveryId, Limits, Outcome, Post, Receipt
from syndicator.ports import Capabilities, Lane, Notes, Parcel, Published, World, one_by_one
from syndicator.text.measure import x_links, x_weighted

from . import windows
from .account import FAULTS, UNREADABLE, Account, advice, never_left

POST_MAX = 280  # weighted, twitter-text configuration v3
LONG_MAX = 25_000  # of accounts that may write long posts
PICTURES_MAX = 4
EDITABLE_FOR = timedelta(minutes=30)  # the shorter of the two times that X tells
CLOCKS_APART = timedelta(minutes=2)  # how far X's clock may be from ours
DUPLICATE = "duplicate content"
_LINK = re.compile(r"https?://\S+")


class Plan(BaseModel):
    """What the account's plan allows. What X refuses for the first time is noted and holds from then on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field("", description="of your own; after a change of it what was learned is forgotten")
    replies: bool = Field(True, description="answers to own posts: threads need them")  # noqa: FBT003
    edits: bool = Field(False, description="posts can be changed for half an hour")  # noqa: FBT003
    long_posts: bool = Field(False, description="25,000 instead of 280")  # noqa: FBT003

    def allows(self, what: str, notes: Notes, channel: str) -> bool:
        """As it was told, unless X has refused it since."""
        learned = notes.read(f"{channel}:plan") or {}
        refused = learned.get("name") == self.name and what in learned.get("refused", {})
        return bool(getattr(self, what)) and not refused

    def learn(self, what: str, why: str, notes: Notes, channel: str) -> None:
        """X has refused it: once is enough."""
        learned = notes.read(f"{channel}:plan") or {}
        before = learned.get("refused", {}) if learned.get("name") == self.name else {}
        notes.write(f"{channel}:plan", {"name": self.name, "refused": before | {what: why}})


class Prices(BaseModel):
    """What X takes. These are of its list of 2026, https://docs.x.com/x-api/getting-started/pricing: look at it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    currency: str = Field("USD", pattern="^[A-Z]{3}$", description="of all these")
    post: Decimal = Field(Decimal("0.015"), ge=0, description="a post, or an edit of one")
    post_with_link: Decimal = Field(Decimal("0.20"), ge=0, description="one with a link in it")
    picture: Decimal = Field(
        Decimal("0.005"), ge=0, description="each picture besides: what stands in it is a request of its own"
    )
    read: Decimal = Field(Decimal("0.001"), ge=0, description="each own post that is read back")
    delete: Decimal = Field(Decimal("0.010"), ge=0, description="each post that is taken away")


class XChannel:
    """One account. Its timeline can be read back, so a doubt can be settled."""

    limits = Limits(text=POST_MAX, unit="x-weighted", markup="plain", media=PICTURES_MAX)
    capabilities = Capabilities(can_look_up=True, deletable_for=None)

    class Settings(BaseModel):
        model_config = ConfigDict(frozen=True, extra="forbid")

        api_key: SecretStr = Field(description="the app's key (OAuth 1.0a consumer key)")
        api_secret: SecretStr = Field(description="the app's secret")
        access_token: SecretStr = Field(description="the account's token")
        access_secret: SecretStr = Field(description="the account's token secret")
        base_url: str = Field("https://api.x.com", description="where API v2 is")
        timeout: float = Field(30.0, gt=0, le=300, description="seconds to wait for an answer")
        thread: int = Field(1, ge=1, le=25, description="posts that one story may take, at most")
        pictures: int = Field(0, ge=0, le=PICTURES_MAX, description="pictures of a story that are posted")
        prices: Prices = Field(Prices(), description="what X takes")
        plan: Plan = Field(Plan(), description="what the account's plan allows")

    @classmethod
    def limits_with(cls, settings: Settings, notes: Notes, channel: str) -> Limits:
        """As far as the plan goes, and what was learned of it."""
        plan = settings.plan
        return Limits(
            text=LONG_MAX if plan.allows("long_posts", notes, channel) else POST_MAX,
            unit="x-weighted",
            markup="plain",
            media=settings.pictures,
            parts=settings.thread if plan.allows("replies", notes, channel) else 1,
        )

    def __init__(self, settings: Settings, world: World, *, id: ChannelId) -> None:  # noqa: A002 - the port's word
        self._settings = settings
        self._world = world
        self._id = id
        self._account: Account | None = None
        self.limits = self.limits_with(settings, world.notes, id)
        edits = settings.plan.allows("edits", world.notes, id)
        self.capabilities = Capabilities(
            can_look_up=True,
            deletable_for=None,
            editable_for=EDITABLE_FOR if edits else timedelta(0),
        )

    def __enter__(self) -> Self:
        told = self._settings
        keys = {
            "consumer_key": told.api_key.get_secret_value(),
            "consumer_secret": told.api_secret.get_secret_value(),
            "access_token": told.access_token.get_secret_value(),
            "access_token_secret": told.access_secret.get_secret_value(),
        }
        self._account = Account(keys, told.base_url, told.timeout, self._heard)
        return self

    def link(self, remote_id: str) -> str:
        return f"https://x.com/i/status/{remote_id}"

    def __exit__(self, *exc: object) -> None:
        self._there.close()
        self._account = None

    @property
    def _there(self) -> Account:
        if self._account is None:
            message = "the channel is not open"
            raise RuntimeError(message)
        return self._account

    @property
    def currency(self) -> str:
        return self._settings.prices.currency

    def price(self, post: Post) -> int:
        """By its links, as X sees them, and its pictures; in millionths."""
        told = self._settings.prices
        if post.act is Act.RETRACT:
            return _millionths(told.delete)
        base = told.post_with_link if x_links(post.text) else told.post
        return _millionths(base + told.picture * len(post.media[:PICTURES_MAX]))

    def run(self, lane: Lane) -> None:
        one_by_one(_WhileAllowed(lane, self._shut_until), self._send, self._world.now, self)

    def probe(self) -> str:
        """Whose account it is. Raises :exc:`ChannelError`."""
        with self:
            try:
                me = self._there.me()
                return f"posts as @{me['username']}"
            except UNREADABLE as error:
                raise ChannelError(f"{self._settings.base_url}: {advice(error)}") from error

    def look_up(self, parcel: Parcel, since: datetime) -> Receipt:
        """Whether the post stands in the account's own timeline: accepted, deferred (surely absent) or uncertain."""
        delivery = parcel.delivery.id
        try:
            told, more = self._there.timeline(self._user(), _second(since))
        except UNREADABLE as error:
            return self._receipt(delivery, Outcome.UNCERTAIN, f"the timeline cannot be read: {advice(error)}")
        receipt = self._found(parcel, told, whole=not more)
        return receipt._replace(cost=_millionths(self._settings.prices.read * len(told)))

    def _found(self, parcel: Parcel, told: Sequence[Mapping[str, Any]], *, whole: bool) -> Receipt:
        """What a piece of the timeline says of a post."""
        delivery = parcel.delivery.id
        standing = {_posted(_expanded(post)): str(post["id"]) for post in told}
        wanted = _posted(parcel.post.text)
        if wanted in standing:
            return self._receipt(
                delivery, Outcome.ACCEPTED, "read back from the timeline", remote_ids=(standing[wanted],)
            )
        if any(_LINK.sub("", text) == _LINK.sub("", wanted) for text in standing):
            return self._receipt(
                delivery, Outcome.UNCERTAIN, "one that differs in its link only stands there"
            )
        if not whole:
            return self._receipt(delivery, Outcome.UNCERTAIN, "the timeline is longer than one page")
        return self._receipt(delivery, Outcome.DEFERRED, "not in the timeline", retry_at=self._world.now())

    def edit(self, published: Published, post: Post) -> Receipt:
        """Another text for a post; X gives it a new id. Whether an edit was made before, the timeline knows."""
        told = self._told(post, ()) | {"edit_options": {"previous_post_id": published.remote_ids[-1]}}
        try:
            made = self._there.post(told)
        except UNREADABLE as error:
            said = advice(error)
            if isinstance(error, tweepy.Forbidden) and DUPLICATE not in said:
                self._settings.plan.learn("edits", said, self._world.notes, self._id)
                return self._receipt(published.delivery, Outcome.REJECTED, said)
            refused = self._refused(published.delivery, error)
            return self._edited_before(published, post) or refused
        return self._receipt(published.delivery, Outcome.ACCEPTED, remote_ids=(made,))

    def _edited_before(self, published: Published, post: Post) -> Receipt | None:
        try:
            told, _ = self._there.timeline(self._user(), _second(published.at - CLOCKS_APART))
        except UNREADABLE:
            return None
        for one in told:
            if published.remote_ids[-1] in one.get("edit_history_tweet_ids", ()) and _same(one, post):
                return self._receipt(published.delivery, Outcome.ACCEPTED, remote_ids=(str(one["id"]),))
        return None

    def retract(self, published: Published, notice: Post | None = None) -> Receipt:
        """Take posts away, the last of a thread first; X sets no time for that. What is gone already is gone."""
        for post in reversed(published.remote_ids):
            try:
                self._there.delete(post)
            except tweepy.NotFound:
                continue
            except FAULTS as error:
                return self._refused(published.delivery, error)
        return self._receipt(published.delivery, Outcome.ACCEPTED)

    def _send(self, parcel: Parcel) -> Receipt:
        delivery = parcel.delivery.id
        pictures, lost = self._uploaded(parcel.post)
        told = self._told(parcel.post, pictures)
        if parcel.reply_to:
            told["reply"] = {"in_reply_to_tweet_id": parcel.reply_to}
        try:
            made = self._there.post(told)
        except UNREADABLE as error:
            if isinstance(error, tweepy.HTTPException) and (what := self._beyond_the_plan(parcel, error)):
                self._settings.plan.learn(what, advice(error), self._world.notes, self._id)
                return self._receipt(delivery, Outcome.REJECTED, advice(error))
            return self._refused(delivery, error)
        return self._receipt(delivery, Outcome.ACCEPTED, lost, remote_ids=(made,))

    def _told(self, post: Post, pictures: Sequence[str]) -> dict[str, Any]:
        told: dict[str, Any] = {"text": post.text}
        return told | ({"media": {"media_ids": list(pictures)}} if pictures else {})

    def _uploaded(self, post: Post) -> tuple[list[str], str]:
        """Media ids, and why a picture is missing: the news goes out without it."""
        made: list[str] = []
        for number, url in enumerate(post.media[:PICTURES_MAX]):
            try:
                answer = self._world.web.get(url)
                if answer.status != 200:
                    return made, f"without a picture: {url} answers {answer.status}"
                alt = post.alts[number] if number < len(post.alts) else ""
                made.append(self._there.upload(answer.body, alt))
            except (SourceError, *UNREADABLE) as error:
                return made, f"without a picture: {advice(error)}"
        return made, ""

    def _beyond_the_plan(self, parcel: Parcel, error: tweepy.HTTPException) -> str:
        """Which of the plan's flags a refusal is about; empty: about none."""
        said = advice(error).lower()
        if not isinstance(error, tweepy.Forbidden | tweepy.BadRequest) or DUPLICATE in said:
            return ""
        if x_weighted(parcel.post.text) > POST_MAX and ("long" in said or "length" in said):
            return "long_posts"
        if parcel.reply_to and isinstance(error, tweepy.Forbidden) and "repl" in said:
            return "replies"
        return ""

    def _refused(self, delivery: DeliveryId, error: Exception) -> Receipt:
        said = advice(error)
        match error:
            case tweepy.TooManyRequests():
                return self._receipt(delivery, Outcome.DEFERRED, said, retry_at=self._rested(error))
            case tweepy.Unauthorized():
                return self._receipt(delivery, Outcome.DEFERRED, said, halt=True)
            case tweepy.Forbidden() if DUPLICATE in said:  # it may stand there already: the timeline knows
                return self._receipt(delivery, Outcome.UNCERTAIN, said)
            case tweepy.Forbidden():
                return self._receipt(delivery, Outcome.DEFERRED, said, halt=True)
            case tweepy.BadRequest() | tweepy.NotFound():
                return self._receipt(delivery, Outcome.REJECTED, said)
            case _ if never_left(error):
                return self._receipt(delivery, Outcome.DEFERRED, said)
        return self._receipt(delivery, Outcome.UNCERTAIN, said)

    def _receipt(self, delivery: DeliveryId, outcome: Outcome, detail: str = "", **more: Any) -> Receipt:
        return Receipt(delivery=delivery, at=self._world.now(), outcome=outcome, detail=detail, **more)

    def _user(self) -> str:
        """The account's number, with which its token begins: asking for it would cost something."""
        number = self._settings.access_token.get_secret_value().partition("-")[0]
        return number if number.isdigit() else str(self._there.me()["id"])

    def _heard(self, call: str, headers: Mapping[str, str]) -> None:
        """Keep what X says about how many posts it still takes."""
        if call == windows.POSTING and (told := windows.read(headers)):
            self._world.notes.write(f"{self._id}:windows", told)

    def _shut_until(self) -> datetime | None:
        return windows.shut_until(self._world.notes.read(f"{self._id}:windows"), self._world.now())

    def _rested(self, error: tweepy.TooManyRequests) -> datetime | None:
        """Until when nothing is tried; where the answer does not say, a minute."""
        if until := windows.shut_until(windows.read(error.response.headers), self._world.now()):
            return until
        self._world.notes.write(f"{self._id}:windows", windows.bare(self._world.now()))
        return None


class _WhileAllowed:
    """A lane that ends where X takes nothing more: what waits behind goes back unasked."""

    def __init__(self, lane: Lane, shut_until: Callable[[], datetime | None]) -> None:
        self._lane = lane
        self._shut_until = shut_until

    def take(self) -> Parcel | None:
        return None if self._shut_until() else self._lane.take()

    def commit(self, receipts: Sequence[Receipt], sending: Sequence[Parcel]) -> Sequence[Parcel]:
        return self._lane.commit(receipts, sending)


def _millionths(amount: Decimal) -> int:
    return int(amount * 1_000_000)


def _second(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _same(told: Mapping[str, Any], post: Post) -> bool:
    return _posted(_expanded(told)) == _posted(post.text)


def _posted(text: str) -> str:
    """A text as X keeps it: NFC, nothing blank around it."""
    return unicodedata.normalize("NFC", text).strip()


def _expanded(post: Mapping[str, Any]) -> str:
    """A post's text with the addresses that were posted, not X's short ones."""
    text = str(post.get("text", ""))
    for link in post.get("entities", {}).get("urls", ()):
        text = text.replace(link["url"], link.get("expanded_url") or link["url"])
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
