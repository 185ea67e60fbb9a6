"""What the documents say is so."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from typer.main import get_command

from syndicator.cli import app

ROOT = Path(__file__).parents[1]
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "templates").glob("*.md")]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda one: one.name)
def test_links_lead_somewhere(document: Path) -> None:
    for link in re.findall(r"\]\((?!https?:)([^)#]+)\)", document.read_text("utf-8")):
        assert (document.parent / link).exists(), link


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda one: one.name)
def test_commands_and_options_exist(document: Path) -> None:
    commands = get_command(app).commands  # type: ignore[attr-defined]
    for line in re.findall(r"syndicator ((?:(?!syndicator)[^`\n#])+)", document.read_text("utf-8")):
        words = line.split()
        if words[0] not in commands:
            assert not re.match(r"[a-z]+$", words[0]) or words[0] in {"and"}, line
            continue
        command = commands[words[0]]
        if words[1:2] and words[1] in getattr(command, "commands", {}):
            command = command.commands[words[1]]
        known = {name for option in command.params for name in (*option.opts, *option.secondary_opts)}
        for word in words[1:]:
            if word.startswith("-"):
                assert word in known, f"{line}: {word}"


def test_every_room_is_in_the_architecture() -> None:
    told = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    for part in (ROOT / "syndicator").iterdir():
        if part.name.startswith("_") or part.name == "py.typed":
            continue
        name = f"{part.name}/" if part.is_dir() else part.name
        assert f"`{name}`" in told, name


def test_the_readmes_two_commands_are_targets_of_make() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    for target in re.findall(r"^    make (\w+)$", readme, re.MULTILINE):
        subprocess.run(["make", "-n", target], cwd=ROOT, check=True, capture_output=True)  # noqa: S607
    assert re.findall(r"^    make (\w+)$", readme, re.MULTILINE) == ["demo", "test"]


def test_the_picture_is_a_picture() -> None:
    assert (ROOT / "docs" / "street.png").read_bytes().startswith(b"\x89PNG")
