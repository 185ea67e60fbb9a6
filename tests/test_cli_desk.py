"""The desk as editors type it."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from syndicator.sandbox.world import Sandbox
from syndicator.wiring import utc_now
from tests.test_cli import syndicator, told


@pytest.fixture
def world(tmp_path: Path) -> Iterator[tuple[Sandbox, tuple[str, str]]]:
    """A newsroom with new stories."""
    with Sandbox(now=utc_now) as sandbox:
        c = ("-c", str(sandbox.configure(tmp_path)))
        syndicator("ingest", *c)
        sandbox.newsroom.publish(3)
        syndicator("ingest", *c)
        yield sandbox, c


def story(c: tuple[str, str], language: str = "en") -> str:
    found = told("articles", "--language", language, *c)["articles"]
    return str(found[0]["id"])  # type: ignore[index]


def test_a_story_is_held_and_lifted(world: tuple[Sandbox, tuple[str, str]]) -> None:
    _, c = world
    one = story(c)
    assert syndicator("hold", *c).stdout == "no story is held\n"
    (held,) = told("hold", one, "--why", "the ministry denies it", "--by", "sara", *c)["held"]  # type: ignore[misc]
    assert (held["article"], held["by"], held["why"]) == (one, "sara", "the ministry denies it")
    assert "is held since" in syndicator("hold", *c).stdout
    assert "▮ “" in syndicator("status", *c).stdout
    refused = syndicator("push", one, "--to", "tg-en", "--yes", *c)
    assert (refused.returncode, "is held" in refused.stderr) == (1, True)
    assert told("lift", one, *c) == {
        "article": one,
        "waits_until": None,
        "resumed": [],
        "still_paused": [],
    }
    assert syndicator("lift", one, *c).returncode == 1
    assert "say why" in syndicator("hold", one, *c).stderr


def test_the_trail_is_read_and_exported(world: tuple[Sandbox, tuple[str, str]], tmp_path: Path) -> None:
    _, c = world
    one = story(c)
    syndicator("hold", one, "--why", "is it so?", "--by", "sara", *c)
    syndicator("lift", one, "--by", "dana", *c)
    lines = told("audit", "--about", one[:6], *c)["lines"]
    assert [(line["who"], line["what"]) for line in lines] == [("dana", "lift"), ("sara", "hold")]  # type: ignore[attr-defined]
    assert f"sara  hold  {one}: is it so?" in syndicator("audit", "--who", "sara", *c).stdout
    assert syndicator("audit", "--what", "nothing", *c).stdout == "nothing was done\n"
    file = tmp_path / "trail.csv"
    assert syndicator("audit", "--about", one, "--csv", str(file), *c).stdout == f"2 lines are in {file}\n"
    with file.open(encoding="utf-8", newline="") as found:
        assert [line["what"] for line in csv.DictReader(found)] == ["hold", "lift"]
    assert syndicator("audit", "--csv", "-", *c).stdout.startswith("id,at,who,what,about,why")
    refused = syndicator("audit", "--since", "yesterday", *c)
    assert (refused.returncode, "--since: 'yesterday' is no moment" in refused.stderr) == (1, True)


def test_a_push_for_a_moment_is_moved_and_called_off(world: tuple[Sandbox, tuple[str, str]]) -> None:
    sandbox, c = world
    one = story(c)
    order = ("push", one, "--to", "x", "--yes", "--by", "sara")
    said = syndicator(*order, "--at", "2100-03-01T18:00+03:00", *c)
    (name,) = re.findall(r"push:\S+", said.stdout)
    assert "goes out at 2100-03-01 18:00 UTC+03:00" in said.stdout, said.stderr
    assert not sandbox.x.tweets()
    moved = syndicator("move", name, "--at", "2100-03-01T19:00+03:00", *c)
    assert moved.stdout == f"{name}: 1 go out at 2100-03-01 19:00 UTC+03:00\n"
    assert told("move", name, "--at", "2100-03-01T20:00+03:00", "--to", "x", *c)["deliveries"] == 1
    done = syndicator("cancel", name, "--why", "the wrong picture", *c)
    assert done.stdout == f"{name}: 1 are called off\n    x may have its stories again\n"
    assert syndicator("cancel", name, "--why", "again", *c).returncode == 1
    assert "has passed" in syndicator(*order, "--at", "2000-03-01T18:00Z", *c).stderr
    assert told(*order, *c)["channels"] == {
        "x": {"accepted": 1, "deferred": 0, "rejected": 0, "uncertain": 0}
    }
    assert len(sandbox.x.tweets()) == 1


def test_stories_are_pushed_together(world: tuple[Sandbox, tuple[str, str]]) -> None:
    sandbox, c = world
    sandbox.newsroom.publish(6)
    syndicator("ingest", *c)
    found = told("articles", "--language", "en", *c)["articles"]
    first, second = (str(one["id"]) for one in found[:2])  # type: ignore[index]
    done = told("push", first, second, "--to", "tg-en", "--yes", "--together", *c)
    assert done["deliveries"] == 1
    (name,) = done["editions"]  # type: ignore[misc]
    assert str(name).startswith("push:together:")


def test_words_of_ones_own(world: tuple[Sandbox, tuple[str, str]]) -> None:
    _, c = world
    one = story(c)
    assert "nothing was written" in syndicator("edits", one, *c).stdout
    said = syndicator("edit", one, "--headline", "Our own headline", "--by", "sara", *c).stdout
    assert said == "● the headline, revision 1, by sara: Our own headline\n"
    assert "Our own headline" in syndicator("preview", one, "--to", "x", *c).stdout
    (_, told_too) = told("edit", one, "--channel", "x", "--text", "Our own post", *c)["edits"]  # type: ignore[misc]
    assert (told_too["channel"], told_too["text"], told_too["used"]) == ("x", "Our own post", True)
    assert "Our own post" in syndicator("preview", one, "--to", "x", *c).stdout
    long = syndicator("edit", one, "--channel", "x", "--text", "a" * 300, *c)
    assert (long.returncode, "x takes 280 x-weighted, and this has 300" in long.stderr) == (1, True)
    assert "on x" not in syndicator("edit", one, "--undo", "--channel", "x", *c).stdout
    assert "say one of" in syndicator("edit", one, "--text", "of no channel", *c).stderr


def test_an_order_is_approved_by_somebody_else(world: tuple[Sandbox, tuple[str, str]]) -> None:
    sandbox, c = world
    path = Path(c[1])
    path.write_text(
        path.read_text("utf-8").replace("[channels.x]\n", "[channels.x]\napproval = true\n"), "utf-8"
    )
    assert syndicator("approvals", *c).stdout == "nothing waits to be approved\n"
    one = story(c)
    said = syndicator("push", one, "--to", "x", "--yes", "--by", "sara", *c).stdout
    (name,) = re.findall(r"(push:\S+) waits until somebody else approves it", said)
    assert f"▮ {name} waits until somebody approves it" in syndicator("status", *c).stdout
    shown = syndicator("approvals", *c).stdout
    assert "asked by sara" in shown
    (seen,) = re.findall(r"--hash ([0-9a-f]{12})", shown)
    own = syndicator("approve", name, "--hash", seen, "--by", "sara", *c)
    assert (own.returncode, "somebody else has to approve it" in own.stderr) == (1, True)
    assert told("approve", name, "--hash", seen, "--by", "dana", *c)["channels"] == ["x"]
    syndicator("deliver", *c)
    assert len(sandbox.x.tweets()) == 1
    (second,) = told("push", one, "--to", "x", "--yes", "--again", "--by", "sara", *c)["editions"]  # type: ignore[misc]
    declined = syndicator("decline", second, "--why", "once is enough", "--by", "dana", *c)
    assert declined.stdout == f"{second} does not go out: 1 are called off\n"
