"""The X channel over tweepy, against the stand-in and every fault it knows."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from syndicator.channels.x import XChannel
from syndicator.errors import ChannelError
from syndicator.model import ChannelId, Outcome
from syndicator.sandbox.faults import Fault
from syndicator.sandbox.x import XStandIn, weight
from syndicator.text.measure import UNITS
from tests.lanes import NOW, WORLD, ListLane, parcel

A, D, R, U = Outcome.ACCEPTED, Outcome.DEFERRED, Outcome.REJECTED, Outcome.UNCERTAIN
LINK = "https://courier.example.com/en/2026/rain-closes-the-road"


@pytest.fixture
def x() -> Iterator[XStandIn]:
    with XStandIn(now=lambda: NOW) as there:
        yield there


def channel(there: XStandIn, **settings: object) -> XChannel:
    told = {**there.credentials, "base_url": there.url, "timeout": 1.0, **settings}
    return XChannel(XChannel.Settings.model_validate(told), WORLD, id=ChannelId("x"))


def send(there: XStandIn, *texts: str, **settings: object) -> ListLane:
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
    lane = ListLane([parcel(2, "two", reply_to=x.tweets()[0].id), parcel(3, "three", reply_to="17")])
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
    send(x, *(f"Story {number}" for number in range(101)))
    with channel(x) as open_channel:
        assert open_channel.look_up(parcel(9, "Story 0"), NOW - timedelta(minutes=1)).outcome is U


def test_taking_away(x: XStandIn) -> None:
    send(x, "Rain", "Snow")
    with channel(x) as open_channel:
        assert open_channel.delete([x.tweets()[0].id]).outcome is A
        assert open_channel.delete(["17"]).outcome is R
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
