"""The Telegram channel over python-telegram-bot, against the stand-in and every fault it knows."""

import logging
from collections.abc import Iterator
from datetime import timedelta

import pytest

from syndicator.channels.telegram import TelegramChannel
from syndicator.errors import ChannelError
from syndicator.model import ChannelId, DeliveryId, Outcome, Receipt
from syndicator.ports import Published
from syndicator.sandbox.faults import Fault
from syndicator.sandbox.telegram import TelegramStandIn
from tests.lanes import NOW, WORLD, ListLane, parcel

A, D, R, U = Outcome.ACCEPTED, Outcome.DEFERRED, Outcome.REJECTED, Outcome.UNCERTAIN
CHAT = "@courier_en"


@pytest.fixture
def telegram() -> Iterator[TelegramStandIn]:
    with TelegramStandIn(chats={CHAT: "The Courier"}, now=lambda: NOW) as there:
        yield there


def channel(there: TelegramStandIn, **settings: object) -> TelegramChannel:
    told = {"token": there.token, "chat": CHAT, "base_url": there.base_url, "timeout": 1.0, **settings}
    return TelegramChannel(TelegramChannel.Settings.model_validate(told), WORLD, id=ChannelId("tg"))


def send(there: TelegramStandIn, *texts: str, **settings: object) -> ListLane:
    lane = ListLane([parcel(number, text) for number, text in enumerate(texts, 1)])
    with channel(there, **settings) as open_channel:
        open_channel.run(lane)
    return lane


def test_messages_arrive_in_order(telegram: TelegramStandIn) -> None:
    lane = send(telegram, "<b>Rain</b> &amp; snow", "two", silent=True, topic=3, preview="small")
    assert lane.outcomes == [A, A]
    assert [receipt.remote_ids for receipt in lane.receipts] == [("1",), ("2",)]
    first, second = telegram.messages(CHAT)
    assert (first.text, first.silent, second.text) == ("Rain & snow", True, "two")


def test_a_part_answers_the_part_before_it(telegram: TelegramStandIn) -> None:
    lane = ListLane([parcel(1, "one"), parcel(2, "two", reply_to="1", silent=True)])
    with channel(telegram) as open_channel:
        open_channel.run(lane)
    assert [message.reply_to for message in telegram.messages(CHAT)] == [None, 1]


@pytest.mark.parametrize(
    ("fault", "outcome", "taken"),
    [
        (Fault.DROP_BEFORE_ACCEPT, U, 0),
        (Fault.DROP_AFTER_ACCEPT, U, 1),
        (Fault.HALF_BODY, U, 1),
        (Fault.GARBAGE_200, U, 1),
        (Fault.HANG, U, 1),
        (Fault.SERVER_ERROR_HTML, U, 0),
        (Fault.RATE_LIMITED_BARE, D, 0),
        (Fault.CONFLICT, D, 0),
    ],
)
def test_telegram_failing_at_a_stage(
    telegram: TelegramStandIn, fault: Fault, outcome: Outcome, taken: int
) -> None:
    telegram.faults.coming(fault)
    lane = send(telegram, "one", "two")
    assert lane.outcomes == [outcome, A]
    assert len(telegram.messages(CHAT)) == taken + 1


def test_telegram_asking_for_time(telegram: TelegramStandIn) -> None:
    telegram.faults.coming(Fault.RATE_LIMITED)
    (first,) = send(telegram, "one", "two").receipts
    assert (first.outcome, first.retry_at, first.waits) == (D, NOW + timedelta(seconds=7), True)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault.UNAUTHORIZED, "BotFather"),
        (Fault.KICKED, "let the bot in again"),
        (Fault.MIGRATE, "-1009999999999"),
    ],
)
def test_a_shut_door_stops_the_channel_and_fails_nobody(
    telegram: TelegramStandIn, fault: Fault, said: str
) -> None:
    telegram.faults.coming(fault)
    lane = send(telegram, "one", "two")
    assert lane.outcomes == [D]
    assert lane.receipts[0].halt
    assert said in lane.receipts[0].detail
    assert len(lane.parcels) == 1


