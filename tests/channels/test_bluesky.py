"""The Bluesky channel against the stand-in and every fault it knows."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicator.channels.bluesky import BlueskyChannel, facets, record_key
from syndicator.errors import ChannelError
from syndicator.model import ChannelId, Outcome
from syndicator.ports import Parcel
from syndicator.sandbox.bluesky import BlueskyStandIn
from syndicator.sandbox.faults import Fault
from tests.channels.album import JPEG, Album
from tests.lanes import NOW, WORLD, ListLane, parcel

A, D, R, U = Outcome.ACCEPTED, Outcome.DEFERRED, Outcome.REJECTED, Outcome.UNCERTAIN
LINK = "https://courier.example.com/ckb/ڕێگا?a=1"
SMALL = JPEG[:5000]


@pytest.fixture
def there() -> Iterator[BlueskyStandIn]:
    with BlueskyStandIn(now=lambda: NOW) as server:
        yield server


def channel(there: BlueskyStandIn, **settings: Any) -> BlueskyChannel:
    world = replace(WORLD, **settings.pop("world", {}))
    told = {"handle": there.handle, "app_password": there.password, "base_url": there.url, "timeout": 1.0}
    return BlueskyChannel(BlueskyChannel.Settings.model_validate(told | settings), world, id=ChannelId("b"))


def send(there: BlueskyStandIn, *parcels: Parcel, **settings: Any) -> ListLane:
    lane = ListLane([*parcels])
    with channel(there, **settings) as opened:
        opened.run(lane)
    return lane


def test_what_was_sent_twice_is_there_once(there: BlueskyStandIn) -> None:
    send(there, parcel(9, "before"))
    there.faults.coming(Fault.DROP_AFTER_ACCEPT)
    assert send(there, parcel(1, "Rain")).outcomes == [D]  # its key makes asking again harmless
    again = send(there, parcel(1, "Rain"))
    assert again.outcomes == [A]
    assert [(post.text, post.writes) for post in there.posts()] == [("before", 1), ("Rain", 2)]
    assert again.receipts[0].remote_ids == (there.posts()[1].uri,)


@pytest.mark.parametrize(
    ("fault", "outcome", "taken"),
    [
        (Fault.DROP_BEFORE_ACCEPT, D, 0),
        (Fault.DROP_AFTER_ACCEPT, D, 1),
        (Fault.HALF_BODY, D, 1),
        (Fault.GARBAGE_200, U, 1),
        (Fault.HANG, D, 1),
        (Fault.SERVER_ERROR_HTML, D, 0),
        (Fault.RATE_LIMITED, D, 0),
    ],
)
def test_every_fault_has_its_receipt(
    there: BlueskyStandIn, fault: Fault, outcome: Outcome, taken: int
) -> None:
    channel(there).probe()  # the session is there
    there.faults.coming(fault)
    (receipt,) = send(there, parcel(1, "Rain")).receipts
    assert (receipt.outcome, len(there.posts())) == (outcome, taken)
    assert receipt.detail
    assert there.password not in receipt.detail
    assert receipt.retry_at == (NOW + timedelta(seconds=7) if fault is Fault.RATE_LIMITED else None)


def test_a_session_that_is_over_is_renewed(there: BlueskyStandIn) -> None:
    send(there, parcel(1, "one"))
    there.end_sessions()
    assert send(there, parcel(2, "two")).outcomes == [A]


def test_a_password_that_is_not_taken_shuts_the_door(there: BlueskyStandIn) -> None:
    (receipt,) = send(there, parcel(1, "Rain"), app_password="x", handle="another.example").receipts
    assert (receipt.outcome, receipt.halt) == (D, True)
    with pytest.raises(ChannelError, match="app_password"):
        channel(there, app_password="x").probe()


def test_a_doubt_is_read_back_by_its_key(there: BlueskyStandIn) -> None:
    send(there, parcel(1, "Rain"))
    with channel(there) as opened:
        found = opened.look_up(parcel(1, "Rain"), NOW)
        absent = opened.look_up(parcel(2, "Snow"), NOW)
        there.faults.coming(Fault.SERVER_ERROR_HTML)
        unread = opened.look_up(parcel(1, "Rain"), NOW)
    assert (found.outcome, found.remote_ids) == (A, (there.posts()[0].uri,))
    assert (absent.outcome, unread.outcome) == (D, U)


def test_links_are_told_in_bytes_and_have_a_card(there: BlueskyStandIn) -> None:
    album = Album({"https://c.example/a.jpg": SMALL})
    post = parcel(1, f"باران 👩‍👩‍👧\n\nThe road.\n\n{LINK}.", language="ckb", media=tuple(album.pictures))
    send(there, post, world={"web": album})
    (record,) = there.posts()
    assert record.links == [(LINK, LINK)]
    assert record.value["langs"] == ["ckb"]
    card = record.value["embed"]["external"]
    assert (card["uri"], card["title"]) == (LINK, "باران 👩‍👩‍👧")
    assert there.blobs[card["thumb"]["ref"]["$link"]] == SMALL


def test_pictures_have_their_words(there: BlueskyStandIn) -> None:
    album = Album({"https://c.example/a.jpg": SMALL, "https://c.example/b.jpg": JPEG})
    post = parcel(1, "Rain", media=tuple(album.pictures), alts=("A road under water", ""))
    lane = send(there, post, pictures=2, world={"web": album})
    (image,) = there.posts()[0].value["embed"]["images"]
    assert image["alt"] == "A road under water"
    assert "larger than" in lane.receipts[0].detail  # the other one


def test_a_thread_hangs_together(there: BlueskyStandIn) -> None:
    parts = []
    for number in range(3):
        one = parcel(1, f"part {number}")
        parts.append(
            replace(one, delivery=one.delivery._replace(id=number, key=f"e:c:1:{number}", part=number))
        )
    assert send(there, *parts).outcomes == [A, A, A]
    first, second, third = there.posts()
    assert third.value["reply"]["root"]["uri"] == first.uri
    assert third.value["reply"]["parent"]["uri"] == second.uri
    with channel(there) as opened:
        lane = ListLane([replace(parts[1], delivery=parts[1].delivery._replace(key="e:c:7:1"))])
        opened.run(lane)
    assert lane.outcomes == [D]


def test_too_long_is_refused_for_good(there: BlueskyStandIn) -> None:
    assert send(there, parcel(1, "a" * 301), parcel(2, "fine")).outcomes == [R, A]


@given(st.text(max_size=60))
def test_a_record_key_is_always_the_same_and_of_the_right_form(delivery: str) -> None:
    key = record_key(delivery)
    assert key == record_key(delivery)
    assert len(key) == 13
    assert key[0] in "234567abcdefghij"


@given(
    st.lists(
        st.sampled_from([LINK, "باران", "👩‍👩‍👧", "https://a.org/b", "(https://a.org/c)", "\n"]), max_size=12
    )
)
def test_facets_cover_their_links(words: list[str]) -> None:
    text = " ".join(words)
    raw = text.encode()
    for facet in facets(text):
        covered = raw[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode()
        assert covered == facet["features"][0]["uri"]
    assert len(facets(text)) == sum("https" in word for word in words)
