"""Posts as files."""

import json
from pathlib import Path

import pytest

from syndicator.channels.file import FileChannel
from syndicator.errors import ChannelError
from syndicator.model import ChannelId, Outcome
from tests.lanes import WORLD, ListLane, parcel


def channel(folder: Path) -> FileChannel:
    return FileChannel(FileChannel.Settings(folder=folder), WORLD, id=ChannelId("files"))


def test_the_same_delivery_is_the_same_file(tmp_path: Path) -> None:
    for _ in range(2):
        lane = ListLane([parcel(1, "باران")])
        with channel(tmp_path) as opened:
            opened.run(lane)
    (written,) = tmp_path.iterdir()
    told = json.loads(written.read_text("utf-8"))
    assert told["text"] == "باران"
    assert lane.receipts[0].remote_ids == (written.name,)


def test_a_folder_that_cannot_be_written_defers(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file, no folder")
    lane = ListLane([parcel(1)])
    with channel(tmp_path / "taken") as opened:
        opened.run(lane)
    assert lane.outcomes == [Outcome.DEFERRED]
    with pytest.raises(ChannelError, match="name a folder"):
        channel(tmp_path / "taken").probe()
