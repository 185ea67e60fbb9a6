"""People of the newsroom, as an operator types it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from syndicator.app import App
from syndicator.sandbox.world import Sandbox
from syndicator.services.people.nouns import Wrong
from syndicator.wiring import utc_now
from tests.people.house import GOOD, HOME
from tests.test_cli import syndicator, told


@pytest.fixture
def c(tmp_path: Path) -> Iterator[tuple[str, str]]:
    with Sandbox(now=utc_now) as sandbox:
        yield ("-c", str(sandbox.configure(tmp_path)))


def listed(c: tuple[str, str]) -> dict[str, dict[str, Any]]:
    found: Any = told("user", "list", *c)["people"]
    return {one["name"]: one for one in found}


def test_the_first_admin_comes_by_the_command_line_and_the_others_by_links(c: tuple[str, str]) -> None:
    assert "nobody yet" in syndicator("user", "list", *c).stdout
    done = syndicator("user", "add", "ara", "--role", "admin", *c, stdin=f"{GOOD}\n")
    assert (done.returncode, done.stdout) == (0, "ara can sign in\n")
    link = str(told("user", "invite", "dana", "--role", "editor", "--only-language", "ckb", *c)["link"])
    assert "○ dana  editor  en  invited  only ckb" in syndicator("user", "list", *c).stdout
    with App.opened(Path(c[1]), {}) as newsroom:
        newsroom.people.accept(link.rpartition("/")[2], GOOD, **HOME)
        assert newsroom.people.reception.sign_in("ara", GOOD, **HOME).session.waits_for == "factor"
    found = listed(c)
    assert found["dana"]["languages"] == ["ckb"]
    assert found["dana"]["joined_at"]
    assert GOOD not in str(found)


def test_people_are_changed_reset_and_ended(c: tuple[str, str]) -> None:
    syndicator("user", "add", "ara", "--role", "admin", *c, stdin=f"{GOOD}\n")
    syndicator("user", "invite", "dana", "--role", "editor", *c)
    done = syndicator(
        "user", "change", "dana", "--role", "publisher", "--telegram", "77", "--email", "d@x.example", *c
    )
    assert "○ dana  publisher  en  invited  telegram 77  d@x.example" in done.stdout
    done = syndicator("user", "change", "dana", "--all-channels", "--telegram", "0", "--email", "", *c)
    assert "telegram" not in done.stdout
    assert "/console/invitation/" in syndicator("user", "reset", "dana", *c).stdout
    assert "/console/password/" in syndicator("user", "reset", "ara", "--second-factor", *c).stdout
    assert "dana is out" in syndicator("user", "end", "dana", "--why", "left", *c).stdout
    assert "✕ dana" in syndicator("user", "list", *c).stdout
    assert listed(c)["dana"]["ended_at"]


@pytest.mark.parametrize(
    ("words", "stdin", "why"),
    [
        (("add", "ara", "--role", "admin"), "", "no password came"),
        (("add", "ara", "--role", "admin"), "short\n", "less than 12 characters"),
        (("add", "ara", "--role", "king"), f"{GOOD}\n", "there are: viewer, editor, publisher, admin"),
        (("add", "Ara", "--role", "admin"), f"{GOOD}\n", "small letters"),
        (("invite", "ara", "--role", "admin", "--email", "x"), None, "no mail address"),
        (("end", "ara"), None, "nobody who may come in is called 'ara'"),
        (("change", "ara", "--role", "king"), None, "there is no role 'king'"),
    ],
)
def test_what_cannot_be_says_what_to_do(
    c: tuple[str, str], words: tuple[str, ...], stdin: str | None, why: str
) -> None:
    done = syndicator("user", *words, *c, stdin=stdin)
    assert done.returncode == 1
    assert why in done.stderr
    assert listed(c) == {}


def test_a_restored_newsroom_has_nobody_signed_in(c: tuple[str, str], tmp_path: Path) -> None:
    syndicator("user", "add", "ara", "--role", "admin", *c, stdin=f"{GOOD}\n")
    with App.opened(Path(c[1]), {}) as newsroom, newsroom.alone():
        opened = newsroom.people.reception.sign_in("ara", GOOD, **HOME)
    assert syndicator("backup", str(tmp_path / "copies"), *c).returncode == 0
    assert syndicator("restore", str(tmp_path / "copies"), "--yes", *c).returncode == 0
    with App.opened(Path(c[1]), {}) as newsroom, newsroom.alone():
        assert newsroom.people.reception.inside(opened.token) is None
        with pytest.raises(Wrong):
            newsroom.people.reception.sign_in("ara", GOOD + "x", **HOME)
