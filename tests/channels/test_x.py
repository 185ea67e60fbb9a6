"""The X channel over tweepy, against the stand-in and every fault it knows."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from syndicator.channels.x import XChannel
from syndicator.errors import ChannelError
from syndicator.model import Act, ChannelId, DeliveryId, Outcome
from syndicator.ports import Published, Slate
from syndicator.sandbox.faults import Fault
from syndicator.sandbox.x import XStandIn, weight
from syndicator.text.measure import UNITS
from tests.channels.album import JPEG, Album
from tests.lanes import NOW, WORLD, ListLane, parcel

A, D, R, U = Outcome.ACCEPTED, Outcome.DEFERRED, Outcome.REJECTED, Outcome.UNCERTAIN
LINK = "https://courier.example.com/en/2026/rain-closes-the-road"


@pytest.fixture
def x() -> Iterator[XStandIn]:
    with XStandIn(now=lambda: NOW) as there:
        yield there


def channel(there: XStandIn, **settings: Any) -> XChannel:
    world = replace(WORLD, notes=settings.pop("notes", Slate()), **settings.pop("world", {}))
    told = {**there.credentials, "base_url": there.url, "timeout": 1.0, **settings}
    return XChannel(XChannel.Settings.model_validate(told), world, id=ChannelId("x"))


def published(number: str) -> Published:
    return Published(delivery=DeliveryId(1), remote_ids=(number,), post=parcel(1, "Rain").post, at=NOW)


def send(there: XStandIn, *texts: str, **settings: Any) -> ListLane:
    lane = ListLane([parcel(number, text) for number, text in enumerate(texts, 1)])
    with channel(there, **settings) as open_channel:
        open_channel.run(lane)
    return lane


def test_posts_arrive_in_order(x: XStandIn) -> None:
    lane = send(x, f"Rain & snow\n{LINK}", "باران ڕێگاکەی داخست")
    assert lane.outcomes == [A, A]
    assert [tweet.text for tweet in x.tweets()] == [f"Rain & snow\n{LINK}", "باران ڕێگاکەی داخست"]
    assert [receipt.remote_ids for receipt in lane.receipts] == [(tweet.id,) for tweet in x.tweets()]


def test_a_part_answers_the_part_before_it(x: XStandIn) -> None:
    send(x, "one")
    first = x.tweets()[0].id
    lane = ListLane([parcel(2, "two", reply_to=first), parcel(3, "three", reply_to="17")])
    with channel(x) as open_channel:
        open_channel.run(lane)
    assert lane.outcomes == [A, R]
    assert x.tweets()[1].reply_to == x.tweets()[0].id


@pytest.mark.parametrize(
    ("fault", "outcome", "taken", "halt"),
    [
        (Fault.DROP_BEFORE_ACCEPT, U, 0, False),
        (Fault.DROP_AFTER_ACCEPT, U, 1, False),
        (Fault.HALF_BODY, U, 1, False),
        (Fault.GARBAGE_200, U, 1, False),
        (Fault.HANG, U, 1, False),
        (Fault.SERVER_ERROR_HTML, U, 0, False),
        (Fault.RATE_LIMITED, D, 0, False),
        (Fault.RATE_LIMITED_BARE, D, 0, False),
        (Fault.UNAUTHORIZED, D, 0, True),
        (Fault.KICKED, D, 0, True),
    ],
)
def test_x_401_403_429_5xx_and_broken_lines(
    x: XStandIn, fault: Fault, outcome: Outcome, taken: int, *, halt: bool
) -> None:
    x.faults.coming(fault)
    lane = send(x, f"Rain {LINK}")
    assert lane.outcomes == [outcome]
    assert lane.receipts[0].halt is halt
    assert lane.receipts[0].detail
    assert len(x.tweets()) == taken
    assert "sandbox" not in lane.receipts[0].detail  # no key, no token


def test_x_says_when(x: XStandIn) -> None:
    x.faults.coming(Fault.RATE_LIMITED)
    (receipt,) = send(x, "Rain").receipts
    assert receipt.retry_at == NOW + timedelta(seconds=8)


def test_nobody_there_means_that_nothing_left() -> None:
    with XStandIn() as gone:
        pass
    assert send(gone, "Rain").outcomes == [D]


@pytest.mark.parametrize("text", ["", "字" * 141, "a" * 281])
def test_a_post_that_x_refuses_stops_only_itself(x: XStandIn, text: str) -> None:
    lane = send(x, text, "fine")
    assert lane.outcomes == [R if text else U, A] if text else lane.outcomes[-1] == A


def test_a_403_duplicate_counts_only_together_with_the_timeline(x: XStandIn) -> None:
    send(x, f"A <b> & c {LINK}")
    lane = send(x, f"A <b> & c {LINK}")
    assert "duplicate content" in lane.receipts[0].detail
    assert lane.outcomes == [U]  # the refusal alone proves nothing
    with channel(x) as open_channel:
        x.faults.coming(Fault.SERVER_ERROR_HTML)
        unread = open_channel.look_up(parcel(9, f"A <b> & c {LINK}"), NOW - timedelta(minutes=1))
        assert unread.outcome is U
        found = open_channel.look_up(parcel(9, f"A <b> & c {LINK}"), NOW - timedelta(minutes=1))
        absent = open_channel.look_up(parcel(9, "never sent"), NOW - timedelta(minutes=1))
    assert (found.outcome, found.remote_ids) == (A, (x.tweets()[0].id,))
    assert absent.outcome is D


def test_what_x_did_to_a_text_is_no_reason_to_send_it_again(x: XStandIn) -> None:
    send(x, f"Cafe\u0301 reopens {LINK} ")
    with channel(x) as open_channel:
        same = open_channel.look_up(parcel(9, f"Cafe\u0301 reopens {LINK} "), NOW - timedelta(minutes=1))
        other_link = open_channel.look_up(parcel(9, f"Caf\u00e9 reopens {LINK}/"), NOW - timedelta(minutes=1))
    assert same.outcome is A
    assert other_link.outcome is U  # perhaps X wrote the link another way: a person looks


def test_a_timeline_that_cannot_be_read_settles_nothing(x: XStandIn) -> None:
    with channel(x) as open_channel:
        for fault in (Fault.SERVER_ERROR_HTML, Fault.GARBAGE_200, Fault.UNAUTHORIZED):
            x.faults.coming(fault)
            receipt = open_channel.look_up(parcel(9, "Rain"), NOW - timedelta(minutes=1))
            assert receipt.outcome is U


def test_a_timeline_of_several_pages_settles_nothing_either(x: XStandIn) -> None:
    x.plan.a_quarter = 200
    send(x, *(f"Story {number}" for number in range(101)))
    with channel(x) as open_channel:
        assert open_channel.look_up(parcel(9, "Story 0"), NOW - timedelta(minutes=1)).outcome is U


def test_taking_away(x: XStandIn) -> None:
    send(x, "Rain", "Snow")
    with channel(x) as open_channel:
        for number in (x.tweets()[0].id, "17"):  # what is gone already is gone
            assert open_channel.retract(published(number)).outcome is A
        x.faults.coming(Fault.SERVER_ERROR_HTML)
        assert open_channel.retract(published(x.tweets()[0].id)).outcome is U
    assert [tweet.text for tweet in x.tweets()] == ["Snow"]


def test_trying_it_out(x: XStandIn) -> None:
    assert channel(x).probe() == "posts as @courier"
    with pytest.raises(ChannelError, match="401"):
        channel(x, access_token="another").probe()
    x.faults.coming(Fault.GARBAGE_200)
    with pytest.raises(ChannelError):
        channel(x).probe()


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        f"see {LINK}, please",
        "کوردستان و هەولێر",
        "字幕",
        "👩‍👩‍👧 family",
        "🇮🇶 flag",
        "é e\u0301",
        "1️⃣ first",
    ],
)
def test_both_counts_agree(text: str) -> None:
    assert weight(text) == UNITS["x-weighted"](text)


def test_pictures_go_up_in_segments_with_what_stands_in_them(x: XStandIn) -> None:
    album = Album({"https://c.example/a.jpg": JPEG, "https://c.example/b.gif": b"GIF89a"})
    lane = ListLane([parcel(1, "Rain", media=tuple(album.pictures), alts=("A road under water",))])
    with channel(x, world={"web": album}) as open_channel:
        open_channel.run(lane)
    assert lane.outcomes == [A]
    shown = [x.pictures[number] for number in x.tweets()[0].pictures]
    assert [(one.kind, one.alt) for one in shown] == [("image/jpeg", "A road under water"), ("image/gif", "")]
    assert shown[0].content == JPEG
    assert len(shown[0].segments) == 3


@pytest.mark.parametrize("picture", [b"", b"<svg/>", b"\xff\xd8\xff" + b"x" * 5_000_000])
def test_news_goes_out_without_a_picture_that_cannot(x: XStandIn, picture: bytes) -> None:
    lane = ListLane([parcel(1, "Rain", media=("https://c.example/a.jpg",))])
    with channel(x, world={"web": Album({"https://c.example/a.jpg": picture})}) as open_channel:
        open_channel.run(lane)
    assert lane.outcomes == [A]
    assert "without a picture" in lane.receipts[0].detail
    assert x.tweets()[0].pictures == ()


def test_nobody_asks_while_a_window_is_used_up(x: XStandIn) -> None:
    x.plan.a_quarter = 2
    notes = Slate()
    lane = send(x, "one", "two", "three", "four", notes=notes)
    assert lane.outcomes == [A, A]
    assert len(lane.parcels) == 2
    asked = len(x.asked)
    assert send(x, "three", notes=notes).outcomes == []  # another process, the same notes
    assert len(x.asked) == asked
    later: datetime = NOW + timedelta(minutes=15, seconds=1)
    assert send(x, "three", notes=notes, world={"now": lambda: later}).outcomes == [
        D
    ]  # its clock stands still


def test_a_day_has_an_end_too(x: XStandIn) -> None:
    x.plan.a_day = 1
    notes = Slate()
    assert send(x, "one", "two", notes=notes).outcomes == [A]
    hours = {"now": lambda: NOW + timedelta(hours=23)}
    assert send(x, "two", notes=notes, world=hours).outcomes == []


def test_a_429_that_does_not_say_when_is_a_minute_of_rest(x: XStandIn) -> None:
    notes = Slate()
    x.faults.coming(Fault.RATE_LIMITED_BARE)
    assert send(x, "one", "two", notes=notes).outcomes == [D]
    assert send(x, "one", notes=notes).outcomes == []
    soon = {"now": lambda: NOW + timedelta(seconds=62)}
    assert send(x, "one", notes=notes, world=soon).outcomes == [A]


def test_what_the_plan_does_not_allow_is_learned_from_the_first_refusal(x: XStandIn) -> None:
    notes = Slate()
    x.plan.replies = False
    send(x, "one", notes=notes)
    with channel(x, notes=notes, thread=3) as open_channel:
        assert open_channel.limits.parts == 3
        lane = ListLane([parcel(2, "two", reply_to=x.tweets()[0].id), parcel(3, "three")])
        open_channel.run(lane)
    assert lane.outcomes == [R, A]
    assert channel(x, notes=notes, thread=3).limits.parts == 1
    assert channel(x, notes=notes, thread=3, plan={"name": "basic"}).limits.parts == 3  # another plan


def test_long_posts_are_written_until_x_refuses_one(x: XStandIn) -> None:
    notes = Slate()
    plan = {"long_posts": True}
    assert channel(x, notes=notes, plan=plan).limits.text == 25_000
    assert send(x, "a" * 300, notes=notes, plan=plan).outcomes == [R]
    assert channel(x, notes=notes, plan=plan).limits.text == 280
    x.plan.long_posts = True
    assert send(x, "a" * 300, plan=plan).outcomes == [A]


def test_a_post_is_edited_where_the_plan_allows_it(x: XStandIn) -> None:
    notes = Slate()
    send(x, "Rain closes the rode", "Snow")
    first = x.tweets()[0].id
    plan = {"edits": True}
    with channel(x, notes=notes, plan=plan) as open_channel:
        assert open_channel.capabilities.editable_for == timedelta(minutes=30)
        assert open_channel.edit(published(first), parcel(1, "Rain closes the road").post).outcome is R
    assert channel(x, notes=notes, plan=plan).capabilities.editable_for == timedelta(0)
    x.plan.edits = True
    with channel(x, plan=plan) as open_channel:
        for _ in range(2):  # the second time as after a death
            done = open_channel.edit(published(first), parcel(1, "Rain closes the road").post)
            assert (done.outcome, done.remote_ids) == (A, (x.tweets()[-1].id,))
    assert [tweet.text for tweet in x.tweets()] == ["Snow", "Rain closes the road"]


def test_what_x_says_stands_in_the_receipt(x: XStandIn) -> None:
    (receipt,) = send(x, "a" * 281).receipts
    assert receipt.detail == "HTTP 400: Your Tweet text is too long."


def test_a_post_takes_what_x_takes_for_it(x: XStandIn) -> None:
    priced = channel(
        x, prices={"post": "0.015", "post_with_link": "0.2", "picture": "0.001", "delete": "0.01"}
    )
    told = [
        (parcel(1, "Rain"), 15_000),
        (parcel(1, f"Rain {LINK}"), 200_000),
        (parcel(1, "Rain on courier.krd", media=("a", "b")), 202_000),
        (parcel(1, f"Rain {LINK}", act=Act.RETRACT), 10_000),
        (parcel(1, "Rain", act=Act.EDIT), 15_000),
    ]
    assert [priced.price(one.post) for one, _ in told] == [price for _, price in told]
