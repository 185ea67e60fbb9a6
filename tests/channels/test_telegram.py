"""The Telegram channel over python-telegram-bot, against the stand-in and every fault it knows."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from syndicator.channels.telegram import TelegramChannel
from syndicator.errors import ChannelError
from syndicator.model import ChannelId, DeliveryId, Outcome, Receipt
from syndicator.ports import Parcel, Published, Slate
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
    world = replace(WORLD, notes=told.pop("notes", Slate()))
    return TelegramChannel(TelegramChannel.Settings.model_validate(told), world, id=ChannelId("tg"))


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


def posted(there: TelegramStandIn, *parcels: Parcel, **settings: object) -> ListLane:
    lane = ListLane([*parcels])
    with channel(there, **settings) as open_channel:
        open_channel.run(lane)
    return lane


PICTURES = ("https://courier.example/1.jpg", "https://courier.example/2.jpg")


def test_a_story_with_its_picture_is_a_photo_with_a_caption(telegram: TelegramStandIn) -> None:
    told = {"topic": 3, "above": True, "pictures": 1}
    (sent,) = posted(telegram, parcel(1, "<b>Rain</b>", media=PICTURES[:1], silent=True), **told).receipts
    (message,) = telegram.messages(CHAT)
    assert (message.photo, message.text, message.silent, message.topic) == (PICTURES[0], "Rain", True, 3)
    out = replace(published(sent), post=parcel(1, "<b>Rain</b>", media=PICTURES[:1]).post)
    with channel(telegram, **told) as open_channel:
        for text, picture in (("Snow", PICTURES[0]), ("Snow", PICTURES[0]), ("Snow", PICTURES[1])):
            assert open_channel.edit(out, parcel(1, text, media=(picture,)).post).outcome is A
            assert (telegram.messages(CHAT)[0].text, telegram.messages(CHAT)[0].photo) == (text, picture)
        assert (
            open_channel.retract(replace(out, at=NOW - timedelta(days=3)), parcel(1, "Gone").post).outcome
            is A
        )
        assert telegram.messages(CHAT)[0].text == "Gone"


def test_a_caption_that_is_too_long_goes_as_text_with_a_large_preview(telegram: TelegramStandIn) -> None:
    story = parcel(1, "x" * 1025, media=PICTURES[:1])
    (sent,) = posted(telegram, story, pictures=1, preview="small", above=True).receipts
    (message,) = telegram.messages(CHAT)
    assert (message.photo, len(message.text)) == ("", 1025)
    assert dict(message.preview) == {
        "prefer_large_media": True,
        "show_above_text": True,
        "is_disabled": False,
    }
    with channel(telegram) as open_channel:
        assert open_channel.edit(replace(published(sent), post=story.post), parcel(1, "y").post).outcome is A
    assert telegram.messages(CHAT)[0].text == "y"


def test_a_picture_that_telegram_cannot_have_stops_nothing(telegram: TelegramStandIn) -> None:
    telegram.missing.add(PICTURES[0])
    story = parcel(1, "Rain", media=PICTURES[:1])
    (sent,) = posted(telegram, story, pictures=1).receipts
    assert [(m.photo, m.text) for m in telegram.messages(CHAT)] == [("", "Rain")]
    with channel(telegram) as open_channel:
        edited = open_channel.edit(replace(published(sent), post=story.post), parcel(1, "Snow").post)
    assert (edited.outcome, telegram.messages(CHAT)[0].text) == (A, "Snow")


def test_an_album_is_one_delivery_with_many_ids(telegram: TelegramStandIn) -> None:
    story = parcel(1, "Rain", media=PICTURES)
    (sent,) = posted(telegram, story, pictures=2).receipts
    assert sent.remote_ids == ("1", "2")
    assert [(m.photo, m.text) for m in telegram.messages(CHAT)] == [(PICTURES[0], "Rain"), (PICTURES[1], "")]
    out = replace(published(sent), post=story.post)
    with channel(telegram) as open_channel:
        assert open_channel.edit(out, parcel(1, "Snow", media=PICTURES).post).remote_ids == ("1", "2")
        assert telegram.messages(CHAT)[0].text == "Snow"
        assert open_channel.retract(out).outcome is A
    assert telegram.messages(CHAT) == []


def shown(there: TelegramStandIn) -> list[tuple[str, str]]:
    return [(message.photo, message.text) for message in there.messages(CHAT)]


def second_is_lost(there: TelegramStandIn, heard: list[str], stage: str) -> None:
    heard.append(stage)
    if stage == "asked" and heard.count("asked") == 2:
        there.faults.coming(Fault.DROP_BEFORE_ACCEPT)


def test_pictures_of_an_album_are_changed_where_they_stand(telegram: TelegramStandIn) -> None:
    third = "https://courier.example/3.jpg"
    story, other = parcel(1, "Rain", media=PICTURES), parcel(1, "Snow", media=(PICTURES[0], third)).post
    (sent,) = posted(telegram, story, pictures=2).receipts
    out = replace(published(sent), post=story.post)
    with channel(telegram, pictures=2) as open_channel:
        telegram.faults.watch = partial(second_is_lost, telegram, [])  # between its words and its picture
        assert open_channel.edit(out, other).outcome is U
        assert shown(telegram) == [(PICTURES[0], "Snow"), (PICTURES[1], "")]
        for _ in range(2):
            assert open_channel.edit(out, other).outcome is A
            assert shown(telegram) == [(PICTURES[0], "Snow"), (third, "")]
        swapped = parcel(1, "Sun", media=(third, PICTURES[0])).post
        assert open_channel.edit(replace(out, post=other), swapped).remote_ids == ("1", "2")
    assert shown(telegram) == [(third, "Sun"), (PICTURES[0], "")]


def test_a_text_gets_a_picture_and_one_that_cannot_be_had_stops_nothing(telegram: TelegramStandIn) -> None:
    (sent,) = send(telegram, "Rian").receipts
    telegram.missing.add(PICTURES[1])
    with channel(telegram, pictures=1) as open_channel:
        for text, picture, photo in (("Rain", PICTURES[1], ""), ("Snow", PICTURES[0], PICTURES[0])):
            post = parcel(1, text, media=(picture,)).post
            assert open_channel.edit(published(sent), post).outcome is A
            assert shown(telegram) == [(photo, text)]
        other = parcel(1, "Sun", media=(PICTURES[1],)).post
        assert open_channel.edit(replace(published(sent), post=post), other).outcome is A
    assert shown(telegram) == [(PICTURES[0], "Sun")]


def test_what_cannot_be_made_of_what_is_told_before(telegram: TelegramStandIn) -> None:
    there = channel(telegram, pictures=3)
    text, long = parcel(1, "Rain").post, parcel(1, "x" * 1025, media=PICTURES[:1]).post
    photo, album = parcel(1, "Rain", media=PICTURES[:1]).post, parcel(1, "Rain", media=PICTURES).post
    assert there.can_become(text, photo)
    assert there.can_become(photo, photo)
    assert there.can_become(album, album)
    assert there.can_become(long, text)
    for before, after in ((photo, text), (photo, long), (photo, album), (album, photo), (text, album)):
        assert not there.can_become(before, after)


def test_breaking_news_is_pinned_where_it_may_be(telegram: TelegramStandIn) -> None:
    posted(telegram, parcel(1, "usual"), parcel(2, "breaking", breaking=True), pin=True)
    assert telegram.chats[CHAT].pinned == [2]
    telegram.chats[CHAT].lacking = frozenset({"can_edit_messages"})
    (sent,) = posted(telegram, parcel(3, "more", breaking=True), pin=True).receipts
    assert (sent.outcome, sent.remote_ids) == (A, ("3",))
    assert "could not be pinned: Not enough rights" in sent.detail


def test_a_chat_that_moved_is_followed_and_that_is_kept(telegram: TelegramStandIn) -> None:
    notes = Slate()
    telegram.migrate(CHAT)
    lane = posted(telegram, parcel(1, "one"), parcel(2, "two"), notes=notes)
    assert (lane.outcomes, len(telegram.messages(CHAT))) == ([A, A], 2)
    assert notes.read("tg:chat") == {"from": CHAT, "to": -1_009_999_999_999}
    assert channel(telegram, notes=notes).probe() == "@courier_bot may post to The Courier"
    with channel(
        telegram, notes=notes, chat="@another_one"
    ) as elsewhere:  # the operator has written another chat
        assert elsewhere.retract(published(lane.receipts[0])).halt


@pytest.mark.parametrize(
    ("changes", "told", "said"),
    [
        ({"lacking": frozenset({"can_post_messages"})}, {}, "give it the right to post messages"),
        ({"lacking": frozenset({"can_edit_messages"})}, {"pin": True}, "give it the right to edit messages"),
        ({"status": "left"}, {}, "is no administrator of @courier_en; make it one"),
        ({"kind": "supergroup", "status": "kicked"}, {}, "is no member of @courier_en; let it in"),
        ({"kind": "supergroup"}, {"topic": 4}, "finds no topics in @courier_en"),
        ({"kind": "supergroup", "status": "member"}, {"pin": True}, "may not pin in @courier_en"),
    ],
)
def test_what_the_bot_lacks_is_told(
    telegram: TelegramStandIn, changes: dict[str, object], told: dict[str, object], said: str
) -> None:
    for name, value in changes.items():
        setattr(telegram.chats[CHAT], name, value)
    with pytest.raises(ChannelError, match=said):
        channel(telegram, **told).probe()


def test_trying_it_out(telegram: TelegramStandIn) -> None:
    assert channel(telegram).probe() == "@courier_bot may post to The Courier"
    with pytest.raises(ChannelError, match="Chat not found"):
        channel(telegram, chat="@nobody_here").probe()
    with pytest.raises(ChannelError, match="BotFather"):
        channel(telegram, token="1:wrong").probe()
    assert telegram.messages(CHAT) == []


def test_the_token_is_in_no_log(telegram: TelegramStandIn, caplog: pytest.LogCaptureFixture) -> None:
    chatty = (caplog.at_level(logging.DEBUG, logger=name) for name in ("", "httpx", "telegram.Bot"))
    with ExitStack() as levels:  # whatever another part of the process said of them
        for level in chatty:
            levels.enter_context(level)
        telegram.faults.coming(Fault.KICKED)
        send(telegram, "one")
        send(telegram, "two")
    assert "[token]" in caplog.text
    assert telegram.token not in caplog.text


def test_a_logger_keeps_one_filter_however_often_a_channel_is_made(telegram: TelegramStandIn) -> None:
    channel(telegram)
    before = len(logging.getLogger("httpx").filters)
    for _ in range(5):
        channel(telegram)
    assert len(logging.getLogger("httpx").filters) == before


def test_it_must_be_entered(telegram: TelegramStandIn) -> None:
    with pytest.raises(RuntimeError, match="not entered"):
        channel(telegram).retract(published(Receipt(DeliveryId(1), NOW, A, ("1",))))
