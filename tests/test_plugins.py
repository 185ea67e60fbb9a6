import os
import subprocess
import sys
from pathlib import Path

import pytest

from syndicator import plugins
from syndicator.errors import ConfigError


def test_a_near_miss_is_named() -> None:
    with pytest.raises(ConfigError, match="did you mean 'telegram'"):
        plugins.load("channels", "telegran")


def _install(folder: Path, name: str, target: str) -> None:
    """A package as pip leaves it, with one entry point."""
    info = folder / f"{name}-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
    (info / "entry_points.txt").write_text(f"[syndicator.channels]\npigeon = {target}\n")


def _load_pigeon(folder: Path) -> str:
    code = (
        "from syndicator import plugins\nfrom syndicator.errors import ConfigError\n"
        "try: print(plugins.load('channels', 'pigeon'))\nexcept ConfigError as error: print(error)"
    )
    environ = {**os.environ, "PYTHONPATH": str(folder)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True
    )
    return done.stdout


def test_a_foreign_plug_in_is_found_by_its_name(tmp_path: Path) -> None:
    _install(tmp_path, "loft", "loft:Pigeon")
    (tmp_path / "loft.py").write_text("class Pigeon: ...\n")
    assert "loft.Pigeon" in _load_pigeon(tmp_path)


def test_a_plug_in_that_lacks_a_package_says_which(tmp_path: Path) -> None:
    _install(tmp_path, "loft", "loft:Pigeon")
    (tmp_path / "loft.py").write_text("import corn_of_nobody\n")
    assert "pigeon needs a package that is missing: No module named 'corn_of_nobody'" in _load_pigeon(
        tmp_path
    )


def test_a_name_that_two_packages_claim(tmp_path: Path) -> None:
    _install(tmp_path, "loft", "loft:Pigeon")
    _install(tmp_path, "dovecote", "loft:Pigeon")
    assert "'pigeon' is claimed by several packages: dovecote, loft" in _load_pigeon(tmp_path)