def test_an_unknown_chat_stops_the_channel(telegram: TelegramStandIn) -> None:
    lane = send(telegram, "one", "two", chat="@nobody_here")
    assert lane.outcomes == [D]
    assert "Chat not found" in lane.receipts[0].detail


def test_a_post_that_telegram_refuses_stops_only_itself(telegram: TelegramStandIn) -> None:
    lane = send(telegram, "a<br>b", "x" * 4097, " ", "fine")
    assert lane.outcomes == [R, R, R, A]
    assert 'unsupported start tag "br" at byte offset 1' in lane.receipts[0].detail
    assert "too long" in lane.receipts[1].detail


def test_nobody_is_there() -> None:
    with TelegramStandIn(chats={CHAT: "c"}) as there:
        pass
    assert send(there, "one").outcomes == [D]


def test_a_proxy_in_between_says_nothing_of_the_bot() -> None:
    from syndicator.sandbox.serving import Response, Served

    with Served(lambda _: Response.page("<h1>403 by the firewall</h1>", 403)) as wall:
        settings = {"token": "1:canary", "chat": CHAT, "base_url": f"{wall.url}/bot"}
        lane = ListLane([parcel()])
        with TelegramChannel(
            TelegramChannel.Settings.model_validate(settings), WORLD, id=ChannelId("tg")
        ) as tg:
            tg.run(lane)
    assert lane.outcomes == [D]
    assert not lane.receipts[0].halt


def published(sent: Receipt, age: timedelta = timedelta(), text: str = "Rian") -> Published:
    return Published(
        delivery=sent.delivery, remote_ids=sent.remote_ids, post=parcel(1, text).post, at=NOW - age
    )


def test_a_post_is_edited_and_taken_away(telegram: TelegramStandIn) -> None:
    (sent,) = send(telegram, "Rian").receipts
    with channel(telegram) as open_channel:
        for _ in range(2):
            edited = open_channel.edit(published(sent), parcel(1, "Rain").post)
            assert (edited.outcome, edited.remote_ids) == (A, sent.remote_ids)
        assert telegram.messages(CHAT)[0].text == "Rain"
        assert open_channel.retract(published(sent)).outcome is A
        assert telegram.messages(CHAT) == []
        assert open_channel.retract(published(sent)) == open_channel.retract(published(sent))
        assert open_channel.edit(published(sent), parcel(1, "Rain").post).outcome is R


def test_what_is_older_than_two_days_becomes_a_notice(telegram: TelegramStandIn) -> None:
    (sent,) = send(telegram, "Rian").receipts
    old, notice = published(sent, timedelta(hours=48)), parcel(1, "This story was taken back.").post
    with channel(telegram) as open_channel:
        assert open_channel.retract(old).outcome is R
        kept = open_channel.retract(old, notice)
    assert (kept.outcome, kept.remote_ids) == (A, sent.remote_ids)
    assert [message.text for message in telegram.messages(CHAT)] == ["This story was taken back."]


def test_trying_it_out(telegram: TelegramStandIn) -> None:
    assert channel(telegram).probe() == "@courier_bot may post to The Courier"
    with pytest.raises(ChannelError, match="Chat not found"):
        channel(telegram, chat="@nobody_here").probe()
    with pytest.raises(ChannelError, match="BotFather"):
        channel(telegram, token="1:wrong").probe()
    assert telegram.messages(CHAT) == []


def test_the_token_is_in_no_log(telegram: TelegramStandIn, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        telegram.faults.coming(Fault.KICKED)
        send(telegram, "one")
        send(telegram, "two")
    assert "[token]" in caplog.text
    assert telegram.token not in caplog.text


def test_it_must_be_entered(telegram: TelegramStandIn) -> None:
    with pytest.raises(RuntimeError, match="not entered"):
        channel(telegram).retract(published(Receipt(DeliveryId(1), NOW, A, ("1",))))
