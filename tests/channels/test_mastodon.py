"""The Mastodon channel against the stand-in and every fault it knows."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicator.channels.mastodon import MastodonChannel
from syndicator.errors import ChannelError
from syndicator.model import ChannelId, Outcome
from syndicator.ports import Slate
from syndicator.sandbox.faults import Fault
from syndicator.sandbox.mastodon import MastodonStandIn, length
from syndicator.text.measure import UNITS
from tests.channels.album import JPEG, Album
from tests.lanes import NOW, WORLD, ListLane, parcel

A, D, R, U = Outcome.ACCEPTED, Outcome.DEFERRED, Outcome.REJECTED, Outcome.UNCERTAIN
LINK = "https://courier.example.com/en/2026/rain-closes-the-road"


@pytest.fixture
def there() -> Iterator[MastodonStandIn]:
    with MastodonStandIn(now=lambda: NOW) as server:
        yield server


def channel(there: MastodonStandIn, **settings: Any) -> MastodonChannel:
    world = replace(WORLD, notes=settings.pop("notes", Slate()), **settings.pop("world", {}))
    told = {"access_token": there.token, "base_url": there.url, "timeout": 1.0, **settings}
    return MastodonChannel(MastodonChannel.Settings.model_validate(told), world, id=ChannelId("m"))


def send(there: MastodonStandIn, *texts: str, **settings: Any) -> ListLane:
    lane = ListLane([parcel(number, text) for number, text in enumerate(texts, 1)])
    with channel(there, **settings) as opened:
        opened.run(lane)
    return lane


def test_what_was_sent_twice_is_there_once(there: MastodonStandIn) -> None:
    there.faults.coming(Fault.DROP_AFTER_ACCEPT)
    assert send(there, "Rain").outcomes == [U]
    again = send(there, "Rain")
    assert again.outcomes == [A]
    assert [status.id for status in there.statuses()] == [*again.receipts[0].remote_ids]


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
        (Fault.UNAUTHORIZED, D, 0, True),
    ],
)
def test_every_fault_has_its_receipt(
    there: MastodonStandIn, fault: Fault, outcome: Outcome, taken: int, *, halt: bool
) -> None:
    there.faults.coming(fault)
    (receipt,) = send(there, "Rain").receipts
    assert (receipt.outcome, len(there.statuses()), receipt.halt) == (outcome, taken, halt)
    assert receipt.detail
    assert there.token not in receipt.detail
    assert receipt.retry_at == (NOW + timedelta(seconds=7) if fault is Fault.RATE_LIMITED else None)


def test_a_doubt_is_read_back(there: MastodonStandIn) -> None:
    text = f"Rain & <snow>\n\nThe road is closed.\nBuses are late.\n\n{LINK}"
    send(there, text)
    with channel(there) as opened:
        found = opened.look_up(parcel(9, text), NOW - timedelta(minutes=1))
        absent = opened.look_up(parcel(9, "never sent"), NOW - timedelta(minutes=1))
        other = opened.look_up(parcel(9, text + "?from=mastodon"), NOW - timedelta(minutes=1))
        there.faults.coming(Fault.SERVER_ERROR_HTML)
        unread = opened.look_up(parcel(9, text), NOW - timedelta(minutes=1))
    assert (found.outcome, found.remote_ids) == (A, (there.statuses()[0].id,))
    assert (absent.outcome, other.outcome, unread.outcome) == (D, U, U)


def test_more_statuses_than_one_look_shows_settle_nothing(there: MastodonStandIn) -> None:
    send(there, *(f"Story {number}" for number in range(41)))
    with channel(there) as opened:
        assert opened.look_up(parcel(99, "Story 0"), NOW - timedelta(minutes=1)).outcome is U


def test_language_visibility_threads_and_pictures(there: MastodonStandIn) -> None:
    album = Album({"https://c.example/a.jpg": JPEG})
    settings: dict[str, Any] = {"visibility": "unlisted", "pictures": 1, "world": {"web": album}}
    first = parcel(1, "باران", language="ckb", media=tuple(album.pictures), alts=("A road under water",))
    with channel(there, **settings) as opened:
        lane = ListLane([first])
        opened.run(lane)
        opened.run(ListLane([parcel(2, "more", reply_to=lane.receipts[0].remote_ids[0])]))
    one, two = there.statuses()
    assert (one.language, one.visibility, two.reply_to) == ("ckb", "unlisted", one.id)
    assert there.pictures[one.pictures[0]] == "A road under water"


@pytest.mark.parametrize("picture", [b"", b"<svg/>"])
def test_news_goes_out_without_a_picture_that_cannot(there: MastodonStandIn, picture: bytes) -> None:
    lane = ListLane([parcel(1, "Rain", media=("https://c.example/a.jpg",))])
    with channel(there, pictures=1, world={"web": Album({"https://c.example/a.jpg": picture})}) as opened:
        opened.run(lane)
    assert "without a picture" in lane.receipts[0].detail
    assert [status.pictures for status in there.statuses()] == [()]


def test_the_server_says_how_long_a_status_may_be(there: MastodonStandIn) -> None:
    there.characters = 1000
    notes = Slate()
    assert channel(there, notes=notes).limits.text == 500
    assert channel(there, notes=notes).probe() == "posts as @courier, 1000 characters"
    assert channel(there, notes=notes).limits.text == 1000
    assert channel(there, notes=notes, characters=300).limits.text == 300
    assert send(there, "a" * 1001, "fine").outcomes == [R, A]


def test_trying_it_out_says_what_to_look_at(there: MastodonStandIn) -> None:
    with pytest.raises(ChannelError, match="access token"):
        channel(there, access_token="another").probe()
    with MastodonStandIn() as gone:
        pass
    with pytest.raises(ChannelError):
        channel(gone).probe()


@given(st.text("ab é👩‍👩‍👧ۆ\n", max_size=80), st.booleans())
def test_it_is_never_counted_shorter_than_the_server_does(text: str, link: bool) -> None:  # noqa: FBT001 - drawn
    whole = f"{text} {LINK}" if link else text
    assert UNITS["mastodon"](whole) >= length(whole)
