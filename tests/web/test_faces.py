"""Every verb has the same name on the command line, in the console, in the bot and in the API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from babel.support import Translations
from typer.main import get_command

from syndicator.bot.orders import offered
from syndicator.bot.words import Words
from syndicator.cli import app as command_line
from syndicator.model import Role
from syndicator.sandbox.demo import Demo
from syndicator.verbs import VERBS
from syndicator.web.api.files import EXPORT, FILES, IMPORT, PROGRESS
from syndicator.web.pages import serving

from .test_console import Clock, House

OPERATORS = {
    *("init", "check", "migrate", "doctor", "compile", "backup", "restore", "db copy", "prune", "reconcile"),
    *(
        "run",
        "web",
        "worker",
        "bot",
        "ingest",
        "deliver",
        "bounce",
        "bounces",
    ),  # programs, and their single steps
    *("demo", "sandbox", "newsletter form"),
    *(
        "key add",
        "key end",
        "user add",
    ),  # a key is shown once, to whoever has the machine; so is the first admin
    *("user change", "user end", "user invite", "user reset"),  # the console's pages of people have these
}


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    clock = Clock()
    with Demo(now=clock) as demo, serving(demo.app) as base:
        house = House(demo.app, base, clock)
        with house.open:
            yield house


def commands(group: Any, above: str = "") -> Iterator[str]:
    for name, command in group.commands.items():
        yield from commands(command, f"{above}{name} ") if hasattr(command, "commands") else [above + name]


def test_the_four_faces_have_the_same_verbs(house: House) -> None:
    described = house.stranger().get(f"{house.base}/api/v1/openapi.json").json()["paths"]
    admin = house.browser(Role.ADMIN)
    shown = admin.get("/do").text
    words = Words("en", Translations(), ZoneInfo("UTC"), house.clock.now)
    faces = {
        "command line": set(commands(get_command(command_line))) & set(VERBS),
        "api": {one["operationId"].replace("-", " ") for path in described.values() for one in path.values()},
        "bot": {name.replace("_", " ") for name, _ in offered(words, Role.ADMIN)} & set(VERBS),
        "console": {name for name, one in VERBS.items() if f'href="/console/do/{one.slug}"' in shown},
    }
    faces["api"] -= {one.name for one in FILES}
    for face, verbs in faces.items():
        assert verbs == set(VERBS), face


def test_lists_go_in_and_out_by_the_same_names_where_files_do(house: House) -> None:
    """Not in the bot: a chat keeps for good what is sent to it."""
    names = {IMPORT.name, EXPORT.name}
    assert names <= set(commands(get_command(command_line)))
    page = house.browser(Role.PUBLISHER).get("/readers/lists").text
    assert 'action="/console/readers/lists/new"' in page and 'action="/console/readers/lists/out"' in page
    assert names == {one.name for one in FILES} - {PROGRESS.name}


def test_what_only_the_command_line_does_is_the_operators() -> None:
    """Of the machine, its files and its secrets: nobody does these from afar."""
    assert set(commands(get_command(command_line))) - set(VERBS) == OPERATORS | {IMPORT.name, EXPORT.name}


@pytest.mark.parametrize("name", sorted(VERBS))
def test_the_console_has_a_form_for_each_verb(house: House, name: str) -> None:
    verb = VERBS[name]
    page = house.browser(Role.ADMIN).get(f"/do/{verb.slug}")
    assert page.status_code == 200, page.text[-400:]
    for field in verb.takes.model_fields:
        assert f'name="{field}"' in page.text


def test_the_console_offers_nobody_what_they_may_not(house: House) -> None:
    shown = house.browser(Role.VIEWER).get("/do").text
    for verb in VERBS.values():
        assert (f'href="/console/do/{verb.slug}"' in shown) is Role.VIEWER.covers(verb.role)
