"""What is shipped: the wheel, the image and the compose file."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
import yaml

ROOT = Path(__file__).parents[1]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        str(folder),
        ".",
    ]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (found,) = folder.glob("*.whl")
    return found


def test_the_wheel_holds_templates_and_configuration(wheel: Path) -> None:
    inside = set(ZipFile(wheel).namelist())
    for folder in ("templates", "config"):
        for file in (ROOT / folder).rglob("*"):
            if file.is_file():
                assert f"syndicator/_data/{file.relative_to(ROOT).as_posix()}" in inside
    assert "syndicator/sandbox/stories.toml" in inside
    assert "syndicator/sandbox/viewer.css" in inside
    assert not [name for name in inside if name.startswith("tests")]


def test_a_digest_is_sent_from_the_installed_wheel(wheel: Path, tmp_path: Path) -> None:
    """In a virtual environment that has the wheel, and this one's packages behind it."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "v")], check=True)
    python = tmp_path / "v" / "bin" / "python"
    site = Path(
        sysconfig.get_path("purelib", vars={"base": str(tmp_path / "v"), "platbase": str(tmp_path / "v")})
    )
    ZipFile(wheel).extractall(site)
    (site / "behind.pth").write_text(sysconfig.get_path("purelib") + "\n", "utf-8")
    where = [
        str(python),
        "-P",
        "-c",
        "import syndicator.wiring as a; print(a.__file__, a.shipped('templates'))",
    ]
    said = subprocess.run(where, capture_output=True, text=True, check=True, cwd=tmp_path).stdout
    assert said.count(str(site)) == 2, said
    run = [str(python), "-P", "-m", "syndicator", "demo", "--once", "--json"]
    done = subprocess.run(run, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["by_channel"]["letters"]["sent"] == 4


def test_requirements_are_pinned_by_hashes_and_name_no_address() -> None:
    for file in (ROOT / "requirements").glob("*.txt"):
        text = file.read_text("utf-8")
        assert "://" not in text
        for line in re.findall(r"^[a-z].*$", text, re.MULTILINE | re.IGNORECASE):
            assert "==" in line, f"{file.name}: {line}"
        assert text.count("--hash=sha256:") >= len(re.findall(r"^[a-z]", text, re.MULTILINE))


def test_the_compose_file_has_what_a_newsroom_needs() -> None:
    services = COMPOSE["services"]
    assert set(services) == {"app", "migrate", "database", "mailpit"}
    for name in ("app", "database", "mailpit"):
        assert services[name]["healthcheck"]["test"], name
    assert services["migrate"]["command"] == ["migrate"]
    waits = services["app"]["depends_on"]
    assert waits["migrate"]["condition"] == "service_completed_successfully"
    assert waits["database"]["condition"] == "service_healthy"


def test_volumes_and_secrets_of_the_compose_file_are_named_and_used() -> None:
    services = COMPOSE["services"]
    mounted = {one.split(":")[0] for told in services.values() for one in told.get("volumes", ())}
    named = {one for one in mounted if not one.startswith((".", "/", "$"))}
    assert named == set(COMPOSE["volumes"])
    used = {one for told in services.values() for one in told.get("secrets", ())}
    assert used == set(COMPOSE["secrets"])
    for told in services.values():
        for name, value in told.get("environment", {}).items():
            assert name.endswith("_FILE") or not re.search("PASSWORD|TOKEN|KEY|SECRET", name), name
            assert not str(value).startswith("/run/secrets/") or name.endswith("_FILE")
    for told in COMPOSE["secrets"].values():
        assert "/secrets" in told["file"]


def test_every_variable_of_the_compose_file_is_explained() -> None:
    example = (ROOT / ".env.example").read_text("utf-8")
    for name in re.findall(r"\$\{(\w+)", (ROOT / "docker-compose.yml").read_text("utf-8")):
        assert re.search(rf"^{name}=", example, re.MULTILINE), name


def test_only_loopback_is_published() -> None:
    for told in COMPOSE["services"].values():
        assert all(str(port).startswith("127.0.0.1:") for port in told.get("ports", ()))


def test_the_image_runs_without_rights_what_the_package_offers() -> None:
    lines = (ROOT / "Dockerfile").read_text("utf-8").splitlines()
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["scripts"]
    assert 'ENTRYPOINT ["syndicator"]' in lines
    assert "syndicator" in scripts
    assert lines.index("USER app") < lines.index('ENTRYPOINT ["syndicator"]')
    assert any(line.startswith("HEALTHCHECK") for line in lines)
