"""One story as an editor types it: its life, its embargo, its siblings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from syndicator.sandbox.world import Sandbox
from syndicator.wiring import utc_now
from tests.test_cli import syndicator, told


@pytest.fixture
def world(tmp_path: Path) -> Iterator[tuple[Sandbox, tuple[str, str]]]:
    """A newsroom with a story that was corrected."""
    with Sandbox(now=utc_now) as sandbox:
        c = ("-c", str(sandbox.configure(tmp_path)))
        syndicator("ingest", *c)
        first = sandbox.newsroom.publish(3)[0]
        syndicator("ingest", *c)
        sandbox.newsroom.revise(first.slug, headline=f"{first.headline}, police say")
        syndicator("ingest", *c)
        yield sandbox, c


def ids(c: tuple[str, str]) -> dict[str, str]:
    found = told("articles", *c)["articles"]
    return {f"{one['language']}{one['revision']}": str(one["id"]) for one in found}  # type: ignore[attr-defined]


def test_the_life_of_a_story_is_told(world: tuple[Sandbox, tuple[str, str]]) -> None:
    _, c = world
    known = ids(c)
    corrected = next(one for name, one in known.items() if name.endswith("2"))
    life = told("story", corrected, *c)
    first, second = life["revisions"]  # type: ignore[misc]
    assert (first["change"], second["change"]["facts"]) == (None, ["headline"])
    said = syndicator("story", corrected[:10], *c).stdout
    assert "revision 2" in said
    assert "headline: nothing → “police say”" in said
    assert syndicator("story", "zz", *c).returncode == 1


def test_an_embargo_is_set_and_lifted(world: tuple[Sandbox, tuple[str, str]]) -> None:
    _, c = world
    story = next(iter(ids(c).values()))
    said = syndicator("embargo", story, "--until", "2100-03-01T18:00+03:00", *c)
    assert "waits until 2100-03-01 18:00 UTC+03:00" in said.stdout
    assert str(told("story", story, *c)["waits_until"]).startswith("2100-03-01 15:00")
    assert "⏸ it waits until 2100-03-01 15:00 UTC" in syndicator("story", story, *c).stdout
    assert told("embargo", story, "--lift", *c) == {"article": story, "waits_until": None}
    for words, why in (
        (("--until", "soon"), "is no moment"),
        (("--until", "2100-03-01T18:00"), "has no offset"),
        ((), "say until when"),
        (("--lift",), "is under no embargo"),
        (("--until", "2000-01-01T00:00Z"), "has passed"),
    ):
        refused = syndicator("embargo", story, *words, *c)
        assert (refused.returncode, why in refused.stderr) == (1, True), refused.stderr


def test_siblings_are_said(world: tuple[Sandbox, tuple[str, str]]) -> None:
    _, c = world
    one, two, *_ = (story for _, story in sorted({name[:-1]: s for name, s in ids(c).items()}.items()))
    assert told("sibling", one, two, *c) == {"article": one, "sibling": two, "linked": True}
    assert [other["article"] for other in told("story", one, *c)["siblings"]] == [two]  # type: ignore[attr-defined]
    assert "\n= " in syndicator("story", two, *c).stdout
    assert "are two stories" in syndicator("sibling", two, one, "--undo", *c).stdout
    assert told("story", one, *c)["siblings"] == []
