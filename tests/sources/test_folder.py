"""A watched folder: whole files only, each once, a changed one as a revision."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from syndicator.cleaning import clean
from syndicator.errors import SourceError
from syndicator.ports import Harvest, World
from syndicator.sources.folder import FolderSource
from tests.lanes import Nowhere
from tests.outside import Clock

HEAD = "---\nheadline: Rain & roads\nurl: https://courier.example/rain\n"


class Desk:
    """A folder, and somebody who writes into it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = Clock()
        self.checkpoint: str | None = None
        self.meanwhile: Callable[[], object] = lambda: None  # what happens while the source waits
        self.waited = 0.0

    def write(self, name: str, text: str | bytes, age: float = 3600) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        at = self.clock.now().timestamp() - age
        os.utime(path, (at, at))
        return path

    def look(self, **settings: object) -> Harvest:
        told = {"path": self.folder, "language": "en"} | settings
        world = World(now=self.clock.now, rng=Random(1), wait=self._wait, web=Nowhere())
        source = FolderSource(FolderSource.Settings.model_validate(told), world, name="desk")
        found = source.fetch(self.checkpoint)
        self.checkpoint = found.checkpoint
        return found

    def _wait(self, seconds: float) -> bool:
        self.waited += seconds
        self.meanwhile()
        return False


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_markdown_with_a_head(desk: Desk) -> None:
    desk.write(
        "2026/rain.md",
        HEAD + "# of no use to a reader\npublished: 2026-03-01T08:00:00+03:00\nauthor: Sara\nsection: City\n"
        'topics: [Azmar, "roads"]\nimage: https://courier.example/r.jpg\nimage_alt: A wet road\n'
        "image_credit: Dana\ncaption: The road\n---\n\nRain **closed** the road.\n"
        "\nIt opens <script>x</script> soon.\n",
    )
    (item,) = desk.look().items
    article = clean(item, languages=["en", "ckb"], now=desk.clock.now())
    assert (article.headline, article.url, item.key) == (
        "Rain & roads",
        "https://courier.example/rain",
        "2026/rain",
    )
    assert article.body == ("Rain closed the road.", "It opens <script>x</script> soon.")
    assert article.published_at == datetime(2026, 3, 1, 5, tzinfo=UTC)
    assert (article.author, article.section, article.image_alt, article.caption) == (
        "Sara", "City", "A wet road", "The road",
    )  # fmt: skip
    assert item.image_credit == "Dana"
    assert article.topics == {"Azmar", "roads"}


@pytest.mark.parametrize("text", ["One < two.\n\nIt rained.", ["One < two.", "It rained."]])
def test_json(desk: Desk, text: object) -> None:
    told = {
        "id": "r-1",
        "headline": "Rain <b>&amp;</b>",
        "text": text,
        "language": "ckb",
        "topics": ["A & B"],
    }
    desk.write("rain story.json", json.dumps(told))
    (item,) = desk.look(base="https://courier.example/news/").items
    article = clean(item, languages=["en", "ckb"], now=desk.clock.now())
    assert (item.key, article.url) == ("r-1", "https://courier.example/news/rain%20story")
    assert (article.headline, article.body) == ("Rain <b>&amp;</b>", ("One < two.", "It rained."))
    assert (article.language, article.topics) == ("ckb", {"A & B"})
    assert article.published_at == desk.clock.now() - timedelta(hours=1)  # when the file was written


def test_a_file_is_read_once_and_again_when_it_changes(desk: Desk) -> None:
    desk.write("rain.md", HEAD + "---\nIt rained.")
    assert len(desk.look().items) == 1
    assert desk.look().items == ()
    desk.write("rain.md", HEAD + "---\nIt rained.", age=60)  # touched, and the same
    assert desk.look().items == ()
    desk.write("rain.md", HEAD + "---\nIt snowed.", age=30)
    (item,) = desk.look().items
    assert "snowed" in item.html
    assert item.published_at == desk.clock.now() - timedelta(hours=1)  # as it was first read


def test_half_a_story_is_no_story(desk: Desk) -> None:
    path = desk.write("rain.md", HEAD + "---\nIt rained", age=0)

    def writes_on() -> None:
        with path.open("a") as file:
            file.write(" all night.")

    desk.meanwhile = writes_on
    assert desk.look().items == ()
    assert desk.waited == 2
    desk.clock.on(minutes=5)
    at = desk.clock.now().timestamp() - 60
    os.utime(path, (at, at))
    assert "all night." in desk.look().items[0].html
    assert desk.waited == 2  # it was quiet


