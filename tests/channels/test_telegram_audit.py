"""Reading a Telegram channel back through an audit chat: there, surely not there, or nobody can tell."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from syndicator.channels.telegram import TelegramChannel
from syndicator.channels.telegram.audit import END, REACH
from syndicator.errors import ChannelError
from syndicator.model import ChannelId, Outcome, Receipt
from syndicator.ports import World
from syndicator.sandbox.faults import Fault
from syndicator.sandbox.telegram import Chat, TelegramStandIn
from tests.lanes import NOW, WORLD, ListLane, parcel

A, D, U = Outcome.ACCEPTED, Outcome.DEFERRED, Outcome.UNCERTAIN
CHAT, AUDIT = "@courier_en", "@courier_audit"
OURS = '<b>Rain &amp; snow</b>\n\u200fShut. <a href="https://n.example/1">Read</a>'


@pytest.fixture
def telegram() -> Iterator[TelegramStandIn]:
    """Message 1 is known to stand in the channel."""
    with TelegramStandIn(chats={CHAT: "The Courier", AUDIT: "Audit"}, now=lambda: NOW) as there:
        there.post(CHAT, "one")
        yield there


def channel(there: TelegramStandIn, world: World = WORLD, **settings: object) -> TelegramChannel:
    told = {
        "token": there.token,
        "chat": CHAT,
        "audit_chat": AUDIT,
        "base_url": there.base_url,
        "timeout": 1.0,
    }
    return TelegramChannel(
        TelegramChannel.Settings.model_validate(told | settings), world, id=ChannelId("tg")
    )


def look_up(
    there: TelegramStandIn,
    text: str = OURS,
    previous: tuple[str, ...] = ("1",),
    *others: int,
    world: World = WORLD,
    **settings: object,
) -> Receipt:
    since_then = frozenset(map(str, others))
    with channel(there, world, **settings) as tg:
        return tg.look_up(parcel(7, text, previous=previous, since_then=since_then), NOW)


def audit(there: TelegramStandIn) -> Chat:
    return there.chats[AUDIT]


def test_a_channel_without_an_audit_chat_cannot_be_read_back(telegram: TelegramStandIn) -> None:
    assert channel(telegram).capabilities.can_look_up
    assert not channel(telegram, audit_chat=None).capabilities.can_look_up


def test_what_stands_there_is_found_and_no_copy_stays(telegram: TelegramStandIn) -> None:
    telegram.post(CHAT, "of another administrator")
    number = telegram.post(CHAT, OURS)
    found = look_up(telegram)
    assert (found.outcome, found.remote_ids, found.delivery) == (A, (str(number),), 7)
    assert len(telegram.messages(CHAT)) == 3
    assert audit(telegram).messages == []


def test_what_never_arrived_is_surely_absent(telegram: TelegramStandIn) -> None:
    telegram.post(CHAT, "of another administrator")
    found = look_up(telegram)
    assert found.outcome is D
    assert "not in the channel, which ends before message 3" in found.detail
    assert audit(telegram).messages == []


def test_deleted_posts_are_a_gap_and_not_the_end(telegram: TelegramStandIn) -> None:
    for _ in range(END - 1):
        telegram.post(CHAT, "deleted later")
    number = telegram.post(CHAT, OURS)
    chat = telegram.chats[CHAT]
    chat.messages[:] = [one for one in chat.messages if one.text != "deleted later"]
    assert look_up(telegram).remote_ids == (str(number),)


def test_a_long_gap_before_what_we_know_is_not_the_end(telegram: TelegramStandIn) -> None:
    gap = [telegram.post(CHAT, "deleted later") for _ in range(END + 2)]
    number = telegram.post(CHAT, OURS)
    last = telegram.post(CHAT, "the next of ours")
    chat = telegram.chats[CHAT]
    chat.messages[:] = [one for one in chat.messages if one.id not in gap]
    assert look_up(telegram, OURS, ("1",), last).remote_ids == (str(number),)


def test_a_service_message_hides_nothing_that_is_found(telegram: TelegramStandIn) -> None:
    telegram.serve(CHAT)
    held = look_up(telegram)
    assert (held.outcome, "can't be forwarded" in held.detail) == (U, True)
    telegram.post(CHAT, OURS)
    assert look_up(telegram).outcome is A


def test_two_doubts_with_the_same_text_are_two_messages(telegram: TelegramStandIn) -> None:
    first = telegram.post(CHAT, OURS)
    assert look_up(telegram).remote_ids == (str(first),)
    assert look_up(telegram, OURS, ("1",), first).outcome is D  # that one is another delivery's
    second = telegram.post(CHAT, OURS)
    assert look_up(telegram, OURS, ("1",), first).remote_ids == (str(second),)


def test_what_was_sent_after_the_doubt_does_not_hide_it(telegram: TelegramStandIn) -> None:
    number = telegram.post(CHAT, OURS)
    after = [telegram.post(CHAT, f"later {n}") for n in range(REACH + 20)]
    assert look_up(telegram, OURS, ("1",), *after).remote_ids == (str(number),)


def test_the_same_link_with_another_text_is_for_a_person(telegram: TelegramStandIn) -> None:
    telegram.post(CHAT, '<b>Rain</b>, an editor wrote. <a href="https://n.example/1/">Read</a>')
    found = look_up(telegram)
    assert (found.outcome, "message 2 has the same link" in found.detail) == (U, True)


def test_a_message_forwarded_into_the_channel_is_not_ours(telegram: TelegramStandIn) -> None:
    telegram.post(AUDIT, OURS)
    telegram._forward({"chat_id": CHAT, "from_chat_id": AUDIT, "message_id": 1})
    assert look_up(telegram).outcome is D


def test_a_busy_channel_is_not_searched_for_ever(telegram: TelegramStandIn) -> None:
    for number in range(REACH + 1):
        telegram.post(CHAT, f"of another administrator, {number}")
    found = look_up(telegram)
    assert (found.outcome, found.detail) == (U, f"more than {REACH} messages stand there since")


def test_nothing_is_known_to_stand_there(telegram: TelegramStandIn) -> None:
    telegram.post(CHAT, OURS)
    assert look_up(telegram, OURS, ()).outcome is U
    assert look_up(telegram, OURS, ("99", "98")).outcome is U


def test_a_bot_that_lost_its_rights_sees_nothing_and_says_so(telegram: TelegramStandIn) -> None:
    telegram.chats[CHAT].shut = True
    found = look_up(telegram)
    assert (found.outcome, found.detail) == (U, "nothing that is known to stand there can be read")
    telegram.chats[CHAT].shut = False
    audit(telegram).shut = True
    assert look_up(telegram).outcome is U


def test_the_newest_one_we_know_was_deleted(telegram: TelegramStandIn) -> None:
    telegram.post(CHAT, "deleted later")
    number = telegram.post(CHAT, OURS)
    telegram._delete({"chat_id": CHAT, "message_id": 2})
    assert look_up(telegram, OURS, ("2", "1")).remote_ids == (str(number),)


def test_protected_content_cannot_be_read(telegram: TelegramStandIn) -> None:
    telegram.post(CHAT, OURS)
    telegram.chats[CHAT].protected = True
    assert look_up(telegram).outcome is U


@pytest.mark.parametrize(
    "fault",
    [
        Fault.DROP_BEFORE_ACCEPT,
        Fault.DROP_AFTER_ACCEPT,
        Fault.HALF_BODY,
        Fault.GARBAGE_200,
        Fault.SERVER_ERROR_HTML,
        Fault.RATE_LIMITED_BARE,
        Fault.UNAUTHORIZED,
        Fault.KICKED,
    ],
)
@pytest.mark.parametrize("good", [0, 1, 3])
def test_a_fault_while_reading_back_proves_nothing(
    telegram: TelegramStandIn, fault: Fault, good: int
) -> None:
    told: list[str] = []

    def at(stage: str) -> None:
        told.append(stage)
        if told.count("asked") == good + 1 and stage == "asked" and fault not in met:
            met.append(fault)
            telegram.faults.coming(fault)

    met: list[Fault] = []
    telegram.faults.watch = at
    found = look_up(telegram)
    assert (found.outcome, met) == (U, [fault])


def test_telegram_asking_for_time_is_waited_for_once(telegram: TelegramStandIn) -> None:
    waited: list[float] = []
    patient = replace(WORLD, wait=lambda seconds: waited.append(seconds) is not None)
    telegram.post(CHAT, OURS)
    telegram.faults.coming(Fault.RATE_LIMITED)
    assert look_up(telegram, world=patient).outcome is A
    assert waited == [7.0]
    stopping = replace(WORLD, wait=lambda seconds: True)
    telegram.faults.coming(Fault.RATE_LIMITED)
    assert look_up(telegram, world=stopping).outcome is U


def test_copies_that_stay_behind_change_no_answer(
    telegram: TelegramStandIn, caplog: pytest.LogCaptureFixture
) -> None:
    telegram.post(CHAT, OURS)
    asked: list[str] = []

    def at(stage: str) -> None:
        asked.extend([stage] * (stage == "asked"))
        if len(asked) == 3 and stage == "asked":  # the control, the post, and then the deletion
            telegram.faults.coming(Fault.DROP_BEFORE_ACCEPT)

    telegram.faults.watch = at
    with caplog.at_level(logging.WARNING):
        assert look_up(telegram).outcome is A
    assert "copies stay behind" in caplog.text


def test_trying_it_out_looks_at_the_audit_chat_too(telegram: TelegramStandIn) -> None:
    assert channel(telegram).probe().endswith("may post to The Courier, doubts are read back through Audit")
    with pytest.raises(ChannelError, match="@nobody_here: Chat not found"):
        channel(telegram, audit_chat="@nobody_here").probe()
    audit(telegram).shut = True
    with pytest.raises(ChannelError, match="no administrator of @courier_audit"):
        channel(telegram).probe()
    audit(telegram).shut = False
    telegram.chats[CHAT].protected = True
    with pytest.raises(ChannelError, match="content is protected"):
        channel(telegram).probe()
    assert audit(telegram).messages == []


def test_what_was_sent_is_what_is_read_back(telegram: TelegramStandIn) -> None:
    lane = ListLane([parcel(1, OURS)])
    with channel(telegram) as tg:
        tg.run(lane)
    (sent,) = lane.receipts
    assert look_up(telegram).remote_ids == sent.remote_ids
    assert sent.at - NOW == timedelta(0)


def test_an_album_is_read_back_with_all_its_numbers(telegram: TelegramStandIn) -> None:
    pictures = ("https://courier.example/1.jpg", "https://courier.example/2.jpg")
    lane = ListLane([parcel(2, "Rain", media=pictures)])
    with channel(telegram, pictures=2) as tg:
        tg.run(lane)
        found = tg.look_up(parcel(2, "Rain", media=pictures, previous=("1",)), NOW)
    assert (found.outcome, found.remote_ids) == (A, lane.receipts[0].remote_ids) == (A, ("2", "3"))
