"""All channels keep the same promises."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from syndicator.channels.bluesky import BlueskyChannel
from syndicator.channels.email import EmailChannel
from syndicator.channels.feed import FeedChannel
from syndicator.channels.file import FileChannel
from syndicator.channels.mastodon import MastodonChannel
from syndicator.channels.telegram import TelegramChannel
from syndicator.channels.webhook import WebhookChannel
from syndicator.channels.x import XChannel
from syndicator.model import ChannelId, Outcome, Post, Receipt
from syndicator.ports import Lane, Parcel, Published
from syndicator.sandbox.bluesky import BlueskyStandIn
from syndicator.sandbox.contract import check_channel, check_corrections
from syndicator.sandbox.mastodon import MastodonStandIn
from syndicator.sandbox.smtp import SmtpStandIn
from syndicator.sandbox.telegram import TelegramStandIn
from syndicator.sandbox.webhook import WebhookStandIn
from syndicator.sandbox.x import XStandIn
from tests.lanes import NOW, WORLD, parcel

TEXTS = ("Rain closed the road.", "باران ڕێگاکەی داخست.", "أغلق المطر الطريق.", "Snow followed.")
PARCELS = [parcel(number, text) for number, text in enumerate(TEXTS, 1)]


def test_file_keeps_the_contract(tmp_path: Path) -> None:
    folder = tmp_path / "posts"
    check_channel(
        lambda: FileChannel(FileChannel.Settings(folder=folder), WORLD, id=ChannelId("c")),
        PARCELS,
        arrived=lambda: len(list(folder.glob("*.json"))),
    )
    check_corrections(
        lambda: FileChannel(FileChannel.Settings(folder=tmp_path / "more"), WORLD, id=ChannelId("c")),
        PARCELS[0],
        PARCELS[1].post,
        stands=lambda: len(list((tmp_path / "more").glob("*.json"))),
    )


def test_telegram_keeps_the_contract() -> None:
    chats = {"@courier_en": "The Courier", "@courier_ar": "الساعي"}
    with TelegramStandIn(chats=chats, now=lambda: NOW) as there:

        def made(chat: str) -> TelegramChannel:
            told = {"token": there.token, "chat": chat, "base_url": there.base_url}
            return TelegramChannel(TelegramChannel.Settings.model_validate(told), WORLD, id=ChannelId("c"))

        check_channel(
            lambda: made("@courier_en"), PARCELS, arrived=lambda: len(there.messages("@courier_en"))
        )
        check_corrections(
            lambda: made("@courier_ar"),
            PARCELS[0],
            PARCELS[1].post,
            stands=lambda: len(there.messages("@courier_ar")),
        )


def test_x_keeps_the_contract() -> None:
    with XStandIn() as there:
        told = {**there.credentials, "base_url": there.url}
        check_channel(
            lambda: XChannel(XChannel.Settings.model_validate(told), WORLD, id=ChannelId("c")),
            PARCELS,
            arrived=lambda: len(there.tweets()),
        )
    with XStandIn(now=lambda: NOW) as there:
        there.plan.edits = True
        told = {**there.credentials, "base_url": there.url, "plan": {"edits": True}}
        check_corrections(
            lambda: XChannel(XChannel.Settings.model_validate(told), WORLD, id=ChannelId("c")),
            PARCELS[0],
            PARCELS[1].post,
            stands=lambda: len(there.tweets()),
        )


def test_mastodon_keeps_the_contract() -> None:
    with MastodonStandIn(now=lambda: NOW) as there, MastodonStandIn(now=lambda: NOW) as another:

        def made(server: MastodonStandIn) -> MastodonChannel:
            told = {"access_token": server.token, "base_url": server.url}
            return MastodonChannel(MastodonChannel.Settings.model_validate(told), WORLD, id=ChannelId("c"))

        check_channel(lambda: made(there), PARCELS, arrived=lambda: len(there.statuses()))
        check_corrections(
            lambda: made(another), PARCELS[0], PARCELS[1].post, stands=lambda: len(another.statuses())
        )


def test_bluesky_keeps_the_contract() -> None:
    with BlueskyStandIn(now=lambda: NOW) as there, BlueskyStandIn(now=lambda: NOW) as another:

        def made(server: BlueskyStandIn) -> BlueskyChannel:
            told = {"handle": server.handle, "app_password": server.password, "base_url": server.url}
            return BlueskyChannel(BlueskyChannel.Settings.model_validate(told), WORLD, id=ChannelId("c"))

        check_channel(lambda: made(there), PARCELS, arrived=lambda: len(there.posts()))
        check_corrections(
            lambda: made(another), PARCELS[0], PARCELS[1].post, stands=lambda: len(another.posts())
        )


def test_a_webhook_keeps_the_contract() -> None:
    with WebhookStandIn() as there, WebhookStandIn() as another:

        def made(server: WebhookStandIn) -> WebhookChannel:
            told = {"url": f"{server.url}/news", "secret": server.secret}
            return WebhookChannel(WebhookChannel.Settings.model_validate(told), WORLD, id=ChannelId("c"))

        check_channel(lambda: made(there), PARCELS, arrived=lambda: len(there.standing))
        check_corrections(
            lambda: made(another), PARCELS[0], PARCELS[1].post, stands=lambda: len(another.standing)
        )


def test_a_feed_keeps_the_contract(tmp_path: Path) -> None:
    def made(folder: str) -> FeedChannel:
        told = {"title": "The Courier", "home": "https://c.example", "address": "https://c.example/f/"}
        settings = FeedChannel.Settings.model_validate({**told, "folder": tmp_path / folder})
        return FeedChannel(settings, WORLD, id=ChannelId("c"))

    def stands(folder: str) -> int:
        file = tmp_path / folder / "feed.json"
        return len(json.loads(file.read_text("utf-8"))["items"]) if file.exists() else 0

    check_channel(lambda: made("a"), PARCELS, arrived=lambda: stands("a"))
    check_corrections(lambda: made("b"), PARCELS[0], PARCELS[1].post, stands=lambda: stands("b"))


def test_email_keeps_the_contract() -> None:
    letters = [
        parcel(
            number,
            text,
            subject="Morning",
            html=f"<p>{text}</p>",
            address=f"reader{number}@readers.example",
            blanks={
                "message_id": f"<{number}@courier.example>",
                "name": "",
                "address": f"reader{number}@readers.example",
            },
        )
        for number, text in enumerate(TEXTS, 1)
    ]
    with SmtpStandIn() as there:
        told = {
            "host": there.host,
            "port": there.port,
            "tls": "none",
            "sender": "news@courier.example",
            "connections": 1,
        }
        check_channel(
            lambda: EmailChannel(EmailChannel.Settings.model_validate(told), WORLD, id=ChannelId("c")),
            letters,
            arrived=lambda: len(there.mails),
        )
        assert [mail.part("plain").strip() for mail in there.mails] == [TEXTS[0], *TEXTS[2:]]
        assert len(there.received()) == len(there.mails)


class Forgetful(FileChannel):
    """Writes before the mark is durable."""

    def run(self, lane: Lane) -> None:
        taken: list[Parcel] = []
        while one := lane.take():
            taken.append(one)
        receipts = [self._send(one) for one in taken]
        lane.commit(receipts, taken)


class Lazy(FileChannel):
    """Hands no receipts in."""

    def run(self, lane: Lane) -> None:
        while one := lane.take():
            for allowed in lane.commit([], [one]):
                self._send(allowed)


class Chatty(FileChannel):
    def probe(self) -> str:
        self._send(PARCELS[0])
        return "here"


@pytest.mark.parametrize("broken", [Forgetful, Lazy, Chatty])
def test_the_contract_catches_who_breaks_it(tmp_path: Path, broken: Callable[..., FileChannel]) -> None:
    def check(parcels: Sequence[Parcel]) -> None:
        check_channel(
            lambda: broken(FileChannel.Settings(folder=tmp_path), WORLD, id=ChannelId("c")),
            parcels,
            arrived=lambda: len(list(tmp_path.glob("*.json"))),
        )

    with pytest.raises(AssertionError, match=r"written|receipt|publishes"):
        check(PARCELS)
    with pytest.raises(AssertionError, match="three"):
        check(PARCELS[:2])


class Careless(FileChannel):
    """Takes back once, and calls it a fault the next time."""

    def retract(self, published: Published, notice: Post | None = None) -> Receipt:
        changed = self.edit(published, published.post)
        return super().retract(published) if changed.outcome is Outcome.ACCEPTED else changed


class Growing(FileChannel):
    """Writes what is edited once more beside it."""

    def edit(self, published: Published, post: Post) -> Receipt:
        self._written(published.delivery, "beside.json", "", post)
        return super().edit(published, post)


@pytest.mark.parametrize("broken", [Careless, Growing])
def test_the_contract_catches_who_corrects_badly(tmp_path: Path, broken: Callable[..., FileChannel]) -> None:
    with pytest.raises(AssertionError, match=r"once more|adds nothing"):
        check_corrections(
            lambda: broken(FileChannel.Settings(folder=tmp_path), WORLD, id=ChannelId("c")),
            PARCELS[0],
            PARCELS[1].post,
            stands=lambda: len(list(tmp_path.glob("*.json"))),
        )
