"""The example plug-in and the guide's smallest channel keep the promises of every channel."""

from __future__ import annotations

import importlib
import re
import tomllib
from pathlib import Path
from types import ModuleType
from urllib.parse import unquote

import pytest

from syndicator.sandbox.contract import check_channel
from syndicator.sandbox.serving import Request, Response, StandIn
from tests.lanes import WORLD, parcel

ROOT = Path(__file__).parents[1]
MATRIX = ROOT / "examples" / "syndicator-matrix"


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(MATRIX))
    return importlib.import_module("test_syndicator_matrix")


def test_the_example_passes_its_own_tests(example: ModuleType) -> None:
    tests = [told for name, told in vars(example).items() if name.startswith("test_")]
    assert len(tests) == 3
    for test in tests:
        test()


def test_the_examples_entry_point_leads_to_it(example: ModuleType) -> None:
    told = tomllib.loads((MATRIX / "pyproject.toml").read_text("utf-8"))
    module, _, name = told["project"]["entry-points"]["syndicator.channels"]["matrix"].partition(":")
    assert getattr(importlib.import_module(module), name) is example.MatrixChannel


class Board(StandIn):
    def __init__(self) -> None:
        super().__init__()
        self.notices: dict[str, str] = {}

    def _answer(self, request: Request) -> Response:
        self.notices[unquote(request.path)] = request.fields["text"]
        return Response.of({})


def test_the_guides_smallest_channel_keeps_the_contract() -> None:
    (code,) = re.findall(
        r"^```python\n(.*?)^```", (ROOT / "docs" / "plugins.md").read_text("utf-8"), re.M | re.S
    )
    told: dict[str, object] = {}
    exec(code, told)  # noqa: S102 - our own page
    channel: type = told["BoardChannel"]  # type: ignore[assignment]
    with Board() as board:
        settings = channel.Settings(base_url=board.url)  # type: ignore[attr-defined]
        parcels = [parcel(number, text) for number, text in enumerate(("Rain", "باران", "Snow"), 1)]
        check_channel(lambda: channel(settings, WORLD, id="board"), parcels, lambda: len(board.notices))


def test_every_name_in_the_guide_exists() -> None:
    page = (ROOT / "docs" / "plugins.md").read_text("utf-8")
    ports = importlib.import_module("syndicator.ports")
    for name in ("Corrector", "Priced", "one_by_one", "Capabilities"):
        assert name in page
        assert hasattr(ports, name)
    units = importlib.import_module("syndicator.text.measure").UNITS
    assert all(f"`{unit}`" in page for unit in units)
