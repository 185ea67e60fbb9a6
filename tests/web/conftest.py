"""Visitors of a newsroom's pages, over real HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from syndicator.app import App
from syndicator.sandbox.world import Sandbox
from syndicator.web.pages import serving
from tests.web.visitor import TOPICS, Clock, Visitor


@pytest.fixture
def visitor_with(tmp_path: Path) -> Iterator[Callable[[str], Visitor]]:
    """A visitor of a newsroom whose evening digest begins with these lines of its configuration."""
    clock = Clock()
    with ExitStack() as open_:
        sandbox = open_.enter_context(Sandbox(now=clock.now))

        def made(evening: str) -> Visitor:
            path = sandbox.configure(tmp_path)
            told = path.read_text("utf-8").replace("[newsletters.evening]", evening)
            path.write_text(told + TOPICS, "utf-8")
            app = open_.enter_context(App.opened(path, {}, now=clock.now))
            visitor = Visitor(sandbox, app, clock, open_.enter_context(serving(app)))
            open_.enter_context(visitor.http)
            return visitor

        yield made


@pytest.fixture
def visitor(visitor_with: Callable[[str], Visitor]) -> Visitor:
    return visitor_with("[newsletters.evening]")


FLASHES = """[newsletters.evening]
flash = { sections = ["Breaking", "بەپەلە", "عاجل"] }
breaking = false
zone = "reader"
"""


@pytest.fixture
def alert(visitor_with: Callable[[str], Visitor]) -> Visitor:
    """The evening digest has flashes, for who asks for them, and comes at its hour where a reader lives."""
    return visitor_with(FLASHES)
