"""The feed channel: what is written twice is there once, and both files say the same."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from syndicator.channels.feed import FeedChannel
from syndicator.errors import ChannelError
from syndicator.model import ChannelId, Outcome
from tests.lanes import NOW, WORLD, ListLane, parcel

TEXT = "Rain & snow\n\nThe road is <closed>.\n\nBuses are late.\n\nhttps://c.example/rain"


def channel(folder: Path, **settings: object) -> FeedChannel:
    told = {"folder": folder, "title": "T", "home": "https://c.example", "address": "https://c.example/f"}
    return FeedChannel(FeedChannel.Settings.model_validate(told | settings), WORLD, id=ChannelId("f"))


def send(folder: Path, *texts: str, **settings: object) -> ListLane:
    lane = ListLane([parcel(number, text) for number, text in enumerate(texts, 1)])
    with channel(folder, **settings) as opened:
        opened.run(lane)
    return lane


def items(folder: Path) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads((folder / "feed.json").read_text("utf-8"))["items"]
    return found


def test_an_entry_has_title_link_and_text(tmp_path: Path) -> None:
    send(tmp_path, TEXT)
    (one,) = items(tmp_path)
    assert (one["title"], one["url"]) == ("Rain & snow", "https://c.example/rain")
    assert one["content_html"] == "<p>The road is &lt;closed&gt;.</p><p>Buses are late.</p>"
    (item,) = ElementTree.parse(tmp_path / "feed.xml").iter("item")  # noqa: S314 - our own
    assert [item.findtext(name) for name in ("title", "link", "guid")] == [
        one["title"],
        one["url"],
        one["id"],
    ]


def test_what_is_written_twice_is_there_once_newest_first(tmp_path: Path) -> None:
    send(tmp_path, "one", "two")
    send(tmp_path, "one", "two", "three", entries=2)
    assert [one["title"] for one in items(tmp_path)] == ["three", "two"]


def test_a_doubt_is_read_back(tmp_path: Path) -> None:
    send(tmp_path, "one")
    with channel(tmp_path) as opened:
        assert opened.look_up(parcel(1), NOW).outcome is Outcome.ACCEPTED
        assert opened.look_up(parcel(2), NOW).outcome is Outcome.DEFERRED
        (tmp_path / "feed.json").write_text("[]")
        assert opened.look_up(parcel(1), NOW).outcome is Outcome.UNCERTAIN


def test_a_file_that_is_no_feed_of_ours_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "feed.json").write_text('{"items": [{"id": "theirs"}]}')
    assert send(tmp_path, "one").outcomes == [Outcome.DEFERRED]
    assert "theirs" in (tmp_path / "feed.json").read_text()
    with pytest.raises(ChannelError, match="a folder of its own"):
        channel(tmp_path).probe()


def test_it_says_where_it_writes(tmp_path: Path) -> None:
    send(tmp_path, "one")
    assert channel(tmp_path).probe() == f"writes to {tmp_path}, 1 entries"
    (tmp_path / "file").write_text("")
    with pytest.raises(ChannelError):
        channel(tmp_path / "file" / "below").probe()
