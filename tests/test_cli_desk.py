"""The desk as editors type it."""

from __future__ import annotations

import csv
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