def test_a_file_put_in_its_place_whole_is_read_at_once(desk: Desk) -> None:
    desk.write(".rain.md", HEAD + "---\nIt rained.", age=0)
    assert desk.look().items == ()
    (desk.folder / ".rain.md").rename(desk.folder / "rain.md")
    assert len(desk.look().items) == 1


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.json", '{"headline": "x",\n "text" "y"}', r"a.json, line 2: this is no JSON"),
        ("a.json", "[" * 100_000, r"a.json, line 1: this is no JSON"),
        ("a.json", "[]", r"a.json, line 1: a story is an object"),
        ("a.json", '{\n"headline": "x",\n"txt": "y"}', r"a.json, line 3: txt: this key is not known; there are"),
        ("a.json", '{"text": "y"}', r"a.json, line 1: headline: this key is missing"),
        ("a.json", '{"headline": "x"}', r"line 1: there is no text"),
        ("a.json", '{"headline": "x",\n"text": "y",\n"url": "ftp://x"}', r"line 3: url: 'ftp://x' is not right"),
        ("a.json", '{"headline": "x", "text": "y"}', r"there is no url; write one, or set sources.desk.base"),
        ("a.md", "Rain", r"a.md, line 1: the head is missing"),
        ("a.md", HEAD, r"the head has no end"),
        ("a.md", HEAD + "oops\n---\nx", r"a.md, line 4: 'oops' is not key: value"),
        ("a.md", HEAD + "headline: y\n---\nx", r"line 4: headline stands here for the second time"),
        ("a.md", HEAD + "\npublished: 2026-03-01\n---\nx", r"line 5: published: .*say its offset"),
        ("a.md", HEAD + "---\n", r"there is no text"),
        ("a.md", b"---\nheadline: \xff\n---\nx", r"a.md, line 2: this is not UTF-8"),
        ("a.md", HEAD + "---\n" + "x" * 2_000_000, r"more than 2000000 octets"),
    ],
)  # fmt: skip
def test_what_is_wrong_names_file_and_line(desk: Desk, name: str, text: str | bytes, said: str) -> None:
    desk.write(name, text)
    desk.write("good.md", HEAD + "---\nIt rained.")
    found = desk.look()
    assert len(found.items) == 1
    assert len(found.faults) == 1
    assert re.search(said, found.faults[0])
    assert desk.look().faults == found.faults  # until it is mended
    desk.write(
        name, HEAD + "id: a\n---\nx" if name.endswith("md") else '{"headline": "x", "text": "y"}', age=5
    )
    assert desk.look(base="https://courier.example").faults == ()


def test_two_files_of_one_id(desk: Desk) -> None:
    desk.write("a.md", HEAD + "id: x\n---\nA.")
    desk.write("b.md", HEAD + "id: x\n---\nB.")
    found = desk.look()
    assert (len(found.items), len(found.faults)) == (1, 1)
    assert "b.md: its id is that of a.md" in found.faults[0]


def test_a_file_that_is_gone(desk: Desk) -> None:
    for number in range(7):
        desk.write(f"{number}.md", HEAD + f"id: s{number}\n---\nStory {number}.")
    desk.look(deleted="retract")
    (desk.folder / "0.md").unlink()
    (desk.folder / "1.md").rename(desk.folder / "renamed.md")
    assert desk.look(deleted="retract").withdrawn == ("s0",)
    assert desk.look(deleted="retract").withdrawn == ()
    for path in desk.folder.glob("*.md"):
        path.unlink()
    found = desk.look(deleted="retract")
    assert found.withdrawn == ()
    assert "6 stories are gone at once" in found.faults[0]


def test_a_file_that_is_gone_changes_nothing_by_default(desk: Desk) -> None:
    path = desk.write("rain.md", HEAD + "---\nIt rained.")
    desk.look()
    path.unlink()
    assert desk.look().withdrawn == ()


def test_a_broken_edit_takes_nothing_back(desk: Desk) -> None:
    desk.write("rain.md", HEAD + "---\nIt rained.")
    desk.look(deleted="retract")
    desk.write("rain.md", "oops", age=5)
    found = desk.look(deleted="retract")
    assert (found.withdrawn, len(found.faults)) == ((), 1)


def test_links_are_not_followed(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "secret.md"
    elsewhere.write_text(HEAD + "---\nSecret.")
    (desk.folder / "link.md").symlink_to(elsewhere)
    (desk.folder / "down").symlink_to(elsewhere.parent, target_is_directory=True)
    assert desk.look().items == ()


def test_a_folder_that_is_not_there_takes_nothing_back(desk: Desk) -> None:
    desk.write("rain.md", HEAD + "---\nIt rained.")
    desk.look(deleted="retract")
    kept = desk.checkpoint
    with pytest.raises(
        SourceError, match=r"No such file or directory; let this user read it, or mend sources.desk.path"
    ):
        desk.look(path=desk.folder / "away", deleted="retract")
    assert desk.checkpoint == kept


def test_an_archive_put_in_later_is_no_news(desk: Desk) -> None:
    desk.write("rain.md", HEAD + "---\nIt rained.")
    desk.look()
    desk.write("old.md", HEAD + "published: 2020-01-01T00:00:00Z\n---\nLong ago.")
    assert desk.look().old == {"old"}
